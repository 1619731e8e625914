# Phases between marks: text and JSON show the same numbers; a trace without marks has none.
. "$ROOT/tests/cli/_lib.sh"

trace=$ROOT/tests/golden/v2/kinds.ms
"$BIN/memscope-analyze" --json="$T/report.json" "$trace"
"$BIN/memscope-analyze" --exact --width 0 --section phases "$trace" | tr -d , >"$T/plain"
eq "marks" 1 "$(value .phases.marks)"
eq "phases" 2 "$(value '.phases.list | length')"
jq -r '.phases.list[] | "\(.allocations + .reallocations) \(.frees) \(.start_bytes) \(.end_bytes) \(.peak_bytes) \(.kept_bytes) \(.kept_blocks)"' "$T/report.json" >"$T/json_rows"
sed -n '/^PHASES/,/^$/s/^ *[0-9.]* [a-z]* *[0-9.]* [a-z]* *\([0-9]*\) *\([0-9]*\) *\([0-9]*\) B *\([0-9]*\) B *\([0-9]*\) B *\([0-9]*\) B *\([0-9]*\) .*/\1 \2 \3 \4 \5 \6 \7/p' "$T/plain" >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
[ -s "$T/json_rows" ] || wrong "there are no rows to compare"
eq "bytes begun in all phases" "$(value .totals.allocated_bytes)" "$(value '[.phases.list[].allocated_bytes] | add')"
eq "the next one starts where one ends" true "$(value '.phases.list[0].to_event == .phases.list[1].from_event')"

trace=$ROOT/tests/golden/v1/jq.ms
"$BIN/memscope-analyze" --json="$T/report.json" "$trace"
eq "phases without marks" 0 "$(value '.phases.list | length')"
"$BIN/memscope-analyze" "$trace" >"$T/text"
has_not "$T/text" "^PHASES"
"$BIN/memscope-analyze" --section phases "$trace" >"$T/text"
has "$T/text" "^PHASES  the program set no mark"
