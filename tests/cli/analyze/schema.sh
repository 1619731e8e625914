# Reports follow schemas/report.schema.json: of a small program, one that is killed, one that execs, a cut file, every kind of event.
. "$ROOT/tests/cli/_lib.sh"

/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || give_up "python3-jsonschema is not installed (.ci/packages)"
one() { # NAME TRACE [OPTION...]
	"$BIN/memscope-analyze" --json="$T/$1.json" "${@:3}" "$2" 2>"$T/err" || give_up "$1: $(cat "$T/err")"
}

record "$PROGRAMS/realloc_forms"
one forms "$trace"
one all "$trace" --top 0
one few "$trace" --top 1 --sort live --buckets 3 --temporary-window 100
record "$PROGRAMS/end_how" abort 2 100
one killed "$trace"
size=$(stat -c %s "$trace")
head -c $((size * 2 / 3)) "$trace" >"$T/cut.ms"
one cut "$T/cut.ms"
record --sample-rate=0.1 "$PROGRAMS/sampled"
one sample "$trace"
one series "$ROOT/tests/golden/v2/kinds.ms" --by site,thread,module,size,family --top 3
one kinds "$ROOT/tests/golden/v1/kinds.ms"
one annotations "$ROOT/tests/golden/v3/kinds.ms" --top 0
record "$PROGRAMS/annotate"
one annotated "$trace"
"$BIN/memscope-trace" snapshot --at peak -q -o "$T/snapshot.ms" "$ROOT/tests/golden/v1/kinds.ms"
one snapshot "$T/snapshot.ms"
"$BIN/memscope-trace" cut --window 20%:80% -q -o "$T/window.ms" "$ROOT/tests/golden/v2/kinds.ms"
one window "$T/window.ms"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T"/*.json || wrong "a report does not follow the schema"

eq "ended of the killed program" signaled "$(jq -r .trace.ended "$T/killed.json")"
eq "ended of the cut file" truncated "$(jq -r .trace.ended "$T/cut.json")"
eq "complete of the cut file" false "$(jq -r .trace.complete "$T/cut.json")"

# The validator is awake: a report that lacks a key, and one with a key too many, are wrong.
jq 'del(.totals.peak_bytes)' "$T/forms.json" >"$T/lacks.json"
jq '.leakage = {}' "$T/forms.json" >"$T/extra.json"
for bad in lacks extra; do
	! /usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/$bad.json" >/dev/null ||
		wrong "the schema accepts $bad.json"
done
