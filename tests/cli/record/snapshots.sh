# Snapshots that a recording takes by itself: at levels of the heap, of resident memory, at intervals, at a signal to memscope-record.
. "$ROOT/tests/cli/_lib.sh"
names() { "$BIN/memscope-trace" dump --json "$trace" | jq -r "select(.kind == \"snapshot\" and .asked_by == $1) | .name" | paste -sd' '; }
control() { "$BIN/memscope-record" --control "$trace" "$@"; }
# await_snapshots NUMBER: until the recorder has taken so many
await_snapshots() {
	local i
	for ((i = 0; i < 1500; i++)); do
		control status | grep -q " snapshots=$1$" && return 0
		sleep 0.02
	done
	give_up "no $1 snapshots within 30 s: $(control status)"
}
# await_live BYTES: until the recorder has seen that so many are alive
await_live() {
	local i
	for ((i = 0; i < 1500; i++)); do
		control status | grep -q " live_bytes=$1 " && return 0
		sleep 0.02
	done
	give_up "live bytes never were $1: $(control status)"
}
trace=$T/trace.ms
mkdir "$T/steps"
"$BIN/memscope-record" --snapshot-heap=2M --snapshot-signal=USR1 --graph=off -o "$trace" "$PROGRAMS/levels" "$T/steps" >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready1"
await_snapshots 3
kill -USR1 $recorder
await_snapshots 4
touch "$T/steps/go1"
await "$T/steps/ready2"
await_live 1048576
sleep 0.1 # the level is looked at every 20 ms
touch "$T/steps/go2"
await "$T/steps/ready3"
await_snapshots 6
touch "$T/steps/go3"
status=0
wait $recorder || status=$?
eq status 0 $status
eq "snapshots by the heap" "heap-2MiB heap-4MiB heap-8MiB heap-2MiB-2 heap-4MiB-2" "$(names 3)"
eq "snapshots by the signal" signal-1 "$(names 5)"
# Each stands right behind the event with which the level was reached.
"$BIN/memscope-trace" dump --json "$trace" | jq -s -c '[range(1; length) as $i | select(.[$i].kind == "snapshot" and .[$i].asked_by == 3) | .[$i - 1].size_bytes]' >"$T/before"
eq "events before them" '[1048576,1048576,1048576,1048576,1048576]' "$(cat "$T/before")"

echo "# resident memory, and intervals"
rm -r "$T/steps"
mkdir "$T/steps"
"$BIN/memscope-record" --snapshot-rss=8M --monitor=5 --snapshot-every=50ms -o "$trace" "$PROGRAMS/levels" "$T/steps" >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready1"
await_snapshots 5
touch "$T/steps/go1" "$T/steps/go2" "$T/steps/go3"
wait $recorder
case " $(names 2) " in *" rss-8MiB "* | *" rss-16MiB "*) ;; *) wrong "no snapshot by resident memory: $(names 2)" ;; esac
case "$(names 4)" in "every-1 every-2 every-3"*) ;; *) wrong "snapshots at intervals: $(names 4)" ;; esac

echo "# what cannot be"
for option in --snapshot-heap=0 --snapshot-rss=x --snapshot-every=1ms --snapshot-signal=INT "--monitor=off --snapshot-rss=1M"; do
	status=0
	# shellcheck disable=SC2086
	"$BIN/memscope-record" $option -o "$T/no.ms" true >"$T/out" 2>"$T/err" || status=$?
	eq "status of $option" 125 $status
	has "$T/err" "snapshot-"
done
[ ! -e "$T/no.ms" ] || wrong "a trace was made"
