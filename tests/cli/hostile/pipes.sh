# A pipe where a trace should be, with nobody at its other end: refused at once, by the reader and by the recorder.
. "$ROOT/tests/cli/_lib.sh"

mkfifo "$T/pipe"
for tool in memscope-analyze "memscope-trace info" "memscope-trace check"; do
	rc=0
	timeout -s KILL 20 "$BIN"/$tool "$T/pipe" >"$T/out" 2>"$T/err" || rc=$?
	eq "status of $tool" 3 $rc
	has "$T/err" 'cannot read .*/pipe: it is not a regular file'
done
rc=0
timeout -s KILL 20 "$BIN/memscope-record" -o "$T/pipe" /bin/echo ran >"$T/out" 2>"$T/err" || rc=$?
eq "status of memscope-record" 125 $rc
has "$T/err" 'cannot write .*/pipe: No such device or address'
has_not "$T/out" ran
