# A real trace of format version 1 (jq on 50 bytes of JSON, 2026-11): this and every later version reads the very same from it.
# When the *format of the dump* changes on purpose, the sum below has to change, too; the trace never does.
. "$ROOT/tests/cli/_lib.sh"
cd "$ROOT"
golden=tests/golden/v1/jq.ms
"$BIN/memscope-trace" check "$golden" >"$T/check"
has "$T/check" '^ok: 13 blocks, 16309 events$'
"$BIN/memscope-trace" info --json -e "$golden" >"$T/info"
diff -u tests/cli/trace/expected/jq.info.json "$T/info" || wrong "facts changed"
eq "sum of all events with their stacks" "$(cat tests/cli/trace/expected/jq.sha256)" \
	"$("$BIN/memscope-trace" dump --json --stacks "$golden" | sha256sum | cut -d' ' -f1)"
report "$golden"
eq allocations 8150 "$(value .totals.allocations)"
eq frees 8148 "$(value .totals.frees)"
eq "live blocks" 2 "$(value .totals.live_blocks)"
eq "peak" "$(jq .end.peak_bytes "$T/info")" "$(value .totals.peak_bytes)"
