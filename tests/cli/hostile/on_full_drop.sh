# --on-full=drop: the program never waits; what was lost is counted, and said first.
. "$ROOT/tests/cli/_lib.sh"
# How many events the whole program makes, from a recording that loses nothing:
mkdir "$T/steps"
touch "$T/steps/go"
record "$PROGRAMS/steps" "$T/steps" 1000 600000
report
whole
all=$(value .trace.events)

# The collector is stopped during the burst, so the rings run full.
rm -r "$T/steps"
mkdir "$T/steps"
"$BIN/memscope-record" --on-full=drop -o "$T/trace.ms" "$PROGRAMS/steps" "$T/steps" 1000 600000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
kill -STOP $recorder
touch "$T/steps/go"
await "$T/steps/result"
kill -CONT $recorder
status=0
wait $recorder || status=$?
eq status 17 $status
eq "what it said" "exe 601000 600975" "$(cat "$T/out")"
report
exited 17
lost=$(value .trace.lost_events)
ge "lost events" 1000 "$lost"
eq complete false "$(value .trace.complete)"
marks=$(events '.kind == "lost"')
eq "recorded and lost events together" "$all" $(($(value .trace.events) - marks + lost))
head -12 "$T/report.txt" >"$T/head"
has "$T/head" "[Ll]ost"
has "$T/err" "lost"
