# A program that becomes a daemon: the recorder returns with the first process, the daemon goes on unharmed.
. "$ROOT/tests/cli/_lib.sh"
record "$PROGRAMS/daemonize" "$T/done"
eq status 0 $status
report
exited 0
whole
site_is before_alloc 30 30
eq "allocations of the daemon in the first process's trace" 0 "$(site daemon_alloc allocations)"
await "$T/done"
eq "what the daemon wrote" "daemon done" "$(cat "$T/done")"

echo "# followed"
rm "$T/done"
TRACE="$T/follow.%p.ms" record --follow "$PROGRAMS/daemonize" "$T/done"
eq status 0 $status
await "$T/done"
found=0
for ((i = 0; i < 200 && found == 0; i++)); do # its recorder may still be writing
	for f in "$T"/follow.*.ms; do
		report "$f"
		[ "$(site daemon_alloc allocations)" != 50 ] || [ "$(value .trace.ended)" = truncated ] || found=1
	done
	sleep 0.05
done
eq "a trace with the daemon's 50 allocations" 1 $found
