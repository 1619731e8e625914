# However the program ends, every event before it is in the trace, and how it ended is told.
. "$ROOT/tests/cli/_lib.sh"
one() { # HOW THREADS STATUS exited|signaled NUMBER
	record "$PROGRAMS/end_how" "$1" "$2" 1000
	echo "# $1 with $2 threads"
	eq status "$3" "$status"
	eq "what it said" "exe $(($2 * 1000)) $(($2 * 500))" "$(cat "$T/out")"
	report
	"$4" "$5"
	whole
	site_is known_alloc $(($2 * 1000)) $(($2 * 500))
	eq "bytes in known_alloc" $(($2 * 48000)) "$(site known_alloc allocated_bytes)"
}
for threads in 1 4; do
	one exit $threads 5 exited 5
	one return $threads 6 exited 6
	one thread_exit $threads 8 exited 8
	one _exit $threads 3 exited 3
	one quick_exit $threads 4 exited 4
	one abort $threads 134 signaled 6
	one kill $threads 137 signaled 9
	one term $threads 143 signaled 15
	one segv $threads 139 signaled 11
done
