# Pointers into the middle of blocks: what they alone lead to is possibly lost; one past the end leads nowhere.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_interior "1 30" "0 0" "3 320" "1 24"
block=$(value '.leaks.list[] | select(.kind == "possible" and .bytes == 70) | .example.block')
"$BIN/memscope-analyze" --why="$block" "$trace" >"$T/why"
has "$T/why" 'possibly lost'
has "$T/why" 'global table in leak_interior'
has "$T/why" 'at \+8 -> \+13 of block'
eq "certainty" inferred "$(value '[.findings[] | select(.kind == "leak-possible") | .certainty] | unique | join(" ")')"
