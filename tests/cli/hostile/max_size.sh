# --max-size: the file stays within it, the program runs on, the report says that the limit was reached.
. "$ROOT/tests/cli/_lib.sh"
"$PROGRAMS/churn" 3000000 10 >"$T/plain"
record --max-size 1000000 "$PROGRAMS/churn" 3000000 10
eq status 0 $status
same "$T/plain" "$T/out"
le "size of the file" 1000000 "$(stat -c %s "$trace")"
report
exited 0
eq complete false "$(value .trace.complete)"
ge "allocations up to there" 1000 "$(value .totals.allocations)"
le "allocations up to there" 1499999 "$(value .totals.allocations)"
head -30 "$T/report.txt" >"$T/head"
has "$T/head" "its file could not grow beyond --max-size"
"$BIN/memscope-trace" check "$trace" >/dev/null 2>&1 || wrong "check: status $?"
has "$T/err" "memscope-record: .* $(value .trace.events) events" # what is in the file, not what came in
eq "allocations with a name" "$(value .totals.allocations)" "$(site churn_alloc allocations)"

echo "# a limit that is not reached"
record --max-size 100000000 "$PROGRAMS/churn" 2000 10
report
exited 0
whole
site_is churn_alloc 1000 0
