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
record empty /bin/true
# Names that a page must not take for markup: of a directory, of the program in it, of its arguments.
hostile="$T/<script>hacked=1<"
mkdir -p "$hostile"
cp "$PROGRAMS/churn" "$hostile/\"><img src=x onerror=hacked=2>"
record hostile "$hostile/\"><img src=x onerror=hacked=2>" 1000 '</script><script>hacked=3</script>' '<!--'
for name in jq threads cxx redis zoo leaks both nograph empty hostile; do report $name; done
for name in zoo leaks both; do "$BIN/memscope-analyze" -q --gen-suppressions=$name.supp $name.ms >/dev/null; done
# A window of a recording, and one that ends too early.
cp jq.ms window.ms
report window --window=20%:80%
head -c $(($(stat -c %s jq.ms) * 2 / 3)) jq.ms > cut.ms
report cut
"$BIN/memscope-analyze" -q --no-paths --html=stripped.html hostile.ms
node "$ROOT/tests/browser/run.mjs" "$(command -v chromium)" "$ROOT/build/browser/node_modules" "$T"
