# memscope-record -p: a running program with threads is recorded, left, and recorded again; libraries that it loads meanwhile, children,
# its end, and the end of the recorder by a signal that nobody survives.
. "$ROOT/tests/cli/_lib.sh"
needs_ptrace

hooked() { /usr/bin/python3 "$ROOT/tests/cli/record/_hooked.py" "$1"; }
# until_true SECONDS COMMAND...
until_true() {
	local n=$(($1 * 20))
	shift
	while ! "$@" 2>/dev/null; do
		n=$((n - 1))
		[ $n -gt 0 ] || give_up "did not become true in time: $*"
		sleep 0.05
	done
}
tell() { # COMMAND LETTER: to the program, until it answers
	local before
	before=$(wc -l <"$T/answers")
	printf '%s' "$1" >&3
	until_true 20 eval '[ "$(wc -l <"$T/answers")" -gt '"$before"' ]'
}
start() {
	rm -f "$T/commands"
	mkfifo "$T/commands"
	: >"$T/answers"
	"$PROGRAMS/attach_target" <"$T/commands" >"$T/answers" &
	app=$!
	exec 3>"$T/commands"
	until_true 20 eval '[ "$(ls /proc/$app/task | wc -l)" -eq 7 ]'
}
stop() { # EXPECTED STATUS
	local rc=0
	printf q >&3
	wait $app || rc=$?
	exec 3>&-
	eq "status of the program" "$1" "$rc"
}
attach() { record --pid $app "$@"; }
# In the background, until it is attached.
attach_behind() {
	rm -f "$T/err"
	"$BIN/memscope-record" -v -p $app "$@" 2>"$T/err" &
	recorder=$!
	until_true 20 grep -q "attached to process" "$T/err"
}

# ---- recorded, left, recorded again
start
attach --duration 400ms
eq "status" 0 "$status"
eq "words that lead to the hooks after it left" 0 "$(hooked $app)"
report
eq "attached" true "$(value .trace.attached)"
eq "pid" $app "$(value .trace.pid)"
eq "the end" running "$(value .trace.ended)"
eq "lost events" 0 "$(value .trace.lost_events)"
eq "findings" 0 "$(value '.findings | length')"
ge "blocks of malloc" 100 "$(site grow_c allocations)"
ge "blocks of new" 100 "$(site grow_new allocations)"
has "$T/report.txt" 'attached to a running process: blocks from before are not known'
has "$T/report.txt" 'leak +not observable: attached'
eq "threads that allocated" 'churn-c churn-c churn-new churn-new ' \
	"$(value '[.threads[] | select(.allocations > 0) | .name] | sort | .[]' | tr '\n' ' ')"
eq "kinds of frees that do not fit" 0 "$(value '[.findings[] | select(.kind == "mismatched-free")] | length')"
"$BIN/memscope-trace" check "$trace" >"$T/out" 2>&1 || wrong "memscope-trace check: $(cat "$T/out")"
"$BIN/memscope-trace" info "$trace" >"$T/out"
has "$T/out" 'attached to: its heap began before the trace'

attach --duration 0.2 --free-stacks
eq "status of the second recording" 0 "$status"
eq "libraries of ours after two recordings" 1 "$(awk '/libmemscope-attach/ { print $6 }' /proc/$app/maps | sort -u | wc -l)"
attach --duration 0.2 --preset high_performance
eq "status of a sample" 0 "$status"
report
ge "blocks in the sample" 1 "$(value .totals.allocations)"
eq "findings in a sample" 0 "$(value '.findings | length')"

# ---- while it is recorded: a library that is loaded, a child, a second recorder; ended by SIGINT
attach_behind -o "$T/d.ms"
ge "words that lead to the hooks" 10 "$(hooked $app)"
tell d
tell f
status=0
"$BIN/memscope-record" -p $app -o "$T/second.ms" 2>"$T/second" || status=$?
eq "status of a second recorder" 126 "$status"
has "$T/second" 'being recorded already'
[ ! -e "$T/second.ms" ] || wrong "a second recorder left a file"
kill -INT $recorder
wait $recorder || wrong "memscope-record ended by SIGINT has status $?"
eq "words that lead to the hooks after SIGINT" 0 "$(hooked $app)"
report "$T/d.ms"
eq "blocks of a library that was loaded later" 100 "$(site late_blocks allocations)"
eq "blocks of the child" 0 "$(site fork_child allocations)"
eq "findings" 0 "$(value '.findings | length')"

# ---- the recorder is killed: its keeper puts everything back
attach_behind -o "$T/k.ms"
kill -KILL $recorder
wait $recorder 2>/dev/null || true
until_true 20 eval '[ "$(hooked $app)" -eq 0 ]'
tell f
# The keeper is still about to leave when the words are back.
for _ in $(seq 400); do
	attach --duration 0.2
	[ "$status" -eq 126 ] && grep -q 'being recorded already\|has not left the recording before yet' "$T/err" || break
	sleep 0.05
done
eq "status after a recorder that was killed" 0 "$status"

# ---- --control stop
attach_behind -o "$T/c.ms"
"$BIN/memscope-record" --control="$T/c.ms" stop >"$T/out" 2>&1 || wrong "--control stop: $(cat "$T/out")"
wait $recorder || wrong "memscope-record has status $? after --control stop"
eq "words that lead to the hooks after --control stop" 0 "$(hooked $app)"

# ---- the program ends while it is recorded
attach_behind -o "$T/e.ms"
stop 3
wait $recorder || wrong "memscope-record has status $? when the program ended"
report "$T/e.ms"
eq "the end" yes "$(value 'if .trace.ended | IN("exited", "unknown") then "yes" else .trace.ended end')"
eq "findings" 0 "$(value '.findings | length')"

# ---- the main thread leaves, the others go on: not the end, and no other program
start
attach_behind -o "$T/l.ms"
tell l
until_true 20 eval 'grep -q "^State:.Z" /proc/$app/status'
sleep 0.3 # longer than the recorder goes without a look at what runs in the process
kill -INT $recorder
wait $recorder || wrong "memscope-record has status $? without the main thread"
has_not "$T/err" 'executes another program'
other=$(ls /proc/$app/task | grep -vx $app | head -1)
eq "words that lead to the hooks without the main thread" 0 "$(hooked $app/task/$other)"
report "$T/l.ms"
eq "the end without the main thread" running "$(value .trace.ended)"
ge "blocks without the main thread" 100 "$(site grow_c allocations)"
printf q >&3
wait $app || eq "status of a program without main thread" 4 $?
exec 3>&-

# ---- it becomes another program
start
attach_behind -o "$T/x.ms"
printf x >&3
wait $recorder || wrong "memscope-record has status $? when the program was replaced"
has "$T/err" 'executes another program now'
report "$T/x.ms"
ge "blocks before that" 100 "$(site grow_c allocations)"
exec 3>&-
wait $app || true
