# What the allocator notes about free memory must not look like pointers of the program: the header of a free chunk, and of the
# top, begins in the last 8 bytes of the block before it. Blocks whose size uses these bytes, next to free chunks of every kind
# of list, and the last one of the heap; no pointer to any of them is left.
. "$ROOT/tests/cli/graph/_graph.sh"

cat >"$T/lists.c" <<'C'
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uintptr_t hidden[4096];
static int count;

/* Cleared: what stood in a block that was free before is the program's affair. */
static __attribute__((noinline)) void hide(size_t bytes)
{
	hidden[count++] = ~(uintptr_t)memset(malloc(bytes), 0, bytes);
}

static __attribute__((noinline)) void before_free_chunks(void)
{
	/* tcache, fast, small, large and unsorted lists */
	static const size_t sizes[] = {24, 40, 104, 120, 264, 1000, 1032, 5000, 20000, 70000};
	void *volatile freed[10][20];

	for (int s = 0; s < 10; s++)
		for (int i = 0; i < 20; i++) {
			hide(24 + 16 * (i % 3));
			freed[s][i] = malloc(sizes[s]);
		}
	for (int s = 0; s < 10; s++)
		for (int i = 0; i < 20; i++) {
			free(freed[s][i]);
			freed[s][i] = NULL;
		}
	free(malloc(100000)); /* sorts what is unsorted */
	hide(24); /* from a list, or the top */
}

static __attribute__((noinline)) void at_the_top(void)
{
	for (int i = 0; i < 2000; i++)
		hide(1048);
	hide(120000);
	hide(24);
}

static __attribute__((noinline)) void wipe(void)
{
	volatile char junk[32768];

	memset((char *)junk, 0, sizeof junk);
}

static void *in_another_arena(void *argument)
{
	before_free_chunks();
	wipe();
	return argument;
}

int main(void)
{
	pthread_t thread;

	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	before_free_chunks();
	pthread_create(&thread, NULL, in_another_arena, NULL);
	pthread_join(thread, NULL);
	at_the_top();
	wipe();
	for (int i = 0; i < count; i++)
		printf("0x%llx\n", (unsigned long long)~hidden[i]);
	return 0;
}
C
gcc -g -O0 -w -pthread -o "$T/lists" "$T/lists.c"
record "$T/lists"
eq status 0 $status
edges
complete 0
ge "hidden blocks" 400 "$(wc -l <"$T/out")"
LC_ALL=C sort -u "$T/out" >"$T/hidden"
awk '$1 == "edge" { print $4 }' "$T/edges" | LC_ALL=C sort -u >"$T/targets"
awk '$1 == "block" { print $2 }' "$T/edges" | LC_ALL=C sort -u >"$T/blocks"
eq "hidden blocks that are not alive" "" "$(LC_ALL=C comm -23 "$T/hidden" "$T/blocks" | head -3 | tr '\n' ' ')"
eq "hidden blocks with an edge" "" "$(LC_ALL=C comm -12 "$T/hidden" "$T/targets" | while read -r a; do echo "$a from $(to "$a");"; done | head -5 | tr '\n' ' ')"
