# --window: what happened between two moments; windows that follow each other add up to the whole.
. "$ROOT/tests/cli/_lib.sh"

A=$BIN/memscope-analyze
record "$PROGRAMS/churn" 2000 30
report
cp "$T/report.json" "$T/whole.json"
window() { # MOMENTS FILE
	"$A" --top=0 --window="$1" --json="$T/$2.json" --text="$T/$2.txt" "$trace" 2>"$T/err" || give_up "--window=$1: status $?: $(cat "$T/err")"
	python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/$2.json" >"$T/validate" 2>&1 ||
		wrong "--window=$1: $(head -c 600 "$T/validate")"
}
field() { jq -r "$2" "$T/$1.json"; }

events=$(field whole .trace.events)
a=$((events / 3)) b=$((events * 2 / 3))
window ":event:$a" first
window "event:$a:event:$b" middle
window "event:$b:" last
for k in allocations frees reallocations allocated_bytes freed_bytes temporary_allocations; do
	eq "$k" "$(field whole ".totals.$k")" "$(($(field first ".totals.$k") + $(field middle ".totals.$k") + $(field last ".totals.$k")))"
done
eq "events" "$events" "$(($(field first .trace.events) + $(field middle .trace.events) + $(field last .trace.events)))"
for k in blocks bytes; do
	eq "$k at the start" 0 "$(field first ".window.start_$k")"
	eq "$k handed over" "$(field first ".totals.live_$k")" "$(field middle ".window.start_$k")"
	eq "$k handed over" "$(field middle ".totals.live_$k")" "$(field last ".window.start_$k")"
	eq "$k at the end" "$(field whole ".totals.live_$k")" "$(field last ".totals.live_$k")"
done
eq "the peak is in one of them" "$(field whole .totals.peak_bytes)" \
	"$(jq -s '[.[].totals.peak_bytes] | max' "$T/first.json" "$T/middle.json" "$T/last.json")"
eq "sites' shares of the window's peak" "$(field middle .totals.peak_bytes)" "$(field middle '[.sites[].peak_bytes] | add')"
eq "timeline starts with the window" "$(field middle .window.from_ns)" "$(field middle '.timeline.start_ns[0]')"
has "$T/middle.txt" '^from .* to .*, [0-9,]+ events after the first [0-9,]+: "end" is the end of this window$'
has "$T/middle.txt" '^  alive at start '
has_not "$T/first.txt" '^  alive at start '

wrong_window() { # PATTERN MOMENTS
	local got=0
	"$A" --window="$2" "$trace" >"$T/out" 2>"$T/err" || got=$?
	eq "status of --window=$2" 2 $got
	has "$T/err" "$1"
}
wrong_window 'takes two moments like 10s:20s' 10s
wrong_window 'takes two moments like 10s:20s' 10s:later
wrong_window 'takes two moments like 10s:20s' ''
wrong_window 'the window ends before it starts' end:start
wrong_window 'the window ends before it starts' "event:$b:event:$a"
