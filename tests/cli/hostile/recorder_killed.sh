# memscope-record is killed: the program goes on unharmed; the trace is readable and says that it is cut.
. "$ROOT/tests/cli/_lib.sh"
mkdir "$T/plain" "$T/steps"
touch "$T/plain/go"
"$PROGRAMS/steps" "$T/plain" 20000 600000 >"$T/plain.out" || eq "plain status" 17 $?
"$BIN/memscope-record" -o "$T/trace.ms" "$PROGRAMS/steps" "$T/steps" 20000 600000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
app=$(cat "$T/steps/ready")
sleep 0.2 # the collector polls; not an assertion about time: the least count below is what was kept by then
kill -KILL $recorder
wait $recorder 2>/dev/null || true
eq "the program lives" 0 "$(kill -0 "$app" && echo 0)"
touch "$T/steps/go"
await_gone "$app"
eq "its result" "$(cat "$T/plain/result")" "$(cat "$T/steps/result" || true)"
same "$T/plain.out" "$T/out"
eq "its stderr" "" "$(cat "$T/err")"
trace=$T/trace.ms
report
eq ended truncated "$(value .trace.ended)"
eq complete false "$(value .trace.complete)"
le "allocations in before_alloc" 20000 "$(site before_alloc allocations)"
has "$T/report.txt" "[Aa]live at the end of the record"
has_not "$T/report.txt" "[Ll]eaked"
