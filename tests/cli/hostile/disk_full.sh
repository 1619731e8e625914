# The disk is full: a clear error, the program unharmed, the trace readable up to there.
. "$ROOT/tests/cli/_lib.sh"
in_namespace
mkdir "$T/disk"
mount -t tmpfs -o size=300k tmpfs "$T/disk" || skip "cannot mount a small file system"
"$PROGRAMS/churn" 3000000 10 >"$T/plain"
TRACE="$T/disk/trace.ms" record "$PROGRAMS/churn" 3000000 10
eq "status of the program, passed through" 0 $status
same "$T/plain" "$T/out"
has "$T/err" "memscope-record: .*(No space left|disk|full)"
report
eq complete false "$(value .trace.complete)"
ge "allocations up to there" 1000 "$(site churn_alloc allocations)"
le "allocations up to there" 1500000 "$(site churn_alloc allocations)"
le "size of the file" 307200 "$(stat -c %s "$trace")"
umount "$T/disk"
