# Libc calls that leave their blocks: each is one piece of evidence, exactly as wide as what was touched, and no fault besides; the
# same calls done right are silent. What the program prints and returns is its own.
. "$ROOT/tests/cli/_lib.sh"
program=$PROGRAMS/guard_bounds
# Offset of the first byte in its block: addresses have 12 digits, which jq's numbers hold.
seen='def hex: explode | reduce .[2:][] as $c (0; . * 16 + (if $c > 57 then $c - 87 else $c - 48 end));
	select(.kind == "evidence") | .evidence | select(.kind == $kind) |
	"\(.function) \(.access) \((.address | hex) - (.block_address | hex)) \(.length_bytes) \(if .freed then 1 else 0 end)"'
for mode in canary full; do
	record --guard=$mode "$program"
	eq "$mode: status" 0 $status
	grep -v '^memscope-record' "$T/err" | LC_ALL=C sort >"$T/expected"
	"$BIN/memscope-trace" dump --json "$trace" >"$T/events.jsonl"
	jq -r --arg kind bounds "$seen" "$T/events.jsonl" | LC_ALL=C sort >"$T/seen"
	diff "$T/expected" "$T/seen" || wrong "$mode: evidence differs from what the program did"
	ge "$mode: errors of the program" 30 "$(wc -l <"$T/expected")"
	jq -r --arg kind fault "$seen" "$T/events.jsonl" >"$T/faults"
	eq "$mode: faults over what was reported already" "" "$(cat "$T/faults")"
	calls=$("$BIN/memscope-trace" info --json "$trace" | jq '[.. | .guard_calls? // .calls? // empty] | first')
	ge "$mode: calls compared" 30 "$("$BIN/memscope-trace" info --json "$trace" | jq .end.guard_calls)"
	record --guard=$mode "$program" right
	eq "$mode: status of the right program" 0 $status
	eq "$mode: evidence of the right program" 0 "$(events '.kind == "evidence"')"
done
# Every piece has a stack that begins where the call stands.
record --guard=canary "$program"
report
eq "findings whose stack does not begin in main" 0 "$(value '[.findings[] | select(.evidence == "bounds") | select((.stacks.error[0].function // "") != "main")] | length')"
