# Objects held by their second base; their class is named. The block of libstdc++ as in newarray.sh.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/leaks/_leaks.sh"

compare leak_inheritance "1 72" "1 54" "2 126" "3 72830" reachable -1 -72704
eq "class of the lost object" both "$(value '.leaks.list[] | select(.kind == "definite") | .example.type')"
"$BIN/memscope-analyze" --why="$(value '.leaks.list[] | select(.kind == "possible" and .example.type == "both") | .example.block')" "$trace" >"$T/why"
has "$T/why" 'possibly lost'
has "$T/why" 'global middle in leak_inheritance'
