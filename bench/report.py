#!/usr/bin/python3
"""Turns a raw result of bench/run into docs/BENCHMARKS.md: bench/report.py [RESULT.csv] [-o FILE] [--check].

Without a name the newest file of bench/results is taken. --check writes nothing and fails when FILE is not what the raw
result gives (neither result nor FILE is fine). Every figure in the document comes from the raw result; nothing is rounded to the better side.
"""
import argparse
import glob
import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from benchdata import Results  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODES = {"plain": "plain", "nop": "no-op preload", "memscope": "memscope", "memscope-nosym": "memscope --no-symbols",
         "heaptrack": "heaptrack", "heaptrack-raw": "heaptrack --raw"}
BYTES_TARGET = {"jq": 1.3, "sqlite3": 1.3, "perl": 2.2, "python3": 2.8}
HIGH_PERFORMANCE = 1.02
SLOWDOWN_TARGET = {"jq": 1.35, "sqlite3": 1.35}
SLOWDOWN_ANY = 2.5
OVERHEAD_SHARE = 1 / 5
STORM_RATIO = 4.0
SCALING_RATIO = 1.8
REPLAY_EVENTS_PER_S = 30e6
REPLAY_RSS_MB = 150
INDEX_S = {"snapshot": 0.5, "window-1%": 1.0, "peak": 0.5, "narrow-query": 1.0}
INDEX_RSS_MB = 300      # beyond the live set
PAGE_MB, PAGE_READY_S = 20, 2
INDEX_BLOCK_BYTES = 160 # of a live block: in the table, in a list, in a row
GRAPH_S = 3
GRAPH_RSS_MIB = 1024
CANARY_SHARE = 1.5      # of what plain recording adds
SAMPLE_SHARE = 1.05     # of the wall time of plain recording: within noise
MEMCHECK_RATIO = 5.0
GUARD_MODES = {"plain": "plain", "memscope": "memscope", "memscope-nograph": "--graph=off", "memscope-canary": "--guard=canary",
               "memscope-sample": "--guard=sample", "memscope-full": "--guard=full", "memcheck": "memcheck"}


def table(header, rows):
    out = ["| " + " | ".join(header) + " |", "|" + "|".join("---" if i == 0 else "---:" for i in range(len(header))) + "|"]
    out += ["| " + " | ".join(row) + " |" for row in rows]
    return out + [""]


def number(value, form="{:.2f}", missing="—"):
    return missing if value is None else form.format(value)


def with_spread(r, group, workload, mode, column, scale=1.0, form="{:.2f}"):
    """median (min–max); — when not measured."""
    mid, span = r.median(group, workload, mode, column), r.spread(group, workload, mode, column)
    if mid is None:
        return "—"
    if len(r.values(group, workload, mode, column)) == 1:
        return form.format(mid * scale) + " (one run)"
    return f"{form.format(mid * scale)} ({form.format(span[0] * scale)}–{form.format(span[1] * scale)})"


def round_ratios(r, workload, mode, base):
    """overhead of mode / overhead of base, round by round."""
    rows = [{row["run"]: row["wall_s"] for row in r.rows.get(("record", workload, m), [])} for m in ("plain", mode, base)]
    shared = sorted(set(rows[0]) & set(rows[1]) & set(rows[2]))
    return [(rows[1][i] - rows[0][i]) / (rows[2][i] - rows[0][i]) for i in shared if rows[2][i] > rows[0][i]]


class Verdicts:
    """The targets of the project, each judged by the figures of this file."""

    def __init__(self):
        self.rows = []

    def add(self, target, value, limit, at_most, form="{:.2f}", unit=""):
        if value is None:
            self.rows.append([target, "—", form.format(limit) + unit, "not measured"])
            return
        met = value <= limit if at_most else value >= limit
        off = abs(value / limit - 1) * 100
        self.rows.append([target, form.format(value) + unit, ("≤ " if at_most else "≥ ") + form.format(limit) + unit,
                          "met" if met else f"**missed** by {off:.0f} %"])


