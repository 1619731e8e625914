# The disk is full: a clear error, the program unharmed, the trace readable up to there.
. "$ROOT/tests/cli/_lib.sh"
in_namespace
mkdir "$T/disk"
mount -t tmpfs -o size=1000k tmpfs "$T/disk" || skip "cannot mount a small file system"
"$PROGRAMS/churn" 3000000 10 >"$T/plain"
TRACE="$T/disk/trace.ms" record "$PROGRAMS/churn" 3000000 10
eq "status of the program, passed through" 0 $status
same "$T/plain" "$T/out"
has "$T/err" "memscope-record: .*(No space left|disk|full)"
report
eq complete false "$(value .trace.complete)"
ge "allocations up to there" 1000 "$(value .totals.allocations)"
le "allocations up to there" 1499999 "$(value .totals.allocations)"
le "size of the file" 1024000 "$(stat -c %s "$trace")"
cp "$trace" "$T/copy.ms"
umount "$T/disk"
"$BIN/memscope-trace" symbolize "$T/copy.ms" >/dev/null 2>"$T/symbolize.err" || wrong "symbolize: $(cat "$T/symbolize.err")"
report "$T/copy.ms"
eq "allocations in churn_alloc, symbols added" "$(value .totals.allocations)" "$(site churn_alloc allocations)"
