# info: the facts of a trace with every kind of record, as text and JSON; the two say the same.
. "$ROOT/tests/cli/_lib.sh"
golden=tests/golden/v1/kinds.ms
cd "$ROOT"
"$BIN/memscope-trace" info -e -v "$golden" >"$T/text"
diff -u tests/cli/trace/expected/kinds.info "$T/text" || wrong "text changed"
"$BIN/memscope-trace" info --json -e "$golden" >"$T/json"
diff -u tests/cli/trace/expected/kinds.info.json "$T/json" || wrong "JSON changed"
eq "kinds add up" 72 "$(jq '[.events_of_kind[]] | add' "$T/json")"
eq "blocks add up to the file" "$(stat -c %s "$golden")" "$(jq '([.blocks[].stored_bytes] | add) + .framing_bytes' "$T/json")"
ge "framing: a header of 64 bytes for the file and each block" "$(jq '64 * (1 + ([.blocks[].count] | add))' "$T/json")" "$(jq .framing_bytes "$T/json")"
