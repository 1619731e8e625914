# Folded stacks: every metric sums up to the report's own figure, over the whole, in a window, and of a trace without events.
. "$ROOT/tests/cli/_lib.sh"
A=$BIN/memscope-analyze

# sums TRACE OPTION...: each metric against the report made with the same options
sums() {
	local from=$1 metric filter
	shift
	"$A" --top=0 "$@" --json="$T/report.json" "$from"
	while read -r metric filter; do
		"$A" "$@" --export="folded:$metric=$T/folded" "$from"
		eq "sum of $metric $*" "$(value "$filter")" "$(awk '{ s += $NF } END { printf "%d\n", s }' "$T/folded")"
		eq "lines of $metric that are no path and number" 0 "$(grep -cvE '^[^;]+(;[^;]+)* [1-9][0-9]*$' "$T/folded" || true)"
		eq "paths of $metric that stand twice" "" "$(sed 's/ [0-9]*$//' "$T/folded" | sort | uniq -d)"
	done <<-'METRICS'
		peak .totals.peak_bytes
		peak-blocks .totals.peak_blocks
		live .totals.live_bytes
		live-blocks .totals.live_blocks
		allocated .totals.allocated_bytes
		allocations .totals|.allocations+.reallocations
		temporary .totals.temporary_allocations
	METRICS
}

for golden in "$ROOT"/tests/golden/v1/*.ms; do
	sums "$golden"
done
jq_trace=$ROOT/tests/golden/v1/jq.ms
sums "$jq_trace" --window=25%:60%
sums "$jq_trace" --at=peak
sums "$jq_trace" --window=start:start
eq "lines of an empty window" 0 "$(wc -l <"$T/folded")"
record "$PROGRAMS/tiny"
sums "$trace"

# Without a metric: the peak. Paths run from the root to the innermost frame; inlined frames are frames.
"$A" --export="folded=$T/default" "$jq_trace"
"$A" --export="folded:peak=$T/peak" "$jq_trace"
same "$T/default" "$T/peak"
has "$T/peak" '^jq\+0x[0-9a-f]+;__libc_start_main_impl;.*;jv_mem_alloc [0-9]+$'

# What leaks, and that it cannot be seen without a heap graph.
record --graph=exit "$PROGRAMS/leak_chain"
report
"$A" --export="folded:leaked=$T/leaked" "$trace"
lost='[.leaks.list[] | select(.kind == "definite" or .kind == "indirect") | select(.suppressed | not)]'
eq "leaked bytes" "$(value "$lost | map(.bytes) | add")" "$(awk '{ s += $NF } END { printf "%d\n", s }' "$T/leaked")"
"$A" --export="folded:leaked-blocks=$T/leaked" "$trace"
eq "leaked blocks" "$(value "$lost | map(.blocks) | add")" "$(awk '{ s += $NF } END { printf "%d\n", s }' "$T/leaked")"
ge "leaked blocks" 1 "$(value "$lost | map(.blocks) | add")"
rc=0
"$A" --export="folded:leaked=$T/none" "$jq_trace" 2>"$T/err" || rc=$?
eq "status without a heap graph" 4 "$rc"
has "$T/err" "'leaked' cannot be exported: leaks are not observable in this trace: "
[ ! -e "$T/none" ] || wrong "a file is left behind"
