# memscope-record -p with a program whose threads live for a moment: it is attached to and left fifteen times, each trace has all that a thread does or
# none of it lost, and nothing accumulates in the process.
. "$ROOT/tests/cli/_lib.sh"
needs_ptrace

"$PROGRAMS/attach_threads" &
app=$!
resident() { awk '/^VmRSS/ { print $2 }' /proc/$app/status; }
for i in $(seq 1 15); do
	record -p $app --duration 0.05 --no-symbols
	eq "status of recording $i" 0 "$status"
	has "$T/err" ' 0 lost'
	[ $i != 5 ] || fifth=$(resident)
done
le "growth in KiB from the fifth recording to the last" 3000 $(($(resident) - fifth))
eq "words that lead to the hooks afterwards" 0 "$(/usr/bin/python3 "$ROOT/tests/cli/record/_hooked.py" $app)"
report
eq "findings" 0 "$(value '.findings | length')"
ge "reallocations" 200 "$(value .totals.reallocations)"
kill $app
rc=0
wait $app || rc=$?
eq "status of the program" 0 "$rc"
