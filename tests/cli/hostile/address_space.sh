# Limits on address space, set by the program and from outside: it runs as without a recorder.
. "$ROOT/tests/cli/_lib.sh"
echo "# setrlimit in the program"
record "$PROGRAMS/limits"
eq status 0 $status
report
exited 0
whole
site_is limited_alloc "$(said limited)" 0
site_is thread_alloc 5 0
ge "alloc-failed events" 1 "$(events '.kind == "alloc-failed"')"

# From outside: the recorder may have too little for its tables, and must then say so; the program must run in any case.
"$PROGRAMS/churn" 20000 10 >"$T/plain"
for limit in 4000000 1000000 300000 100000; do # KiB
	echo "# ulimit -v $limit"
	(
		failures=0
		ulimit -v $limit
		record "$PROGRAMS/churn" 20000 10
		eq status 0 $status
		same "$T/plain" "$T/out"
		exit $((failures > 0))
	) || wrong "under ulimit -v $limit"
	trace=$T/trace.ms
	if [ -s "$trace" ]; then
		report
		if [ "$(value .trace.complete)" = true ]; then
			site_is churn_alloc 10000 0
			site_is keep_alloc 10 10
		fi
		[ $limit -lt 4000000 ] || whole
	else
		has "$T/err" "memscope"
		[ $limit -lt 4000000 ] || wrong "no trace with 4 GB of address space"
	fi
done