def verdicts(r):
    v = Verdicts()
    for w in r.workloads("record"):
        ours, theirs = r.overhead_s(w, "memscope"), r.overhead_s(w, "heaptrack")
        share = ours / theirs if ours is not None and theirs else None
        v.add(f"recording overhead of {w} / heaptrack's", share, OVERHEAD_SHARE, True, "{:.3f}")
        v.add(f"{w}: recorded wall / plain wall", r.slowdown(w, "memscope"), SLOWDOWN_TARGET.get(w, SLOWDOWN_ANY), True, "{:.2f}", "x")
        if w in BYTES_TARGET:
            v.add(f"{w}: bytes per event, symbols included", r.bytes_per_event(w), BYTES_TARGET[w], True, "{:.2f}")
    for w in r.workloads("sample"):
        if w != "true":
            ratios = r.round_ratios("sample", w, "high_performance")
            v.add(f"{w}: recorded with --preset=high_performance / plain, wall", statistics.median(ratios) if ratios else None, HIGH_PERFORMANCE, True,
                  "{:.3f}", "x")
    one, two = (r.median("scaling", f"pairs-d20-t{t}", "discard", "rate_per_s") for t in (1, 2))
    v.add("two threads / one thread, event rate, discarding collector", two / one if one and two else None, SCALING_RATIO, False, "{:.2f}", "x")
    ours, theirs = (r.median("micro", "storm-t2", m, "rate_per_s") for m in ("memscope", "heaptrack"))
    v.add("two-thread storm, event rate / heaptrack's", ours / theirs if ours and theirs else None, STORM_RATIO, False, "{:.2f}", "x")
    for w in r.workloads("guard"):
        wall = {m: r.median("guard", w, m, "wall_s") for m in GUARD_MODES}
        v.add(f"{w}: what --guard=canary adds / what plain recording adds",
              quotient(r.added_s("guard", w, "memscope-canary"), r.added_s("guard", w, "memscope")), CANARY_SHARE, True, "{:.2f}", "x")
        v.add(f"{w}: --guard=sample / plain recording, wall", quotient(wall["memscope-sample"], wall["memscope"]), SAMPLE_SHARE, True, "{:.3f}", "x")
        v.add(f"{w}: memcheck / --guard=full, wall", quotient(wall["memcheck"], wall["memscope-full"]), MEMCHECK_RATIO, False, "{:.1f}", "x")
    for w in r.workloads("replay"):
        wall = r.median("replay", w, "memscope", "wall_s")
        events = r.median("replay", w, "memscope", "events")
        v.add(f"replay with the default report, {w}", events / wall / 1e6 if wall else None, REPLAY_EVENTS_PER_S / 1e6, False, "{:.1f}", " M events/s")
        if w == "100000k-live10000":
            rss = r.median("replay", w, "memscope", "tree_rss_kib")
            v.add(f"replay memory, {w}", rss * 1024 / 1e6 if rss else None, REPLAY_RSS_MB, True, "{:.0f}", " MB")
    for w in r.workloads("index"):
        live = int(w.split("live")[1]) / 2 # make_trace: about half of the slots are full
        for mode, limit in INDEX_S.items():
            walls = [float(row["wall_s"]) for row in r.rows.get(("index", w, mode), []) if row["status"] == 0]
            v.add(f"with an index, {w}: {mode}" + (", slowest" if mode == "snapshot" else ""),
                  None if not walls else max(walls) if mode == "snapshot" else r.median("index", w, mode, "wall_s"), limit, True, "{:.2f}", " s")
        rss = [x for x in (r.median("index", w, mode, "tree_rss_kib") for mode in list(INDEX_S) + ["build"]) if x]
        v.add(f"its memory beyond the live set, {w}", (max(rss) * 1024 - live * INDEX_BLOCK_BYTES) / 1e6 if rss else None, INDEX_RSS_MB, True, "{:.0f}", " MB")
    for w in r.workloads("page"):
        v.add(f"HTML report, {w}: size", quotient(r.median("page", w, "write", "trace_bytes"), 1e6), PAGE_MB, True, "{:.1f}", " MB")
        v.add(f"HTML report, {w}: overview drawn", r.median("page", w, "ready", "wall_s"), PAGE_READY_S, True, "{:.2f}", " s")
    for w in r.workloads("graph"):
        rss = r.median("graph", w, "memscope", "tree_rss_kib")
        v.add(f"report with leaks and holders, {w}", r.median("graph", w, "memscope", "wall_s"), GRAPH_S, True, "{:.2f}", " s")
        v.add(f"its memory, {w}", quotient(rss, 1024), GRAPH_RSS_MIB, True, "{:.0f}", " MiB")
    return v.rows


