# dhat, massif, callgrind: read by dh_view.html in a browser, ms_print, callgrind_annotate; figures are those of the report.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/export/_export.sh"
BROWSER=$ROOT/build/browser/node_modules
[ -e "$BROWSER/.ready" ] || give_up "the browser's driver is missing: make build/browser/node_modules/.ready"
view=$(dpkg -L valgrind | grep '/dh_view\.html$')

# numbers TRACE [OPTION...]
numbers() {
	local from=$1
	shift
	json_of "$from" "$@"
	"$A" -q "$@" --export="dhat=$T/f.dhat" --export="massif=$T/f.massif" --export="callgrind=$T/f.callgrind" "$from"
	figures dhat "$T/f.dhat"
	eq "dhat: in all $*" "$(value "[.totals.allocated_bytes, ($begun)] | tostring")" "$(figure '[.tb, .tbk]')"
	eq "dhat: at the peak $*" "$(value '.totals | [.peak_bytes, .peak_blocks] | tostring')" "$(figure '[.gb, .gbk]')"
	eq "dhat: at the end $*" "$(value '.totals | [.live_bytes, .live_blocks] | tostring')" "$(figure '[.eb, .ebk]')"
	eq "dhat: own peaks $*" "$(value '[.sites[].own_peak_bytes] | add // 0')" "$(figure .mb)"
	figures massif "$T/f.massif"
	eq "massif: peak and end $*" "$(value '.totals | [.peak_bytes, .peak_bytes, .live_bytes] | tostring')" "$(figure '[.peak, .most, .end]')"
	le "massif: snapshots $*" 102 "$(figure .snapshots)"
	figures callgrind "$T/f.callgrind"
	eq "callgrind: totals $*" "$(value "[.totals.peak_bytes, .totals.live_bytes, .totals.allocated_bytes, .totals.peak_blocks, .totals.live_blocks, ($begun),
		.totals.temporary_allocations] | tostring")" "$(figure '.totals | [.peakB, .liveB, .allocB, .peakBk, .liveBk, .allocBk, .tempBk]')"
}
# dh_view FILE: what Valgrind's page shows of it, into $T/seen.json
dh_view() {
	node "$ROOT/tests/cli/export/_dh_view.mjs" "$(command -v chromium)" "$BROWSER" "$view" "$1" >"$T/seen.json" 2>"$T/err" ||
		wrong "dh_view: $(jq -c .errors "$T/seen.json" 2>"$T/out") $(tail -2 "$T/err")"
}
grouped() { sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta'; }

numbers "$golden" --window=start:start
eq "snapshots of no time" 2 "$(grep -c '^snapshot=' "$T/f.massif")"
numbers "$golden" --window=25%:60%
numbers "$golden" --window=peak:end
numbers "$ROOT/tests/golden/v1/kinds.ms" --at=peak
record "$PROGRAMS/realloc_race" 50
numbers "$trace"
record /bin/true
numbers "$trace"
dh_view "$T/f.dhat"
jq -r .text "$T/seen.json" >"$T/text"
has "$T/text" 'Total: +0 bytes \(0%'

numbers "$golden"
# callgrind: inclusive cost of every function is that of the report, recursion counted once.
jq -r '.functions | to_entries[] | select(.key | test("'"'"'[0-9]+ \\[") | not) | "\(.key | split(":")[1:] | join(":")) \(.value | "\(.peakB) \(.allocB) \(.allocBk)")"' \
	"$T/figures.json" | sort >"$T/actual"
value '.functions[] | select(.function != null and .inclusive.allocations > 0) | "\(.function) [\(.module)] \(.inclusive | "\(.peak_bytes) \(.allocated_bytes) \(.allocations)")"' | sort >"$T/expected"
ge "functions compared" 20 "$(wc -l <"$T/expected")"
eq "functions whose inclusive cost differs" "" "$(comm -13 "$T/actual" "$T/expected" | head -3)"
# massif: the peak where it was, to the nanosecond; dhat: the times of the page.
figures massif "$T/f.massif"
eq "time of the peak" "$(value .totals.peak_time_ns)" "$(figure '.peak_ms * 1e6 | round')"
dh_view "$T/f.dhat"
jq -r .text "$T/seen.json" >"$T/text"
has "$T/text" "Total: +$(value .totals.allocated_bytes | grouped) bytes \(100%, [0-9.,]+/s\) in $(value "$begun" | grouped) blocks \(100%"
has "$T/text" "At t-gmax: $(value .totals.peak_bytes | grouped) bytes \(100%\) in $(value .totals.peak_blocks | grouped) blocks"
has "$T/text" "At t-end: +$(value .totals.live_bytes | grouped) bytes \(100%\) in $(value .totals.live_blocks | grouped) blocks"
has "$T/text" "t-gmax: $(echo $(($(value .totals.peak_time_ns) / 1000)) | grouped) µs"
has "$T/text" '#1: 0x[0-9A-F]+: jv_mem_alloc \(in '
eq "directories with --no-paths" "" "$("$A" -q --no-paths --export=dhat=- "$golden" | jq -r '.ftbl[] | select(test("[(/ ]/"))')"

# Beside the tools themselves, on the same program: the same sites with the same bytes.
cat >"$T/p.c" <<'C'
#include <stdlib.h>
void *volatile kept[10];
__attribute__((noinline)) void *make(size_t n) { void *p = malloc(n); kept[0] = p; return p; }
__attribute__((noinline)) void keep_some(int n) { kept[n] = make((size_t)n * 1000); if (n > 1) keep_some(n - 1); }
int main(void)
{
	for (int i = 0; i < 50; i++) free(make(100));
	keep_some(9);
	free(kept[5]);
	return 0;
}
C
gcc -g -O1 -fno-builtin -fno-optimize-sibling-calls -o "$T/p" "$T/p.c"
record "$T/p"
numbers "$trace"
(cd "$T" && valgrind --tool=dhat --dhat-out-file=their.dhat ./p && valgrind --tool=massif --massif-out-file=their.massif --threshold=0 ./p) >"$T/out" 2>&1 ||
	give_up "valgrind: $(tail -3 "$T/out")"
rows='. as $d | [.pps[] | {at: ([.fs[] | $d.ftbl[.] | capture("^0x[0-9A-F]+: (?<f>[^ ]+)").f | select(. == "make" or . == "keep_some" or . == "main")] | join("<")), tb, tbk, mb, gb, gbk, eb, ebk}] |
	map(select(.at != "")) | sort_by(.at, .tb) | map([.at, .tb, .tbk, .mb, .gb, .gbk, .eb, .ebk] | map(tostring) | join(" "))[]'
jq -r "$rows" "$T/their.dhat" | grep -v ' 9000 1 0 0 ' >"$T/expected"
jq -r "$rows" "$T/f.dhat" | grep -v ' 9000 1 0 0 ' >"$T/actual"
eq "sites" 10 "$(wc -l <"$T/actual")"
same "$T/expected" "$T/actual"
eq "bytes of keep_some at the peak, by Massif" "$(grep -A20 'heap_tree=peak' "$T/their.massif" | sed -n 's/^ *n[0-9]*: \([0-9]*\) 0x[0-9A-F]*: make (p.c:3)$/\1/p' | head -1)" \
	"$(grep -A20 'heap_tree=peak' "$T/f.massif" | sed -n 's/^ *n[0-9]*: \([0-9]*\) 0x[0-9A-F]*: make (.*p.c:3)$/\1/p' | head -1)"
