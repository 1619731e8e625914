# chrome: JSON in order of time; the largest and the last level, the peak's moment, what begins and ends, samples and findings are those of the report.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"

# numbers TRACE [OPTION...]
numbers() {
	local from=$1
	shift
	json_of "$from" "$@"
	export_to "$T/f.json" chrome "$from" "$@"
	figures chrome "$T/f.json"
	eq "levels $*" "$(value '.totals | [.peak_bytes, .live_bytes, .most_blocks, .live_blocks] | tostring')" "$(figure '[.peak, .end, .most_blocks, .end_blocks]')"
	eq "blocks begun $*" "$(value "$begun")" "$(figure .begun)"
	eq "threads $*" "$(value '[.threads[].name // "thread" | if . == "" then "thread" else . end] | sort | tostring')" "$(figure .slices)"
	eq "findings $*" "$(value '[.findings[].kind] | sort | tostring')" "$(figure '[.instants[] | select(. != "peak" and . != "heap graph")] | sort')"
}
numbers "$golden" --window=start:start
numbers "$golden" --window=25%:60%
numbers "$golden" --window=peak:end
numbers "$golden" --at=peak
numbers "$golden"
eq "time of the peak" "$(value .totals.peak_time_ns)" "$(jq '[.traceEvents[] | select(.name == "peak")][0].ts * 1000 | round' "$T/f.json")"
record /bin/true
numbers "$trace"
record --free-stacks "$PROGRAMS/zoo/double_free" twice bug
numbers "$trace"
eq "the double free" '["double-free"]' "$(figure '[.instants[] | select(. == "double-free")]')"
record --graph=exit "$PROGRAMS/leak_chain"
numbers "$trace"
eq "heap graphs" 1 "$(figure '[.instants[] | select(. == "heap graph")] | length')"
record --monitor=5 sleep 0.2
numbers "$trace"
ge "samples" 2 "$(value '.system[] | select(.name == "rss") | .samples')"
eq "resident memory" "$(value '.system[] | select(.name == "rss") | .max')" "$(figure .resident)"
record "$PROGRAMS/marks"
export_to "$T/f.json" chrome "$trace"
figures chrome "$T/f.json"
eq "marks" '["loaded","served é"]' "$(figure '[.instants[] | select(. == "loaded" or . == "served é")]')"
"$BIN/memscope-trace" cut -q --window=30%:80% -o "$T/cut.ms" "$golden"
numbers "$T/cut.ms"
record "$PROGRAMS/short_threads" 20 4
numbers "$trace"
