#!/usr/bin/python3
"""Records the programs of tests/programs/zoo in every mode and compares the reports with what stands beside each bug.

    _zoo.py bugs [PATTERN]     every bug in every mode: exactly the finding that the mode promises; then the table of
                               docs/LIMITATIONS.md is compared with what was found (not when PATTERN selects some)
    _zoo.py twins [PATTERN]    every program without its bugs: no finding, the same output and exit status
    _zoo.py write              like bugs, and writes the table

Environment: BIN PROGRAMS ROOT T, as tests/run sets them; without them the release build of this tree. Exit status 1: something differs, and every difference is printed.
"""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.environ.get("ROOT") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BIN = os.environ.get("BIN") or ROOT + "/build/bin"
PROGRAMS = os.environ.get("PROGRAMS") or ROOT + "/build/release/programs"
SCRATCH = None if os.environ.get("T") else tempfile.TemporaryDirectory()
T = SCRATCH.name if SCRATCH else os.environ["T"]
SOURCES = os.path.join(ROOT, "tests/programs/zoo")
LIMITATIONS = os.path.join(ROOT, "docs/LIMITATIONS.md")
BEGIN, END = "<!-- table of the zoo: begin -->\n", "<!-- table of the zoo: end -->\n"
STATUS = 5

# name in the table, options of memscope-record
MODES = [
    ("plain", []),
    ("plain, `--free-stacks`", ["--free-stacks"]),
    ("canary", ["--guard=canary"]),
    ("full, end", ["--guard=full", "--guard-side=end"]),
    ("full, start", ["--guard=full", "--guard-side=start"]),
    ("full, end, `--guard-align=1`", ["--guard=full", "--guard-align=1"]),
    ("sample=1", ["--guard=sample=1"]),
]
# The table shows the sides of the full mode together, too: name, modes of which one found it.
COLUMNS = [(name, [m]) for m, (name, _) in enumerate(MODES)]
COLUMNS[5:6] = [("full, both", [3, 4]), ("full, both, `--guard-align=1`", [5, 4])]

# What a mode sees of a bug:
#   -       nothing
#   bare    that it happened and to which block; of the stacks only the allocation's
#   call    the wrong call itself, with its stack and, where a block had been freed, the stack of that free
#   access  the wrong access itself: its stack and line, whether it read or wrote, its first wrong byte
#   check   bytes that had changed, found later: the lowest of them, that it was a write, no stack of the access
#   end     the blocks, when the program ended
#   A/B     one of both, by chance: sampled blocks have their page on either side
# Kind of finding, way, row of the table, what each of MODES sees.
ROWS = [
    ("double-free", "bad-free", "a second free", "bare call call call call call call"),
    ("double-free", "bad-free-reused", "a second free, when another block has the address by now", "- - call call call call call"),
    ("invalid-free", "bad-free", "free of a pointer into a block", "bare call call call call call call"),
    ("invalid-free", "bad-free-nowhere", "free of what was never allocated", "bare call call call call call bare"),
    ("mismatched-free", "bad-free", "free by another family", "bare call call call call call bare"),
    ("size-mismatched-free", "bad-free", "sized free with a wrong size", "bare call call call call call bare"),
    ("realloc-after-free", "bad-free", "realloc of a freed block", "bare call call call call call call"),
    ("heap-overflow", "store", "stores past the end, size a multiple of 16", "- - check access check access access/check"),
    ("heap-overflow", "store-odd", "stores past the end, other sizes", "- - check check check access check"),
    ("heap-overflow", "load", "loads past the end, size a multiple of 16", "- - - access - access access/-"),
    ("heap-overflow", "load-odd", "loads past the end, other sizes", "- - - - - access -"),
    ("heap-overflow", "libc", "libc calls past the end", "- - access access access access access"),
    ("heap-underflow", "store", "stores before the start", "- - check check access check access/check"),
    ("heap-underflow", "load", "loads before the start", "- - - - access - access/-"),
    ("heap-underflow", "libc", "libc calls before the start", "- - access access access access access"),
    ("use-after-free", "freed-store", "stores to a freed block", "- - check access access access access"),
    ("use-after-free", "freed-far", "stores to a freed block, behind its first KiB", "- - - access access access access"),
    ("use-after-free", "freed-load", "loads from a freed block", "- - - access access access access"),
    ("use-after-free", "freed-libc", "libc calls on a freed block", "- - access access access access access"),
    ("leak-definite", "leak", "blocks without a pointer to them", "end end end end end end end"),
    ("leak-indirect", "leak", "blocks that only lost blocks point to", "end end end end end end end"),
    ("leak-possible", "leak", "blocks with a pointer into their middle only", "end end end end end end end"),
    ("none", "inside", "an array inside a block overrun into its neighbour in the same block", "- - - - - - -"),
    ("none", "jump", "a wild store that hits another living block", "- - - - - - -"),
    ("none", "stack", "buffers on the stack or in static data", "- - - - - - -"),
    ("none", "uninitialised", "use of bytes that were never written", "- - - - - - -"),
    ("none", "held", "memory that is held and never used again", "- - - - - - -"),
]
SEES = {(kind, way): sees.split() for kind, way, _, sees in ROWS}

