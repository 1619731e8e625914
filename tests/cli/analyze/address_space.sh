# Fragmentation by construction: every second block freed; text, JSON and schema agree; a moment in the middle; ASCII and UTF-8.
. "$ROOT/tests/cli/_lib.sh"

A=$BIN/memscope-analyze
record --monitor=1 "$PROGRAMS/fragments" 20000 1000
eq status 0 $status
read -r _ blocks bytes pages <"$T/out"
report
eq "not asked for" null "$(value .address_space)"
has_not "$T/report.txt" '^FRAGMENTATION'

make() { # NAME OPTION...
	"$A" --json="$T/$1.json" --text="$T/$1.txt" --top=0 --exact "${@:2}" "$trace" 2>"$T/analyze.err" || give_up "$*: $(cat "$T/analyze.err")"
	/usr/bin/python3 "$ROOT/tests/cli/analyze/_validate.py" "$ROOT/schemas/report.schema.json" "$T/$1.json" || wrong "$1 does not follow the schema"
}
last() { jq -r ".address_space.moments[-1]$1" "$T/$2.json"; }

make whole --address-space
eq "status" derived "$(jq -r .address_space.status "$T/whole.json")"
eq "moments" 24 "$(jq '.address_space.moments | length' "$T/whole.json")"
eq "time of the last" "$(jq .trace.duration_ns "$T/whole.json")" "$(last .time_ns whole)"
eq "blocks of the last" "$(jq .totals.live_blocks "$T/whole.json")" "$(last .live_blocks whole)"
eq "bytes of the last" "$(jq .totals.live_bytes "$T/whole.json")" "$(last .live_bytes whole)"
ge "blocks" "$blocks" "$(last .live_blocks whole)"
# Beside the pieces: the list of them (160 kB), and what the C library keeps.
ge "pages" "$pages" "$(last .occupied_pages whole)"
le "pages" $((pages + 41 + 40)) "$(last .occupied_pages whole)"
eq "half of it is holes" true "$(jq '.address_space.moments[-1].external_share | . > 0.45 and . < 0.52' "$T/whole.json")"
eq "usable: 1000 bytes have 8 more than nothing" true \
	"$(jq '.address_space | .usable_rule != null and .moments[-1].usable_bytes >= .moments[-1].live_bytes' "$T/whole.json")"
eq "bins add up" "$(last .live_bytes whole)" "$(jq '.address_space.occupancy[-1] | add' "$T/whole.json")"
eq "bins of all regions" true \
	"$(jq '.address_space | ([.regions[].bin_count] | add) == (.occupancy[0] | length) and (.occupancy | length) == (.moments | length)' "$T/whole.json")"
[ "$(jq -r .reconciliation.status "$T/whole.json")" != derived ] ||
	eq "a region is the heap" 1 "$(jq '[.address_space.regions[] | select(.name == "[heap]")] | length' "$T/whole.json")"

# The same numbers as text: alive, blocks, in pages, usable, heap and largest hole, without separators.
sed -n '/^FRAGMENTATION/,/^$/p' "$T/whole.txt" | tail -n +4 | sed '/^$/d' >"$T/table"
eq "rows" 24 "$(wc -l <"$T/table")"
sed -E 's/^ *[0-9.]+ (ns|us|ms|s|min) +//; s/ B( |$)/ /g; s/,//g; s/< //g; s/ %//g' "$T/table" | awk '{ print $1, $2, $3, $5, $7, $8 }' >"$T/of_text"
jq -r '.address_space.moments[] | "\(.live_bytes) \(.live_blocks) \(.occupied_pages * 4096) \(.usable_bytes) \(.heap_pages * 4096) \(.largest_hole_bytes)"' \
	"$T/whole.json" >"$T/of_json"
same "$T/of_text" "$T/of_json"
has "$T/whole.txt" '^ +0x[0-9a-f]+ +[0-9,]+ B  [ .:+#]{23}[.:+]'

"$A" --section=fragmentation --exact "$trace" >"$T/section.txt"
sed -n '/^FRAGMENTATION/,$p' "$T/section.txt" >"$T/a"
sed -n '/^FRAGMENTATION/,/^$/p' "$T/whole.txt" >"$T/b"
head -n "$(wc -l <"$T/b")" "$T/a" >"$T/c"
same "$T/b" "$T/c"
if locale -a 2>/dev/null | grep -qix 'c.utf-\?8'; then
	LC_ALL=C.UTF-8 "$A" --section=fragmentation "$trace" >"$T/utf8.txt"
	has "$T/utf8.txt" '▒|░|▓'
fi

# And by SQL.
"$BIN/memscope-query" --format=csv "$trace" "SELECT f.live_bytes, live_blocks, occupied_pages * 4096, usable_bytes, heap_pages * 4096, largest_hole,
	sum(o.live_bytes) FROM fragmentation f JOIN occupancy o ON o.moment = f.moment GROUP BY f.moment ORDER BY f.moment" | tail -n +2 | tr , ' ' >"$T/of_sql"
awk '{ print $0, $1 }' "$T/of_json" >"$T/with_sum"
same "$T/with_sum" "$T/of_sql"

# A moment in the middle is the end of that window.
events=$(jq .trace.events "$T/whole.json")
make middle --address-space --at="event:$((events / 3))"
eq "event of the last" "$((events / 3 + 1))" "$(last .event middle)"
eq "no holes before the frees" true "$(jq '.address_space.moments[-1].external_share < 0.03' "$T/middle.json")"
eq "bytes in the middle" "$(jq .totals.live_bytes "$T/middle.json")" "$(last .live_bytes middle)"

# Another allocator, or a guard, rounds in its own way; addresses are what they are.
record --guard=canary "$PROGRAMS/fragments" 200 100
make guarded --address-space
eq "usable with a guard" null "$(last .usable_bytes guarded)"
eq "internal with a guard" null "$(last .internal_share guarded)"
has "$T/guarded.txt" '^  usable: not observable'
ge "pages with a guard" 1 "$(last .occupied_pages guarded)"
