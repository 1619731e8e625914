# What resident memory consists of does not depend on where the report ends: from the one replay, or from a second reading when it stops
# before the list of mappings; and the live blocks are those of a report as of that moment.
. "$ROOT/tests/cli/_lib.sh"

record --monitor=1 /usr/bin/python3 -c 'import mmap, time
kept = mmap.mmap(-1, 40 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, 40 << 20, 4096):
	kept[at] = 1
gone = mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
gone.close()
time.sleep(0.4)'
eq status 0 $status
report
whole
eq "reconciliation" derived "$(value .reconciliation.status)"
value .reconciliation >"$T/whole"
at=$(value .reconciliation.time_ns)
ge "mapped by the program" $((20 << 20)) "$(value '.reconciliation.rows[] | select(.name == "mmap") | .bytes')"
"$BIN/memscope-analyze" --json="$T/before.json" --top=0 --window=":$((at - 1))ns" "$trace"
jq -r .reconciliation "$T/before.json" >"$T/before"
same "$T/whole" "$T/before"
"$BIN/memscope-analyze" --json="$T/then.json" --top=0 --at="${at}ns" "$trace"
eq "blocks" "$(jq .totals.live_blocks "$T/then.json")" "$(value .reconciliation.live_blocks)"
eq "bytes" "$(jq .totals.live_bytes "$T/then.json")" "$(value .reconciliation.live_bytes)"
