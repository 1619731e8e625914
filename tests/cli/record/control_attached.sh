# --control of a recording that was attached to a running program: the same commands; stop leaves the program alone.
. "$ROOT/tests/cli/_lib.sh"
control() { timeout 60 "$BIN/memscope-record" --control "$trace" "$@"; }
trace=$T/trace.ms
mkdir "$T/steps"
"$PROGRAMS/steps" "$T/steps" 1000 5000 >"$T/out" 2>&1 </dev/null &
program=$!
await "$T/steps/ready"
timeout 60 "$BIN/memscope-record" --auto-export=json="$T/reports" -o "$trace" --pid "$program" >/dev/null 2>"$T/err" &
recorder=$!
for ((i = 0; i < 500; i++)); do
	! control status >"$T/status" 2>&1 || break
	if ! kill -0 $recorder 2>/dev/null; then
		grep -q "ptrace\|permission" "$T/err" && { kill $program; skip "$(head -1 "$T/err")"; }
		give_up "the recorder ended: $(cat "$T/err")"
	fi
	sleep 0.02
done
has "$T/status" "^state=recording pid=$program "
# The program waits and allocates nothing: what is asked for is in the trace all the same.
eq "answer to snapshot" "snapshot idle" "$(control snapshot idle)"
eq "answer to pause" paused "$(control pause)"
eq "answer to resume" recording "$(control resume)"
has <(control stop) '^stopped, the trace is complete'
status=0
wait $recorder || status=$?
eq "status of memscope-record" 0 $status
kill -0 "$program" || wrong "the program is gone"
touch "$T/steps/go"
status=0
wait $program || status=$?
eq "status of the program" 17 $status
report
eq "snapshot, pauses" "idle 1" "$(value '"\(.snapshots.list[0].name) \(.trace.pauses)"')"
eq "blocks of after the stop" 0 "$(sites after_alloc)"
eq "attached" true "$(value .trace.attached)"
eq "pid in the exported report" "$program" "$(jq .trace.pid "$T/reports/trace.json")"
