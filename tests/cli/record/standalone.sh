# LD_PRELOAD=libmemscope-preload.so MEMSCOPE_OUT=FILE alone: no memscope-record. Real programs, and every way in which one ends.
. "$ROOT/tests/cli/_lib.sh"

library=$BIN/../lib/libmemscope-preload.so
[ -r "$library" ] || give_up "no $library"
# alone OUT COMMAND...: BACKEND is core when unset
alone() {
	local out=$1
	shift
	status=0
	timeout -k 5 60 env ${BACKEND:+MEMSCOPE_BACKEND=$BACKEND} MEMSCOPE_OUT="$out" LD_PRELOAD="$library" "$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
}
end_of() { value '.trace | "\(.ended) \(.exit_code)"'; }

# jq and python3 as they are: same output, every allocation as memscope-record counts them
/usr/bin/python3 -c 'import json; json.dump([{"a": i, "b": [str(i)] * 3} for i in range(4000)], open("'"$T"'/in.json", "w"))'
jq -c 'map(.b | length) | add' "$T/in.json" >"$T/plain"
record --monitor=off --no-symbols jq -c 'map(.b | length) | add' "$T/in.json"
report
allocations=$(value .totals.allocations) frees=$(value .totals.frees)
for BACKEND in core async unified; do
	alone "$T/jq.ms" jq -c 'map(.b | length) | add' "$T/in.json"
	eq "jq, $BACKEND: status" 0 $status
	same "$T/plain" "$T/out"
	report "$T/jq.ms"
	eq "jq, $BACKEND: allocations" "$allocations" "$(value .totals.allocations)"
	eq "jq, $BACKEND: frees" "$frees" "$(value .totals.frees)"
	eq "jq, $BACKEND: end" "exited 0" "$(end_of)"
	eq "jq, $BACKEND: lost" 0 "$(value .trace.lost_events)"
	eq "jq, $BACKEND: backend" "$BACKEND MEMSCOPE_BACKEND" "$(value '.trace | "\(.backend) \(.backend_reason)"')"
done
unset BACKEND
has "$T/report.txt" 'memscope-trace symbolize adds them'
"$BIN/memscope-trace" symbolize -q "$T/jq.ms"
report "$T/jq.ms"
ge "functions after symbolize (percent)" 10 "$(value '.trace.symbolized_share * 100 | floor')"

printf '%s\n' 'import threading' 'def work():' '    for i in range(3000): [i] * 9' \
	'ts = [threading.Thread(target=work) for _ in range(6)]' '[t.start() for t in ts]; [t.join() for t in ts]; print("done")' >"$T/threads.py"
for BACKEND in core async; do
	PYTHONMALLOC=malloc alone "$T/py.ms" /usr/bin/python3 "$T/threads.py"
	eq "python3, $BACKEND" "0 done" "$status $(cat "$T/out")"
	report "$T/py.ms"
	ge "python3, $BACKEND: threads" 7 "$(value '.threads | length')"
	ge "python3, $BACKEND: allocations" 20000 "$(value .totals.allocations)"
	eq "python3, $BACKEND: end" "exited 0" "$(end_of)"
	eq "python3, $BACKEND: lost" 0 "$(value .trace.lost_events)"
	"$BIN/memscope-trace" check -q "$T/py.ms" || wrong "python3, $BACKEND: check says $?"
done
unset BACKEND

