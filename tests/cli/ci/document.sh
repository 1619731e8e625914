# docs/HOWTO_CI.md: its sh blocks run in the toy project, one after the other; its configuration is the toy's; its YAML is YAML, and calls
# only what the blocks have called; the files it names are there; the log it shows is the one that the regressions leave.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/ci/_toy.sh"
DOC=$ROOT/docs/HOWTO_CI.md
toy "$T/project"
cd "$T/project"

# block LANGUAGE N: the Nth of this language; empty when there is none
block() { awk -v language="$1" -v wanted="$2" '/^```/ { if (inside) inside = 0; else { inside = 1; n += ($0 == "```" language); show = ($0 == "```" language && n == wanted); next } } inside && show' "$DOC"; }
eq "fences" 0 $(($(grep -c '^```' "$DOC") % 2))
eq "languages" "conf sh text yaml" "$(sed -n 's/^```\([a-z][a-z]*\)$/\1/p' "$DOC" | sort -u | tr '\n' ' ' | sed 's/ $//')"

echo "# the configuration"
block conf 1 >"$T/conf"
same "$T/conf" "$TOY/memscope-ci.conf"

echo "# the commands"
n=0
while n=$((n + 1)) && block sh $n >"$T/block" && [ -s "$T/block" ]; do
	cat "$T/block" >>"$T/commands"
	bash -euo pipefail "$T/block" >"$T/out" 2>"$T/err" </dev/null || wrong "block $n: status $?: $(cat "$T/block"; tail -20 "$T/err")"
	if [ $n = 1 ]; then cp -r memscope-ci "$T/first"; fi
done
ge "blocks" 4 $n
for f in parse.sarif parse.xml parse.json parse.html parse.md ci/memscope.supp; do [ -e "$f" ] || wrong "the blocks leave no $f"; done
[ -s memscope-ci/tests/parse_alone/parse_alone.ms ] || wrong "no trace is named parse_alone"

echo "# the files it names"
memscope-ci check 2>"$T/err"
sed -n '/^| file in `memscope-ci`/,/^$/p' "$DOC" | sed -n 's/^| \(`.*`\) | .*/\1/p' | tr ',' '\n' | tr -d ' `' >"$T/files"
ge "files named" 8 "$(wc -l <"$T/files")"
folder=
while read -r f; do
	case $f in
	tests/NAME/*) folder=tests/test_parse f=$folder/${f#tests/NAME/} ;;
	comment.md | memscope.sarif | gl-*) ;;
	*) f=$folder/$f ;;
	esac
	f=${f//NAME/test_parse}
	[ -e "memscope-ci/$f" ] || wrong "there is no $f"
done <"$T/files"

echo "# the YAML"
cat >"$T/parse.py" <<'PY'
"""What is wrong with the YAML of the document: parse.py FILE..., by the yaml module where there is one, else by lines."""
import re
import sys

try:
    import yaml
except ImportError:
    yaml = None
for name in sys.argv[1:]:
    text = open(name).read()
    if yaml:
        document = yaml.safe_load(text)
        if not isinstance(document, dict):
            sys.exit(f"{name}: not a mapping")
        if "jobs" in document:
            for step in document["jobs"]["memscope"]["steps"]:
                if ("run" in step) == ("uses" in step):
                    sys.exit(f"{name}: a step is either run or uses: {step}")
        elif not all(isinstance(line, str) for line in document["memscope"]["script"]):
            sys.exit(f"{name}: a line of the script is no text")
    depth = [0]
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip(" "))
        if "\t" in line or indent % 2 or not re.match(r" *(- )?[^\s].*$", line) or not (line.lstrip().startswith("- ") or ":" in line):
            sys.exit(f"{name}:{number}: {line}")
        if indent > depth[-1] + 4:
            sys.exit(f"{name}:{number}: indented too far: {line}")
        depth.append(indent)
PY
for n in 1 2; do block yaml $n >"$T/$n.yaml"; done
python3 "$T/parse.py" "$T/1.yaml" "$T/2.yaml" || wrong "the YAML is none"
sed 's|  steps:|steps|' "$T/1.yaml" >"$T/broken.yaml"
! python3 "$T/parse.py" "$T/broken.yaml" >"$T/out" 2>&1 || wrong "broken YAML passes"
# Our commands in it are those that ran above; the files it collects are there.
grep -ohE 'memscope-ci (run|check|accept|record)( make check)?' "$T/1.yaml" "$T/2.yaml" | sort -u >"$T/called"
eq "commands of the YAML" "memscope-ci accept
memscope-ci check
memscope-ci run make check" "$(cat "$T/called")"
while read -r command; do grep -qE "^$command *(#.*)?$" "$T/commands" || wrong "'$command' stands in no sh block"; done <"$T/called"
for f in comment.md memscope.sarif gl-code-quality-report.json; do
	grep -q "memscope-ci/$f" "$T/1.yaml" "$T/2.yaml" || wrong "the YAML does not collect $f"
done
grep -qF 'junit: memscope-ci/tests/*/junit.xml' "$T/2.yaml" || wrong "the YAML does not collect junit.xml"
grep -ohE 'memscope-ci/[a-z*/.-]+[a-z]' "$T/1.yaml" "$T/2.yaml" | sort -u >"$T/collected"
while read -r pattern; do
	compgen -G "$T/first/${pattern#memscope-ci/}" >/dev/null || wrong "$pattern is not there after the first job"
done <"$T/collected"
# Every word that begins with -- and stands in a command of ours is an option of that tool.
{ cat "$T/commands"; echo; } | sed ':a; /\\$/ { N; s/\\\n//; ta }' | grep -oE 'memscope-[a-z]+ .*' | while read -r tool rest; do
	"$tool" --help >"$T/help"
	rest=${rest//\"/}
	for word in ${rest%%#*}; do
		case $word in
		--) break ;;
		--*) grep -qE -- "${word%%=*}([ =[]|$)" "$T/help" || echo "$tool has no option $word" ;;
		esac
	done
done >"$T/unknown"
eq "options that there are not" "" "$(cat "$T/unknown")"

echo "# the log it shows"
cp "$TOY/memscope-ci.conf" .
rm -rf memscope-good
job
ci accept
regress extra
job
cp "$T/ci.err" "$T/log"
cp "$TOY/src/records.c" src/
regress leak
job
cat "$T/ci.err" >>"$T/log"
block text 1 >"$T/shown"
ge "lines shown" 4 "$(wc -l <"$T/shown")"
while IFS= read -r line; do grep -qxF -- "$line" "$T/log" || wrong "the job does not say: $line"; done <"$T/shown"
