# --control: what a running recorder does when it is asked, by whom it is not disturbed, and how the trace ends on request.
. "$ROOT/tests/cli/_lib.sh"
control() { "$BIN/memscope-record" --control "$trace" "$@"; }
field() { tr ' ' '\n' <"$1" | sed -n "s/^$2=//p"; }
# begin [OPTION...]: records steps, which has made 1000 blocks and waits for $T/steps/go
begin() {
	rm -rf "$T/steps"
	mkdir "$T/steps"
	rm -f "$trace"
	"$BIN/memscope-record" "$@" -o "$trace" "$PROGRAMS/steps" "$T/steps" 1000 5000 >"$T/out" 2>"$T/err" </dev/null &
	recorder=$!
	await "$T/steps/ready"
}
end() { # the program goes on to its end; its status must be its own
	touch "$T/steps/go"
	status=0
	wait $recorder || status=$?
	eq "status of the program" 17 $status
}
trace=$T/trace.ms

echo "# every command"
begin
control status >"$T/status"
eq state recording "$(field "$T/status" state)"
eq pid "$(cat "$T/steps/ready")" "$(field "$T/status" pid)"
control mark "first words" >"$T/answer"
eq "answer to mark" marked "$(cat "$T/answer")"
eq "answer to snapshot" "snapshot control-1" "$(control snapshot)"
eq "answer to snapshot with a name" "snapshot before lunch" "$(control snapshot "before lunch")"
control pause >"$T/answer"
eq "answer to pause" paused "$(cat "$T/answer")"
eq "a second pause" "paused already" "$(control pause)"
eq "state while paused" paused "$(control status | tr ' ' '\n' | sed -n 's/^state=//p')"
eq "answer to resume" recording "$(control resume)"
eq "a second resume" "recording already" "$(control resume)"
control -q mark "last words" >"$T/answer"
end
report
whole
exited 17
eq "marks" '["first words","last words"]' \
	"$("$BIN/memscope-trace" dump --json "$trace" | jq -s -c '[.[] | select(.kind == "mark") | .name]')"
"$BIN/memscope-trace" dump --json "$trace" | jq -r 'select(.kind | IN("mark", "snapshot", "pause", "resume")) | .kind' >"$T/order"
eq "order of the events" "mark snapshot snapshot pause resume mark " "$(tr '\n' ' ' <"$T/order")"
eq "their thread" "$(events '.kind == "mark" and .thread == 1')" 2
site_is before_alloc 1000 25
site_is after_alloc 5000 0

echo "# stop: the trace is complete while the program runs; its end is not in it"
begin
control stop >"$T/answer"
has "$T/answer" '^stopped, the trace is complete: [0-9]+ events'
kill -0 "$(cat "$T/steps/ready")" || wrong "the program is gone"
report
eq ended running "$(value .trace.ended)"
eq "lost events" 0 "$(value .trace.lost_events)"
"$BIN/memscope-trace" check "$trace" >/dev/null || wrong "the stopped trace is not whole"
site_is before_alloc 1000 25
eq "blocks of after the stop" 0 "$(sites after_alloc)"
status=0
control status >"$T/answer" 2>&1 || status=$?
eq "status after a stop" 125 $status
has "$T/answer" "nobody is recording it"
cp "$trace" "$T/stopped.ms"
end
same "$trace" "$T/stopped.ms"
has "$T/err" "stopped on request"
eq "what the program said" "exe 6000 5975" "$(cat "$T/out")"

echo "# wrong usage, and traces that nobody records"
for words in "bogus" "mark" "status now" "snapshot a b" ""; do
	status=0
	# shellcheck disable=SC2086
	control $words >"$T/answer" 2>&1 || status=$?
	eq "status of '$words'" 125 $status
	has "$T/answer" "--control"
done
for file in "$T/none" /dev/null; do
	status=0
	"$BIN/memscope-record" --control "$file" status >"$T/answer" 2>&1 || status=$?
	eq "status for $file" 125 $status
done

echo "# two at once, silent ones, garbage: the recording goes on"
begin
cat >"$T/hostile.py" <<'EOF'
import os, socket, sys
st = os.stat(sys.argv[1])
name = b"\0memscope-record.%016x.%016x" % (st.st_dev, st.st_ino)
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(name)
    s.settimeout(30)
    return s
silent = [connect() for _ in range(40)]
for packet in (b"x", b"\0" * 100, b"memscope-1 ", b"memscope-1 status\0", b"memscope-9 stop", b"memscope-1 stop now" * 500, b"\xff" * 60000,
               b"memscope-1 " + b"y" * 2030, b"memscope-1 mark", b"memscope-1 nothing"):
    s = connect()
    s.send(packet)
    answer = s.recv(4096)
    assert answer[:1] == b"-", (packet, answer)
for _ in range(100):
    connect().close()
talker = connect()
for _ in range(20):
    try:
        talker.send(b"memscope-1 mark spoken")
    except OSError:
        break
print("survived")
EOF
timeout 60 python3 "$T/hostile.py" "$trace" >"$T/hostile" || wrong "hostile client: status $?"
eq "hostile client" survived "$(cat "$T/hostile")"
makers=()
for who in a b; do
	(for ((i = 0; i < 10; i++)); do control -q mark "$who$i" || echo failed; done >"$T/marks.$who") &
	makers+=($!)
done
wait "${makers[@]}"
eq "failed marks" "" "$(cat "$T"/marks.?)"
end
report
whole
eq "marks of two" 20 "$(events '.kind == "mark" and (.name | test("^[ab][0-9]$"))')"
site_is after_alloc 5000 0

echo "# a recorder that was killed leaves no address; the next one of the same file is reached"
begin
kill -9 $recorder
wait $recorder || true
status=0
control status >"$T/answer" 2>&1 || status=$?
eq "status of a killed recorder" 125 $status
touch "$T/steps/go"
await_gone "$(cat "$T/steps/ready")"
begin
eq state recording "$(control status | tr ' ' '\n' | sed -n 's/^state=//p')"
end

echo "# --follow: each child by its own file"
rm -rf "$T/steps"
mkdir "$T/steps"
"$BIN/memscope-record" --follow -o "$T/f.%p.ms" sh -c "$PROGRAMS/steps $T/steps 1000 5000; exit 3" >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
child=$(cat "$T/steps/ready")
trace=$T/f.$child.ms
eq "pid of the child's" "$child" "$(control status | tr ' ' '\n' | sed -n 's/^pid=//p')"
control -q mark "in the child"
control stop >"$T/answer"
touch "$T/steps/go"
status=0
wait $recorder || status=$?
eq "status of the parent" 3 $status
eq "marks of the child" 1 "$(events '.kind == "mark"')"
for other in "$T"/f.*.ms; do
	"$BIN/memscope-trace" check "$other" >/dev/null || wrong "$other is not whole"
	[ "$other" = "$trace" ] || eq "marks elsewhere" 0 "$("$BIN/memscope-trace" dump --json "$other" | jq -c 'select(.kind == "mark")' | wc -l)"
done
