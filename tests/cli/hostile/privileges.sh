# A program that gives up root and then executes another one: it runs unharmed, and its trace is readable.
. "$ROOT/tests/cli/_lib.sh"
[ "$(id -u)" = 0 ] || skip "needs root"
record setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/jq -n '[range(1000)] | add, input_filename'
eq status 0 $status
eq "what it said" "499500 null" "$(tr '\n' ' ' <"$T/out" | sed 's/ $//')"
eq "its own stderr" "" "$(grep -v '^memscope-record: ' "$T/err" || true)"
report
exited 0
eq "lost events" 0 "$(value .trace.lost_events)"
