# A signal sent to memscope-record alone is forwarded; the trace is whole.
. "$ROOT/tests/cli/_lib.sh"
forward() { # SIGNAL STEPS-ARGUMENTS...
	local signal=$1
	shift
	rm -rf "$T/steps"
	mkdir "$T/steps"
	trace=$T/trace.ms
	env --default-signal=INT,QUIT "$BIN/memscope-record" -o "$trace" "$PROGRAMS/steps" "$T/steps" "$@" >"$T/out" 2>"$T/err" </dev/null &
	local recorder=$!
	await "$T/steps/ready"
	kill "-$signal" $recorder
	status=0
	wait $recorder || status=$?
}
for row in "TERM 8" "HUP 9" "INT 7"; do
	echo "# SIG${row% *}, handled"
	forward "${row% *}" 1000 10
	eq status "${row#* }" $status
	report
	exited "${row#* }"
	whole
	site_is before_alloc 1000 25
	site_is signal_alloc 4 4
done
echo "# SIGTERM, not handled"
forward TERM 1000 10 mute
eq status 143 $status
report
signaled 15
whole
site_is before_alloc 1000 25
