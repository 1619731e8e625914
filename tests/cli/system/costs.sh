# A process that is sampled every millisecond: nothing is lost, samples survive SIGKILL and exec, children have their own.
. "$ROOT/tests/cli/_lib.sh"

record --monitor=1 "$PROGRAMS/churn" 20000 300
eq status 0 $status
report
whole

cat >"$T/sleep.sh" <<-'EOF'
	sleep 0.6
	exec sleep 0.6
EOF
record --monitor=5 --follow /bin/sh "$T/sleep.sh"
report
whole
ge "samples over an exec" 5 "$(value '.system[] | select(.name == "rss") | .samples')"
for child in "$T"/trace.ms.*; do
	"$BIN/memscope-trace" check "$child" >"$T/said" || wrong "$child: $(cat "$T/said")"
	ge "samples of a child" 2 "$("$BIN/memscope-trace" info --json "$child" | jq '[.samples.series[].samples] | max')"
done

# killed: what was sampled is there
record --monitor=5 /bin/sh -c 'sleep 0.5; kill -9 $$'
report
signaled 9
ge "samples of the killed" 5 "$(value '.system[] | select(.name == "rss") | .samples')"
