# Comparisons follow schemas/diff.schema.json: of two runs, of several, of cut and killed ones, with findings, of every kind of event.
. "$ROOT/tests/cli/_lib.sh"

/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || give_up "python3-jsonschema is not installed (.ci/packages)"
D=$BIN/memscope-diff
TRACE=$T/forms.ms record "$PROGRAMS/realloc_forms"
TRACE=$T/killed.ms record "$PROGRAMS/end_how" abort 2 100
TRACE=$T/threads.ms record "$PROGRAMS/short_threads"
head -c $(($(stat -c %s "$T/killed.ms") * 2 / 3)) "$T/killed.ms" >"$T/cut.ms"
"$D" --json="$T/two.json" "$T/forms.ms" "$T/killed.ms"
"$D" --json="$T/many.json" --top 1 --sort allocations "$T/forms.ms" "$T/forms.ms" -- "$T/killed.ms" "$T/cut.ms" "$T/threads.ms"
"$D" --json="$T/kinds.json" --ignore-templates --fail-on 'peak<0' "$ROOT/tests/golden/v1/kinds.ms" "$T/threads.ms"
status=0
"$D" -q --json="$T/asked.json" --fail-on 'new:heap-overflow>0' --fail-on 'events>0' "$T/forms.ms" "$T/killed.ms" 2>"$T/err" || status=$?
eq "status of an unknown name" 2 $status
has "$T/err" "nothing is named 'events'"
status=0
"$D" -q --json="$T/asked.json" --fail-on 'new:heap-overflow>0' "$T/forms.ms" "$T/killed.ms" 2>"$T/err" || status=$?
eq "status of a condition that nobody can judge" 2 $status
has "$T/err" "--fail-on 'new:heap-overflow>0' cannot be judged: heap-overflow is not observable in the new trace"
eq "its verdict" unknown "$(jq -r '.conditions[0].verdict' "$T/asked.json")"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/diff.schema.json" "$T"/*.json || wrong "a comparison does not follow the schema"

eq "rows of --top 1" 1 "$(jq '.changes | length' "$T/many.json")"
eq "runs" "2 3" "$(jq -r '"\(.old.runs | length) \(.new.runs | length)"' "$T/many.json")"
eq "ended of the cut run" truncated "$(jq -r '.new.runs[1].ended' "$T/many.json")"

# The validator is awake.
jq 'del(.totals[0].unit)' "$T/two.json" >"$T/lacks.json"
jq '.changes[0].guess = 1' "$T/two.json" >"$T/extra.json"
for bad in lacks extra; do
	! /usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/diff.schema.json" "$T/$bad.json" >/dev/null ||
		wrong "the schema accepts $bad.json"
done