# how it ends: what is published is there whenever our code runs once more
for how in exit:5 return:6 _exit:3 thread_exit:8; do
	alone "$T/end.ms" "$PROGRAMS/end_how" ${how%:*} 3 2000
	eq "status of $how" ${how#*:} $status
	report "$T/end.ms"
	eq "end by ${how%:*}" "exited ${how#*:}" "$(end_of)"
	eq "blocks of ${how%:*}" 6000 "$(value '[.threads[].allocations] | add | if . >= 6000 and . < 6100 then 6000 else . end')"
done
alone "$T/end.ms" "$PROGRAMS/end_how" quick_exit 3 2000
report "$T/end.ms"
eq "end by quick_exit" "unknown null" "$(end_of)"
eq "blocks of quick_exit" true "$(value '.totals.allocations >= 6000')"
# abort: everything, but no end; a signal: what was in the file
alone "$T/end.ms" "$PROGRAMS/end_how" abort 3 2000
eq "status of abort" 134 $status
report "$T/end.ms"
eq "end by abort" "truncated null" "$(end_of)"
eq "blocks of abort" true "$(value '.totals.allocations >= 6000')"
for how in segv:139 kill:137 term:143; do
	alone "$T/end.ms" "$PROGRAMS/end_how" ${how%:*} 2 40000
	eq "status of $how" ${how#*:} $status
	report "$T/end.ms"
	eq "end by $how" "truncated null" "$(end_of)"
	ge "events before $how" 20000 "$(value .trace.events)"
done

# exec: a file for each program; fork: the parent's events alone, children run clean
rm -f "$T"/*.ms
alone "$T/run.ms" "$PROGRAMS/end_how" exec 1 3000
eq "status after exec" 21 $status
report "$T/run.ms"
eq "before the exec" "running null" "$(end_of)"
report "$T/run.1.ms"
eq "after the exec" "exited 21" "$(end_of)"
eq "blocks after the exec" true "$(value '.totals.allocations >= 3000')"
alone "$T/sh.ms" sh -c '(exec /no/such/program) 2>/dev/null; /bin/true; env | grep -c MEMSCOPE; exit 4'
eq "a shell and its children" "4 0" "$status $(cat "$T/out")"
report "$T/sh.ms"
eq "end of the shell" "exited 4" "$(end_of)"
eq "files of children" "run.1.ms run.ms sh.ms" "$(cd "$T" && echo *.ms)"
for program in fork_storm children signal_handler; do
	alone "$T/p.ms" "$PROGRAMS/$program"
	eq "$program" 0 $status
	"$BIN/memscope-trace" check -q "$T/p.ms" || wrong "$program: check says $?"
done

# one that forbids itself system calls is not killed for ours
for BACKEND in core async; do
	alone "$T/shut.ms" "$PROGRAMS/shut_in"
	eq "shut_in, $BACKEND" 0 $status
	"$BIN/memscope-trace" info "$T/shut.ms" >"$T/info"
	has "$T/info" 'backend .*about to forbid itself system calls'
	has "$T/info" '^ended +still running'
done
unset BACKEND

# a failed exec does not end the recording
alone "$T/failed.ms" /usr/bin/python3 -c 'import os
try: os.execv("/no/such/program", ["x"])
except OSError: pass
keep = [bytearray(3000 + i) for i in range(500)]'
report "$T/failed.ms"
eq "end after a failed exec" "exited 0" "$(end_of)"
"$BIN/memscope-trace" check -q "$T/failed.ms" || wrong "failed exec: check says $?"

# a program that closes every descriptor, and uses the numbers for files of its own
cat >"$T/closes.py" <<'PY'
import os, sys
os.closerange(3, 1 << 20)
files = [os.open(sys.argv[1] + "/own.%d" % i, os.O_RDWR | os.O_CREAT) for i in range(3)]
keep = [bytearray(2000 + i) for i in range(30000)]
for f in files: os.write(f, b"mine")
PY
for BACKEND in core async; do
	rm -f "$T"/own.*
	alone "$T/closed.ms" /usr/bin/python3 "$T/closes.py" "$T"
	eq "closes, $BACKEND" 0 $status
	eq "its files, $BACKEND" minemine "$(cat "$T/own.0" "$T/own.2")"
	report "$T/closed.ms"
	eq "closes, $BACKEND: end" "exited 0" "$(end_of)"
	eq "closes, $BACKEND: blocks" true "$(value '.totals.allocations >= 30000')"
done
unset BACKEND

# names: relative to the folder at the start, %p and %e; what is no trace is left alone; nothing is said
(cd "$T" && alone 'named.%e.%p.ms' jq -n 1)
eq "named file" 1 "$(ls "$T" | grep -cE '^named\.jq\.[0-9]+\.ms$')"
echo precious >"$T/other"
alone "$T/other" jq -n 1
eq "what is no trace" "0 1 precious" "$status $(cat "$T/out" "$T/err" | tr '\n' ' ')$(cat "$T/other")"
alone "$T/no/folder/x.ms" jq -n 1
eq "no folder" "0 1 " "$status $(cat "$T/out" "$T/err" | tr '\n' ' ')"
BACKEND=nothing alone "$T/nothing.ms" jq -n 1
eq "no such backend" "0 1" "$status $(cat "$T/out" "$T/err")"
[ ! -e "$T/nothing.ms" ] || wrong "a trace of a backend that there is not"
