# memscope-trace snapshot and cut: a part says what the whole says about the same moment, and what it is a part of.
. "$ROOT/tests/cli/_lib.sh"
part() { "$BIN/memscope-trace" "$@"; }
query() { "$BIN/memscope-query" --format csv "$1" "$2"; }

record "$PROGRAMS/churn" 4000 60
for moment in 30% peak event:1234 end; do
	part snapshot --at $moment -q -o "$T/snap.ms" "$trace"
	part check "$T/snap.ms" >"$T/check"
	has "$T/check" '^ok: [0-9]* blocks, 0 events$'
	# SQL: the live blocks by everything but their ids
	for columns in "count(*), sum(size)" "size, address, family, thread, alloc_ns"; do
		order=$([ "$columns" = "count(*), sum(size)" ] || echo "ORDER BY id")
		query "$trace" "SELECT $columns FROM snapshot('$moment') $order" >"$T/whole.csv"
		query "$T/snap.ms" "SELECT $columns FROM snapshot('end') $order" >"$T/part.csv"
		same "$T/whole.csv" "$T/part.csv"
	done
	query "$trace" "SELECT path, count(*), sum(size) FROM snapshot('$moment') JOIN sites ON sites.id = site GROUP BY path ORDER BY path" >"$T/whole.csv"
	query "$T/snap.ms" "SELECT path, count(*), sum(size) FROM blocks JOIN sites ON sites.id = site WHERE alive GROUP BY path ORDER BY path" >"$T/part.csv"
	same "$T/whole.csv" "$T/part.csv"
	# the report: what is alive, in all and by call path, size and thread
	"$BIN/memscope-analyze" -q --top=0 --at $moment --json="$T/whole.json" "$trace"
	"$BIN/memscope-analyze" -q --top=0 --json="$T/part.json" --text="$T/part.txt" "$T/snap.ms"
	for filter in '[.totals.live_blocks, .totals.live_bytes]' \
		'[.sites[] | select(.live_blocks > 0) | {live_blocks, live_bytes, stack}] | sort_by(.stack | tostring)' \
		'[.threads[] | {tid, name, live_blocks, live_bytes}]' '[.sizes[] | select(.live_blocks > 0) | {min_bytes, live_blocks, live_bytes}]'; do
		eq "$moment: $filter" "$(jq -cS "$filter" "$T/whole.json" | md5sum)" "$(jq -cS "$filter" "$T/part.json" | md5sum)"
	done
	eq "$moment: it is a part" "snapshot trace.ms false" "$(jq -r '.trace | "\(.part.kind) \(.part.of) \(.complete)"' "$T/part.json")"
	eq "$moment: nothing was counted" "0 0" "$(jq -r '.totals | "\(.allocations) \(.frees)"' "$T/part.json")"
	has "$T/part.txt" "a snapshot of trace.ms, taken at "
done
eq "a recording is no part" null "$(jq .trace.part "$T/whole.json")"

echo "# a window"
part cut --window event:1000:event:3000 -q -o "$T/cut.ms" "$trace"
part check "$T/cut.ms" >/dev/null
"$BIN/memscope-analyze" -q --top=0 --window event:1000:event:3000 --json="$T/whole.json" "$trace"
"$BIN/memscope-analyze" -q --top=0 --json="$T/part.json" --text="$T/part.txt" "$T/cut.ms"
for filter in '.totals | del(.peak_time_ns, .temporary_window)' '.totals.peak_time_ns' \
	'[.sites[] | select(.allocations > 0 or .live_blocks > 0) | {allocations, frees, live_blocks, live_bytes, stack}] | sort_by(.stack | tostring)' \
	'.lifetimes'; do
	eq "window: $filter" "$(jq -cS "$filter" "$T/whole.json")" "$(jq -cS "$filter" "$T/part.json")"
done
eq "window: alive at its start" "$(jq -c '.window | [.start_blocks, .start_bytes]' "$T/whole.json")" "$(jq -c '.trace.part | [.start_blocks, .start_bytes]' "$T/part.json")"
ge "window: something is" 10 "$(jq .trace.part.start_blocks "$T/part.json")"
cp "$T/whole.json" "$T/window.json"
cp "$T/part.json" "$T/cut.json"
has "$T/part.txt" "a part of trace.ms, from "
has "$T/part.txt" "QUALITY .*a part of a recording"
python3 "$ROOT/tests/independent/reader.py" "$T/cut.ms" >"$T/theirs"
eq "the independent reader: live blocks" "$(jq .totals.live_blocks "$T/part.json")" "$(jq .live_blocks "$T/theirs")"
eq "the independent reader: live bytes" "$(jq .totals.live_bytes "$T/part.json")" "$(jq .live_bytes "$T/theirs")"
part info "$T/cut.ms" >"$T/info"
has "$T/info" '^part of +trace.ms: from 0\.[0-9]* s to 0\.[0-9]* s, [0-9]* of [0-9]* events$'
has "$T/info" '^complete +no: it is a part of a recording$'
part repair -q -o "$T/repaired.ms" "$T/cut.ms"
same "$T/cut.ms" "$T/repaired.ms"
part symbolize -q -o "$T/named.ms" "$T/cut.ms"
part check "$T/named.ms" >/dev/null
part cut --window start:end -q -o "$T/all.ms" "$trace"
part dump --json "$trace" | jq -c 'del(.stack, .block)' >"$T/whole.dump"
part dump --json "$T/all.ms" | jq -c 'del(.stack, .block)' >"$T/part.dump"
same "$T/whole.dump" "$T/part.dump"

