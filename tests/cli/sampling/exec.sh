# A program that executes itself: blocks of the sample that the image before it left do not count for blocks at the same addresses.
. "$ROOT/tests/cli/_lib.sh"
setarch -R true 2>/dev/null || skip "addresses cannot be kept the same here"
cat >"$T/again.c" <<'END'
#include <stdlib.h>
#include <unistd.h>
static void *blocks[20000];
int main(int argc, char **argv)
{
	char *again[] = {argv[0], "second", NULL};

	for (int i = 0; i < 20000; i++)
		blocks[i] = malloc(40);
	if (argc < 2)
		execv(argv[0], again);
	for (int i = 0; i < 20000; i++)
		free(blocks[i]);
	return argc < 2;
}
END
gcc -O1 -fno-builtin -o "$T/again" "$T/again.c"
record --verbose --sample-rate=0.2 setarch -R "$T/again"
eq status 0 $status
has "$T/err" "ends of blocks outside the sample: 0$"
report
ge "allocations in the sample, of both images" 7000 "$(value .totals.allocations)"
has "$T/err" "blocks alive at the end: 0$"