def section_recording(r, names, modes):
    yield "## Recording: wall time"
    yield ""
    yield ("Seconds, median (min–max), from the start of the command to its end: memscope includes the resolution of symbols at "
           "the end, heaptrack the end of its interpreter. *Events* are counted by a library of its own (`nop_preload.c`, COUNT).")
    yield ""
    yield from table(["workload", "events"] + [MODES[m] for m in modes],
                     [[w, number(r.median("record", w, "count", "events"), "{:,.0f}")] +
                      [with_spread(r, "record", w, m, "wall_s") for m in modes] for w in names])
    yield "What recording adds, in seconds, as a share of heaptrack's addition (with the range over the rounds), and per event:"
    yield ""
    rows = []
    for w in names:
        ours, theirs, raw = (r.overhead_s(w, m) for m in ("memscope", "heaptrack", "heaptrack-raw"))
        events = r.median("record", w, "count", "events")
        rounds = round_ratios(r, w, "memscope", "heaptrack")
        share = "—" if ours is None or not theirs else f"{ours / theirs:.3f}"
        if rounds and share != "—":
            share += f" ({min(rounds):.3f}–{max(rounds):.3f})"
        per_event = [number(x / events * 1e9 if x is not None and events else None, "{:.0f}") for x in (ours, theirs)]
        rows.append([w, number(ours), number(theirs), number(raw), share, number(ours / raw if ours is not None and raw else None, "{:.2f}")] +
                    [number(r.slowdown(w, m), "{:.2f}x") for m in ("memscope", "heaptrack")] + per_event)
    yield from table(["workload", "memscope +s", "heaptrack +s", "raw +s", "memscope/heaptrack", "memscope/raw", "slow-down",
                      "heaptrack's", "ns per event", "heaptrack's"], rows)


def section_cpu(r, names, modes):
    yield "## Recording: CPU time"
    yield ""
    yield "Seconds, medians: the app's own process / everything together (app, collector, interpreter, compressor)."
    yield ""
    yield from table(["workload"] + [MODES[m] for m in modes],
                     [[w] + [f"{number(r.median('record', w, m, 'app_cpu_s'))} / {number(r.median('record', w, m, 'cpu_s'))}" for m in modes]
                      for w in names])


def section_memory(r, names, modes):
    yield "## Recording: memory"
    yield ""
    yield ("Peak RSS in MiB, medians: the app / the largest process of all. Shared pages that the app touched (rings, stack "
           "trie) count as the app's.")
    yield ""
    mib = lambda w, m, c: number(r.median("record", w, m, c) / 1024 if r.median("record", w, m, c) is not None else None, "{:.0f}")  # noqa: E731
    yield from table(["workload"] + [MODES[m] for m in modes],
                     [[w] + [f"{mib(w, m, 'app_rss_kib')} / {mib(w, m, 'tree_rss_kib')}" for m in modes] for w in names])


def section_trace(r, names):
    yield "## The trace file"
    yield ""
    yield ("Time (ns), thread, address, size and stack of each event are in it; heaptrack's files have neither time, nor thread, "
           "nor address (raw: addresses), so their bytes stand here for orientation only.")
    yield ""
    rows = []
    for w in names:
        size = {m: r.median("record", w, m, "trace_bytes") for m in MODES}
        rows.append([w, number(r.median("record", w, "memscope", "events"), "{:,.0f}"), number(size["memscope"], "{:,.0f}"),
                     number(r.median("record", w, "memscope", "graph_bytes"), "{:,.0f}"),
                     number(r.bytes_per_event(w)), number(r.bytes_per_event(w, "memscope-nosym")),
                     number(r.median("record", w, "memscope", "lost"), "{:,.0f}"),
                     number(size["heaptrack"], "{:,.0f}"), number(size["heaptrack-raw"], "{:,.0f}")])
    yield from table(["workload", "events recorded", "bytes", "heap graph in them", "bytes/event without it", "nor symbols", "lost", "heaptrack bytes", "raw bytes"], rows)


