# Ctrl-C on the terminal goes to program and recorder: the program decides, the trace is whole.
. "$ROOT/tests/cli/_lib.sh"
# A new session stands for the terminal: the signal goes to its whole process group. bash starts background jobs with SIGINT
# ignored, so it is set back to the default first.
interrupt() { # SIGNAL STEPS-ARGUMENTS...
	local signal=$1
	shift
	rm -rf "$T/steps"
	mkdir "$T/steps"
	trace=$T/trace.ms
	env --default-signal=INT,QUIT setsid "$BIN/memscope-record" -o "$trace" "$PROGRAMS/steps" "$T/steps" "$@" \
		>"$T/out" 2>"$T/err" </dev/null &
	local leader=$!
	await "$T/steps/ready"
	group=$(ps -o pgid= -p "$(cat "$T/steps/ready")" | tr -d ' ')
	eq "recorder and program are one group" "$group" "$(ps -o pgid= -p "$leader" | tr -d ' ')"
	kill "-$signal" -- "-$group"
	status=0
	wait $leader || status=$?
}
echo "# handled"
interrupt INT 1000 10
eq status 7 $status
eq "what it said" "signal 2" "$(cat "$T/out")"
report
exited 7
whole
site_is before_alloc 1000 25
site_is signal_alloc 4 4
echo "# not handled"
interrupt INT 1000 10 mute
eq status 130 $status
report
signaled 2
whole
site_is before_alloc 1000 25
echo "# SIGHUP to the group, handled"
interrupt HUP 1000 10
eq status 9 $status
report
exited 9
whole
site_is signal_alloc 4 4
