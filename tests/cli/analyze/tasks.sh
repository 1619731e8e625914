# Ten thousand tasks on four threads: what each has alive, allocated and freed is what the program itself knows, to the byte; in JSON, SQL and text.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/task_pool" 10000 4
eq "status" 0 "$status"
tail -n +2 "$T/out" >"$T/truth"
between=$(awk 'NR == 1 {print $3}' "$T/out")
"$BIN/memscope-analyze" --json="$T/whole.json" --text="$T/text" --exact --width 0 --top 0 --section tasks "$trace"
jq -c '{tasks, totals, trace: {lost_events: .trace.lost_events}}' "$T/whole.json" >"$T/report.json"

# The parent of a task by its key: ids are in the order of spawns, which threads do at once.
jq -r '(.tasks.list | map({key: (.id | tostring), value: .key}) | from_entries) as $key | .tasks.list | sort_by(.key)[] |
	"\(.key) \($key[.parent // 0 | tostring] // 0) \(.allocated_bytes) \(.freed_bytes) \(.live_bytes) \(.live_blocks)"' "$T/report.json" >"$T/json_rows"
same "$T/truth" "$T/json_rows"
"$BIN/memscope-query" --format csv "$trace" 'SELECT t.key, coalesce(p.key, 0), t.allocated_bytes, t.freed_bytes, t.live_bytes, t.live_blocks
	FROM tasks t LEFT JOIN tasks p ON p.id = t.parent ORDER BY t.key' | tail -n +2 | tr , ' ' >"$T/sql_rows"
same "$T/truth" "$T/sql_rows"
tr -d , <"$T/text" | sed -n 's/^ *\([0-9]*\) B *[0-9]* *[0-9]* B *\([0-9]*\) B .* #[0-9]* [a-z]* \[\([0-9]*\)\].*/\3 \1 \2/p' | sort -n >"$T/text_rows"
awk '{print $1, $3, $5}' "$T/truth" | sort -n >"$T/truth_rows"
same "$T/truth_rows" "$T/text_rows"

# What they were: each entered three times, some by several threads. All of them and what is in none come to the totals; what is in none is what
# libc has, and the program between tasks.
sums='. as $r | [.totals as $t | ("allocations", "reallocations", "frees", "allocated_bytes", "freed_bytes", "live_bytes", "live_blocks") as $f |
	select($t[$f] != ([.tasks.list[][$f], .tasks.outside[$f]] | add)) | $f] | join(" ")'
jq -r '.tasks as $t | ($t.list | map(select(.parent == null))) as $roots | [.trace.lost_events, $t.count, $t.unbalanced, ([$t.list[] | select(.end_ns)] | length),
	([$t.list[].enters] | add), ([$t.list[].threads | length] | max > 1), ([$t.list[].live_bytes] | add == ($roots | map(.with_children.live_bytes) | add)),
	($roots | map(.with_children.members) | add), ([$t.list[] | select(.threads | map(.enters) | add != 3)] | length)] | join(" ")' "$T/report.json" >"$T/facts"
eq "lost, tasks, unbalanced, ended, enters, several threads, sums over roots, members, odd enters" "0 10000 0 10000 30000 true true 10000 0" "$(cat "$T/facts")"
eq "sums that are not those of the totals" "" "$(jq -r "$sums" "$T/report.json")"
ge "allocated in no task" "$between" "$(value .tasks.outside.allocated_bytes)"

# A window: who was inside of what before it is known; the levels are those of the end.
"$BIN/memscope-analyze" --window 30%:70% --json="$T/report.json" --text="$T/text" --top 0 "$trace"
eq "sums in a window that are not those of the totals" "" "$(jq -r "$sums" "$T/report.json")"
eq "alive at its start" "$(value .window.start_bytes)" "$(value '[.tasks.list[].start_bytes, .tasks.outside.start_bytes] | add')"

# By default the report is short, and says so. Without tasks there is nothing about them but for who asks.
"$BIN/memscope-analyze" "$trace" >"$T/text"
has "$T/text" '^TASKS  10,000 tasks, of which 10,000 ended'
has "$T/text" 'more tasks'
record "$PROGRAMS/churn" 100 10
report
eq "tasks of another program" '0 null 0' "$(value '"\(.tasks.count) \(.tasks.outside) \(.tasks.list | length)"')"
"$BIN/memscope-analyze" "$trace" >"$T/text"
has_not "$T/text" '^TASKS|^SCOPES|^VARIABLES|^POOLS'
"$BIN/memscope-analyze" --section tasks "$trace" >"$T/text"
has "$T/text" '^TASKS  the program named no task'
