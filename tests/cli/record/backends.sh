# One deterministic program, four backends: the reports are the same to the byte but for times, ids of processes and threads, the bytes of the
# file and what names the backend. Once with one thread, once with two in turns.
. "$ROOT/tests/cli/_lib.sh"

# without JSON keys that are times, or counts by time; addresses but those of code, which count from the start of a module
same='walk(if type == "object" then with_entries(select(.key | test("_ns$|^(pid|parent_pid|tid|start_time|recorder|recorder_options|backend|backend_reason|backend_note|scanned_bytes|load_bias|start|end)$") | not))
	| if (.address | type) == "string" and (.address | length) > 9 then del(.address) else . end else . end)
	| del(.trace.bytes, .timeline, .phases, .growth, .lifetimes, .size_lifetimes, .system_reason, .reconciliation.reason)'

for program in "1 6000" "2 4000"; do
	for backend in lockfree core async unified; do
		rm -f "$T/$backend.ms"
		timeout -k 5 60 "$BIN/memscope-record" --backend=$backend --monitor=off -o "$T/$backend.ms" "$PROGRAMS/in_turns" $program \
			2>"$T/err" || wrong "in_turns $program with $backend: status $?"
		cp "$T/$backend.ms" "$T/trace.ms"
		report "$T/trace.ms"
		eq "$backend, $program: name in the report" $backend "$(value .trace.backend)"
		eq "$backend: the reason for it" "--backend" "$(value .trace.backend_reason)"
		eq "$backend, $program: lost events" 0 "$(value .trace.lost_events)"
		eq "$backend, $program: complete" true "$(value .trace.complete)"
		eq "$backend, $program: allocations" "$(set -- $program; echo $(($1 * $2 * 3)))" "$(own turn_alloc allocations)"
		jq "$same" "$T/report.json" >"$T/$backend.json"
		ge "$backend: bytes of the report that are compared" 20000 "$(stat -c %s "$T/$backend.json")"
		same "$T/lockfree.json" "$T/$backend.json"
		grep -v "^Symbols" <("$BIN/memscope-trace" check "$T/trace.ms" 2>&1) >"$T/check" || true
		has_not "$T/check" 'damage|error'
	done
done
"$BIN/memscope-trace" info "$T/unified.ms" >"$T/info"
has "$T/info" '^backend +unified \(--backend\): [0-9]+ cores?: the program.s threads at first'

# the default, and why
record --no-symbols "$PROGRAMS/tiny"
report
eq "default" "lockfree" "$(value .trace.backend)"
eq "why the default" "the default" "$(value .trace.backend_reason)"

# whoever drains its own ring drops nothing
record --backend=core --on-full=drop "$PROGRAMS/in_turns" 2 4000
report
eq "dropped by core" 0 "$(value .trace.lost_events)"
eq "allocations with core and drop" 24000 "$(own turn_alloc allocations)"

# what needs a process beside the program is refused
refused() {
	local rc=0
	"$BIN/memscope-record" -o "$T/no.ms" "$@" true 2>"$T/err" || rc=$?
	eq "status of $*" 125 $rc
	has "$T/err" 'only lockfree has a process beside the program|--backend takes'
}
refused --backend=core --guard=full
refused --backend=async --follow
refused --backend=unified --snapshot-every=1s
refused --backend=nothing

# killed: what was written before stands, what is missing is said
status=0
"$BIN/memscope-record" --backend=core -o "$T/killed.ms" "$PROGRAMS/end_how" kill 2 20000 2>"$T/err" || status=$?
eq "status of the killed program" 137 $status
has "$T/err" '[0-9]+ lost \(they were still in the program, which was killed\)'
report "$T/killed.ms"
eq "end of the killed program" truncated "$(value .trace.ended)"
lost=$(sed -n 's/.* \([0-9]*\) lost (.*/\1/p' "$T/err")
ge "events before it was killed" 10000 "$(value .trace.events)"
# 60000 of the program's own; the few of the C library's are not known exactly
ge "written and lost" 60000 $(($(value .trace.events) + lost))
le "written and lost" 60400 $(($(value .trace.events) + lost))

# the kernel's word about the end
status=0
"$BIN/memscope-record" --backend=core -o "$T/exit.ms" sh -c 'exit 7' 2>"$T/err" || status=$?
report "$T/exit.ms"
eq "exit code" "exited 7" "$(value '.trace | "\(.ended) \(.exit_code)"')"

# a file of its own for each program that the process becomes
rm -f "$T"/*.ms
"$BIN/memscope-record" --backend=core -o "$T/run.ms" "$PROGRAMS/end_how" exec 1 5000 2>"$T/err" && wrong "the program after exec exits with 21"
report "$T/run.ms"
eq "allocations before the exec" 5000 "$(site known_alloc allocations)"
eq "the first image" running "$(value .trace.ended)"
report "$T/run.1.ms"
eq "allocations after the exec" 5000 "$(site after_exec_alloc allocations)"
eq "the second image" "exited 21" "$(value '.trace | "\(.ended) \(.exit_code)"')"
