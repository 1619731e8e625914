# The default waits for the collector: while it is stopped the program waits, then nothing is lost.
. "$ROOT/tests/cli/_lib.sh"
mkdir "$T/steps"
"$BIN/memscope-record" -o "$T/trace.ms" "$PROGRAMS/steps" "$T/steps" 1000 600000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
kill -STOP $recorder
touch "$T/steps/go"
sleep 0.3
kill -CONT $recorder
status=0
wait $recorder || status=$?
eq status 17 $status
trace=$T/trace.ms
report
exited 17
whole
site_is before_alloc 1000 25
site_is after_alloc 600000 0
