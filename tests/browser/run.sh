#!/usr/bin/env bash
# Makes reports of all kinds of recordings in $T and lets a browser look at them (run.mjs). Called by tests/run, which sets ROOT BIN
# PROGRAMS T. Status 77: no browser here.
set -eu
command -v chromium >/dev/null || { echo "no chromium on PATH"; exit 77; }
cd "$T"
record() { # NAME OPTION... COMMAND
	local name=$1
	shift
	"$BIN/memscope-record" -q -o "$name.ms" "$@" >/dev/null 2>&1 || true
}
report() {
	"$BIN/memscope-analyze" -q --top=0 --html="$1.html" --json="$1.json" "${@:2}" "$1.ms"
}
jq -nc '[range(3000) | {id: ., name: "record \(.)", tags: ["a\(. % 7)"], price: (. * 7 % 1000)}]' > records.json
record jq jq 'map(select(.price > 10)) | length' records.json
record threads --free-stacks "$PROGRAMS/short_threads" 200 8
record cxx "$PROGRAMS/tls_destructors"
("$BIN/memscope-record" -q -o redis.ms redis-server --port 0 --unixsocket "$T/redis.sock" --save '' --appendonly no --daemonize no >redis.log 2>&1 || true) &
for _ in $(seq 100); do redis-cli -s "$T/redis.sock" ping >/dev/null 2>&1 && break; sleep 0.05; done
redis-cli -s "$T/redis.sock" eval 'for i = 1, 2000 do redis.call("set", "key:" .. i, string.rep("x", i % 300)) end' 0 >/dev/null
redis-cli -s "$T/redis.sock" shutdown nosave >/dev/null 2>&1 || true
wait
record zoo --guard=canary "$PROGRAMS/zoo/heap_overflow_cxx" all bug
record leaks "$PROGRAMS/zoo/leaks_cxx" all bug
record both --guard=full --guard-side=both "$PROGRAMS/zoo/heap_underflow" all bug
record nograph --graph=off "$PROGRAMS/churn" 1000
record annotated "$PROGRAMS/annotate"
record tasks "$PROGRAMS/task_pool" 2000 3
record empty /bin/true
record sample --sample-bytes=4K "$PROGRAMS/sampled"
# Names that a page must not take for markup: of a directory, of the program in it, of its arguments.
hostile="$T/<script>hacked=1<"
mkdir -p "$hostile"
cp "$PROGRAMS/churn" "$hostile/\"><img src=x onerror=hacked=2>"
record hostile "$hostile/\"><img src=x onerror=hacked=2>" 1000 '</script><script>hacked=3</script>' '<!--'
cp "$PROGRAMS/zoo/heap_overflow_cxx" "$hostile/'><svg onload=hacked=5>"
record hostile_zoo --guard=canary "$hostile/'><svg onload=hacked=5>" all bug
report hostile_zoo
for name in jq threads cxx redis zoo leaks both nograph annotated tasks empty sample hostile; do report $name; done
for name in zoo leaks both; do "$BIN/memscope-analyze" -q --gen-suppressions=$name.supp $name.ms >/dev/null; done
# A window of a recording, one in which blocks end and none begins, and a recording that ends too early.
cp jq.ms window.ms
report window --window=20%:80%
cp jq.ms ending.ms
report ending --window="event:$("$BIN/memscope-query" jq.ms --format=csv "SELECT max(event) FROM events WHERE kind IN ('malloc', 'calloc', 'realloc-new')" | tail -n 1):"
head -c $(($(stat -c %s jq.ms) * 2 / 3)) jq.ms > cut.ms
report cut
# Moments at ends of steps of the timeline, for the snapshots: NAME@STEP.json. A step at whose end a realloc is between its halves is passed over:
# its block is alive for --at and not counted by the timeline.
for name in jq window cxx; do
	for step in 60 180 300 420; do
		while :; do
			at=$(jq ".timeline.start_ns[$step + 1] - 1" $name.json)
			last=$("$BIN/memscope-query" $name.ms --format=csv "SELECT kind FROM events WHERE time_ns <= $at ORDER BY event DESC LIMIT 1" | tail -n 1)
			[[ $last == *realloc-free* && $step -lt 470 ]] || break
			step=$((step + 1))
		done
		"$BIN/memscope-analyze" -q --top=0 --at="${at}ns" --json="$name@$step.json" $name.ms
	done
done
# Ten million events, and more call paths than have room on a page as series of their own.
"${B:-$ROOT/build/release}/bench/make_trace" -n 10000000 -l 500000 -s 20000 large.ms
"$BIN/memscope-analyze" -q --html=large.html --json=large.json large.ms
"$BIN/memscope-analyze" -q --no-paths --html=stripped.html hostile.ms

# Comparisons (compare.mjs): of programs that differ, of several runs a side, of builds where a function got another name, of
# errors, of moments and windows of one trace, of a trace with itself, of nothing, with hostile names, with one that ends too early.
give_up() { echo "$1"; exit 1; }
compare() { # NAME ARGUMENT...
	"$BIN/memscope-diff" -q --top=0 --html="diff-$1.html" --json="diff-$1.json" "${@:2}" 2>/dev/null || [ $? = 1 ]
}
for n in 1 2 3; do
	jq -nc --argjson n $((2900 + 50 * n)) '[range($n) | {id: ., name: "record \(.)", price: (. * 7 % 1000)}]' > some.json
	record "few$n" jq length some.json
	record "more$n" jq 'map(.name) | sort | length' some.json
done
(. "$ROOT/tests/cli/diff/_builds.sh" && build before "$T/before" && build worse "$T/worse")
(cd worse && cc -g -O1 -fno-builtin -fno-optimize-sibling-calls -Dread_record=load_record -o records records.c text.c)
record before "$T/before/records"
record worse "$T/worse/records"
record hostile2 "$hostile/\"><img src=x onerror=hacked=2>" 1500 '</script><script>hacked=5</script>'
compare jq --fail-on 'allocations>+0' --fail-on 'peak>+100MiB' --fail-on 'new:use-after-free>0' few1.ms jq.ms
compare several few1.ms few2.ms few3.ms -- more1.ms more2.ms more3.ms
compare moved --ignore-templates before.ms worse.ms
compare findings zoo.ms leaks.ms
record marks1 "$PROGRAMS/marks"
record marks2 "$PROGRAMS/marks"
compare marks marks1.ms marks2.ms
compare threads threads.ms redis.ms
compare moments --at=50% --vs=end jq.ms
compare windows --window=10%:40% --vs-window=40%:90% --align=share jq.ms
compare same --sort=peak jq.ms jq.ms
compare empty empty.ms empty.ms
compare hostile hostile.ms hostile2.ms
compare cut jq.ms cut.ms
"$BIN/memscope-diff" -q --no-paths --html=diff-stripped.html hostile.ms hostile2.ms

node "$ROOT/tests/browser/run.mjs" "$(command -v chromium)" "$ROOT/build/browser/node_modules" "$T"
