# Text and JSON show the same numbers, to the byte.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/churn" 20000 300
"$BIN/memscope-analyze" --json="$T/report.json" "$trace"
"$BIN/memscope-analyze" --exact --width 0 --top 0 "$trace" >"$T/text"
tr -d , <"$T/text" >"$T/plain"

# totals: NAME-IN-TEXT FIELD
total() { eq "$1" "$(value ".totals.$2")" "$(sed -n "s/^  $1  *\([0-9]*\).*/\1/p" "$T/plain")"; }
total peak peak_bytes
total 'alive at end' live_bytes
total allocated allocated_bytes
total freed freed_bytes
total temporary temporary_allocations
has "$T/plain" "^  peak .* in $(value .totals.peak_blocks) blocks"
has "$T/plain" "^  alive at end .* in $(value .totals.live_blocks) blocks"
has "$T/plain" "^  allocated .* by $(value .totals.allocations) allocations and $(value .totals.reallocations) reallocations"
has "$T/plain" "^  freed .* by $(value .totals.frees) frees"
has "$T/plain" ": $(value .trace.events) events in $(value .trace.bytes) B"

# places: the peak table against the list in JSON, row by row
jq -r '.places[] | select(.peak_bytes > 0) | "\(.peak_bytes) \(.peak_blocks) \(.sites) \(.site)"' "$T/report.json" >"$T/json_rows"
sed -n '/^PEAK/,/^$/s/^ .* % *\([0-9]*\) B *\([0-9]*\) *\([0-9]*\) *#\([0-9]*\) .*/\1 \2 \3 \4/p' "$T/plain" >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
[ -s "$T/json_rows" ] || wrong "there are no rows to compare"

# sites: share of the global peak and own peak
jq -r '.sites[] | select(.peak_bytes > 0) | "\(.id) \(.peak_bytes) \(.own_peak_bytes) \(.live_bytes) \(.live_blocks)"' "$T/report.json" >"$T/json_rows"
sed -n 's/^  #\([0-9]*\)  peak \([0-9]*\) B ([^)]*) own peak \([0-9]*\) B alive \([0-9]*\) B in \([0-9]*\)$/\1 \2 \3 \4 \5/p' "$T/plain" >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
[ -s "$T/json_rows" ] || wrong "there are no rows to compare"

# threads
jq -r '.threads[] | "\(.allocated_bytes) \(.own_peak_bytes) \(.live_bytes) \(.tid)"' "$T/report.json" | sort >"$T/json_rows"
sed -n '/^THREADS/,/^$/s/^ *\([0-9]*\) B *[0-9]* *\([0-9]*\) B *\([0-9]*\) B .* \([0-9]*\) churn$/\1 \2 \3 \4/p' "$T/plain" | sort >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
[ -s "$T/json_rows" ] || wrong "there are no rows to compare"
