# An executable with its own allocator runs unharmed, its blocks are recorded where they can be, and the trace says which allocator it was.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/own_malloc"
eq status 24 $status
eq "what it said" "own malloc text" "$(cat "$T/out")"
report
exited 24
eq "lost events" 0 "$(value .trace.lost_events)"
allocator() { "$BIN/memscope-trace" info "$trace" | sed -n 's/^allocator *//p'; }
eq "the allocator" "own_malloc 4 functions inside own_malloc: recorded" "$(allocator | xargs)"
has_not "$T/report.txt" "not seen"
eq "blocks" 101 "$(value .totals.allocations)"
eq "of them by strdup" 1 "$(site strdup allocations)"
eq "freed" 100 "$(value .totals.frees)"
eq "bytes" 5005 "$(value .totals.allocated_bytes)"

echo "# without names for all of its functions: none of them"
strip -o "$T/stripped" "$PROGRAMS/own_malloc"
record "$T/stripped"
eq status 24 $status
report
has "$T/report.txt" "! the executable stripped has an allocator inside, and what it allocates is not seen: the executable has no symbol table"
eq "blocks" 0 "$(value .totals.allocations)"

echo "# with a function whose first instructions cannot stand elsewhere: none of them"
cat >"$T/fixed.c" <<'END'
#include <stddef.h>
static char pool[65536] __attribute__((aligned(16)));
static size_t used;
void *malloc(size_t n) { void *p = pool + used; used += (n + 15) & ~(size_t)15; return p; }
void *calloc(size_t k, size_t n) { return malloc(k * n); }
__asm__(".globl free\n.type free, @function\nfree: mov %rdi, %rcx\n jrcxz 1f\n1: ret\n.size free, . - free\n");
extern void free(void *);
int main(void) { free(malloc(5)); free(calloc(3, 4)); return 5; }
END
gcc -O1 -fno-builtin -o "$T/fixed" "$T/fixed.c"
record "$T/fixed"
eq status 5 $status
report
has "$T/report.txt" "! the executable fixed has an allocator inside, and what it allocates is not seen: first instructions of a function could not be moved safely"
eq "blocks" 0 "$(value .totals.allocations)"

echo "# no call at all; and libc's allocator"
echo 'int main(void) { return 3; }' >"$T/nothing.c"
gcc -o "$T/nothing" "$T/nothing.c"
record "$T/nothing"
eq status 3 $status
report
has "$T/report.txt" "! no allocation was seen: the program made none, or its allocator is inside the executable"
record "$PROGRAMS/tiny"
report
case $(allocator) in libc*.so*) ;; *) wrong "the allocator: $(allocator)" ;; esac
has_not "$T/report.txt" "is not seen"
