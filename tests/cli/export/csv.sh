# csv: read by Python's csv, each table against the JSON report; RFC 4180 line ends.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"

tables() { # TRACE OPTION...
	local from=$1 table
	shift
	json_of "$from" "$@"
	for table in sites sizes lifetimes threads timeline; do
		export_to "$T/$table.csv" "csv:$table" "$from" "$@"
	done
	python3 - "$T" <<'PY' || wrong "the tables differ from the report: $*"
import csv, json, sys
folder = sys.argv[1]
report = json.load(open(folder + "/report.json"))

def rows(table):
    raw = open(folder + "/%s.csv" % table, newline="", encoding="utf-8").read()
    assert raw.endswith("\r\n") and "\n" not in raw.replace("\r\n", ""), table + ": lines do not end in CRLF"
    return list(csv.DictReader(raw.splitlines(True), strict=True))

def compare(table, found, expected, fields):
    assert len(found) == len(expected), (table, len(found), len(expected))
    for a, b in zip(found, expected):
        for field, key in fields.items():
            value = b
            for part in key.split("."):
                value = value[part]
            assert a[field] == ("" if value is None else str(value)), (table, field, a[field], value)

same = lambda *names: {name: name for name in names}
sites = sorted(report["sites"], key=lambda s: s["id"])
compare("sites", rows("sites"), sites, {"site": "id", **same("allocations", "reallocations", "allocated_bytes", "live_blocks", "live_bytes",
        "peak_blocks", "peak_bytes", "own_peak_bytes", "temporary_allocations")})
for row, site in zip(rows("sites"), sites):
    lines = row["stack"].split("|") if row["stack"] else []
    assert len(lines) == len(site["stack"]), "lines of a stack"
    for line, frame in zip(lines, site["stack"]):
        function, file, number = line.split(";")
        assert frame["function"] is None or function == frame["function"]
        assert file == (frame["file"] or "") and int(number) == (frame["line"] or 0)
for column, total in (("live_bytes", "live_bytes"), ("peak_bytes", "peak_bytes"), ("allocated_bytes", "allocated_bytes"), ("frees", "frees")):
    assert sum(int(r[column]) for r in rows("sites")) == report["totals"][total], column
assert sum(int(r["blocks"]) for r in rows("sizes")) == report["totals"]["allocations"] + report["totals"]["reallocations"]
assert sum(int(r["live_bytes"]) for r in rows("sizes")) == report["totals"]["live_bytes"]
assert sum(int(r["blocks"]) for r in rows("lifetimes")) == sum(int(r["ended_blocks"]) for r in rows("sites"))
assert sum(int(r["allocations"]) for r in rows("threads")) == report["totals"]["allocations"]
assert max([int(r["max_live_bytes"]) for r in rows("timeline")] or [0]) == report["totals"]["peak_bytes"]
assert [r["tid"] for r in rows("threads")] == [str(t["tid"]) for t in report["threads"]]
PY
}
tables "$golden"
tables "$golden" --window=20%:80%
tables "$golden" --window=start:start
eq "rows of an empty window" 1 "$(wc -l <"$T/sizes.csv")"
record /bin/true
tables "$trace"
