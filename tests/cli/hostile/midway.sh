# The end comes while threads are inside malloc and the hooks: every call that had returned is in the trace.
. "$ROOT/tests/cli/_lib.sh"
one() { # HOW STATUS exited|signaled NUMBER
	echo "# $1"
	record "$PROGRAMS/midway" "$1" "$T/counts"
	eq status "$2" $status
	report
	"$3" "$4"
	whole
	local allocated freed
	allocated=$(od -An -v -t u8 -w16 "$T/counts" | awk '{ n += $1 } END { print n }')
	freed=$(od -An -v -t u8 -w16 "$T/counts" | awk '{ n += $2 } END { print n }')
	# Each of the three threads may have been between the event and its counting.
	ge "allocations" "$allocated" "$(site midway_alloc allocations)"
	le "allocations" $((allocated + 3)) "$(site midway_alloc allocations)"
	ge "frees" "$freed" "$(site midway_alloc frees)"
	le "frees" $((freed + 3)) "$(site midway_alloc frees)"
}
for round in 1 2; do
	one kill 137 signaled 9
	one abort 134 signaled 6
	one _exit 3 exited 3
	one exit 5 exited 5
	one segv 139 signaled 11
	one exec 22 exited 22
	eq "allocations after the exec" 30 "$(site after_alloc allocations)"
done
