# What format version 2 added, with the tools: evidence in dump, guards and graphs in info, a damaged graph in check and repair.
. "$ROOT/tests/cli/_lib.sh"
golden=tests/golden/v2/kinds.ms
ms() { "$BIN/memscope-trace" "$@"; }
cd "$ROOT"
ms check "$golden" >"$T/check"
has "$T/check" '^ok: 18 blocks, 77 events$'
ms info -e "$golden" >"$T/text"
diff -u tests/cli/trace/expected/guards.info "$T/text" || wrong "text of info changed"
ms info --json -e "$golden" >"$T/json"
diff -u tests/cli/trace/expected/guards.info.json "$T/json" || wrong "JSON of info changed"
ms dump --stacks --kind evidence "$golden" >"$T/text"
diff -u tests/cli/trace/expected/guards.text "$T/text" || wrong "text of dump changed"
ms dump --json --stacks --kind evidence "$golden" >"$T/jsonl"
diff -u tests/cli/trace/expected/guards.jsonl "$T/jsonl" || wrong "JSON of dump changed"
eq "a register" 0x555555555139 "$(jq -r 'select(.evidence.kind == "fault").evidence.registers.rip' "$T/jsonl")"

# offset_of KIND: of its first block, by its name; blocks are found by walking the headers
offset_of() {
	python3 - "$golden" "$1" <<-'P'
		import struct, sys
		data, at = open(sys.argv[1], "rb").read(), 64
		while struct.unpack_from("<H", data, at + 4)[0] != int(sys.argv[2]):
		    at += 64 + struct.unpack_from("<I", data, at + 8)[0]
		print(at)
	P
}
kept() { # what a repaired trace has: events, evidence, graphs
	ms check "$1" >"$T/check" 2>&1 || wrong "check of $1: $(cat "$T/check")"
	ms info --json "$1" | jq -c '[.events, .evidence, (.graphs | length)]'
}

echo "# a copy is the same: of this version to the byte, of an older one behind the file header"
ms repair -q "$golden" -o "$T/copy.ms"
same <(tail -c +65 "$golden") <(tail -c +65 "$T/copy.ms")
ms repair -q tests/golden/v3/kinds.ms -o "$T/new.ms"
same tests/golden/v3/kinds.ms "$T/new.ms"
ms symbolize -q "$golden" -o "$T/named.ms"
eq "kept by symbolize" "[77,5,1]" "$(kept "$T/named.ms")"

echo "# damage in a graph costs this graph"
for kind in 14 15; do
	cp "$golden" "$T/rotten.ms"
	printf '\xaa\x55\xaa\x55' | dd of="$T/rotten.ms" bs=1 seek=$(($(offset_of $kind) + 70)) conv=notrunc status=none
	status=0
	ms check "$T/rotten.ms" >"$T/check" 2>&1 || status=$?
	eq "check" 3 $status
	has "$T/check" "while reading a heap graph: .*offset $(offset_of $kind)"
	ms repair "$T/rotten.ms" -o "$T/repaired.ms" 2>"$T/err"
	has "$T/err" "kept 77 events"
	eq "kept of a trace with damage in a block of kind $kind" "[77,5,0]" "$(kept "$T/repaired.ms")"
	eq "the end is kept" true "$(ms info --json "$T/repaired.ms" | jq .complete)"
done

echo "# damage in the events: no graph that stands behind it"
cp "$golden" "$T/rotten.ms"
printf '\xaa\x55\xaa\x55' | dd of="$T/rotten.ms" bs=1 seek=$(($(offset_of 8) + 100)) conv=notrunc status=none
ms repair "$T/rotten.ms" -o "$T/repaired.ms" 2>"$T/err"
eq "kept" "[0,5,0]" "$(kept "$T/repaired.ms")"

echo "# cut before the Graph block: no graph"
head -c "$(offset_of 13)" "$golden" >"$T/cut.ms"
ms repair "$T/cut.ms" -o "$T/repaired.ms" 2>"$T/err"
eq "kept" "[77,5,0]" "$(kept "$T/repaired.ms")"
