# An executable with its own allocator runs unharmed, and the trace says which allocator it was.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/own_malloc"
eq status 24 $status
eq "what it said" "own malloc text" "$(cat "$T/out")"
report
exited 24
eq "lost events" 0 "$(value .trace.lost_events)"
"$BIN/memscope-trace" info "$trace" >"$T/info"
has "$T/info" "own_malloc"
