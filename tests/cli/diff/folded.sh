# --export=folded-diff: two columns that sum up to the reports' own figures; code that moved cancels, an extra strdup does not.
# (No difffolded.pl is at hand: what it writes is checked by its form: a path and two numbers.)
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/diff/_builds.sh"
D=$BIN/memscope-diff
build before "$T/one"
build moved "$T/two/deeper"
build worse "$T/three"
TRACE=$T/before.ms record "$T/one/records"
TRACE=$T/moved.ms record "$T/two/deeper/records"
TRACE=$T/worse.ms record "$T/three/records"
golden=$ROOT/tests/golden/v1/jq.ms

# columns OLD NEW: sums of $T/folded, and its form
columns() {
	eq "sums" "$1 $2" "$(awk '{ a += $(NF - 1); b += $NF } END { printf "%d %d\n", a, b }' "$T/folded")"
	eq "lines that are no path and two numbers" 0 "$(grep -cvE '^[^;]+(;[^;]+)* [0-9]+ [0-9]+$' "$T/folded" || true)"
	eq "lines of nothing" 0 "$(grep -c ' 0 0$' "$T/folded" || true)"
	eq "paths that stand twice" "" "$(sed 's/ [0-9]* [0-9]*$//' "$T/folded" | sort | uniq -d)"
}
# compare OLD NEW: every metric
compare() {
	local metric filter side
	for side in "$1" "$2"; do
		"$BIN/memscope-analyze" -q --json="$T/$side.json" "$T/$side.ms"
	done
	while read -r metric filter; do
		"$D" -q --export="folded-diff:$metric=$T/folded" "$T/$1.ms" "$T/$2.ms" >"$T/out"
		eq "report beside $metric" "" "$(cat "$T/out")"
		columns "$(jq "$filter" "$T/$1.json")" "$(jq "$filter" "$T/$2.json")"
		cp "$T/folded" "$T/folded.$metric"
	done <<-'METRICS'
		peak .totals.peak_bytes
		live-blocks .totals.live_blocks
		allocated .totals.allocated_bytes
		allocations .totals|.allocations+.reallocations
		temporary .totals.temporary_allocations
	METRICS
}
changed() { awk '$(NF - 1) != $NF' "$1"; }
compare before moved
for metric in peak live-blocks allocated allocations temporary; do
	eq "paths of $metric that differ although code only moved" "" "$(changed "$T/folded.$metric")"
done
ge "paths" 3 "$(wc -l <"$T/folded.allocations")"
compare before worse
eq "paths with other numbers of blocks" 1 "$(changed "$T/folded.allocations" | wc -l)"
changed "$T/folded.allocations" >"$T/grown"
has "$T/grown" '^main;read_all;read_record;(__)?strdup 0 500$'

# Windows of one trace; a file beside a report; standard output; what it cannot do.
"$D" -q --window=10%:40% --vs-window=30%:80% --export=folded-diff=- --json="$T/diff.json" "$golden" >"$T/folded"
"$BIN/memscope-analyze" -q --window=10%:40% --json="$T/a.json" "$golden"
"$BIN/memscope-analyze" -q --window=30%:80% --json="$T/b.json" "$golden"
columns "$(jq .totals.peak_bytes "$T/a.json")" "$(jq .totals.peak_bytes "$T/b.json")"
[ -s "$T/diff.json" ] || wrong "no JSON beside the export"
run() { # STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$D" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-diff $*" "$want" "$got"
}
run 0 --export=list
has "$T/out" '^  folded-diff  .*\(\.folded\)$'
run 2 --export=folded "$golden" "$golden"
has "$T/err" "takes KIND=FILE"
run 2 --export="folded=$T/x" "$golden" "$golden"
has "$T/err" "no export is named 'folded': there are folded-diff"
run 2 --export="folded-diff:nonsense=$T/x" "$golden" "$golden"
run 2 --export=folded-diff=- --text "$golden" "$golden"
has "$T/err" 'text and folded-diff cannot both go to standard output'
run 4 --export=folded-diff="$T/x" "$golden" "$golden" -- "$golden"
has "$T/err" 'call paths of two runs are wanted: there are 2 old and 1 new ones'
run 4 --export=folded-diff:leaked="$T/x" "$golden" "$golden"
has "$T/err" 'leaks are not observable in this trace'
run 4 --export=folded-diff=/dev/full "$golden" "$golden"
[ ! -e "$T/x" ] || wrong "a refused command left a file"
