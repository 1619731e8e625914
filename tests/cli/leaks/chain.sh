# A lost chain: one definite block, the rest indirect; the way to a block that is held.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_chain "1 100" "9 360" "0 0" "5 120"
eq "blocks that hang on the head" "9 360" "$(value '.leaks.list[] | select(.kind == "definite") | "\(.hanging_on.blocks) \(.hanging_on.bytes)"')"
eq "the holder" "global kept" "$(value '.holders.list[0].holder | "\(.kind) \(.name)"')"
eq "what it retains" "5 120" "$(value '.holders.list[0] | "\(.retained_blocks) \(.retained_bytes)"')"
eq "the list in one line" "1 120" "$(value '[.holders.blocks[] | select(.kind == "reachable")] | "\(length) \(.[0].retained_bytes)"')"
eq "finding" "certainty observed, CWE 401" "$(value '.findings[] | select(.kind == "leak-definite") | "certainty \(.certainty), CWE \(.cwe)"')"

# Every kept block by --why: five lengths of way, 1 to 5, the pointer at the start of each.
value '.leaks.list[] | select(.kind == "reachable") | range(.first.block; .last.block + 1)' | while read -r block; do
	"$BIN/memscope-analyze" --why="$block" --json "$trace" >"$T/why.json"
	jq -r '"\(.holder.name) \(.way | length) \(.way[0].offset) \(.way[-1].target_offset)"' "$T/why.json"
done | sort >"$T/ways"
eq "ways" "kept 1 0 0;kept 2 0 0;kept 3 0 0;kept 4 0 0;kept 5 0 0;" "$(tr '\n' ';' <"$T/ways")"
"$BIN/memscope-analyze" --why="site:$(value '.leaks.list[] | select(.kind == "indirect") | .site')" "$trace" >"$T/why"
has "$T/why" '^site #[0-9]+: 9 blocks'
has "$T/why" 'is lost: only lost blocks point to it'
has "$T/why" 'from lose \(leak_chain.c:[0-9]+\)'
has "$T/why" 'at \+0 -> block [0-9]+, 40 B .* from chain \(leak_chain.c:[0-9]+\)'
