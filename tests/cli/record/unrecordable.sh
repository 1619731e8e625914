# What cannot be recorded runs all the same, with one line that says why, and leaves no trace file.
. "$ROOT/tests/cli/_lib.sh"
echo "# a script of a static interpreter"
printf '#!%s\n' "$PROGRAMS/static_app" >"$T/script"
chmod +x "$T/script"
record "$T/script"
eq status 23 $status
has "$T/err" "^memscope-record: .*static_app runs unrecorded: .*static"
eq lines 1 "$(wc -l <"$T/err")"
[ ! -e "$trace" ] || wrong "a trace was left behind"

echo "# a script without an interpreter line is the shell's"
printf 'echo from sh "$@"\nexit 9\n' >"$T/plain"
chmod +x "$T/plain"
record "$T/plain" a b
eq status 9 $status
eq "what it said" "from sh a b" "$(cat "$T/out")"
report
exited 9

echo "# the interpreter does not exist"
printf '#!/nonexistent/interpreter\n' >"$T/orphan"
chmod +x "$T/orphan"
record "$T/orphan"
eq status 127 $status
has "$T/err" "^memscope-record: .*orphan: No such file or directory"
[ ! -e "$trace" ] || wrong "a trace was left behind"

echo "# set-user-ID"
if [ "$(id -u)" = 0 ]; then
	cp /bin/true "$T/privileged"
	chown 65534 "$T/privileged"
	chmod 4755 "$T/privileged"
	record "$T/privileged"
	eq status 0 $status
	has "$T/err" "^memscope-record: .*privileged runs unrecorded: .*set-user-ID"
	[ ! -e "$trace" ] || wrong "a trace was left behind"
fi

echo "# from too little memory for the arena to just enough for symbols, where libdw ends or crashes its process"
for ((limit = 32000; limit <= 46000; limit += 1000)); do
	rm -f "$T/small.ms"
	status=0
	(ulimit -v $limit && exec "$BIN/memscope-record" -o "$T/small.ms" "$PROGRAMS/end_how" exit 1 10) >"$T/out" 2>"$T/err" </dev/null ||
		status=$?
	eq "status with $limit KiB" 5 $status
	has "$T/err" "memscope-record: "
	if [ -e "$T/small.ms" ]; then
		"$BIN/memscope-trace" check "$T/small.ms" >"$T/check" 2>&1 || wrong "check with $limit KiB: $(cat "$T/check")"
	fi
done
