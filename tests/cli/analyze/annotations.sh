# Scopes, tasks, variables and pools of a program whose figures are known: JSON says them, text and SQL say the same.
. "$ROOT/tests/cli/_lib.sh"

record "$PROGRAMS/catalogue"
eq "status" 0 "$status"
report
"$BIN/memscope-analyze" --exact --width 0 --top 0 --section tasks,scopes,variables,pools "$trace" | tr -d , >"$T/plain"

# scopes: path, calls, allocated, freed, alive, own peak, alive with what is inside
jq -r '.scopes.list | sort_by(.id)[] | "\(.path | join("/")) \(.calls) \(.allocated_bytes) \(.freed_bytes) \(.live_bytes) \(.peak_bytes) \(.with_children.live_bytes)"' "$T/report.json" >"$T/rows"
cat >"$T/known" <<'X'
load 1 3000 1000 2000 3000 2051
load/parse 5 550 500 50 150 50
load/give up 1 1 0 1 1 1
render 1 300 0 300 300 300
X
same "$T/known" "$T/rows"
eq "scope that was left by a jump" 1 "$(value .scopes.unbalanced)"
eq "efficiency of parse" 0.90909 "$(value '.scopes.list[] | select(.name == "parse").efficiency')"
jq -r '.scopes.list[] | "\(.allocated_bytes) \(.live_bytes) \(.calls) \(.path | join(" / "))"' "$T/report.json" >"$T/json_rows"
sed -n '/^SCOPES/,/^  in no/p' "$T/plain" | sed -En 's/^ *([0-9]+) B +[0-9]+ +[0-9]+ B +([0-9]+) B +[0-9.]+ % +([0-9]+ B|\?) +([0-9]+ B)? +([0-9]+) +[0-9.]+ [a-z]+  (.*)$/\1 \2 \5 \6/p' >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
"$BIN/memscope-query" --format=csv "$trace" "SELECT allocated_bytes || ' ' || live_bytes || ' ' || calls || ' ' || path FROM scopes ORDER BY live_bytes DESC, peak_bytes DESC" | tail -n +2 >"$T/sql_rows"
same "$T/json_rows" "$T/sql_rows"

# tasks: key, name, parent, allocated, freed, alive, threads; what is alive of a task when it ends
eq "tasks" '7 request null 1492 960 532 2,8 render 1 300 0 300 1' \
	"$(value '.tasks.list | sort_by(.key) | map("\(.key) \(.name) \(.parent) \(.allocated_bytes) \(.freed_bytes) \(.live_bytes) \(.threads | length)") | join(",")')"
eq "alive at the ends of tasks" '532 300' "$(value '.tasks.list | sort_by(.key) | map(.end_live_bytes) | join(" ")')"
eq "with children" 832 "$(value '.tasks.list[] | select(.key == 7).with_children.live_bytes')"

# variables and biographies: one block over three reallocs, freed by another thread; its copy
eq "variables" 'items char * 1 3 1 1 0,copy char * 1 0 0 0 512' \
	"$(value '.variables.list | sort_by(.line) | map("\(.name) \(.type) \(.blocks) \(.reallocations) \(.clones) \(.hand_overs) \(.live_bytes)") | join(",")')"
eq "life of items" 'born tracked reallocated reallocated reallocated cloned to handed over freed' \
	"$(value '.variables.biographies[] | select(.end == "freed").events | map(.what) | join(" ")')"
eq "life of copy" 'born cloned from tracked borrowed returned' "$(value '.variables.biographies[] | select(.end == "alive").events | map(.what) | join(" ")')"
eq "sizes" '64 128 256 512' "$(value '.variables.biographies[] | select(.end == "freed").events | map(select(.bytes).bytes) | join(" ")')"
eq "blocks of items go on in each other" true "$(value '.variables.biographies[] | select(.end == "freed") | .block == (.events | map(select(.what == "reallocated").block) | last)')"
eq "lives in SQL" "$(value '.variables.biographies | sort_by(.id) | map(.events | map("\(.time_ns) \(.what)") | join(";")) | join(";")')" \
	"$("$BIN/memscope-query" --format=csv "$trace" "SELECT time_ns || ' ' || what FROM variable_events" | tail -n +2 | paste -sd';')"
