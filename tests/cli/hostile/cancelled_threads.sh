# Threads that are cancelled: what their cleanup handlers and destructors do is recorded.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/cancel"
eq status 0 $status
report
exited 0
whole
site_is thread_alloc 600 0
site_is cleanup_alloc 200 0
site_is busy_alloc "$(said busy)" 0
