# On recordings of real programs, sums over the rows of `events`, `blocks` and `snapshot` (not over the report's own tables) are the
# figures of memscope-analyze, to the byte; in windows, too.
. "$ROOT/tests/cli/_lib.sh"
ask() { "$BIN/memscope-query" --format=csv "$trace" "$1" | tail -n +2; }
# rows WHAT FILTER SQL: the same rows, in any order
rows() {
	value "$2" | sort >"$T/report.rows"
	ask "$3" | sort >"$T/query.rows"
	cmp -s "$T/report.rows" "$T/query.rows" || wrong "$name: $1: $(diff "$T/report.rows" "$T/query.rows" | head -4)"
}
lives="CASE WHEN class = 'alloc' THEN size WHEN class = 'free' AND block IS NOT NULL THEN -size ELSE 0 END"
begun="class = 'alloc' AND kind != 'realloc-failed'"
compare() { # NAME [LEAST-EVENTS [WINDOWS]]
	name=$1
	report "$trace"
	ge "$name: events" "${2:-2000}" "$(value .trace.events)"
	rows "allocations, reallocations" '.totals | "\(.allocations),\(.reallocations),\(.allocated_bytes)"' \
		"SELECT sum(kind != 'realloc'), sum(kind = 'realloc'), sum(size) FROM events WHERE $begun"
	rows "frees" '.totals | "\(.frees),\(.freed_bytes),\(.ended_by_exec.blocks)"' \
		"SELECT sum(ended = 'free'), ifnull(sum(size), 0), (SELECT count(*) FROM blocks WHERE ended = 'exec') FROM blocks WHERE ended IN ('free', 'realloc')"
	rows "unmatched frees" '.totals.unmatched_frees' "SELECT count(*) FROM events WHERE class = 'free' AND block IS NULL AND kind != 'realloc-free'"
	rows "peak" '.totals.peak_bytes' "SELECT max(live) FROM (SELECT sum($lives) OVER (ORDER BY event ROWS UNBOUNDED PRECEDING) AS live FROM events)"
	rows "peak by call path" '.sites[] | select(.peak_blocks > 0) | "\(.id),\(.peak_blocks),\(.peak_bytes)"' "SELECT site, count(*), sum(size) FROM snapshot('peak') GROUP BY site"
	rows "call paths" '.sites[] | "\(.id),\(.allocations),\(.reallocations),\(.allocated_bytes),\(.frees),\(.live_blocks),\(.live_bytes),\(.temporary_allocations)"' \
		"SELECT site, sum(family != 'realloc'), sum(family = 'realloc'), sum(size), sum(ended IS 'free'), sum(alive), sum(alive * size), sum(temporary) FROM blocks GROUP BY site"
	rows "who allocated" '.threads[] | select(.allocations + .reallocations > 0) | "\(.id),\(.allocations),\(.reallocations),\(.allocated_bytes),\(.live_blocks),\(.live_bytes),\(.temporary_allocations)"' \
		"SELECT thread, sum(family != 'realloc'), sum(family = 'realloc'), sum(size), sum(alive), sum(alive * size), sum(temporary) FROM blocks GROUP BY thread"
	rows "who freed" '.threads[] | select(.ended_own.blocks + .ended_others.blocks > 0) | "\(.id),\(.frees),\(.ended_own.blocks),\(.ended_own.bytes),\(.ended_others.blocks),\(.ended_others.bytes)"' \
		"SELECT free_thread, sum(ended = 'free'), sum(free_thread = thread), sum((free_thread = thread) * size), sum(free_thread != thread), sum((free_thread != thread) * size) FROM blocks WHERE ended IN ('free', 'realloc') GROUP BY free_thread"
	rows "frees of unknown blocks" '.threads[] | select(.unmatched_frees > 0) | "\(.id),\(.unmatched_frees)"' \
		"SELECT thread, count(*) FROM events WHERE class = 'free' AND block IS NULL AND kind != 'realloc-free' GROUP BY thread"
	value '.sizes[] | select(.blocks > 0) | "\(.min_bytes),\(.max_bytes),\(.blocks),\(.bytes),\(.live_blocks),\(.live_bytes)"' >"$T/classes"
	ge "$name: size classes" 1 "$(wc -l <"$T/classes")"
	while IFS=, read -r low high blocks bytes live_blocks live_bytes; do
		eq "$name: size class $low" "$blocks,$bytes,$live_blocks,$live_bytes" "$(ask "SELECT count(*), sum(size), sum(alive), sum(alive * size) FROM blocks WHERE size BETWEEN $low AND $high")"
	done <"$T/classes"
	value '.lifetimes[] | select(.blocks > 0) | "\(.min_ns),\(.max_ns),\(.blocks),\(.bytes)"' >"$T/classes"
	while IFS=, read -r low high blocks bytes; do
		eq "$name: lifetimes from $low ns" "$blocks,$bytes" "$(ask "SELECT count(*), sum(size) FROM blocks WHERE lifetime_ns BETWEEN $low AND $high")"
	done <"$T/classes"
	rows "modules" '.modules[] | "\(.module // ""),\(.allocations),\(.allocated_bytes),\(.live_bytes)"' \
		"SELECT s.module, count(*), sum(b.size), sum(b.alive * b.size) FROM blocks b JOIN sites s ON s.id = b.site GROUP BY s.module"
	rows "findings" '.findings[] | "\(.id),\(.kind),\(.count)"' 'SELECT id, kind, count FROM findings'
	for kind in definite indirect possible; do
		eq "$name: leaks, $kind" "$(value ".leaks.$kind.bytes")" "$(ask "SELECT ifnull(sum(bytes), 0) FROM leaks WHERE kind = '$kind'")"
	done
	for window in ${3-start:50% 25%:75% 60%:end}; do
		"$BIN/memscope-analyze" -q --top=0 --window="$window" --json="$T/report.json" "$trace"
		read -r first end start_bytes <<<"$(value '.window | "\(.from_event) \(.to_event) \(.start_bytes)"')"
		during="event >= $first AND event < $end"
		rows "begun in $window" '.totals | "\(.allocations),\(.reallocations),\(.allocated_bytes)"' \
			"SELECT ifnull(sum(kind != 'realloc'), 0), ifnull(sum(kind = 'realloc'), 0), ifnull(sum(size), 0) FROM events WHERE $during AND $begun"
		rows "freed in $window" '.totals.frees' "SELECT count(*) FROM events WHERE $during AND class = 'free' AND block IS NOT NULL AND kind != 'realloc-free'"
		rows "live at the end of $window" '.totals | "\(.live_blocks),\(.live_bytes)"' "SELECT count(*), ifnull(sum(size), 0) FROM snapshot('${window#*:}')"
		eq "$name: live at the start of $window" "$start_bytes" "$(ask "SELECT ifnull(sum(size), 0) FROM snapshot('${window%:*}')")"
		rows "peak of $window" '.totals.peak_bytes' \
			"SELECT ifnull(max($start_bytes, max($start_bytes + live)), $start_bytes) FROM (SELECT sum($lives) OVER (ORDER BY event ROWS UNBOUNDED PRECEDING) AS live FROM events WHERE $during)"
	done
}
awk 'BEGIN { for (i = 0; i < 400; i++) printf "{\"id\":%d,\"name\":\"n%d\",\"tags\":[\"a%d\"]}\n", i, i, i % 7 }' >"$T/records.json"
record /usr/bin/jq -c '{id, n: (.name | ascii_upcase), t: .tags[0]}' "$T/records.json"
compare jq
echo 'create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) insert into t select i, "k" || i from n; select b, count(*) from t group by b order by 1 desc limit 3; delete from t;' >"$T/script.sql"
INPUT=$T/script.sql record /usr/bin/sqlite3 -batch :memory:
compare sqlite3
record /usr/bin/python3 -c 'import json, threading; t = [threading.Thread(target=lambda: json.dumps(list(range(300)))) for _ in range(3)]; [x.start() for x in t]; [x.join() for x in t]'
compare python3
record "$PROGRAMS/short_threads" 60 4
compare short_threads 300
# Half of its blocks are between the halves of a realloc at any moment: there the report and a moment differ by definition, so no windows.
record "$PROGRAMS/realloc_race"
compare realloc_race 300 ""
