# A trace that is cut anywhere is reported as that: no crash, never a leak, what is alive is alive "at the end of the record".
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/churn" 3000 50
size=$(stat -c %s "$trace")
readable=0
for percent in 5 20 40 60 80 95 99; do
	head -c $((size * percent / 100)) "$trace" >"$T/cut.ms"
	rc=0
	"$BIN/memscope-analyze" --json="$T/cut.json" --text="$T/cut.txt" "$T/cut.ms" 2>"$T/err" || rc=$?
	if [ $rc -eq 3 ]; then
		has "$T/err" 'cut.ms: .*'
		continue
	fi
	eq "status at $percent %" 0 "$rc"
	readable=$((readable + 1))
	eq "complete at $percent %" false "$(jq -r .trace.complete "$T/cut.json")"
	has "$T/cut.txt" '^QUALITY  (truncated|incomplete)'
	if [ "$(jq -r .leaks.graphs "$T/cut.json")" = 0 ]; then
		eq "leaks at $percent %" null "$(jq -c .leaks.definite "$T/cut.json")"
		has "$T/cut.txt" '^LEAKS  not observable'
	fi
	if [ "$(jq -r .trace.ended "$T/cut.json")" = truncated ]; then
		has "$T/cut.txt" 'alive at the end of the record'
		has_not "$T/cut.txt" 'exited with status'
	fi
done
ge "readable cuts" 2 "$readable"