eq "blocks of biographies are blocks" "2" "$("$BIN/memscope-query" --format=csv "$trace" "SELECT count(*) FROM biographies b JOIN blocks k ON k.id = b.block AND k.size = b.size" | tail -1)"
has "$T/plain" '^ *[0-9.]+ ms  handed over to thread [0-9]+$'

# pools: in no total
eq "pool" 'names 4096 1000 10 0.24414 13 1150 4 400 1 6 600 3 150' \
	"$(value '.pools.list[] | "\(.name) \(.parent.bytes) \(.peak_bytes) \(.peak_blocks) \(.parent.utilisation) \(.allocations) \(.allocated_bytes) \(.frees) \(.freed_bytes) \(.resets) \(.reset_blocks) \(.reset_bytes) \(.destroyed_blocks) \(.destroyed_bytes)"')"
eq "who asked it" 'names 1000,names 150' "$(value '.pools.list[0].sites | map("\(.stack | map(.function) | map(select(. != "memscope_pool_alloc"))[0]) \(.allocated_bytes)") | join(",")')"
has "$T/plain" '^ *1150 B +13 +1000 B +4096 B +24.4 % +0 B +400 B +600 B +150 B  names$'
eq "the pool's memory is a block" 4096 "$("$BIN/memscope-query" --format=csv "$trace" 'SELECT k.size FROM pools p JOIN blocks k ON k.id = p.parent_block' | tail -1)"
eq "calls that map memory, without pools" 0 "$("$BIN/memscope-query" --format=csv "$trace" "SELECT count(*) FROM mappings WHERE call LIKE 'pool%'" | tail -1)"

# A part knows who is inside of what only from where it begins; what it does not know is in no task and no scope.
"$BIN/memscope-trace" cut --window 50%:100% -q -o "$T/part.ms" "$trace"
"$BIN/memscope-analyze" --json="$T/report.json" --top 0 "$T/part.ms"
eq "sum of what is alive in a part" "$(value .totals.live_bytes)" "$(value 'if .scopes.count > 0 then [.scopes.list[].live_bytes, .scopes.outside.live_bytes] | add else .totals.live_bytes end')"

# Leaks belong to the task and scope in which the lost blocks were begun; what a realloc took over is lost where the realloc was called.
record --graph=exit "$PROGRAMS/leak_tasks"
report
eq "leaks by task" 'tidy 0 0 0 0 30,sloppy 2 300 4 160 460' \
	"$(value '.tasks.list | sort_by(.key) | map("\(.name) \(.leaks.definite_blocks) \(.leaks.definite_bytes) \(.leaks.indirect_blocks) \(.leaks.indirect_bytes) \(.live_bytes)") | join(",")')"
eq "leaks in no task" '1 24' "$(value '.tasks.outside.leaks | "\(.definite_blocks) \(.definite_bytes)"')"
eq "leaks of the scope" '2 300 4 160' "$(value '.scopes.list[] | select(.name == "work").leaks | "\(.definite_blocks) \(.definite_bytes) \(.indirect_blocks) \(.indirect_bytes)"')"
eq "leaks of all" "$(value '.leaks.definite.bytes + .leaks.indirect.bytes')" "$(value '[.tasks.list[].leaks, .tasks.outside.leaks | .definite_bytes + .indirect_bytes] | add')"
eq "leaks in SQL" 'sloppy,300,160' "$("$BIN/memscope-query" --format=csv "$trace" "SELECT name, definite_bytes, indirect_bytes FROM tasks WHERE definite_bytes > 0" | tail -1)"
record --graph=off "$PROGRAMS/leak_tasks"
report
eq "leaks by task without a graph" 'null,null' "$(value '.tasks.list | map(.leaks) | map(tostring) | join(",")')"
"$BIN/memscope-analyze" "$trace" >"$T/text"
has "$T/text" '^  what of it is leaked is not observable: '