def section_samples(r):
    yield "## Samples"
    yield ""
    yield ("Wall seconds, median (min–max; of redis the client's), then the ratio to plain: its median over the rounds, in each of which the modes ran one after "
           "the other, and its quartiles; *of a long run* is the same without what start and end of a recording take (`true`, /bin/true). Calls of malloc and free per second tell "
           "what a program is like: jq, python3-malloc (PYTHONMALLOC=malloc), sqlite3, perl and cc1plus ask for memory most of the time.")
    yield ""

    def ratio(ratios):
        if len(ratios) < 4:
            return "—"
        low, mid, high = statistics.quantiles(ratios, n=4)
        return f"{mid:.3f}x ({low:.3f}–{high:.3f})"

    def calls(w):
        events, wall = r.median("sample", w, "count", "events"), r.median("sample", w, "plain", "wall_s")
        return number(events / wall / 1e6 if events and wall else None, "{:.2f} M")

    def ratios_of(w):
        ratios = [r.round_ratios("sample", w, m) for m in ("demo", "high_performance")] + [r.long_run_ratios(w, "high_performance")]
        return [ratio(x) for x in ratios] if w != "true" else ["—"] * 3

    yield from table(["workload", "calls/s", "plain", "--preset=demo", "--preset=high_performance", "demo / plain", "high_performance / plain", "of a long run"],
                     [[w, calls(w)] + [with_spread(r, "sample", w, m, "wall_s", form="{:.4f}" if w == "true" else "{:.2f}") for m in ("plain", "demo", "high_performance")] +
                      ratios_of(w) for w in r.workloads("sample")])


def section_guard(r):
    yield "## Finding errors"
    yield ""
    yield ("Wall seconds, median (min–max). *memcheck* is Valgrind's, with its leak check off. The modes took turns; plain recording "
           "here contains the heap graph at exit, `--graph=off` leaves it out. memscope's guards see what docs/LIMITATIONS.md says, "
           "memcheck sees uninitialised values, too.")
    yield ""
    yield from table(["workload"] + list(GUARD_MODES.values()),
                     [[w] + [with_spread(r, "guard", w, m, "wall_s") for m in GUARD_MODES] for w in r.workloads("guard")])
    yield "Peak RSS of the app in MiB, medians:"
    yield ""
    yield from table(["workload"] + list(GUARD_MODES.values()),
                     [[w] + [number(quotient(r.median("guard", w, m, "app_rss_kib"), 1024), "{:.0f}") for m in GUARD_MODES]
                      for w in r.workloads("guard")])


def section_micro(r, modes):
    names, modes = r.workloads("micro"), [m for m in modes if m != "memscope-nosym"]
    yield "## Micro benchmarks"
    yield ""
    yield ("Million events per second, as the program itself counts them over 0.4 s; `pairs-dD-tT`: malloc/free pairs below D "
           "calls on T threads; `crossfree-tT`: half of the T threads allocate, the others free; `storm-t2`: one allocates, the "
           "other frees, and back; `annotated-t1`: each pair has seven annotations of memscope.h, `annotated-off-t1`: the same "
           "compiled without them. The program does nothing else, so these are the worst cases, not what a program sees.")
    yield ""
    yield from table(["benchmark"] + [MODES[m] for m in modes] + ["memscope/heaptrack"],
                     [[w] + [with_spread(r, "micro", w, m, "rate_per_s", 1e-6) for m in modes] +
                      [number(quotient(r.median("micro", w, "memscope", "rate_per_s"), r.median("micro", w, "heaptrack", "rate_per_s")), "{:.1f}x")]
                      for w in names])


def section_scaling(r):
    yield "## Threads with a discarding collector"
    yield ""
    yield ("`memscope-record --discard`: hooks, stacks and rings work, the collector throws the events away, so that what is "
           "left is what the hooks share. The collector needs a part of one core too. Million events per second, `pairs` at depth 20.")
    yield ""
    base = {m: r.median("scaling", "pairs-d20-t1", m, "rate_per_s") for m in ("plain", "discard")}
    yield from table(["threads", "plain", "against one", "memscope --discard", "against one"],
                     [[w.rsplit("t", 1)[1]] + [cell for m in ("plain", "discard") for cell in (
                         with_spread(r, "scaling", w, m, "rate_per_s", 1e-6, "{:.1f}"),
                         number(quotient(r.median("scaling", w, m, "rate_per_s"), base[m]), "{:.2f}x"))] for w in r.workloads("scaling")])


BACKENDS = ("lockfree", "core", "async", "unified")


