# What a program does on purpose shows in the series: memory up and down, CPU, a file that is read. Orders, no timings.
. "$ROOT/tests/cli/_lib.sh"

[ -r /proc/self/smaps ] || skip "/proc/self/smaps cannot be read"
head -c 8388608 /dev/zero >"$T/input"
record --monitor=20 "$PROGRAMS/system_pattern" "$T/input"
eq status 0 $status
report
whole
exited 0
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/report.json" || wrong "schema"
s() { value ".system[] | select(.name == \"$1\") | .$2"; }
MiB=1048576
eq "wanted interval" 20000000 "$(value .monitor_interval_ns)"
eq "system_reason" null "$(value .system_reason)"
for name in rss rss_anonymous cpu_user cpu_system threads minor_faults; do
	eq "$name" observed "$(s $name status)"
done
ge "samples" 20 "$(s rss samples)"
ge "most of rss" $((200 * MiB)) "$(s rss max)"
le "most of rss" $((240 * MiB)) "$(s rss max)"
ge "anonymous" $((200 * MiB)) "$(s rss_anonymous max)"
le "rss at first" $((190 * MiB)) "$(s rss first)"
le "rss at last" $((30 * MiB)) "$(s rss last)"
ge "faults" $((200 * MiB / 4096 * 3 / 4)) "$(($(s minor_faults last) + 512 * $(grep -c '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled || true) * 100))"
ge "user CPU" 500000000 "$(s cpu_user last)"
le "all CPU" 20000000000 "$(($(s cpu_user last) + $(s cpu_system last)))"
for name in voluntary_switches involuntary_switches; do eq "$name" "observed true" "$(s $name status) $(s $name cumulative)"; done
ge "switches" 1 "$(($(s voluntary_switches last) + $(s involuntary_switches last)))"
has_not "$T/report.json" '"main_thread_'
# network: of the namespace, the loopback apart
eq "net" "$(s namespace_received status)" "$(s namespace_loopback status)"
eq "most threads" 1 "$(s threads max)"
if [ "$(s read status)" = observed ]; then ge "bytes read" 8388608 "$(s read last)"; fi
if [ "$(s pss status)" = observed ]; then
	ge "pss" $((200 * MiB)) "$(s pss max)"
	le "samples with a pss" "$(($(s rss samples) / 5 + 1))" "$(s pss samples)"
fi
# memory is there before most of the CPU time is spent, and gone at the end
value '[.system[] | select(.name == "rss") | .timeline.max | to_entries[] | select(.value != null and .value > 200 * 1048576) | .key] | min, max' >"$T/high"
value '[.system[] | select(.name == "cpu_user") | .timeline.last | to_entries[] | select(.value != null and .value > 500000000) | .key] | min' >"$T/busy"
le "bucket in which memory is there, and that in which CPU is spent" "$(cat "$T/busy")" "$(head -1 "$T/high")"
le "the last bucket with memory" 118 "$(tail -1 "$T/high")"
le "samples are in order" "$(value .trace.duration_ns)" "$(s rss last_ns)"

# what resident memory consists of
eq "reconciliation" derived "$(value .reconciliation.status)"
ge "resident" $((200 * MiB)) "$(value .reconciliation.resident_bytes)"
eq "rows add up" "$(value .reconciliation.resident_bytes)" "$(value '[.reconciliation.rows[].bytes] | add')"
eq "mappings add up" "$(value .reconciliation.resident_bytes)" "$(value '[.reconciliation.mappings[].resident_bytes] | add')"
r() { value ".reconciliation.rows[] | select(.name == \"$1\") | .bytes"; }
ge "requested" $((190 * MiB)) "$(r requested)"
eq "live then" 2 "$(value .reconciliation.live_blocks)"
le "unexplained" $((MiB)) "$(r unexplained)"
ge "files" 100000 "$(r files)"
ge "recorder" 4096 "$(r recorder)"
ge "stacks" 4096 "$(r stacks)"

# text says the same
"$BIN/memscope-analyze" --section system --exact --width 0 "$trace" >"$T/text"
tr -d , <"$T/text" >"$T/plain"
has "$T/plain" "^SYSTEM  $(s rss samples) samples"
for name in $(value '.reconciliation.rows[].name'); do
	has "$T/plain" "^ *$(r "$name") B .* $name  "
done
has "$T/plain" "^  rss  .* $(s rss last) B  *$(s rss min) B  *$(s rss max) B "
has "$T/plain" "^  heap  *$(value .totals.peak_bytes) B  "
has "$T/plain" "^  cpu  "
"$BIN/memscope-trace" info "$trace" >"$T/info"
has "$T/info" "^samples +$(s rss samples) of [0-9]+ series"
eq "info" "$(s rss samples)" "$("$BIN/memscope-trace" info --json "$trace" | jq '.samples.series[] | select(.name == "rss") | .samples')"
