# Names that mean something to a format: functions, files, threads and arguments with markup, separators, line ends, control bytes and
# bytes that are no UTF-8. Every export stays well-formed, keeps its numbers, and runs nothing.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"

evil='</script><script>document.title="run"</script>]]>&lt;"'"'"';|,`%s\n=cmd'
bytes=$'\x01\x1b[31m\xff\xfe\xc2\x9b\n;#'
folder="$T/a <b>&\"';]]>"$'\n\x02\xff'
mkdir "$folder"
cat >"$folder/one.c" <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
void *volatile keep;
__attribute__((noinline)) void *plain_one(size_t n) { void *p = malloc(n); keep = p; return p; }
__attribute__((noinline)) void *plain_two(size_t n) { void *p = plain_one(n); keep = p; return p; }
static void *run(void *arg)
{
	pthread_setname_np(pthread_self(), "</t>\"&;\n\x1b\xff");
	keep = plain_two(2000);
	return arg;
}
int main(void)
{
	pthread_t t;
	void *mine = plain_two(1000);

	pthread_create(&t, NULL, run, NULL);
	pthread_join(t, NULL);
	free(mine);
	free(mine);
	return 0;
}
C
(cd "$folder" && gcc -O1 -fno-builtin -fno-optimize-sibling-calls -c -o one.o one.c &&
	objcopy --redefine-sym "plain_one=$evil" --redefine-sym "plain_two=$bytes" one.o two.o && gcc -o "pro <g>&;$bytes" two.o -lpthread)
record --free-stacks --graph=exit "$folder/pro <g>&;$bytes" "$evil" "$bytes"
cp "$trace" "$T/evil.ms"
json_of "$T/evil.ms"
eq "the program's double free was seen" double-free "$(value '.findings[0].kind')"
jq -e --arg f "$evil" 'any(.sites[].stack[]; .function == $f)' "$T/report.json" >/dev/null || give_up "the name of the function is not in the report"

while read -r kind; do
	export_to "$T/file.$kind" "$kind" "$T/evil.ms"
done < <("$A" --export=list | sed -n 's/^  \([a-z0-9-]\{1,\}\)  .*/\1/p')

eq "sum of folded" "$(value .totals.peak_bytes)" "$(awk '{ s += $NF } END { printf "%d\n", s }' "$T/file.folded")"
eq "lines of folded that are no path and number" 0 "$(grep -cvaE '^[^;]+(;[^;]+)* [1-9][0-9]*$' "$T/file.folded" || true)"
for kind in folded csv svg junit valgrind-xml sarif gitlab speedscope dhat callgrind jeprof heaptrack massif chrome; do
	iconv -f utf-8 -t utf-8 "$T/file.$kind" >/dev/null 2>&1 || wrong "$kind is no UTF-8"
	eq "control bytes in $kind" 0 "$(LC_ALL=C tr -d -c '\000-\010\013\014\016-\037\177' <"$T/file.$kind" | wc -c)"
done
for kind in svg junit valgrind-xml; do
	xmllint --noout "$T/file.$kind" 2>"$T/err" || wrong "$kind is not well-formed: $(head -3 "$T/err")"
	xmllint --xpath 'boolean(//*[contains(., "document.title=")])' "$T/file.$kind" | grep -q true || wrong "$kind lost the name"
	le "scripts in $kind" 1 "$(xmllint --xpath 'count(//*[local-name()="script"])' "$T/file.$kind")"
done
python3 "$ROOT/tests/cli/export/_sarif.py" "$NPM/@microsoft/sarif-multitool-linux/sarif-2.1.0.json" "$T/file.sarif" || wrong "SARIF does not fit its schema"
eq "URIs with characters that are none" 0 "$(jq -r '.. | .uri? // empty' "$T/file.sarif" | LC_ALL=C grep -cavE '^[A-Za-z0-9._~/:%-]*$' || true)"
jq -e 'length == 1' "$T/file.gitlab" >/dev/null || wrong "gitlab has other than one issue"
jq -e --arg f "$evil" 'any(.shared.frames[]; .name == $f)' "$T/file.speedscope" >/dev/null || wrong "speedscope lost the name"
python3 - "$T/file.csv" "$evil" "$(value '.sites | length')" <<'PY' || wrong "csv does not read back"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True))
assert len(rows) == int(sys.argv[3]) and all(None not in row and None not in row.values() for row in rows)
assert any(sys.argv[2] in row["stack"] for row in rows)
assert not any(value[:1] in ("=", "+", "-", "@") for row in rows for value in row.values())
PY
protoc --python_out="$T" -I "$ROOT/tests/cli/export" profile.proto
python3 "$ROOT/tests/cli/export/_pprof.py" "$T" "$T/file.pprof" >"$T/p.json" || wrong "pprof does not read back"
jq -e --arg f "$evil" '.own | has($f)' "$T/p.json" >/dev/null || wrong "pprof lost the name"

# The readers of the text formats are not led astray: figures stay, names are there (google-pprof and ms_print cut some).
eq "lines of massif that are none" 0 "$(grep -cavE '^(#-+|desc: .*|cmd: .*|time_unit: ms|[a-z_A-Z]+=[a-z0-9.]+| *n[0-9]+: [0-9]+ .*)$' "$T/file.massif" || true)"
eq "lines of heaptrack that are none" 0 "$(grep -cavE '^[vXIsita+cR-]( |$)' "$T/file.heaptrack" || true)"
eq "lines of callgrind that are none" 0 "$(grep -cavE '^(#.*|(version|creator|pid|cmd|part|positions|events?|summary|totals): .*|c?(ob|fn|fl|fi)=\([0-9]+\).*|calls=[0-9]+ [0-9]+|[0-9]+( [0-9]+){7}|)$' "$T/file.callgrind" || true)"
jq -e --arg f "$evil" 'any(.ftbl[]; contains($f))' "$T/file.dhat" >/dev/null || wrong "dhat lost the name"
for kind in callgrind jeprof heaptrack massif; do
	LC_ALL=C grep -qF "$evil" "$T/file.$kind" || wrong "$kind lost the name"
done
for kind in dhat massif callgrind jeprof heaptrack chrome; do
	figures "$kind" "$T/file.$kind"
	eq "peak of $kind" "$(value .totals.peak_bytes)" "$(figure '.gb // .inuse_space // .totals.peakB // .peak')"
done
"$BIN/memscope-diff" -q --export="folded-diff=$T/both" "$T/evil.ms" "$T/evil.ms"
eq "sums of folded-diff" "$(value '.totals.peak_bytes | "\(.) \(.)"')" "$(awk '{ a += $(NF - 1); b += $NF } END { print a, b }' "$T/both")"
eq "lines of folded-diff that are none" 0 "$(grep -cvaE '^[^;]+(;[^;]+)* [0-9]+ [0-9]+$' "$T/both" || true)"

# In a browser nothing of it runs: the document would get a title or an attribute.
sed 's|</svg>|<script>document.documentElement.setAttribute("data-ran", document.title === "run"); document.documentElement.setAttribute("data-scripts", document.querySelectorAll("script").length); for (const b of boxes) zoom(b); search("\&lt;script>"); document.documentElement.setAttribute("data-after", document.querySelectorAll("script").length)</script></svg>|' "$T/file.svg" >"$T/page.svg"
timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$T/browser" --virtual-time-budget=3000 --dump-dom "file://$T/page.svg" >"$T/dom" 2>"$T/err"
has "$T/dom" 'data-ran="false" data-scripts="2" data-after="2"'
