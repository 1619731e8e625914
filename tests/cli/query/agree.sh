# SQL and the report show the same numbers, to the byte: on a trace with threads, reallocs and findings, and on the committed ones.
. "$ROOT/tests/cli/_lib.sh"
ask() { "$BIN/memscope-query" --format=csv "$trace" "$1" | tail -n +2; }
compare() {
	report "$trace"
	# Blocks that a part of a trace began with are rows, too, one of them under the new number that a failed realloc gave it; the sums
	# of a report are of what was begun in it.
	local begun="id > $(value '.trace.part.start_blocks // 0') AND alloc_ns >= $(value '.trace.part.from_ns // 0')"
	for field in allocations frees reallocations allocated_bytes freed_bytes live_blocks live_bytes peak_bytes peak_time_ns peak_blocks most_blocks unmatched_frees; do
		eq "$trace $field" "$(value ".totals.$field")" "$(ask "SELECT $field FROM totals")"
	done
	eq "blocks" "$(value '.totals | "\(.allocations + .reallocations),\(.allocated_bytes),\(.temporary_allocations)"')" \
		"$(ask "SELECT count(*), ifnull(sum(size), 0), ifnull(sum(temporary), 0) FROM blocks WHERE $begun")"
	eq "alive" "$(value '.totals | "\(.live_blocks),\(.live_bytes)"')" "$(ask 'SELECT count(*), ifnull(sum(size), 0) FROM blocks WHERE alive = 1')"
	eq "peak" "$(value '.totals | "\(.peak_blocks),\(.peak_bytes)"')" "$(ask "SELECT count(*), sum(size) FROM snapshot('peak')")"
	value '.sites[] | "\(.id),\(.allocated_bytes),\(.live_bytes),\(.peak_bytes),\(.own_peak_bytes)"' | sort >"$T/report.rows"
	ask 'SELECT id, allocated_bytes, live_bytes, peak_bytes, own_peak_bytes FROM sites' | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
	value '.sites[] | select(.allocations + .reallocations > 0) | "\(.id),\(.allocated_bytes),\(.allocations + .reallocations)"' | sort >"$T/report.rows"
	ask "SELECT site, sum(size), count(*) FROM blocks WHERE $begun GROUP BY site" | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
	value '.sites[] | select(.peak_bytes > 0) | "\(.id),\(.peak_bytes)"' | sort >"$T/report.rows"
	ask "SELECT site, sum(size) AS n FROM snapshot('peak') GROUP BY site HAVING n > 0" | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
	value '.threads[] | select(.events > 0) | "\(.id),\(.tid),\(.allocated_bytes),\(.frees),\(.ended_others.blocks)"' | sort >"$T/report.rows"
	ask 'SELECT id, tid, allocated_bytes, frees, ended_others_blocks FROM threads WHERE events > 0' | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
	value '.totals.events | to_entries[] | "\(.key),\(.value)"' | sort >"$T/report.rows"
	ask 'SELECT kind, count(*) FROM events GROUP BY kind' | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
	value '.findings[] | "\(.id),\(.kind),\(.count)"' | sort >"$T/report.rows"
	ask 'SELECT id, kind, count FROM findings' | sort >"$T/query.rows"
	same "$T/report.rows" "$T/query.rows"
}
for trace in "$ROOT"/tests/golden/v*/*.ms; do compare; done
record "$PROGRAMS/churn" 20000 300
compare
record "$PROGRAMS/leak_chain"
compare
eq "definite leaks" "$(value .leaks.definite.bytes)" "$(ask "SELECT ifnull(sum(bytes), 0) FROM leaks WHERE kind = 'definite'")"
ge "pointers of the heap graph" 1 "$(ask 'SELECT count(*) FROM edges')"
ge "roots" 1 "$(ask "SELECT count(*) FROM roots WHERE kind = 'global'")"
