# Leaks, growth and holders: text and JSON show the same numbers; a trace without a heap graph says so in both.
. "$ROOT/tests/cli/_lib.sh"

kinds=$ROOT/tests/golden/v2/kinds.ms
"$BIN/memscope-analyze" --json="$T/report.json" "$kinds"
"$BIN/memscope-analyze" --exact --width 0 --top 0 --section=leaks,holders "$kinds" | tr -d , >"$T/plain"
eq observable true "$(value .leaks.observable)"
has "$T/plain" "^LEAKS  from $(value .leaks.graph.blocks) live blocks and $(value .leaks.graph.edges) pointers"
kind() { # NAME-IN-TEXT NAME
	if [ "$(value ".leaks.$2.blocks")" = 0 ]; then
		has "$T/plain" "$1 0(;|$)"
	else
		has "$T/plain" "$1 $(value ".leaks.$2.bytes") B in $(value ".leaks.$2.blocks") blocks? from $(value ".leaks.call_paths.$2") call paths?"
	fi
}
kind definite definite
kind indirect indirect
kind possible possible
kind 'still reachable' reachable
has "$T/plain" "not scanned: registers and stack of $(value .leaks.graph.not_scanned.threads) thread"
eq weakened true "$(value .leaks.graph.weakened)"

# A program with leaks: row by row.
record "$PROGRAMS/leak_cycle"
"$BIN/memscope-analyze" --top 0 --json="$T/report.json" "$trace"
"$BIN/memscope-analyze" --exact --width 0 --top 0 --section=leaks,holders "$trace" | tr -d , >"$T/plain"
for k in definite indirect possible; do kind $k $k; done
kind 'still reachable' reachable
value '.leaks.list[] | select(.kind != "reachable") | "\(.kind) \(.bytes) \(.blocks) \(if .hanging_on.blocks > 0 then .hanging_on.bytes else "" end) \(.sizes.max_bytes) \(.first.block) #\(.site)"' |
	tr -s ' ' >"$T/json_rows"
sed -nE 's/^  (definite|indirect|possible) +([0-9]+) B +([0-9]+) +(([0-9]+) B +)?([0-9]+) B +([0-9]+)[0-9.]* +(#[0-9]+) .*/\1 \2 \3 \5 \6 \7 \8/p' \
	"$T/plain" | tr -s ' ' >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
eq "rows" 6 "$(wc -l <"$T/text_rows")"
has "$T/plain" "^  $(value .leaks.cycles) cycles among lost blocks of $(value .leaks.blocks_on_cycles) blocks together"
value '.holders | (.list[] | "\(.retained_bytes) \(.retained_blocks)"), "\(.lost_bytes) \(.lost_blocks)"' >"$T/json_rows"
sed -nE '/^HELD BY/,/^$/s/^ *[0-9.<]+ % +([0-9]+) B +([0-9]+)  .*/\1 \2/p' "$T/plain" >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
eq "holders and lost" 2 "$(wc -l <"$T/text_rows")"
"$BIN/memscope-analyze" --json="$T/few.json" --top 2 "$trace"
eq "rows of --top 2" "2 6" "$(jq -r '.leaks | "\(.list | length) \(.list_omitted)"' "$T/few.json")"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/report.json" "$T/few.json" || wrong "a report does not follow the schema"

record --monitor=off "$PROGRAMS/churn" 100 10 # samples would stand behind the heap graph, which is to be cut off
rm -f "$T/cut.ms"
head -c $(($(stat -c %s "$trace") * 2 / 3)) "$trace" >"$T/cut.ms"
report "$T/cut.ms"
eq "observable in a cut trace" false "$(value .leaks.observable)"
eq "definite in a cut trace" null "$(value .leaks.definite)"
eq "alive at the end" "$(value .totals.live_bytes)" "$(value .leaks.alive_at_end.bytes)"
has "$T/report.txt" "^LEAKS  not observable: $(value .leaks.reason)"
eq "growth of a short run" false "$(value .growth.observable)"
has "$T/report.txt" "^GROWTH  not judged: $(value .growth.reason)"

# --why without a heap graph, of nonsense, of what is not there
refused() { # STATUS PATTERN ARGUMENT TRACE
	local rc=0
	"$BIN/memscope-analyze" --why="$3" "$4" >"$T/out" 2>"$T/err" || rc=$?
	eq "status of --why=$3" "$1" "$rc"
	has "$T/err" "$2"
	eq "output of --why=$3" 0 "$(stat -c %s "$T/out")"
}
refused 4 'not observable in this trace' 1 "$T/cut.ms"
refused 2 'neither a block' nonsense "$kinds"
refused 2 'was not alive when the heap graph was taken' 999999 "$kinds"
refused 2 'no call path has the number' site:99999 "$kinds"
