#!/usr/bin/env bash
# The bench works as a whole: all rows are there, their figures parse and fit together, report and compare read them.
set -eu
"$ROOT/bench/run" --quick --silent -o "$T/new.csv" >/dev/null
/usr/bin/python3 - "$T/new.csv" "$ROOT" <<'PY'
import sys
sys.path.insert(0, sys.argv[2] + "/bench")
from benchdata import Results
r = Results(sys.argv[1])
missing = []

def value(group, workload, mode, column):
    v = r.median(group, workload, mode, column)
    if v is None:
        missing.append((group, workload, mode, column))
    return v

for w in ("jq", "sqlite3", "perl", "python3", "cc1plus"):
    for mode in ("plain", "nop", "memscope", "memscope-nosym"):
        for column in ("wall_s", "cpu_s", "tree_rss_kib"):
            value("record", w, mode, column)
    counted, recorded = value("record", w, "count", "events"), value("record", w, "memscope", "events")
    # The recorder also sees what libraries allocate before the counting library is initialised, and mappings.
    if counted and recorded:
        assert counted * 0.99 <= recorded <= counted * 1.05 + 2000, (w, counted, recorded)
    assert value("record", w, "memscope", "lost") == 0, w
    size = r.bytes_per_event(w)
    assert size is not None and 0 < size < 1000, (w, size)
    value("analyze", w, "memscope", "wall_s")
for w in ("jq", "python3", "redis", "sqlite3", "python3-malloc", "perl", "cc1plus", "true"):
    for mode in ("demo", "high_performance"):
        assert len(r.round_ratios("sample", w, mode)) == 1, (w, mode)
        if w not in ("true", "redis"):
            assert 0 < value("sample", w, mode, "events") < value("sample", w, "count", "events"), (w, mode)
    if w == "redis":
        assert value("sample", w, "plain", "rate_per_s") > 0 and value("sample", w, "demo", "events") > value("sample", w, "high_performance", "events") > 0
for w in ("jq", "sqlite3", "perl"):
    for mode in ("plain", "memscope", "memscope-nograph", "memscope-canary", "memscope-sample", "memscope-full"):
        assert value("guard", w, mode, "wall_s") > 0, (w, mode)
for w in ("pairs-d5-t1", "pairs-d5-t2", "crossfree-t2", "storm-t2"):
    for mode in ("plain", "nop", "memscope"):
        assert value("micro", w, mode, "rate_per_s") > 0, (w, mode)
for w in ("pairs-d20-t1", "pairs-d20-t2"):
    assert value("scaling", w, "discard", "rate_per_s") > 0, w
for t in (1, 2):
    for mode in ("lockfree", "core", "async", "unified"):
        assert value("backends", f"pairs-d5-t{t}", mode, "rate_per_s") > 0, mode
        assert value("backends", f"pairs-d5-t{t}", mode, "lost") == 0, mode
        assert value("backends", f"killed-d5-t{t}", mode, "events") > 0, mode
    assert value("backends", f"killed-d5-t{t}", "lockfree", "lost") == 0
value("replay", "200k-live1000", "memscope", "wall_s")
for mode in ("build", "snapshot", "window-1%", "peak", "narrow-query"):
    value("index", "3000k-live1000", mode, "wall_s")
value("graph", "20k-blocks", "memscope", "wall_s")
assert not missing, missing
PY
"$ROOT/bench/report.py" "$T/new.csv" -o "$T/report.md"
grep -q '^| jq ' "$T/report.md"
if grep -q 'Runs that failed' "$T/report.md"; then exit 1; fi
"$ROOT/bench/compare" "$T/new.csv" "$T/new.csv" >"$T/compare"

# compare notices a worse figure and a missing one, and refuses what is no result.
sed -E 's/^(record,jq,memscope,0,)[0-9.]+/\1999/' "$T/new.csv" >"$T/worse.csv"
rc=0; "$ROOT/bench/compare" "$T/new.csv" "$T/worse.csv" >"$T/compare" || rc=$?
[ "$rc" = 1 ]; grep -q '^WORSE.*jq memscope' "$T/compare"
grep -v '^micro,storm-t2,memscope,' "$T/new.csv" >"$T/less.csv"
rc=0; "$ROOT/bench/compare" "$T/new.csv" "$T/less.csv" >"$T/compare" || rc=$?
[ "$rc" = 1 ]; grep -q '^MISSING.*storm-t2' "$T/compare"
rc=0; "$ROOT/bench/compare" "$T/report.md" "$T/new.csv" 2>/dev/null || rc=$?
[ "$rc" = 2 ]
