# A trace without its end: what is alive then is alive at the end of the record, not leaked.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/churn" 400000 5000
report
whole
size=$(stat -c %s "$trace")
head -c $((size * 6 / 10)) "$trace" >"$T/cut.ms"
report "$T/cut.ms"
eq ended truncated "$(value .trace.ended)"
eq complete false "$(value .trace.complete)"
ge "events that are left" 1 "$(value .trace.events)"
has "$T/report.txt" "[Aa]live at the end of the record"
has "$T/report.txt" "leaked is not known"
grep -v "leaked is not known" "$T/report.txt" >"$T/rest.txt"
has_not "$T/rest.txt" "[Ll]eaked"
status=0
"$BIN/memscope-trace" check "$T/cut.ms" >"$T/out" 2>"$T/err" || status=$?
eq "check's status" 3 $status
cat "$T/out" "$T/err" >"$T/said"
has "$T/said" "offset"
