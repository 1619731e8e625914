# An executable with its own allocator runs unharmed, and the trace says which allocator it was.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/own_malloc"
eq status 24 $status
eq "what it said" "own malloc text" "$(cat "$T/out")"
report
exited 24
eq "lost events" 0 "$(value .trace.lost_events)"
allocator() { "$BIN/memscope-trace" info "$trace" | sed -n 's/^allocator *//p'; }
eq "the allocator" own_malloc "$(allocator)"
has "$T/report.txt" "! the executable own_malloc defines malloc itself: what it allocates is not seen"

echo "# no call at all; and libc's allocator"
echo 'int main(void) { return 3; }' >"$T/nothing.c"
gcc -o "$T/nothing" "$T/nothing.c"
record "$T/nothing"
eq status 3 $status
report
has "$T/report.txt" "! no allocation was seen: the program made none, or its allocator is inside the executable"
record "$PROGRAMS/tiny"
report
case $(allocator) in libc*.so*) ;; *) wrong "the allocator: $(allocator)" ;; esac
has_not "$T/report.txt" "is not seen"
