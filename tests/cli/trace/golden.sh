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

# Parts of a trace, as memscope-trace cut and snapshot wrote them of v2/kinds.ms when parts came: a window that begins with blocks, holds
# evidence, a heap graph and an exec; and what was alive at a moment. They say what the whole says about the same window and moment.
whole=tests/golden/v2/kinds.ms
part() { # NAME BLOCKS EVENTS SUM
	local file=tests/golden/v2/$1.ms
	"$BIN/memscope-trace" check "$file" >"$T/check"
	has "$T/check" "^ok: $2 blocks, $3 events\$"
	"$BIN/memscope-trace" info --json -e "$file" >"$T/info"
	diff -u "tests/cli/trace/expected/$1.info.json" "$T/info" || wrong "facts of $1 changed"
	eq "sum of the events of $1" "$4" "$("$BIN/memscope-trace" dump --json --stacks "$file" | sha256sum | cut -c1-16)"
}
alive() { # TRACE MOMENT: by everything but their ids
	"$BIN/memscope-query" --format csv "$1" "SELECT address, size, family, thread, alloc_ns, path FROM snapshot('$2') s JOIN sites ON sites.id = site ORDER BY s.id" >"$T/alive.csv"
	[ "$(wc -l <"$T/alive.csv")" -gt 10 ] || echo "few rows of $1"
	sha256sum <"$T/alive.csv"
}
part part 20 56 4492b252b4b1252b
part snapshot 10 0 e3b0c44298fc1c14
"$BIN/memscope-analyze" --window=event:20: --json="$T/whole.json" "$whole" || wrong "the window of the whole: status $?"
report tests/golden/v2/part.ms
eq "totals" "$(jq -cS .totals "$T/whole.json")" "$(jq -cS .totals "$T/report.json")"
eq "findings" "$(jq -c '[.findings[].fingerprint] | sort' "$T/whole.json")" "$(jq -c '[.findings[].fingerprint] | sort' "$T/report.json")"
eq "alive at the start" "$(alive "$whole" event:20)" "$(alive tests/golden/v2/part.ms start)"
eq "alive at a moment" "$(alive "$whole" event:40)" "$(alive tests/golden/v2/snapshot.ms end)"
eq "alive at a moment" "$(alive "$whole" event:40)" "$(alive tests/golden/v2/part.ms event:19)"
