# heaptrack: heaptrack_print reads the file, compressed or not; its totals are those of the report, and those of heaptrack itself.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"

# numbers TRACE [OPTION...]. With threads=N: of a trace of several threads, which heaptrack's rules do not tell apart: at most as many temporary blocks, and
# at most N calls more, for reallocs of which the window has only one half.
threads=
numbers() {
	local from=$1 calls
	shift
	json_of "$from" "$@"
	export_to "$T/f.zst" heaptrack "$from" "$@"
	figures heaptrack "$T/f.zst"
	calls=$(value '.totals | .reallocations + .frees + .live_blocks + .ended_by_exec.blocks') # what is alive at the start is a call
	eq "calls by call path $*" "$(figure .calls)" "$(figure .allocations)"
	ge "calls $*" "$calls" "$(figure .calls)"
	le "calls $*" "$((calls + ${threads:-0}))" "$(figure .calls)"
	eq "peak $*" "$(value .totals.peak_bytes)" "$(figure .peak)"
	eq "leaked $*" "$(value .totals.live_bytes)" "$(figure .leaked)"
	eq "temporary by call path $*" "$(figure .temporaries)" "$(figure .temporary)"
	le "temporary $*" "$(value .totals.temporary_allocations)" "$(figure .temporary)"
	[ -n "$threads" ] || ge "temporary $*" "$(value .totals.temporary_allocations)" "$(figure .temporary)"
}
numbers "$golden" --window=start:start
numbers "$golden" --window=25%:60%
numbers "$golden" --window=peak:end
numbers "$golden" --at=peak
numbers "$ROOT/tests/golden/v1/kinds.ms"
"$BIN/memscope-trace" cut -q --window=30%:80% -o "$T/cut.ms" "$golden"
numbers "$T/cut.ms"
numbers "$T/cut.ms" --window=20%:70%
record /bin/true
numbers "$trace"
record "$PROGRAMS/realloc_forms"
numbers "$trace"
record "$PROGRAMS/realloc_race" 100
threads=4
numbers "$trace"
numbers "$trace" --window=40%:41%
numbers "$trace" --window=30%:90%
threads=

# exec: everything that was alive ends.
cat >"$T/again.c" <<'C'
#include <stdlib.h>
#include <unistd.h>
void *volatile kept;
int main(int argc, char **argv)
{
	for (int i = 0; i < 10; i++)
		kept = malloc(argc > 1 ? 10 : 1000);
	if (argc == 1)
		execl(argv[0], argv[0], "x", (char *)0);
	return 0;
}
C
gcc -O1 -fno-builtin -o "$T/again" "$T/again.c"
record "$T/again"
report
eq "blocks that exec ended" 10 "$(value .totals.ended_by_exec.blocks)"
numbers "$trace"

# Blocks that threads hand over: heaptrack's temporaries need the very next event of all threads, so they are no more than ours.
record "$PROGRAMS/short_threads" 20 8
json_of "$trace"
export_to "$T/f.zst" heaptrack "$trace"
figures heaptrack "$T/f.zst"
eq "peak and calls" "$(value "[.totals.peak_bytes, ($begun)] | tostring")" "$(figure '[.peak, .calls]')"
le "temporary" "$(value .totals.temporary_allocations)" "$(figure .temporary)"

# Resident memory, as of the samples.
record --monitor=5 sleep 0.2
numbers "$trace"
ge "samples" 2 "$(value '.system[] | select(.name == "rss") | .samples')"
eq "resident memory" "$(value '.system[] | select(.name == "rss") | .max')" \
	"$(zstdcat "$T/f.zst" | sed -n 's/^R //p' | while read -r pages; do echo $((16#$pages * 4096)); done | sort -n | tail -1)"

# Compressed by its name, the same otherwise; to standard output as text.
numbers "$golden"
export_to "$T/f.txt" heaptrack "$golden"
zstdcat "$T/f.zst" >"$T/plain"
same "$T/plain" "$T/f.txt"
figures heaptrack "$T/f.txt"
eq "peak of the plain file" "$(value .totals.peak_bytes)" "$(figure .peak)"
heaptrack_print "$T/f.zst" >"$T/seen"
has "$T/seen" "^peak heap memory consumption: $(awk -v b="$(value .totals.peak_bytes)" 'BEGIN { printf "%.2fK", b / 1000 }')$"
has "$T/seen" '^jv_mem_alloc$'
has "$T/seen" '^Debuggee command was: jq |^reading file'

# Beside heaptrack: the same program, the same numbers (its own start-up and what libc does before main aside).
cat >"$T/p.c" <<'C'
#include <stdlib.h>
void *volatile kept[10];
__attribute__((noinline)) void *mine(size_t n) { void *p = malloc(n); kept[0] = p; return p; }
int main(void)
{
	for (int i = 0; i < 100; i++) free(mine(10 + i % 3));
	for (int i = 0; i < 10; i++) kept[i] = mine(1000);
	for (int i = 0; i < 5; i++) kept[i] = realloc(kept[i], 5000);
	return 0;
}
C
gcc -g -O1 -fno-builtin -o "$T/p" "$T/p.c"
record "$T/p"
export_to "$T/ours.zst" heaptrack "$trace"
heaptrack -o "$T/theirs" "$T/p" >"$T/out" 2>&1 || give_up "heaptrack: $(tail -3 "$T/out")"
for what in allocations temporary leaked peak; do
	for whose in ours theirs; do
		heaptrack_print -F "$T/stacks" --flamegraph-cost-type "$what" "$T/$whose.zst" >"$T/out" 2>&1
		grep '^main (p.c);' "$T/stacks" | grep -v ' 0$' | sort >"$T/$whose.$what" || true
	done
	[ "$what" = temporary ] && continue
	same "$T/theirs.$what" "$T/ours.$what"
	ge "rows of $what" 1 "$(wc -l <"$T/ours.$what")"
done
# Their file has one more: the first realloc's free of a block of the same size and call path as the one begun before it, which is another.
eq "temporary, as the program says" "main (p.c);mine (p.c); 100" "$(cat "$T/ours.temporary")"
eq "temporary, as heaptrack counts" "main (p.c);mine (p.c); 1 main (p.c);mine (p.c); 100" "$(tr '\n' ' ' <"$T/theirs.temporary" | sed 's/ $//')"