echo "# moments of a part: shares are of its own duration, and before its start there are none"
eq "the half of the part" 1 "$(query "$T/cut.ms" "SELECT abs((SELECT max(alloc_ns) FROM snapshot('50%')) - (SELECT (min(time_ns) + max(time_ns)) / 2 FROM events)) \
	< (SELECT (max(time_ns) - min(time_ns)) / 4 FROM events)" | tail -1)"
eq "its first hundredth" "$(query "$T/cut.ms" "SELECT count(*) > 0 FROM snapshot('start')" | tail -1)" "$(query "$T/cut.ms" "SELECT count(*) > 0 FROM snapshot('1%')" | tail -1)"
for command in "$BIN/memscope-trace snapshot -o $T/none.ms --at=1ns" "$BIN/memscope-trace cut -o $T/none.ms --window=1ns:end" "$BIN/memscope-analyze --at=1ns" \
	"$BIN/memscope-analyze --window=1ns:2ns"; do
	status=0
	$command "$T/cut.ms" >"$T/out" 2>"$T/err" || status=$?
	eq "status of $command" 2 $status
	has "$T/err" "no moment at 1 ns: this part of a recording begins at [0-9]+ ns"
done
eq "nothing was written" no "$([ -e "$T/none.ms" ] && echo yes || echo no)"
"$BIN/memscope-trace" snapshot -q "--at=blocks>10" -o "$T/some.ms" "$trace"
eq "a moment by what lives" 11 "$(query "$T/some.ms" "SELECT count(*) FROM snapshot('end')" | tail -1)"

echo "# a heap graph in the part: leaks are known there"
record --graph=exit "$PROGRAMS/leak_chain"
part snapshot --at end -q -o "$T/snap.ms" "$trace"
"$BIN/memscope-analyze" -q --json="$T/whole.json" "$trace" || true
"$BIN/memscope-analyze" -q --json="$T/part.json" "$T/snap.ms" || true
eq "leaks" "$(jq -cS '[.leaks.definite, .leaks.indirect, .leaks.possible]' "$T/whole.json")" "$(jq -cS '[.leaks.definite, .leaks.indirect, .leaks.possible]' "$T/part.json")"
part snapshot --at start -q -o "$T/snap.ms" "$trace"
"$BIN/memscope-analyze" -q --json="$T/part.json" "$T/snap.ms"
eq "no graph there" not_observable "$(jq -r '.detectors[] | select(.name == "leak") | .status' "$T/part.json")"

echo "# the peak of a part, and a part with an index"
eq "the peak of the window" "$(jq -c '[.totals.peak_bytes, .totals.peak_time_ns]' "$T/window.json")" \
	"$("$BIN/memscope-analyze" -q --at peak --json=- "$T/cut.ms" | jq -c '[.totals.live_bytes, .totals.peak_time_ns]')"
part index "$T/cut.ms" 2>/dev/null >"$T/out"
eq "the same with an index" "$(jq -cS .totals "$T/cut.json")" "$("$BIN/memscope-analyze" -q --json=- "$T/cut.ms" | jq -cS .totals)"
eq "the peak with an index" "$(jq .totals.peak_bytes "$T/cut.json")" "$("$BIN/memscope-analyze" -q --at peak --json=- "$T/cut.ms" | jq .totals.live_bytes)"

echo "# wrong use"
for wrong in "snapshot --at nonsense -o $T/x.ms" "snapshot -o $T/x.ms" "snapshot --at 1h -o $T/x.ms" "cut --window 75%:25% -o $T/x.ms" \
	"cut --window 5 -o $T/x.ms" "cut -o $T/x.ms" "snapshot --at end"; do
	status=0
	part $wrong "$trace" 2>"$T/err" || status=$?
	eq "status of $wrong" 2 $status
	[ ! -e "$T/x.ms" ] || wrong "$wrong leaves a file"
done
