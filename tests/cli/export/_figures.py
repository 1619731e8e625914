"""Figures of an export as its own reader shows them: _figures.py KIND FILE, JSON on standard output.

dhat parses the file; massif asks ms_print, callgrind callgrind_annotate, jeprof google-pprof, heaptrack heaptrack_print; chrome parses the file. Whatever a
reader warns about ends the program.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

kind, path = sys.argv[1:3]
plain = lambda text: int(text.replace(",", ""))


def ask(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    errors = [line for line in done.stderr.decode("utf-8", "replace").split("\n") if line and not line.startswith("Using local file ")]
    assert done.returncode == 0 and not errors, (command, done.returncode, errors[:5])
    return done.stdout.decode("utf-8", "replace")


def dhat():
    data = json.load(open(path, encoding="utf-8"))
    points, frames = data["pps"], data["ftbl"]
    assert data["dhatFileVersion"] == 2 and data["mode"] == "heap" and frames[0] == "[root]"
    assert len({tuple(p["fs"]) for p in points}) == len(points), "a call path stands twice"
    for p in points:
        assert p["fs"] and all(0 < f < len(frames) for f in p["fs"])
        assert p["mb"] >= max(p["gb"], p["eb"]) and (p["mb"] or p["mbk"] <= p["tbk"])
        assert 0 <= p["tl"] <= (p["tbk"] + p["mbk"]) * (data["te"] + 1)
    assert data["tg"] <= data["te"]
    sums = {key: sum(p[key] for p in points) for key in ("tb", "tbk", "mb", "gb", "gbk", "eb", "ebk", "tl")}
    return dict(sums, tg=data["tg"], te=data["te"])


def massif():
    seen, trees, rows = ask("ms_print", "--threshold=0", path), {}, []
    for line in seen.split("\n"):
        row = re.match(r"\s*(\d+)\s+([\d.,]+)\s+([\d,]+)\s+([\d,]+)\s+0\s+0$", line)
        if row:
            assert row[3] == row[4]
            rows.append((float(row[2].replace(",", "")), plain(row[3])))
        root = re.match(r"[\d.]+% \(([\d,]+)B\) \(heap allocation functions\)", line)
        if root:
            assert plain(root[1]) == rows[-1][1], "a tree that is not that of its snapshot"
            trees[len(rows) - 1] = 0
        branch = re.match(r"->[\d.]+% \(([\d,]+)B\)", line)
        if branch:
            trees[len(rows) - 1] += plain(branch[1])
    assert rows == sorted(rows, key=lambda r: r[0]), "time goes back"
    for row, total in trees.items():
        assert total == rows[row][1], ("branches are not their tree", row, total, rows[row])
    listed = re.search(r"Detailed snapshots: \[([^]]*)\]", seen)[1]
    peak = int(re.search(r"(\d+) \(peak\)", listed)[1])
    assert listed.count("peak") == 1 and len(trees) == len(listed.split(","))
    assert "snapshots: %d\n" % len(rows) in seen
    return {"peak": rows[peak][1], "most": max(r[1] for r in rows), "peak_ms": rows[peak][0], "end": rows[-1][1], "end_ms": rows[-1][0], "snapshots": len(rows)}


def callgrind():
    functions, totals, names = {}, None, None
    seen = ask("callgrind_annotate", "--inclusive=yes", "--threshold=100", "--show-percs=no", "--auto=no", path)
    for line in seen.split("\n"):
        if line.startswith("Events recorded:"):
            names = line.split()[2:]
        if totals is None and "PROGRAM TOTALS" in line:
            totals = dict(zip(names, map(plain, line.replace(". ", "0 ").split()[:len(names)])))
        elif totals and re.match(r"\s*[\d,.]+\s", line):
            fields = line.split(None, len(names))
            value = dict(zip(names, (0 if f == "." else plain(f) for f in fields[:len(names)])))
            functions[fields[-1]] = value
    own = dict.fromkeys(names, 0)
    for line in open(path, encoding="utf-8"):
        if line[0] in "0123456789" and not called:
            for name, value in zip(names, line.split()[1:]):
                own[name] += int(value)
        called = line.startswith("calls=")
    assert own == totals, ("own costs are not the totals", own, totals)
    return {"totals": totals, "functions": functions}


def jeprof():
    sums = {}
    for what in ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects"):
        seen = ask("google-pprof", "--text", "--show_bytes", "--" + what, path)
        total = re.search(r"^Total: (\d+)", seen, re.M)
        sums[what] = int(total[1]) if total else 0
        own = [int(row[1]) for row in re.finditer(r"^\s*(\d+)\s+[\d.]+%\s+[\d.]+%\s+\d+\s+[\d.]+%\s", seen, re.M)]
        assert sum(own) == sums[what], (what, sum(own), sums[what])
    return sums


def heaptrack():
    sums = {}
    for what in ("allocations", "temporary", "leaked", "peak"):
        with tempfile.TemporaryDirectory() as folder:
            stacks = os.path.join(folder, "stacks")
            seen = subprocess.run(["heaptrack_print", "-F", stacks, "--flamegraph-cost-type", what, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
            said = [line for line in seen.stderr.decode("utf-8", "replace").split("\n") if line and "reading file" not in line.lower()]
            assert seen.returncode == 0 and not any("fail" in line or "out of bounds" in line for line in said), said[:5]
            lines = open(stacks, "rb").read().split(b"\n") if os.path.exists(stacks) else []
            sums[what] = sum(int(line.rsplit(b" ", 1)[1]) for line in lines if line)
    text = seen.stdout.decode("utf-8", "replace")
    for what, name in (("calls to allocation functions", "calls"), ("temporary memory allocations", "temporaries")):
        sums[name] = int(re.search("^" + what + r": (\d+)", text, re.M)[1])
    for what, name in (("peak heap memory consumption", "peak_text"), ("total memory leaked", "leaked_text"), ("peak RSS [^:]*", "resident_text")):
        sums[name] = re.search("^" + what + r": (\S+)", text, re.M)[1]
    return sums


def chrome():
    events = json.load(open(path, encoding="utf-8"))["traceEvents"]
    times = [e["ts"] for e in events]
    assert times == sorted(times), "time goes back"
    assert all(e["ph"] in "MCXi" and isinstance(e["pid"], int) and e["name"] for e in events)
    level = lambda name, key: [e["args"][key] for e in events if e["ph"] == "C" and e["name"] == name]
    live, blocks = level("live bytes", "bytes"), level("live blocks", "blocks")
    peaks = [e for e in events if e["ph"] == "i" and e["name"] == "peak"]
    first = next((e["ts"] for e in events if e["name"] == "live bytes" and e["args"]["bytes"] == max(live)), None)
    assert not peaks or (len(peaks) == 1 and peaks[0]["ts"] == first), ("the peak is not where its level is first", peaks, first)
    return {"peak": max(live), "end": live[-1], "most_blocks": max(blocks), "end_blocks": blocks[-1], "begun": sum(level("blocks begun", "blocks")),
            "ended": sum(level("blocks ended", "blocks")), "slices": sorted(e["name"] for e in events if e["ph"] == "X"),
            "instants": [e["name"] for e in events if e["ph"] == "i"], "resident": max(level("rss", "bytes") or [0])}


json.dump({f.__name__: f for f in (dhat, massif, callgrind, jeprof, heaptrack, chrome)}[kind](), sys.stdout)
