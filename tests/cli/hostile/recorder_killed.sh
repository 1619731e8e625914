# memscope-record is killed: the program goes on unharmed; the trace is readable and says that it is cut.
. "$ROOT/tests/cli/_lib.sh"
mkdir "$T/plain" "$T/steps"
touch "$T/plain/go"
"$PROGRAMS/steps" "$T/plain" 20000 600000 >"$T/plain.out" || eq "plain status" 17 $?
"$BIN/memscope-record" -o "$T/trace.ms" "$PROGRAMS/steps" "$T/steps" 20000 600000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
app=$(cat "$T/steps/ready")
# What is recorded reaches the file while the program runs: wait until it has (30 s at most), then nothing of it may be lost.
trace=$T/trace.ms
for ((i = 0; i < 300; i++)); do
	sleep 0.1
	"$BIN/memscope-analyze" --json="$T/report.json" "$trace" 2>/dev/null || continue # nothing but a header yet
	[ "$(value .totals.allocations)" -lt 20000 ] || break
done
ge "allocations in the file while the program runs" 20000 "$(value .totals.allocations)"
kill -KILL $recorder
wait $recorder 2>/dev/null || true
eq "the program lives" 0 "$(kill -0 "$app" && echo 0)"
touch "$T/steps/go"
await_gone "$app"
eq "its result" "$(cat "$T/plain/result")" "$(cat "$T/steps/result" || true)"
same "$T/plain.out" "$T/out"
eq "its stderr" "" "$(cat "$T/err")"
report
eq ended truncated "$(value .trace.ended)"
eq complete false "$(value .trace.complete)"
ge "allocations that are kept" 20000 "$(value .totals.allocations)"
has "$T/report.txt" "[Aa]live at the end of the record"
has "$T/report.txt" "leaked is not known"
grep -v "leaked is not known" "$T/report.txt" >"$T/rest.txt"
has_not "$T/rest.txt" "[Ll]eaked"
