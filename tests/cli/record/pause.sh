# A pause by --control: what is born in it is in no figure, what is freed in it is; text, JSON and SQL say the same about it.
. "$ROOT/tests/cli/_lib.sh"
control() { "$BIN/memscope-record" --control "$trace" "$@" >/dev/null; }
trace=$T/trace.ms
mkdir "$T/steps"
"$BIN/memscope-record" -o "$trace" "$PROGRAMS/steps" "$T/steps" 1000 5000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
control snapshot "before the pause"
control pause
touch "$T/steps/go"
status=0
wait $recorder || status=$?
eq status 17 $status
report
exited 17
eq "lost events" 0 "$(value .trace.lost_events)"
site_is before_alloc 1000 25
eq "blocks of during the pause" 0 "$(sites after_alloc)"
eq "unmatched frees" 5000 "$(value .totals.unmatched_frees)"
eq "wrong frees" 0 "$(value '[.findings[] | select(.kind | test("free"))] | length')"
eq "what the detector says" true "$(value '.detectors[] | select(.name == "invalid-free") | .reason | test("paused")')"
eq "pauses" "1 1 control null" "$(value '"\(.trace.pauses) \(.pauses.count) \(.pauses.list[0].asked_by) \(.pauses.list[0].resumed_by)"')"
eq "length" true "$(value '.pauses.list[0].to_ns - .pauses.list[0].from_ns == .pauses.paused_ns and .trace.paused_ns == .pauses.paused_ns')"
eq "events in it" 5001 "$(value '.pauses.list[0] | .to_event - .from_event')"
# the first thing below QUALITY
eq "first words" "! recording was paused 1 time," "$(grep -A1 '^QUALITY  paused at times' "$T/report.txt" | tail -1 | cut -c3-32)"
has "$T/report.txt" '^SNAPSHOTS'
has "$T/report.txt" ' 25  control   before the pause$'
sql() { "$BIN/memscope-query" --format=jsonl "$trace" "$1"; }
eq "pauses in SQL" "$(value '.pauses.list[0] | "\(.from_ns) \(.to_ns) \(.from_event) \(.to_event) \(.asked_by)"')" \
	"$(sql 'SELECT * FROM pauses' | jq -r '"\(.from_ns) \(.to_ns) \(.from_event) \(.to_event) \(.asked_by)"')"
eq "snapshots in SQL" "$(value '.snapshots.list[0] | "\(.name) \(.time_ns) \(.event) \(.live_bytes) \(.live_blocks) \(.asked_by)"')" \
	"$(sql 'SELECT * FROM snapshots' | jq -r '"\(.name) \(.time_ns) \(.event) \(.live_bytes) \(.live_blocks) \(.asked_by)"')"
eq "blocks at the snapshot" 25 "$(sql "SELECT count(*) AS n FROM snapshot('snapshot:before the pause')" | jq .n)"
eq "text of the event" "before the pause" "$(sql "SELECT text FROM events WHERE kind = 'snapshot'" | jq -r .text)"
"$BIN/memscope-analyze" -q --at "snapshot:before the pause" --json="$T/at.json" "$trace"
eq "live bytes at the snapshot" "$(value '.snapshots.list[0].live_bytes')" "$(jq .totals.live_bytes "$T/at.json")"
status=0
"$BIN/memscope-analyze" -q --at "snapshot:after" "$trace" >/dev/null 2>"$T/at.err" || status=$?
eq "status for a snapshot that is not there" 2 $status
has "$T/at.err" "no snapshot 'after'"

echo "# resumed in time: everything after it is there; the program's own requests do the same"
rm -r "$T/steps"
mkdir "$T/steps"
"$BIN/memscope-record" -o "$trace" "$PROGRAMS/steps" "$T/steps" 1000 5000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
control pause
control resume
touch "$T/steps/go"
wait $recorder || true
report
site_is after_alloc 5000 0
eq "resumed by" control "$(value '.pauses.list[0].resumed_by')"
eq "unmatched frees" 0 "$(value .totals.unmatched_frees)"
