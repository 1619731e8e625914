# Windows of one trace against each other and of two traces; each says which; the curves of all runs on one scale.
. "$ROOT/tests/cli/_lib.sh"

D=$BIN/memscope-diff
cat >"$T/app.c" <<-C
	#include <stdlib.h>
	#define keep(p) __asm__ volatile("" : : "r"(p) : "memory")
	static void *kept[1000];
	__attribute__((noipa)) void *load(int n) { void *p = malloc((size_t)n); keep(p); return p; }
	int main(int argc, char **argv)
	{
		(void)argv;
		for (int i = 0; i < 100; i++) kept[i] = load(1000);             /* first phase */
		for (int i = 0; i < 300; i++) kept[100 + i] = load(argc * 500); /* second phase */
		for (int i = 0; i < 400; i++) free(kept[i]);
		return 0;
	}
C
cc -g -O1 -fno-builtin -o "$T/app" "$T/app.c" || give_up "cc fails"
TRACE=$T/b.ms record "$T/app" 1
TRACE=$T/a.ms record "$T/app"
nth() { # SIZE N: the number of the event that is the Nth malloc of this size
	"$BIN/memscope-trace" dump --json "$trace" | jq -s --argjson size "$1" --argjson n "$2" \
		'[.[] | select(.kind == "malloc" and .size_bytes == $size)][$n - 1].event'
}
first=$(nth 1000 1)
middle=$(nth 1000 100)
last=$(nth 500 300)
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$D" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-diff $*" "$want" "$got"
}
# of the call path that ends in load: METRIC SIDE
load() { jq -r --arg m "$1" --arg s "$2" '[.changes[] | select((.new // .old).stack[0].function == "load")][0].metrics[$m][$s].median' "$T/d.json"; }

# Two windows of one trace: the phases, each with what was allocated in it alone.
run 0 --window="event:$((first - 1)):event:$middle" --vs-window="event:$middle:event:$last" --json="$T/d.json" --text="$T/d.txt" --markdown="$T/d.md" "$T/a.ms"
eq "allocations of the first phase" 100 "$(load allocations old)"
eq "allocations of the second" 300 "$(load allocations new)"
eq "bytes allocated" "100000 150000" "$(load allocated-bytes old) $(load allocated-bytes new)"
eq "bytes alive" "100000 250000" "$(load live-bytes old) $(load live-bytes new)"
eq "the new window begins where the old one ends" true "$(jq '.old.runs[0].window.to_event == .new.runs[0].window.from_event' "$T/d.json")"
eq "as_of_ns" null "$(jq '.new.runs[0].as_of_ns' "$T/d.json")"
eq "same recording" false "$(jq .same_recording "$T/d.json")"
has "$T/d.txt" '^old  .*/a\.ms: .*, window [0-9.]+ [mu]?s to [0-9.]+ [mu]?s$'
has "$T/d.txt" '^new  .*/a\.ms: .*, window '
has "$T/d.md" '^Old: `.*a\.ms`, window '
has "$T/d.md" '^New: `.*a\.ms`, window '

# One window of two traces; the trace has a second phase with other sizes, which the window leaves out.
run 0 --window="start:event:$middle" --json="$T/d.json" "$T/a.ms" "$T/b.ms"
eq "changes in load before the phases part" 0 "$(jq '[.changes[] | select((.new // .old).stack[0].function == "load")] | length' "$T/d.json")"
eq "windows" "true true" "$(jq -r '"\(.old.runs[0].window.to_event > 0) \(.old.runs[0].window.to_event == .new.runs[0].window.to_event)"' "$T/d.json")"
run 0 --window="event:$middle:" --json="$T/d2.json" "$T/a.ms" "$T/b.ms"
eq "the first change after" "load 150000 300000" "$(jq -r '.changes[0] | "\(.new.stack[0].function) \(.metrics."allocated-bytes".old.median) \(.metrics."allocated-bytes".new.median)"' "$T/d2.json")"
# and one for each side
run 0 --window="start:event:$middle" --vs-window="event:$middle:" --json="$T/d3.json" "$T/a.ms" "$T/b.ms"
eq "files" "a.ms b.ms" "$(jq -r '.old.runs[0].file, .new.runs[0].file | split("/")[-1]' "$T/d3.json" | xargs)"
eq "which side begins at the start" "0 true" "$(jq -r '"\(.old.runs[0].window.from_event) \(.new.runs[0].window.from_event > 0)"' "$T/d3.json")"
# of every run of a side
run 0 --window="event:$middle:" --json="$T/d4.json" "$T/a.ms" "$T/a.ms" -- "$T/b.ms" "$T/b.ms"
eq "runs with a window" 4 "$(jq '[.old.runs[], .new.runs[]] | map(select(.window.from_event > 0)) | length' "$T/d4.json")"
# empty ones
run 0 --window=start:start --vs-window=end:end --fail-on 'allocations>+0' --json="$T/none.json" "$T/a.ms"
eq "changes of nothing allocated" 0 "$(jq '[.changes[] | select(.metrics.allocations.new.median > 0)] | length' "$T/none.json")"

