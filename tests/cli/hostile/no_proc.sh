# Without /proc.
. "$ROOT/tests/cli/_lib.sh"
in_namespace
mount -t tmpfs none /proc || skip "cannot mount over /proc"
[ ! -e /proc/self ] || give_up "/proc is still there"
record "$PROGRAMS/churn" 2000 10
eq status 0 $status
report
exited 0
whole
site_is churn_alloc 1000 0
site_is keep_alloc 10 10
record "$PROGRAMS/end_how" kill 4 100
eq status 137 $status
report
signaled 9
whole
site_is known_alloc 400 200
