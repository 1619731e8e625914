# No hook changes errno.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/errno_kept"
eq "what it said" "errno kept" "$(cat "$T/out")"
eq status 0 $status
report
exited 0
whole
record --free-stacks "$PROGRAMS/errno_kept"
eq "what it said with --free-stacks" "errno kept" "$(cat "$T/out")"