CWES = {
    "double-free": {415}, "invalid-free": {590, 761}, "mismatched-free": {762}, "size-mismatched-free": {763, 131},
    "realloc-after-free": {416}, "heap-overflow": {122, 126}, "heap-underflow": {124, 127}, "use-after-free": {416},
    "leak-definite": {401}, "leak-indirect": {401}, "leak-possible": {401},
}

Finding = collections.namedtuple("Finding", "kind way size offset damage access count alloc free error line")
Case = collections.namedtuple("Case", "program name findings")


def bug_line(lines, function):
    """The line with the comment BUG in this function; 0: there is none."""
    name = re.escape(function.split("::")[-1])
    inside = False
    for number, line in enumerate(lines, 1):
        if re.match(r"(SITE|CASE|\t__attribute__).*[ *(~]?%s\(|CASE\(%s\)" % (name, re.escape(function.removeprefix("case_"))), line):
            inside = function.startswith("case_") == line.startswith("CASE")
        if inside and "/* BUG */" in line:
            return number
        if inside and re.match(r"\t?\}", line):
            inside = False
    return 0


def read_cases(path):
    """The cases of one source, in order."""
    program = "zoo/" + os.path.basename(path).rsplit(".", 1)[0]
    cases = {}
    with open(path) as f:
        lines = f.read().split("\n")
    for line in lines:
        m = re.search(r"expect: (.*?)(?: \*/)?$", line)
        if not m:
            continue
        d = dict(w.split("=", 1) for w in m[1].split())
        name = d.pop("case")
        number = {k: int(d.pop(k)) for k in ("size", "offset", "damage", "count") if k in d}
        error = d.pop("error", None)
        kind, way = d.pop("kind"), d.pop("way")
        if kind == "heap-overflow" and way != "libc" and number["size"] % 16:
            way += "-odd"  # malloc aligns to 16: between such a block's end and a page's some bytes are left
        found = Finding(kind, way, number.get("size"), number.get("offset"),
                        number.get("damage", number.get("offset")), d.pop("access", None), number.get("count", 1),
                        d.pop("alloc", None), d.pop("free", None), error, bug_line(lines, error) if error else 0)
        if d:
            sys.exit(f"{path}: case {name}: {d} means nothing")
        if error and not found.line:
            sys.exit(f"{path}: case {name}: no line with BUG in {error}")
        if (found.kind, found.way) not in SEES:
            sys.exit(f"{path}: case {name}: no row for {found.kind} by {found.way}")
        cases.setdefault(name, []).append(found)
    listed = subprocess.run([os.path.join(PROGRAMS, program), "list"], capture_output=True, text=True).stdout.split()
    if sorted(listed) != sorted(cases):
        sys.exit(f"{path}: cases and expectations differ: {set(listed) ^ set(cases)}")
    return [Case(program, name, cases[name]) for name in listed]


def run(command, output):
    """Exit status and standard output; None when it did not end."""
    with open(output, "wb") as out:
        try:
            rc = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, timeout=60).returncode
        except subprocess.TimeoutExpired:
            return None
    return rc


def record(mode, program, arguments, stem, *options):
    """Status of the recorded program and its findings; a string instead of these: what went wrong."""
    trace, report = stem + ".ms", stem + ".json"
    rc = run([BIN + "/memscope-record", "-q", "-o", trace, *MODES[mode][1], *options, "--", os.path.join(PROGRAMS, program), *arguments],
             stem + ".out")
    if rc is None:
        return None, "the recorded program did not end"
    p = subprocess.run([BIN + "/memscope-analyze", "--json=" + report, trace], capture_output=True, text=True, timeout=60)
    if p.returncode != 0:
        return rc, f"memscope-analyze: status {p.returncode}: {p.stderr.strip()}"
    with open(report) as f:
        doc = json.load(f)
    os.unlink(trace)
    os.unlink(report)
    if doc["trace"]["lost_events"]:
        return rc, "lost events"
    for f in doc["findings"]:
        innermost = (f["stacks"].get("error") or [{}])[0]
        if "/libmemscope-" in (innermost.get("module") or ""):
            return rc, f"the stack of finding {f['id']} begins in the recorder"
    return rc, doc["findings"]


