# --auto-export: reports when the recording ends, those of memscope-analyze, and never another exit status.
. "$ROOT/tests/cli/_lib.sh"
record --auto-export=json,text,folded:live,pprof,csv:sizes="$T/reports" sh -c 'exit 5'
eq status 5 $status
eq files "trace.json trace.live.folded trace.pprof.pb.gz trace.sizes.csv trace.txt" "$(cd "$T/reports" && echo *)"
has "$T/err" "reports are in $T/reports"
"$BIN/memscope-analyze" -q --json="$T/own.json" --text="$T/own.txt" --export=folded:live="$T/own.folded" "$trace"
same "$T/own.json" "$T/reports/trace.json"
same "$T/own.txt" "$T/reports/trace.txt"
same "$T/own.folded" "$T/reports/trace.live.folded"

echo "# quiet says nothing; memscope-analyze --outputs does the same by hand"
record -q --auto-export=json,html="$T/quiet" sh -c 'exit 0'
eq status 0 $status
eq "standard error" "" "$(cat "$T/err")"
mkdir "$T/byhand"
"$BIN/memscope-analyze" -q --outputs=json,html="$T/byhand" "$trace"
same "$T/quiet/trace.json" "$T/byhand/trace.json"
same "$T/quiet/trace.html" "$T/byhand/trace.html"

echo "# a backend inside the program"
rm -rf "$T/inside"
record --backend=core --auto-export=json="$T/inside" sh -c 'exit 7'
eq status 7 $status
eq "pid in the report" "$("$BIN/memscope-query" --format=jsonl "$trace" 'SELECT pid FROM totals' | jq .pid)" "$(jq .trace.pid "$T/inside/trace.json")"

echo "# --follow: each file its own reports"
rm -rf "$T/reports"
(cd "$T" && "$BIN/memscope-record" -q --follow --auto-export=json=reports -o 'f.%p.ms' sh -c "ls / | wc -l; exit 4" >"$T/out" 2>"$T/err" </dev/null) &&
	wrong "status 0" || eq status 4 $?
for other in "$T"/f.*.ms; do
	stem=$(basename "$other" .ms)
	eq "pid in $stem.json" "${stem#f.}" "$(jq .trace.pid "$T/reports/$stem.json")"
done
eq "reports" "$(find "$T" -maxdepth 1 -name 'f.*.ms' | wc -l)" "$(find "$T/reports" -name '*.json' | wc -l)"

echo "# what cannot be done is said before the program runs"
: >"$T/file"
for wanted in "nonsense=$T/r" "json" "json=" "=$T/r" "csv:none=$T/r" "json=$T/file" "json=$T/none/deeper"; do
	record --auto-export="$wanted" touch "$T/ran"
	eq "status of $wanted" 125 $status
	has "$T/err" auto-export
done
[ ! -e "$T/ran" ] || wrong "the program ran"

echo "# what fails afterwards does not change the exit status"
rm -rf "$T/gone"
record --auto-export=json="$T/gone" sh -c "rmdir '$T/gone'; exit 6"
eq status 6 $status
has "$T/err" "not all of the reports .* were made: memscope-analyze ended with status 4"
