# A limit on file sizes (ulimit -f): as a full disk, and no SIGXFSZ for anybody.
. "$ROOT/tests/cli/_lib.sh"
"$PROGRAMS/churn" 3000000 10 >"$T/plain"
limited() { # ulimit's options
	echo "# ulimit $*"
	(
		failures=0
		ulimit "$@"
		record "$PROGRAMS/churn" 3000000 10
		eq status 0 $status
		same "$T/plain" "$T/out"
		exit $((failures > 0))
	) || wrong "the program under ulimit $*"
	trace=$T/trace.ms
}
limited -S -f 1000 # KiB
has "$T/err" "memscope-record: .*([Ff]ile too large|limit)"
report
eq complete false "$(value .trace.complete)"
ge "allocations up to there" 1000 "$(value .totals.allocations)"
le "allocations up to there" 1499999 "$(value .totals.allocations)"
le "size of the file" 1024000 "$(stat -c %s "$trace")"

# A hard limit may leave no room for the recorder's shared memory; then it says that it records nothing.
limited -f 300
has "$T/err" "memscope-record: .*([Ff]ile too large|limit)"
[ ! -e "$trace" ] || report
