# exec in the same process is followed: both images are in one trace.
. "$ROOT/tests/cli/_lib.sh"
for threads in 1 4; do
	record "$PROGRAMS/end_how" exec $threads 1000
	echo "# $threads threads"
	eq status 21 $status
	report
	exited 21
	whole
	eq "allocations before the exec" $((threads * 1000)) "$(site known_alloc allocations)"
	eq "blocks of the first image that live" 0 "$(site known_alloc live_blocks)"
	site_is after_exec_alloc 1000 1000
done
