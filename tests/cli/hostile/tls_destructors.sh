# Calls in pthread key destructors and in destructors of thread_local objects are recorded.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/tls_destructors"
eq status 0 $status
report
exited 0
whole
site_is body_alloc 8 0
site_is key_alloc 24 0
site_is object_alloc 16 0
