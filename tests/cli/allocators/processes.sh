# Allocators' own functions in threads, in programs that exec has put in the place of others, in children, and in a process that runs already.
. "$ROOT/tests/cli/allocators/_allocators.sh"
build static je.c '-DJE(name)=name' "$ARCHIVES/libjemalloc.a" -lstdc++ -lm -lpthread
build threads threads.c -ljemalloc

echo "# threads"
exact "$T/threads"
site_is turn 40000 0
eq "reallocations" 20000 "$(site turn reallocations)"

echo "# behind an exec"
record sh -c "exec '$T/static'"
eq status 0 $status
report
whole
je_is_right

echo "# in a child"
record --follow -o "$T/child_%p.ms" sh -c "'$T/static'; exit 3"
eq status 3 $status
found=0
for trace in "$T"/child_*.ms; do
	report "$trace"
	[ "$(value .trace.executable)" = "$T/static" ] || continue
	whole
	je_is_right
	eq "whose functions" "static jemalloc inside 13 recorded" "$(direct)"
	found=$((found + 1))
done
eq "children" 1 $found

echo "# in a process that runs already, its code stays as it is, and that is said"
"$T/threads" 1000 &
program=$!
sleep 0.2
status=0
trace=$T/attached.ms
"$BIN/memscope-record" -o "$trace" -p $program --duration 0.5 >"$T/out" 2>"$T/err" || status=$?
kill $program
if grep -q "ptrace\|not permitted" "$T/err"; then
	echo "(no attaching here)"
else
	eq status 0 $status
	report
	eq "whose functions" "libjemalloc.so.2 jemalloc library 5 unseen" "$(direct)"
	has "$T/report.txt" "! libjemalloc.so.2: calls of jemalloc's own functions are not seen: the recording attached"
	eq "errors" 0 "$(value '[.findings[] | select(.kind | startswith("leak") | not)] | length')"
fi
