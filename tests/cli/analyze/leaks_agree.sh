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

record "$PROGRAMS/churn" 100 10
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