run 2 --window=10%:20% "$T/a.ms"
has "$T/err" 'one trace needs two windows: --window and --vs-window'
run 2 --vs-window=10%:20% "$T/a.ms" "$T/b.ms"
has "$T/err" '--vs-window goes together with --window'
run 2 --window=10%:20% --at=peak --vs=end "$T/a.ms"
has "$T/err" 'are windows from the start'
run 2 --window=10% "$T/a.ms" "$T/b.ms"
has "$T/err" "--window takes two moments like 10s:20s, not '10%': --at takes one"
run 2 --window=10%:soon "$T/a.ms" "$T/b.ms"
run 2 --window=0%:1% --vs-window=x "$T/a.ms"
has "$T/err" '--vs-window takes two moments'
run 2 --window=90%:10% "$T/a.ms" "$T/b.ms"
has "$T/err" 'a\.ms: '
run 2 --window=mark:none: "$T/a.ms" "$T/b.ms"
run 2 --align=end "$T/a.ms" "$T/b.ms"
has "$T/err" '--align takes start or share'

# The curves: one line per run, to one scale; by time a shorter run is drawn shorter, by share all are as wide.
run 0 --json="$T/runs.json" --text="$T/runs.txt" "$T/a.ms" "$T/a.ms" -- "$T/b.ms"
eq "lines" "old 1,old 2,new" "$(sed -n '/^TIMELINE/,$s/^  \(old [12]\|new\) .*/\1/p' "$T/runs.txt" | paste -sd,)"
eq "series" "2 1" "$(jq -r '"\(.timeline.old_runs | length) \(.timeline.new_runs | length)"' "$T/runs.json")"
eq "the first is the one beside them" true "$(jq '.timeline.old == .timeline.old_runs[0].buckets and .timeline.new == .timeline.new_runs[0].buckets' "$T/runs.json")"
eq "peaks" true "$(jq '[.timeline.old_runs[], .timeline.new_runs[]] | all(.peak_bytes == ([.buckets[].max_live_bytes] | max))' "$T/runs.json")"
eq "rows of --top" "1" "$("$D" --top=1 "$T/a.ms" "$T/a.ms" -- "$T/b.ms" | sed -n '/^TIMELINE/,$p' | grep -c '^  old ')"
curve() { sed -n "/^TIMELINE/,\$s/^  $1  \(.*\)  [0-9.]* [KMi]*B in .*/\1/p"; }
TRACE=$T/c.ms record "$PROGRAMS/churn" 20000 300
"$D" --window=event:1000:event:15000 --vs-window=start:end --text="$T/start.txt" --json="$T/curves.json" "$T/c.ms"
"$D" --window=event:1000:event:15000 --vs-window=start:end --align=share "$T/c.ms" >"$T/share.txt"
# all along there are blocks alive, so that the curve is as long as its share of the time
want=$(jq '(.old.runs[0].window.to_ns - .old.runs[0].window.from_ns) as $part | (.new.runs[0].window.to_ns * 1) as $all | [($part * 60 / $all | floor), 1] | max' "$T/curves.json")
eq "characters by time" "$want" "$(curve old <"$T/start.txt" | sed 's/ *$//' | awk '{ print length($0) }')"
eq "characters by share" 60 "$(curve old <"$T/share.txt" | sed 's/ *$//' | awk '{ print length($0) }')"
eq "the other run is drawn alike" "$(curve new <"$T/start.txt")" "$(curve new <"$T/share.txt")"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/diff.schema.json" "$T"/*.json || wrong "a comparison does not follow the schema"
