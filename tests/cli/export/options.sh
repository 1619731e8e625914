# --export: kinds, metrics, files, standard output, and what cannot be.
. "$ROOT/tests/cli/_lib.sh"
A=$BIN/memscope-analyze
golden=$ROOT/tests/golden/v1/jq.ms
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$A" "$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of memscope-analyze $*" "$want" "$got"
}

run 0 --export=list
has "$T/out" '^  folded  .*\(\.folded\)$'
has "$T/out" 'METRIC is one of peak \(default\), peak-blocks, live'
cp "$T/out" "$T/list"
run 0 --export=help
same "$T/out" "$T/list"

run 2 --export=folded "$golden"
has "$T/err" "takes KIND=FILE, not 'folded'"
run 2 --export=folded= "$golden"
run 2 --export="nonsense=$T/x" "$golden"
has "$T/err" "no export is named 'nonsense': there are folded"
run 2 --export="folded:nonsense=$T/x" "$golden"
has "$T/err" "'folded' has no metric 'nonsense': there are peak"
run 2 --why=1 --export="folded=$T/x" "$golden"
has "$T/err" 'answered as text or JSON, not as export folded'
run 2 --export=folded=- --export=folded:live=- "$golden"
has "$T/err" 'cannot both go to standard output'
run 2 --export=folded=- --text "$golden"
run 2 --export="folded=$T/same" --json="$T/same" "$golden"
has "$T/err" "cannot both go to $T/same"
[ ! -e "$T/same" ] && [ ! -e "$T/x" ] || wrong "a refused command left a file"
run 4 --export="folded=$T/nowhere/x" "$golden"

# Every kind into a file of its own and to standard output, the same bytes each time, private, and no text report beside them.
mkdir "$T/files"
while read -r kind; do
	rc=0
	"$A" --export="$kind=$T/files/$kind" "$golden" >"$T/out" 2>"$T/err" || rc=$?
	eq "status of $kind" 0 "$rc"
	eq "standard output beside $kind" "" "$(cat "$T/out")"
	"$A" --export="$kind=-" "$golden" >"$T/again"
	same "$T/files/$kind" "$T/again"
	eq "mode of $kind" 600 "$(stat -c %a "$T/files/$kind")"
	run 4 --export="$kind=/dev/full" "$golden"
	has "$T/err" 'cannot write /dev/full'
done < <(sed -n 's/^  \([a-z0-9-]\{1,\}\)  .*/\1/p' "$T/list")

# Several at once, beside the report.
run 0 --export="folded=$T/files/a" --export="folded:live=$T/files/b" --json="$T/files/c" --text "$golden"
has "$T/out" '^QUALITY'
same "$T/files/a" "$T/files/folded"
eq "live in b" "$(jq .totals.live_bytes "$T/files/c")" "$(awk '{ s += $NF } END { print s }' "$T/files/b")"
