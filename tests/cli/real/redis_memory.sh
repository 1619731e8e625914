# redis-server under load: heap, resident memory and CPU on one axis, and less than a tenth of resident memory unexplained.
. "$ROOT/tests/cli/real/_real.sh"
[ -r /proc/self/smaps ] || skip "/proc/self/smaps cannot be read"
trace=$T/trace.ms
rm -f "$T/redis.sock"
"$BIN/memscope-record" --monitor=20 -o "$trace" /usr/bin/redis-server --port 0 --unixsocket "$T/redis.sock" --save "" --appendonly no \
	--dir "$T" --daemonize no >"$T/server.out" 2>"$T/err" </dev/null &
server=$!
await "$T/redis.sock"
redis-benchmark -s "$T/redis.sock" -n 40000 -c 10 -q -r 100000 -d 200 -t set,lpush >/dev/null
redis-cli -s "$T/redis.sock" shutdown nosave >/dev/null 2>&1 || true
status=0
wait $server || status=$?
eq status 0 $status
report
exited 0
whole
eq "reconciliation" derived "$(value .reconciliation.status)"
ge "resident" $((10 << 20)) "$(value .reconciliation.resident_bytes)"
eq "rows add up" "$(value .reconciliation.resident_bytes)" "$(value '[.reconciliation.rows[].bytes] | add')"
le "unexplained per thousand" 99 "$(value '.reconciliation | (.rows[] | select(.name == "unexplained") | .bytes) * 1000 / .resident_bytes | floor')"
ge "requested per thousand" 200 "$(value '.reconciliation | (.rows[] | select(.name == "requested") | .bytes) * 1000 / .resident_bytes | floor')"
has "$T/report.txt" '^  heap +[0-9.]+ .iB  '
has "$T/report.txt" '^  rss +[0-9.]+ .iB  '
has "$T/report.txt" '^  cpu +[0-9.]+ m?s  '
# The three curves stand over the same buckets, none is empty, and lines fit 100 columns.
"$BIN/memscope-analyze" --section=system "$trace" >"$T/text"
eq "curves and their lengths" "heap 91 rss 91 cpu 91" "$(awk '/^  (heap|rss|cpu) /{ print $1, length($0) } /^ +0 s /{ exit }' "$T/text" | xargs)"
le "widest line" 100 "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' "$T/text")"
has "$T/text" 'at most [0-9]+ % of a core'
for filter in '.timeline.max_live_bytes[]' '.system[] | select(.name == "rss") | .timeline.max[]' '.system[] | select(.name == "cpu_user") | .timeline.last[]'; do
	ge "buckets with $filter" 10 "$(value "[$filter | select(. != null and . > 0)] | length")"
done
eq "buckets of rss" "$(value '.timeline.max_live_bytes | length')" "$(value '.system[] | select(.name == "rss") | .timeline.max | length')"
ge "switches" 1 "$(value '.system[] | select(.name == "voluntary_switches") | .last')"