def section_backends(r):
    yield "## Backends"
    yield ""
    yield ("`memscope-record --backend=NAME --no-symbols --graph=off --monitor=off`, `pairs` at depth 5. First million events per second, then the processor time of "
           "everything (program and recorder) per event in nanoseconds. Last, what is missing when the program is killed by SIGKILL with all "
           "threads at work: events that were published and are not in the file.")
    yield ""
    loads = [w for w in r.workloads("backends") if w.startswith("pairs")]

    def cpu_ns(w, m):
        # the plain program writes no trace: its events are those of its rate
        cpu, events = r.median("backends", w, m, "cpu_s"), r.median("backends", w, m, "events")
        return number(quotient(cpu * 1e9 if cpu is not None else None, events), "{:.0f}")

    yield from table(["threads", "plain"] + list(BACKENDS) + [f"{m} ns" for m in BACKENDS] + [f"{m} lost" for m in BACKENDS], [
        [w.rsplit("t", 1)[1]] + [with_spread(r, "backends", w, m, "rate_per_s", 1e-6, "{:.1f}") for m in ("plain",) + BACKENDS]
        + [cpu_ns(w, m) for m in BACKENDS]
        + [with_spread(r, "backends", w.replace("pairs", "killed"), m, "lost", 1, "{:.0f}") for m in BACKENDS] for w in loads])


def quotient(a, b):
    return a / b if a is not None and b else None


def speed(r, group, w, mode, events):
    wall = r.median(group, w, mode, "wall_s")
    return number(events / wall / 1e6 if wall and events else None, "{:.1f}")


def section_analysis(r):
    yield "## Analysis"
    yield ""
    yield ("`memscope-analyze TRACE` (the default report) and `heaptrack_print -f FILE` on the files of the recordings above. "
           "heaptrack has aggregated its default file while recording; memscope replays every event. M events/s over the events recorded.")
    yield ""
    rows = []
    for w in r.workloads("analyze"):
        events = r.median("analyze", w, "memscope", "events") or r.median("record", w, "count", "events")
        rows.append([w] + [cell for m in ("memscope", "heaptrack") for cell in (
            with_spread(r, "analyze", w, m, "wall_s"), speed(r, "analyze", w, m, events),
            number(quotient(r.median("analyze", w, m, "tree_rss_kib"), 1024), "{:.0f}"))])
    yield from table(["workload", "memscope s", "M events/s", "RSS MiB", "heaptrack_print s", "M events/s", "RSS MiB"], rows)


def section_replay(r):
    yield "## Replay of synthetic traces"
    yield ""
    yield "`make_trace` writes a trace with so many events and live slots; `memscope-analyze` reads it."
    yield ""
    rows = []
    for w in r.workloads("replay"):
        events = r.median("replay", w, "write", "events")
        rows.append([w, number(r.median("replay", w, "write", "trace_bytes"), "{:,.0f}"), speed(r, "replay", w, "write", events),
                     with_spread(r, "replay", w, "memscope", "wall_s"), speed(r, "replay", w, "memscope", events),
                     number(quotient(r.median("replay", w, "memscope", "tree_rss_kib"), 1e6 / 1024), "{:.0f}")])
    yield from table(["trace", "bytes", "written, M events/s", "analysis s", "M events/s", "RSS MB"], rows)


def section_index(r):
    yield "## Reading from the middle"
    yield ""
    yield ("`memscope-trace index` reads a synthetic trace once; then each question is one run of a tool, opening of trace and index included: live blocks at "
           "20 instants (`snapshot`: median and slowest), a report of 1 % of the recording in its middle, the live blocks at the peak, 101 blocks by id.")
    yield ""
    rows = []
    for w in r.workloads("index"):
        slowest = max((float(row["wall_s"]) for row in r.rows.get(("index", w, "snapshot"), []) if row["status"] == 0), default=None)
        rows.append([w, number(r.median("index", w, "build", "wall_s"), "{:.2f}"), number(r.median("index", w, "build", "trace_bytes"), "{:,.0f}"),
                     number(r.median("index", w, "snapshot", "wall_s"), "{:.2f}"), number(slowest, "{:.2f}")] +
                    [number(r.median("index", w, mode, "wall_s"), "{:.2f}") for mode in ("window-1%", "peak", "narrow-query")] +
                    [number(quotient(r.median("index", w, mode, "tree_rss_kib"), 1e6 / 1024), "{:.0f}") for mode in ("build", "snapshot", "window-1%")])
    yield from table(["trace", "built s", "index bytes", "snapshot s", "slowest", "window s", "peak s", "narrow query s", "build RSS MB", "snapshot RSS MB", "window RSS MB"], rows)


