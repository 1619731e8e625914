# --at: the report of a moment. Of the end it is the whole report, of the peak what the peak was made of; wrong moments are usage.
. "$ROOT/tests/cli/_lib.sh"

A=$BIN/memscope-analyze
record "$PROGRAMS/churn" 2000 30
report
cp "$T/report.json" "$T/whole.json"
at() { # MOMENT: the report of it in $T/report.json, $T/report.txt
	"$A" --top=0 --at="$1" --json="$T/report.json" --text="$T/report.txt" "$trace" 2>"$T/err" || give_up "--at=$1: status $?: $(cat "$T/err")"
	python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/report.json" >"$T/validate" 2>&1 ||
		wrong "--at=$1: $(head -c 600 "$T/validate")"
}
whole() { jq -r "$1" "$T/whole.json"; }

same_values() { # FILTER: of the report and of the whole one
	jq -S "$1" "$T/report.json" >"$T/a"
	jq -S "$1" "$T/whole.json" >"$T/b"
	cmp -s "$T/a" "$T/b" || wrong "$1 differs: $(diff "$T/a" "$T/b" | head -5)"
}

eq "window of the whole report" null "$(whole .window)"
at end
eq "events until the end" "$(whole .trace.events)" "$(value .window.to_event)"
same_values 'del(.window)'
has "$T/report.txt" '^as of .*, after [0-9,]+ events: "end" is this moment$'
at 100%
same_values 'del(.window)'

at peak
eq "alive at the peak" "$(whole .totals.peak_bytes)" "$(value .totals.live_bytes)"
eq "peak until the peak" "$(whole .totals.peak_bytes)" "$(value .totals.peak_bytes)"
eq "time of the peak" "$(whole .totals.peak_time_ns)" "$(value .window.to_ns)"
same_values '[.sites[] | select(.peak_bytes > 0) | {id, peak_bytes}] | sort_by(.id)'
eq "sites alive at the peak" "$(jq -c '[.sites[] | select(.peak_bytes > 0) | {id, b: .peak_bytes}] | sort_by(.id)' "$T/whole.json")" \
	"$(jq -c '[.sites[] | select(.live_bytes > 0) | {id, b: .live_bytes}] | sort_by(.id)' "$T/report.json")"
eq "a graph from after the moment" "not_observable" "$(value '.detectors[] | select(.name == "leak") | .status')"
has "$T/report.txt" 'no heap graph was taken within the window'

# The events counted are those that the dump shows up to there.
n=$(("$(whole .trace.events)" / 2))
at "event:$n"
eq "events" $((n + 1)) "$(value .trace.events)"
"$BIN/memscope-trace" dump --json --limit=$((n + 1)) "$trace" >"$T/events.jsonl"
eq "allocations and reallocations" "$(jq -c 'select(.class == "alloc" and .kind != "realloc-failed")' "$T/events.jsonl" | wc -l)" \
	"$(value '.totals.allocations + .totals.reallocations')"
eq "time" "$(tail -1 "$T/events.jsonl" | jq .time_ns)" "$(value .window.to_ns)"
at start
eq "events before the start" 0 "$(value .trace.events)"
eq "blocks before the start" 0 "$(value .totals.live_blocks)"

wrong_moment() { # PATTERN ARGUMENT...
	local pattern=$1 got=0
	shift
	"$A" "$@" "$trace" >"$T/out" 2>"$T/err" || got=$?
	eq "status of $*" 2 $got
	has "$T/err" "$pattern"
	eq "output of $*" "" "$(cat "$T/out")"
}
wrong_moment "'soon' is no moment: expected 12.5s" --at=soon
wrong_moment 'at most 3 digits after the point' --at=1.2345us
wrong_moment 'the trace has no moment at 3600000000000 ns: it ends at' --at=1h
wrong_moment 'the trace has no event [0-9]+: it has [0-9]+, the first is 0' --at="event:$(whole .trace.events)"
wrong_moment "the trace has no mark 'here'" --at=mark:here
wrong_moment 'give --at or --window' --at=peak --window=1ms:2ms
