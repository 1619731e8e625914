# A trace is not replaced by what is made of it: every output option of every tool, by its name, by a link and by another path; the refusal
# says so, leaves no temporary file, and the trace is byte for byte what it was. symbolize without -o may replace it; another trace, too.
. "$ROOT/tests/cli/_lib.sh"
mkdir "$T/d"
cp "$ROOT/tests/golden/v1/jq.ms" "$T/d/jq.ms"
cp "$T/d/jq.ms" "$T/original.ms"
ln -s jq.ms "$T/d/link.ms"
cd "$T/d"

refused() { # NAME COMMAND...
	local name=$1 rc=0
	shift
	"$@" >"$T/out" 2>"$T/err" || rc=$?
	eq "status of $*" 4 $rc
	has "$T/err" "^[a-z -]+: (cannot )?.*$name.*(holds a trace, which a report does not replace|this is the trace itself)"
	same jq.ms "$T/original.ms"
	eq "files after $*" "jq.ms link.ms" "$(echo *)"
}
for to in jq.ms ./jq.ms "$T/d/jq.ms" link.ms; do
	refused "$to" "$BIN/memscope-analyze" -o "$to" jq.ms
	refused "$to" "$BIN/memscope-trace" snapshot --at=peak -o "$to" jq.ms
done
for option in --text --json --html --export=folded --gen-suppressions; do
	refused jq.ms "$BIN/memscope-analyze" -q $option=jq.ms jq.ms
done
refused jq.ms "$BIN/memscope-query" -o jq.ms jq.ms 'SELECT 1'
refused jq.ms "$BIN/memscope-diff" -q -o jq.ms jq.ms jq.ms
refused jq.ms "$BIN/memscope-diff" -q --markdown=jq.ms jq.ms jq.ms
refused jq.ms "$BIN/memscope-trace" cut --window=10%:20% -o jq.ms jq.ms
refused jq.ms "$BIN/memscope-trace" repair -o jq.ms jq.ms
refused jq.ms "$BIN/memscope-trace" index -o jq.ms jq.ms

echo "# what may be replaced"
"$BIN/memscope-trace" snapshot -q --at=peak -o snap.ms jq.ms
"$BIN/memscope-trace" snapshot -q --at=50% -o snap.ms jq.ms
"$BIN/memscope-trace" check -q snap.ms
"$BIN/memscope-trace" index -q jq.ms
"$BIN/memscope-trace" index -q jq.ms
"$BIN/memscope-trace" symbolize -q jq.ms
"$BIN/memscope-trace" check -q jq.ms
for i in 1 2; do "$BIN/memscope-analyze" -q -o report.txt jq.ms; done
has report.txt "^TOTALS"