def section_page(r):
    yield "## The HTML report of a long trace"
    yield ""
    yield ("`memscope-analyze --html` of a synthetic trace with so many call paths, opened from disk in headless Chromium: seconds from the beginning of the "
           "navigation to the first thing painted (that it is being unpacked) and to the overview.")
    yield ""
    rows = []
    for w in r.workloads("page"):
        rows.append([w, with_spread(r, "page", w, "write", "wall_s"), number(r.median("page", w, "write", "cpu_s"), "{:.2f}"),
                     number(quotient(r.median("page", w, "write", "tree_rss_kib"), 1e6 / 1024), "{:.0f}"),
                     number(r.median("page", w, "write", "trace_bytes"), "{:,.0f}"), with_spread(r, "page", w, "first-paint", "wall_s"),
                     with_spread(r, "page", w, "ready", "wall_s")])
    yield from table(["trace", "written s", "CPU s", "RSS MB", "page bytes", "first paint s", "overview s"], rows)


def section_graph(r):
    yield "## Heap graphs"
    yield ""
    yield "`graph_heap` ends with so many live blocks, three pointers in each; `memscope-analyze` makes the whole report: leaks, retained sizes, holders."
    yield ""
    rows = [[w, with_spread(r, "graph", w, "record", "wall_s"), number(r.median("graph", w, "record", "trace_bytes"), "{:,.0f}"),
             with_spread(r, "graph", w, "memscope", "wall_s"),
             number(quotient(r.median("graph", w, "memscope", "tree_rss_kib"), 1024), "{:.0f}")] for w in r.workloads("graph")]
    yield from table(["heap", "recorded, s", "trace bytes", "analysis s", "RSS MiB"], rows)


def document(path):
    r = Results(path)
    names = r.workloads("record")
    modes = [m for m in MODES if any(("record", w, m) in r.rows or ("micro", w, m) in r.rows
                                     for w in names + r.workloads("micro"))]
    yield "# Benchmarks"
    yield ""
    yield (f"Generated by `bench/report.py` from `{os.path.relpath(path, ROOT)}`, the raw results of `make bench`; do not edit. "
           "What is measured, and how to read it: [BENCHMARKING.md](BENCHMARKING.md).")
    yield ""
    yield from table(["machine", ""], [[k, v] for k, v in r.machine.items() if k != "format"])
    yield "## Targets"
    yield ""
    yield from table(["target", "measured", "limit", "verdict"], verdicts(r))
    if names:
        yield from section_recording(r, names, modes)
        yield from section_cpu(r, names, modes)
        yield from section_memory(r, names, modes)
        yield from section_trace(r, names)
    if r.workloads("sample"):
        yield from section_samples(r)
    if r.workloads("guard"):
        yield from section_guard(r)
    if r.workloads("micro"):
        yield from section_micro(r, modes)
    if r.workloads("scaling"):
        yield from section_scaling(r)
    if r.workloads("backends"):
        yield from section_backends(r)
    if r.workloads("analyze"):
        yield from section_analysis(r)
    if r.workloads("replay"):
        yield from section_replay(r)
    if r.workloads("index"):
        yield from section_index(r)
    if r.workloads("page"):
        yield from section_page(r)
    if r.workloads("graph"):
        yield from section_graph(r)
    failed = [(key, row) for key, rows in r.rows.items() for row in rows if row["status"] != 0]
    if failed:
        yield "## Runs that failed"
        yield ""
        yield "They are left out of every figure above."
        yield ""
        yield from table(["group", "workload", "mode", "run", "status"], [[*key, str(row["run"]), str(row["status"])] for key, row in failed])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("result", nargs="?")
    p.add_argument("-o", "--output", default=os.path.join(ROOT, "docs/BENCHMARKS.md"))
    p.add_argument("--check", action="store_true")
    args = p.parse_args()
    path = args.result or max(glob.glob(os.path.join(ROOT, "bench/results/*.csv")), default=None)
    if not path and args.check and not os.path.exists(args.output):
        return 0
    if not path:
        print("report: no result in bench/results", file=sys.stderr)
        return 2
    try:
        text = "\n".join(document(os.path.abspath(path))).rstrip() + "\n"
    except (OSError, ValueError) as e:
        print(f"report: {e}", file=sys.stderr)
        return 2
    if args.check:
        with open(args.output, encoding="utf-8") as f:
            if f.read() == text:
                return 0
        print(f"report: {args.output} is not what {path} gives: run bench/report.py", file=sys.stderr)
        return 1
    with open(args.output, "w", encoding="utf-8") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
