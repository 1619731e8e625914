# What --cull-temporary left out: text, JSON, SQL and HTML show the same sums, reports follow the schema, windows say what they hold, and a
# comparison says what cannot be compared.
. "$ROOT/tests/cli/_lib.sh"
sql() { "$BIN/memscope-query" --format=csv "$trace" "$1" | tail -1; }

record "$PROGRAMS/culled" 300
mv "$trace" "$T/whole.ms"
record --cull-temporary=200 "$PROGRAMS/culled" 300
report
"$BIN/memscope-trace" info --json "$trace" >"$T/info.json"
/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/report.json" || wrong "the report does not follow the schema"

echo "# totals"
sums=$(value '.totals.culled | "\(.within_ns) \(.allocations) \(.reallocations) \(.bytes) \(.peak_bytes)"')
eq "as in the file" "200000000 $(jq -r '[.culled.sums[]] | "\(map(.allocations) | add) \(map(.reallocations) | add) \(map(.bytes) | add)"' "$T/info.json")" "${sums% *}"
eq "in SQL" "${sums// /,}" "$(sql "SELECT culled_within_ns, culled_allocations, culled_reallocations, culled_bytes, culled_peak_bytes FROM totals")"
"$BIN/memscope-analyze" --exact --width 0 --top 0 "$trace" | tr -d , >"$T/plain"
has "$T/plain" "^  culled  *$(value .totals.culled.bytes) B  by $(value .totals.culled.allocations) allocations and $(value .totals.culled.reallocations) reallocations"
has "$T/plain" '^QUALITY  complete; blocks that lived for a short time are summed up not listed'
has "$T/plain" 'blocks freed within 200 ms of their birth are left out of all figures'
le "bytes at once" "$(value .totals.culled.peak_bytes)" "$(value .totals.culled.young_bytes)"
ge "the peak with them" "$(value .totals.peak_bytes)" "$(value .totals.culled.peak_bytes)"

echo "# the exact peak is that of the whole recording"
"$BIN/memscope-analyze" -q --json="$T/whole.json" "$T/whole.ms"
eq "peak" "$(jq .totals.peak_bytes "$T/whole.json")" "$(value .totals.culled.peak_bytes)"
eq "culled of a whole recording" null "$(jq .totals.culled "$T/whole.json")"

echo "# sites"
eq "sums over sites" "$(value '.totals.culled | "\(.allocations + .reallocations) \(.bytes)"')" "$(value '[.sites[]] | "\(map(.culled_blocks) | add) \(map(.culled_bytes) | add)"')"
eq "brief" "300 30000" "$(site brief culled_blocks) $(site brief culled_bytes)"
eq "chain" "900 $((300 * 6010))" "$(site chain culled_blocks) $(site chain culled_bytes)"
eq "leaked" 0 "$(site leaked culled_blocks)"
jq -r '.sites[] | select(.culled_blocks > 0) | "\(.culled_bytes) \(.culled_blocks) \(.allocations + .reallocations) \(.id)"' "$T/report.json" | sort >"$T/json_rows"
sed -n '/^CULLED/,/^$/s/^ *\([0-9]*\) B .* % *\([0-9]*\) *\([0-9]*\) *#\([0-9]*\) .*/\1 \2 \3 \4/p' "$T/plain" | sort >"$T/text_rows"
same "$T/json_rows" "$T/text_rows"
[ -s "$T/json_rows" ] || wrong "there are no rows to compare"
"$BIN/memscope-query" --format=csv "$trace" "SELECT culled_bytes || ' ' || culled_blocks || ' ' || (allocations + reallocations) || ' ' || id FROM sites WHERE culled_blocks > 0" |
	tail -n +2 | tr -d '"' | sort >"$T/sql_rows"
same "$T/json_rows" "$T/sql_rows"
"$BIN/memscope-analyze" --json="$T/top.json" --top 1 -q "$trace"
eq "with those omitted" "$(value .totals.culled.bytes)" "$(jq '([.sites[].culled_bytes] | add) + .sites_omitted.culled_bytes' "$T/top.json")"

echo "# windows and parts: sums that reach into them, whole"
"$BIN/memscope-analyze" -q --window 0%:50% --json="$T/window.json" "$trace"
eq "window" "$(value .totals.culled.bytes)" "$(jq .totals.culled.bytes "$T/window.json")"
"$BIN/memscope-trace" cut -q --window 0%:50% -o "$T/part.ms" "$trace"
"$BIN/memscope-analyze" -q --json="$T/part.json" "$T/part.ms"
eq "part" "$(value .totals.culled.bytes)" "$(jq .totals.culled.bytes "$T/part.json")"
eq "sites of the part" "$(site chain culled_blocks)" "$(jq '[.sites[] | select(any(.stack[]; .function == "chain")) | .culled_blocks] | add' "$T/part.json")"

echo "# a comparison"
"$BIN/memscope-diff" "$T/whole.ms" "$trace" >"$T/diff"
has "$T/diff" 'different --cull-temporary'
"$BIN/memscope-diff" "$trace" "$trace" >"$T/diff"
has_not "$T/diff" 'different --cull-temporary'

echo "# gates judge what the whole recording has, with the sums; what those do not tell cannot be judged"
gate() { # EXPECTED-STATUS CONDITION [OPTION...] TRACE
	local expected=$1 condition=$2 rc=0
	shift 2
	"$BIN/memscope-analyze" -q --fail-on "$condition" "$@" >"$T/gate" 2>&1 || rc=$?
	eq "status of --fail-on '$condition' $*" "$expected" "$rc"
}
for name in peak:peak_bytes allocations:allocations reallocations:reallocations allocated-bytes:allocated_bytes; do
	all=$(jq ".totals.${name#*:}" "$T/whole.json")
	gate 1 "${name%:*}==$all" "$trace"
	gate 1 "${name%:*}==$all" "$T/whole.ms"
	gate 2 "${name%:*}==$all" --window 0%:50% "$trace"
	gate 2 "${name%:*}==$all" "$T/part.ms"
	rc=0
	"$BIN/memscope-diff" -q --fail-on "${name%:*}>+0" "$trace" "$T/whole.ms" >"$T/gate" 2>&1 || rc=$?
	eq "status of memscope-diff --fail-on '${name%:*}>+0'" 0 "$rc"
done
gate 2 'temporary>0' "$trace"
gate 1 "live-bytes==$(value .totals.live_bytes)" "$trace"
