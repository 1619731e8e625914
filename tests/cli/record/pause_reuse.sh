# Blocks that were born in a pause: their addresses have other lives at once, by other threads and other operators, and they point to recorded blocks.
# Nothing of that is an error, or a leak, whatever the guard and the backend.
. "$ROOT/tests/cli/_lib.sh"
for options in "" --cull-temporary=1 --guard=sample=20 --guard=canary --guard=full --backend=core --backend=async; do
	record $options "$PROGRAMS/pause_reuse"
	eq "status $options" 0 "$status"
	report
	eq "findings with '$options'" "[]" "$(value '[.findings[] | {kind, certainty, count}] | tostring')"
	eq "lost events with '$options'" 0 "$(value .trace.lost_events)"
done
record "$PROGRAMS/pause_reuse"
rc=0
"$BIN/memscope-analyze" -q --fail-on 'double-free>0' "$trace" >/dev/null 2>"$T/gate" || rc=$?
eq "status of a gate on a paused trace" 0 "$rc"
has "$T/gate" 'as far as can be judged: 200 frees of unknown blocks could not be judged'
