# A limit on file sizes (ulimit -f): as a full disk, and no SIGXFSZ for anybody.
. "$ROOT/tests/cli/_lib.sh"
"$PROGRAMS/churn" 3000000 10 >"$T/plain"
(
	ulimit -f 300 # KiB
	record "$PROGRAMS/churn" 3000000 10
	eq status 0 $status
	same "$T/plain" "$T/out"
	exit $((failures > 0))
) || wrong "under ulimit -f"
has "$T/err" "memscope-record: .*([Ff]ile too large|limit)"
trace=$T/trace.ms
report
eq complete false "$(value .trace.complete)"
ge "allocations up to there" 1000 "$(site churn_alloc allocations)"
le "size of the file" 307200 "$(stat -c %s "$trace")"
