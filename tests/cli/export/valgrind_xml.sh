# valgrind-xml against Memcheck's own: the same kinds for the same bugs, the same leaks, no element that Memcheck does not write there.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"

cat >"$T/compare.py" <<'PY'
"""compare.py OURS THEIRS REPORT"""
import json, sys
import xml.etree.ElementTree as tree

# Where Memcheck writes an element only in runs that ours need not resemble, the protocol's own description allows it.
allowed = {"valgrindoutput/suppcounts/pair", "valgrindoutput/suppcounts/pair/count", "valgrindoutput/suppcounts/pair/name",
           "valgrindoutput/args/vargv/arg", "valgrindoutput/args/argv/arg", "valgrindoutput/error/auxwhat",
           "valgrindoutput/errorcounts/pair", "valgrindoutput/errorcounts/pair/count", "valgrindoutput/errorcounts/pair/unique"}

def paths(element, prefix=""):
    found = {prefix + element.tag}
    for child in element:
        found |= paths(child, prefix + element.tag + "/")
    return found

ours, theirs = (tree.parse(name).getroot() for name in sys.argv[1:3])
report = json.load(open(sys.argv[3]))
assert not paths(ours) - paths(theirs) - allowed, paths(ours) - paths(theirs) - allowed
order = [e.tag for e in ours]
assert order[:8] == ["protocolversion", "protocoltool", "preamble", "pid", "ppid", "tool", "args", "status"], order
assert [s.findtext("state") for s in ours.findall("status")] == ["RUNNING", "FINISHED"]
assert ours.findtext("protocolversion") == "4" and ours.findtext("protocoltool") == "memcheck"
end = [i for i, e in enumerate(ours) if e.tag == "status"][1]
for i, e in enumerate(ours):
    if e.tag == "error":
        assert (i > end) == e.findtext("kind").startswith("Leak_"), "leaks come after the end, the rest before"
        assert e.find("stack/frame/ip") is not None and (e.find("what") is None) != (e.find("xwhat") is None)
unique = [e.findtext("unique") for e in ours.findall("error")]
assert len(unique) == len(set(unique))
assert {p.findtext("unique") for p in ours.findall("errorcounts/pair")} == \
    {e.findtext("unique") for e in ours.findall("error") if not e.findtext("kind").startswith("Leak_")}

def summary(root):
    leaks, kinds = {}, set()
    for e in root.findall("error"):
        kind = e.findtext("kind")
        if kind.startswith("Leak_") and kind != "Leak_StillReachable":
            blocks, size = leaks.get(kind, (0, 0))
            leaks[kind] = blocks + int(e.findtext("xwhat/leakedblocks")), size + int(e.findtext("xwhat/leakedbytes"))
        elif not kind.startswith("Leak_"):
            kinds.add((kind, e.findtext("stack/frame/fn") if e.findtext("stack/frame/fn") not in ("free", "realloc") else e.findall("stack/frame")[1].findtext("fn")))
    return kinds, leaks

kinds, leaks = summary(ours)
their_kinds, their_leaks = summary(theirs)
assert kinds == their_kinds, (kinds, their_kinds)
for kind, name in (("Leak_DefinitelyLost", "leak-definite"), ("Leak_IndirectlyLost", "leak-indirect"), ("Leak_PossiblyLost", "leak-possible")):
    own = [f["leaked"] for f in report["findings"] if f["kind"] == name]
    assert leaks.get(kind, (0, 0)) == (sum(x["blocks"] for x in own), sum(x["bytes"] for x in own)), kind
    if kind == "Leak_DefinitelyLost" and own:
        assert leaks[kind][0] == their_leaks[kind][0], (leaks, their_leaks)
PY
compare() { # OPTIONS OF THE RECORDING, PROGRAM...
	local options=$1 got=0
	shift
	# shellcheck disable=SC2086
	record $options "$@"
	json_of "$trace"
	export_to "$T/ours.xml" valgrind-xml "$trace"
	valgrind --xml=yes --xml-file="$T/theirs.xml" --leak-check=full --show-leak-kinds=all "$@" >"$T/out" 2>&1 || got=$?
	[ -s "$T/theirs.xml" ] || give_up "valgrind: status $got: $(tail -3 "$T/out")"
	python3 "$T/compare.py" "$T/ours.xml" "$T/theirs.xml" "$T/report.json" || wrong "differs from Memcheck: $*"
}
compare "--free-stacks" "$PROGRAMS/zoo/double_free" twice bug
compare "--graph=exit" "$PROGRAMS/leak_chain"
eq "errors" 2 "$(grep -c '<error>' "$T/ours.xml")"

# Suppressed: counted, not shown. A window, an empty trace: well-formed.
printf 'leak:chain\n' >"$T/supp"
export_to "$T/ours.xml" valgrind-xml "$trace" --suppressions="$T/supp"
eq "errors that are suppressed" 0 "$(grep -c '<error>' "$T/ours.xml" || true)"
eq "counted" 1 "$(xmllint --xpath 'count(//suppcounts/pair)' "$T/ours.xml")"
export_to "$T/ours.xml" valgrind-xml "$golden" --window=10%:20%
xmllint --noout "$T/ours.xml" || wrong "not well-formed"
record /bin/true
export_to "$T/ours.xml" valgrind-xml "$trace"
eq "errors of nothing" 0 "$(xmllint --xpath 'count(//error)' "$T/ours.xml")"
