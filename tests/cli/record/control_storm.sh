# Control of a recording whose program has four threads at full speed: a stop at one moment for all of them; pauses by two at once.
. "$ROOT/tests/cli/_lib.sh"
control() { timeout 60 "$BIN/memscope-record" -q --control "$trace" "$@" >/dev/null; }
trace=$T/trace.ms
begin() {
	rm -rf "$T/steps"
	mkdir "$T/steps"
	rm -f "$trace"
	"$BIN/memscope-record" --graph=off "$@" -o "$trace" "$PROGRAMS/storm" "$T/steps" 60 >"$T/out" 2>"$T/err" </dev/null &
	recorder=$!
	await "$T/steps/ready"
}
end() {
	touch "$T/steps/go"
	status=0
	wait $recorder || status=$?
	eq "status of the program" 0 $status
	ge "allocations of the program" 1 "$(said allocations)"
}
begin
control stop
"$BIN/memscope-trace" check "$trace" >/dev/null || wrong "the stopped trace is not whole"
end
report
eq "lost, unmatched" "0 0" "$(value '"\(.trace.lost_events) \(.totals.unmatched_frees)"')"
eq ended running "$(value .trace.ended)"
ge "blocks begun" 1000 "$(site storm_alloc allocations)"

echo "# pauses by two at once"
begin
makers=()
for who in 1 2; do
	(for ((i = 0; i < 4; i++)); do control pause && control resume || echo failed; done >"$T/pauses.$who") &
	makers+=($!)
done
wait "${makers[@]}"
eq "failed commands" "" "$(cat "$T"/pauses.?)"
control resume
control stop
end
report
eq "lost events" 0 "$(value .trace.lost_events)"
eq "findings" 0 "$(value '.findings | length')"
ge pauses 1 "$(value .trace.pauses)"
eq "every pause was ended" 0 "$(value '[.pauses.list[] | select(.resumed_by == null)] | length')"

echo "# snapshots while blocks are culled"
begin --cull-temporary=1 --snapshot-every=50ms
control snapshot named
control stop
end
"$BIN/memscope-trace" check "$trace" >/dev/null || wrong "the trace is not whole"
report
eq "the snapshot" 1 "$(value '[.snapshots.list[] | select(.name == "named")] | length')"
