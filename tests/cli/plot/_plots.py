"""Figures against the report. _plots.py FOLDER REPORT.json: every number in the files of data is the report's.
_plots.py --diff FOLDER METRIC DIFF.json OLD.json NEW.json: the same for a comparison of one run a side."""
import collections
import json
import os
import re
import sys


def fields(line):
    """Words of a line, some in double quotes, as gnuplot splits it."""
    return [quoted if quoted or word == '""' else word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', line)]


def tables(path):
    """{name: rows}; a table's name is the first word of the first comment after two blank lines, numbers are ints."""
    found, name, blank, comments = collections.OrderedDict(), None, 2, []
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if not line:
            blank += 1
        elif line.startswith("#"):
            comments.append(line)
            match = re.match(r"# ([a-z]+(?: [0-9]+|-peaks)?): ", line)
            if match and match[1] not in ("column", "row") and (blank >= 2 or not found):
                name, blank = match[1], 0
                found[name] = []
        else:
            found[name].append([int(f, 0) if re.fullmatch(r"[0-9]+|0x[0-9a-f]+", f) else f for f in fields(line)])
            blank = 0
    return found, comments


def same(what, expected, got):
    assert expected == got, f"{what}: expected {str(expected)[:300]}, got {str(got)[:300]}"


def ends(report):
    starts = report["timeline"]["start_ns"]
    to = report["window"]["to_ns"] if report["window"] else report["trace"]["duration_ns"]
    return starts[1:] + [max(to, starts[-1] + (to <= starts[-1]))]


def heap(found, report):
    t, end = report["timeline"], ends(report)
    live = report["totals"]["live_bytes"]
    same("heap", [list(row) for row in zip(t["start_ns"], end, t["min_live_bytes"], t["max_live_bytes"], t["last_live_bytes"])]
         + [[end[-1], end[-1], live, live, live]], found["heap"])
    same("peak", [[report["totals"]["peak_time_ns"], report["totals"]["peak_bytes"]]], found["peak"])
    same("largest level", report["totals"]["peak_bytes"], max(row[3] for row in found["heap"]))
    rss = [s for s in report["system"] if s["name"] == "rss" and s["samples"]]
    if rss:
        s = rss[0]["timeline"]
        same("resident", [list(row) for row in zip(t["start_ns"], end, s["min"], s["max"], s["last"]) if row[2] is not None], found["resident"])
    marks = report["phases"]["list"][1:]
    same("tables", ["heap", "peak"] + ["marks"] * bool(marks) + ["resident"] * len(rss), list(found))
    if marks:
        same("marks", [m["from_ns"] for m in marks], [row[0] for row in found["marks"]])
        for mark, row in zip(marks, found["marks"]):
            assert mark["name"].replace('"', "\u201d").startswith(row[1].removesuffix("\u2026")), row


def rate(found, report):
    t = report["timeline"]
    same("rate", [list(row) for row in zip(t["start_ns"], ends(report), t["blocks_begun"], t["blocks_ended"], t["bytes_begun"], t["bytes_ended"])],
         found["rate"])
    same("bytes begun", report["totals"]["allocated_bytes"], sum(row[4] for row in found["rate"]))
    same("bytes ended", report["totals"]["freed_bytes"], sum(row[5] for row in found["rate"]))


def levels(series, steps):
    out, level, at = [], 0, 0
    for step in range(steps):
        if at < len(series["step"]) and series["step"][at] == step:
            level, at = series["last_live_bytes"][at], at + 1
        out.append(level)
    return out


def sites(found, report, comments):
    header, rows = found["sites"][0], found["sites"][1:]
    same("times", ends(report), [row[0] for row in rows])
    same("sums", report["timeline"]["last_live_bytes"], [sum(row[1:]) for row in rows])
    columns = list(zip(*rows))[1:]
    series = {s["key"]: levels(s, len(rows)) for s in report["timeline_by"]["site"]["series"]}
    numbers = [int(re.match(r"# column [0-9]+: #([0-9]+) ", c)[1]) for c in comments if re.match(r"# column [0-9]+: #", c)]
    others = bool(re.fullmatch(r"[1-9][0-9]* other places?", header[-1]))
    same("columns", len(header), len(numbers) + 1 + others)
    most = [max(c) for c in columns[:len(numbers)]]
    same("order", sorted(most, reverse=True), most)
    for number, column in zip(numbers, columns):
        assert all(a <= b for a, b in zip(series[number], column)), f"site {number} has more than its place"
    best = max(series, key=lambda key: max(series[key]))
    assert max(most) >= max(series[best]), "the largest site is not in the first place"
    assert all(len(name) <= 42 for name in header), header


def classes(found, name, rows, keys, low, high):
    by_class = {(row[1], row[2]): row[3:] for row in found[name]}
    for row in rows:
        same(f"{name} from {row[low]}", [row[k] for k in keys], by_class.pop((row[low], row[high])))
    assert not any(any(values) for values in by_class.values()), by_class
    assert any(any(row[3:]) for row in (found[name][0], found[name][-1])), "empty ends"
    for number, least, most, *_ in found[name]:
        same("class", (0, 0) if number == 0 else (1 << number - 1, (1 << number) - 1), (least, most))


def threads(found, report):
    with_bytes = {t["id"]: [t["allocated_bytes"], t["ended_own"]["bytes"], t["ended_others"]["bytes"], t["live_bytes"]] for t in report["threads"]}
    with_bytes = {key: values for key, values in with_bytes.items() if any(values)}
    rest = [row for row in found["threads"] if row[1] == "-"]
    assert len(found["threads"]) <= 12 and len(rest) == (len(with_bytes) > 12)
    same("all threads", [sum(c) for c in zip(*with_bytes.values())], [sum(row[k] for row in found["threads"]) for k in range(2, 6)])
    for row in found["threads"]:
        if row[1] != "-":
            same(f"thread {row[1]}", with_bytes[row[1]], row[2:6])
            tid = [t["tid"] for t in report["threads"] if t["id"] == row[1]][0]
            assert row[6].endswith(f"({tid})"), row
    volumes = [sum(row[2:6]) for row in found["threads"] if row[1] != "-"]
    same("order", sorted(volumes, reverse=True), volumes)


def fragmentation(found, report):
    space = report["address_space"]
    same("moments", [[m["time_ns"], m["live_bytes"], m["usable_bytes"] or 0, m["occupied_pages"], m["heap_pages"], m["largest_hole_bytes"]]
                     for m in space["moments"]], found["moments"])


def occupancy(found, report):
    space = report["address_space"]
    by_moment, by_row = collections.Counter(), {}
    for moment, row, live, size, time in found["occupancy"]:
        assert live <= size and time == space["moments"][moment]["time_ns"]
        by_moment[moment] += live
        assert by_row.setdefault(row, size) == size
    same("occupied", [sum(bins) for bins in space["occupancy"]], [by_moment[m] for m in range(len(space["moments"]))])
    same("addresses", sum(int(r["end"], 16) - int(r["start"], 16) for r in space["regions"]), sum(by_row.values()))
    same("rows", list(range(len(by_row))), sorted(by_row))
    same("regions", [(int(r["start"], 16), int(r["end"], 16)) for r in space["regions"]], [(r[2], r[3]) for r in found["regions"]])
    same("no gaps", [r[1] for r in found["regions"]][:-1], [r[0] for r in found["regions"]][1:])


def check(folder, report):
    for name in sorted(n[:-4] for n in os.listdir(folder) if n.endswith(".dat")):
        found, comments = tables(f"{folder}/{name}.dat")
        if name == "sites":
            sites(found, report, comments)
        elif name == "sizes":
            classes(found, name, report["sizes"], ["blocks", "bytes", "live_blocks", "live_bytes"], "min_bytes", "max_bytes")
        elif name == "lifetimes":
            classes(found, name, report["lifetimes"], ["blocks", "bytes"], "min_ns", "max_ns")
        else:
            globals()[name](found, report)
        print(name)


def check_diff(folder, metric, diff, reports):
    found, _ = tables(f"{folder}/heap.dat")
    for side, report in zip(("old", "new"), reports):
        t, start = report["timeline"], report["window"]["from_ns"] if report["window"] else 0
        end, live = ends(report)[-1] - start, report["totals"]["live_bytes"]
        same(side, [[max(s - start, 0), end, a, b, c] for s, a, b, c in zip(t["start_ns"], t["min_live_bytes"], t["max_live_bytes"], t["last_live_bytes"])]
             + [[end, end, live, live, live]], found[f"{side} 1"])
        same("peak", [[report["totals"]["peak_time_ns"] - start, end, report["totals"]["peak_bytes"]]], found[f"{side}-peaks"])
    print("heap")
    for name, low, high in (("sizes", "min_bytes", "max_bytes"), ("lifetimes", "min_ns", "max_ns")):
        found, _ = tables(f"{folder}/{name}.dat")
        sides = [{row[low]: (row["blocks"], row["bytes"]) for row in report[name]} for report in reports]
        same(name, [[*sides[0].get(row[1], (0, 0)), *sides[1].get(row[1], (0, 0))] for row in found[name]], [row[3:] for row in found[name]])
        same("all classes", sorted(set(sides[0]) | set(sides[1])), [row[1] for row in found[name] if any(row[3:])])
        print(name)
    found, comments = tables(f"{folder}/sites.dat")
    changes = sorted((abs(v["new"]["median"] - v["old"]["median"]) for v in (row["metrics"][metric] for row in diff["changes"]) if v["change"] != "same"), reverse=True)
    same("changes", changes[:12], [abs(row[4] - row[1]) for row in found["sites"]])
    for row in found["sites"]:
        assert row[1:4] == [row[1]] * 3 and row[4:7] == [row[4]] * 3
    same("paths in words", len(found["sites"]), sum(c.startswith("# row ") and ":" in c for c in comments))
    print("sites")


if sys.argv[1] == "--diff":
    check_diff(sys.argv[2], sys.argv[3], json.load(open(sys.argv[4])), [json.load(open(f)) for f in sys.argv[5:7]])
else:
    check(sys.argv[1], json.load(open(sys.argv[2])))
