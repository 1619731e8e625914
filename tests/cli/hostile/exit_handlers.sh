# Calls in atexit, on_exit and at_quick_exit handlers are recorded.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/at_exit"
eq status 2 $status
report
exited 2
whole
site_is handler_alloc 36 24
record "$PROGRAMS/at_exit" quick
eq status 2 $status
report
exited 2
whole
site_is handler_alloc 18 12