def own_frames(stack):
    """(function without its arguments, line) of the program's own frames, innermost first."""
    frames = []
    for f in stack or []:
        if os.path.dirname(f.get("file") or "").endswith("tests/programs/zoo"):  # not inline functions of headers
            frames.append((re.sub(r"\(.*|\[abi:.*", "", f.get("function") or ""), f.get("line")))
    return frames


def blocks_of(f):
    leaked = f.get("leaked")
    return leaked["blocks"] if leaked else f["count"]


def text_of(f):
    block = f.get("block") or {}
    stacks = f["stacks"]
    where = {k: own_frames(stacks.get(k))[:1] for k in ("allocation", "free", "error")}
    return (f"{f['kind']} size={block.get('size')} offset={f.get('offset')} access={f.get('access')} count={blocks_of(f)} "
            f"alloc={where['allocation']} free={where['free']} error={where['error']}: {f.get('message')}")


def differences(case, want, got, sees):
    """What is wrong with findings of one kind at one site: got is the list of those that could be meant."""
    wrong = []

    def expect(what, expected, actual):
        if expected != actual:
            wrong.append(f"{what}: expected {expected}, got {actual}")

    f = got[0]
    block = f.get("block") or {}
    if f.get("cwe") not in CWES[want.kind]:
        expect("CWE", CWES[want.kind], f.get("cwe"))
    if sees == "end":
        expect("blocks", want.count, sum(blocks_of(g) for g in got))
    else:
        expect("findings", 1, len(got))
    expect("size", want.size, block.get("size"))
    stacks = {k: own_frames(f["stacks"].get(k)) for k in ("allocation", "free", "error")}
    if sees == "access":
        expect("access", want.access, f.get("access"))
        expect("offset", want.offset, f.get("offset"))
    elif sees == "check":
        expect("access", "write", f.get("access"))
        expect("offset", want.damage, f.get("offset"))
    elif want.offset is not None:
        expect("offset", want.offset, f.get("offset"))
    if want.alloc:
        expect("function that allocated", want.alloc, stacks["allocation"][0][0] if stacks["allocation"] else None)
        if "thread" not in case.name:
            expect("the allocation's stack leads to main", True, any(n == "main" for n, _ in stacks["allocation"]))
    else:
        expect("stack of an allocation", [], stacks["allocation"])
    if want.free and sees != "bare":
        expect("function that freed", want.free, stacks["free"][0][0] if stacks["free"] else None)
    if want.error and sees in ("call", "access"):
        expect("it is the first thread's", any(n == "main" for n, _ in stacks["error"]), (f.get("thread") or {}).get("id") == 1)
        expect("it has a time", True, 0 < f["time_ns"] <= f["last_ns"])
        expect("function and line of the error", (want.error, want.line), stacks["error"][0] if stacks["error"] else None)
    return wrong


def judge(case, mode, findings):
    """Differences, and for each of the expected findings whether it is there."""
    wrong, found = [], []
    left = list(findings)
    for want in case.findings:
        got = [f for f in left if f["kind"] == want.kind]
        if want.way == "leak":  # several sites: by size and function
            got = [f for f in got if (f.get("block") or {}).get("size") == want.size and
                   [n for n, _ in own_frames(f["stacks"]["allocation"])][:1] == [want.alloc]]
        left = [f for f in left if not any(f is g for g in got)]
        answers = []
        for sees in SEES[want.kind, want.way][mode].split("/"):
            if sees == "-":
                answers.append(["not expected: " + text_of(f) for f in got])
            elif not got:
                answers.append([f"missing: {want.kind} size={want.size} offset={want.offset} alloc={want.alloc} error={want.error}"])
            else:
                bad = differences(case, want, got, sees)
                answers.append(bad + (["it says: " + text_of(f) for f in got] if bad else []))
        bad = min(answers, key=len)
        found.append(bool(got) and not bad)
        wrong += bad
    return wrong + ["not expected: " + text_of(f) for f in left], found


