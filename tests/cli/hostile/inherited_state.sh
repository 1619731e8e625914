# The program starts in the state in which the recorder was started: signals, descriptors, limits, umask, folder, environment.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/state.sh" <<-'EOF'
	#!/bin/sh
	grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	ls /proc/self/fd
	umask
	ulimit -a
	pwd
	nice
	env | grep -vE '^(LD_PRELOAD|MEMSCOPE[A-Z_]*|_)=' | sort
EOF
chmod +x "$T/state.sh"
compare() { # WHAT COMMAND-PREFIX...
	local what=$1 plain=0
	shift
	"$@" "$T/state.sh" >"$T/plain" 2>&1 </dev/null || plain=$?
	status=0
	"$@" "$BIN/memscope-record" -q -o "$T/trace.ms" "$T/state.sh" >"$T/out" 2>"$T/err" </dev/null || status=$?
	eq "$what: status" $plain $status
	diff "$T/plain" "$T/out" >"$T/diff" || wrong "$what: the program sees another state: $(cat "$T/diff")"
	"$BIN/memscope-trace" check "$T/trace.ms" >/dev/null 2>"$T/check" || wrong "$what: check: $(cat "$T/check")"
}
compare "as it comes" env
compare "SIGCHLD ignored" env --ignore-signal=CHLD,PIPE,INT
compare "signals blocked" env --block-signal=CHLD,TERM,USR1,ALRM
compare "other niceness" nice -n 3
exec 7</dev/null 9>"$T/nine"
compare "open descriptors" env
exec 7<&- 9>&-

echo "# the three standard descriptors closed: the trace does not become one of them"
plain=0
"$PROGRAMS/end_how" exit 1 100 <&- >&- 2>&- || plain=$?
status=0
"$BIN/memscope-record" -o "$T/trace.ms" "$PROGRAMS/end_how" exit 1 100 <&- >&- 2>&- || status=$?
eq "status" $plain $status
report "$T/trace.ms"
whole "$T/trace.ms"
site_is known_alloc 100 50

echo "# SIGCHLD ignored does not hide how the program ended"
status=0
env --ignore-signal=CHLD "$BIN/memscope-record" -q -o "$T/trace.ms" "$PROGRAMS/end_how" kill 1 100 >/dev/null 2>"$T/err" || status=$?
eq status 137 $status
report "$T/trace.ms"
signaled 9
