# tests/independent/reader.py was written from docs/FORMAT.md alone: it must find the same in every trace as the reader in format/.
. "$ROOT/tests/cli/_lib.sh"
reader() { python3 "$ROOT/tests/independent/reader.py" "$1"; }
le "lines of the reader" 240 "$(wc -l <"$ROOT/tests/independent/reader.py")"

agree() { # TRACE
	echo "# $1"
	reader "$1" >"$T/theirs" || wrong "reader.py refuses $1"
	"$BIN/memscope-trace" info --json -e "$1" >"$T/ours"
	report "$1"
	for field in .events .events_of_kind .allocated_bytes; do
		eq "$field" "$(jq -cS $field "$T/theirs")" "$(jq -cS $field "$T/ours")"
	done
	eq "blocks" "$(jq .blocks "$T/theirs")" "$(jq .end.blocks "$T/ours")"
	eq "peak" "$(jq .peak_bytes "$T/theirs")" "$(jq .end.peak_bytes "$T/ours")"
	eq "events that dump prints" "$(jq .events "$T/theirs")" "$("$BIN/memscope-trace" dump --json "$1" | wc -l)"
	eq "live blocks" "$(jq .live_blocks "$T/theirs")" "$(value .totals.live_blocks)"
	eq "live bytes" "$(jq .live_bytes "$T/theirs")" "$(value .totals.live_bytes)"
	eq "peak of the report" "$(jq .peak_bytes "$T/theirs")" "$(value .totals.peak_bytes)"
	eq "evidence" "$(jq .evidence "$T/theirs")" "$(jq .evidence "$T/ours")"
	eq "graphs" "$(jq -c '[.graphs[] | [.blocks, .edges]]' "$T/theirs")" "$(jq -c '[.graphs[] | [.blocks, .edges]]' "$T/ours")"
	eq "unmatched frees" "$(jq .unmatched_frees "$T/theirs")" "$(value .totals.unmatched_frees)"
}
agree "$ROOT/tests/golden/v1/jq.ms"
agree "$ROOT/tests/golden/v1/kinds.ms"
agree "$ROOT/tests/golden/v2/samples.ms"
agree "$ROOT/tests/golden/v2/kinds.ms"
eq "sums of sources, offsets in them, targets, offsets in these, flags" "[22,1052848,10,28,5]" "$(jq -c '.graphs[0].sums' "$T/theirs")"

jq -nc '[range(300) | {id: ., name: "n\(.)", v: [., {a: null}]}]' >"$T/in.json"
record jq -c 'map(.v) | length' "$T/in.json"
eq "events of several blocks" true "$("$BIN/memscope-trace" info --json "$trace" | jq '.events > 5000')"
agree "$trace"
record "$PROGRAMS/realloc_race" 3000
ge threads 2 "$("$BIN/memscope-trace" info --json "$trace" | jq .threads)"
agree "$trace"
record --free-stacks "$PROGRAMS/churn" 20000 100
agree "$trace"
record "$PROGRAMS/end_how" exec 2 1000
agree "$trace"

echo "# it is no rubber stamp"
for damaged in strings-checksum events-checksum lying-raw-size no-flatbuffer unknown-feature future-version truncated text; do
	if reader "$ROOT/tests/golden-errors/$damaged.ms" >/dev/null 2>&1; then wrong "reader.py takes $damaged.ms"; fi
done