def one_bug(job):
    number, case, mode = job
    stem = os.path.join(T, f"bug{number}.{mode}")
    silent = all(SEES[w.kind, w.way][mode] == "-" for w in case.findings)  # names take most of the time
    rc, findings = record(mode, case.program, [case.name, "bug"], stem, *["--no-symbols"] * silent)
    os.unlink(stem + ".out")
    if isinstance(findings, str):
        return [findings], [False] * len(case.findings)
    wrong, found = judge(case, mode, findings)
    if rc != STATUS and "--guard" in " ".join(MODES[mode][1]) and all(
            w.way.startswith("bad-free") and SEES[w.kind, w.way][mode] == "call" for w in case.findings):
        wrong.append(f"the program should have gone on after a free that was refused; its status is {rc}")
    return wrong, found


def one_twin(job):
    program, mode = job
    stem = os.path.join(T, program.replace("/", ".") + f".{mode}")
    plain = run([os.path.join(PROGRAMS, program), "all", "fixed"], stem + ".plain")
    rc, findings = record(mode, program, ["all", "fixed"], stem)
    wrong = []
    if plain != STATUS or rc != plain:
        wrong.append(f"status {rc}, without memscope {plain}")
    with open(stem + ".plain", "rb") as a, open(stem + ".out", "rb") as b:
        if a.read() != b.read():
            wrong.append("the output differs")
    if isinstance(findings, str):
        wrong.append(findings)
    else:
        wrong += ["not expected: " + text_of(f) for f in findings]
    return wrong, []


def table_of(results):
    """The table in Markdown, for each row and column: found / of."""
    lines = ["| bug | kind | " + " | ".join(name for name, _ in COLUMNS) + " |", "|---|---|" + "---:|" * len(COLUMNS)]
    sums, cases = [0] * len(COLUMNS), 0
    for kind, way, text, sees in ROWS:
        rows = [found for want, found in results if (want.kind, want.way) == (kind, way)]
        cells = []
        for c, (_, modes) in enumerate(COLUMNS):
            n = sum(any(r[m] for m in modes) for r in rows)
            if "/-" in sees.split()[modes[0]]:
                cells.append("by chance")
            else:
                cells.append(f"{n}/{len(rows)}" if n else "-")
                sums[c] += n
        cases += len(rows) if kind != "none" else 0
        lines.append(f"| {text} | {kind if kind != 'none' else ''} | " + " | ".join(cells) + " |")
    lines.append("| **all but those that nobody sees** | | " + " | ".join(f"{s}/{cases}" for s in sums) + " |")
    return "\n".join(lines) + "\n"


def main():
    what, pattern = sys.argv[1], (sys.argv[2:] + [""])[0]
    cases = [c for name in sorted(os.listdir(SOURCES)) if name.endswith((".c", ".cpp"))
             for c in read_cases(os.path.join(SOURCES, name)) if pattern in c.program + "/" + c.name]
    if what == "twins":
        jobs = [(p, m) for p in sorted({c.program for c in cases}) for m in range(len(MODES))]
        work, label = one_twin, lambda j: f"{j[0]} all fixed, {MODES[j[1]][0]}"
    else:
        jobs = [(n, c, m) for n, c in enumerate(cases) for m in range(len(MODES))]
        work, label = one_bug, lambda j: f"{j[1].program} {j[1].name} bug, {MODES[j[2]][0]}"
    failures = 0
    by_case = collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        for job, (wrong, found) in zip(jobs, pool.map(work, jobs)):
            failures += bool(wrong)
            for w in wrong:
                print(f"WRONG: {label(job)}: {w}")
            by_case[job[0]][job[-1]] = found
    print(f"{len(jobs)} runs, {failures} wrong")
    if what == "twins" or (what == "bugs" and pattern):
        return failures > 0
    results = [(want, [by_case[n][m][k] for m in range(len(MODES))])
               for n, c in enumerate(cases) for k, want in enumerate(c.findings)]
    table = table_of(results)
    with open(LIMITATIONS) as f:
        before, rest = f.read().split(BEGIN)
    old, after = rest.split(END)
    if what == "write":
        with open(LIMITATIONS, "w") as f:
            f.write(before + BEGIN + table + END + after)
    elif old != table:
        failures += 1
        print(f"WRONG: the table in docs/LIMITATIONS.md is not what was found:\n{table}")
    return failures > 0


sys.exit(main())
