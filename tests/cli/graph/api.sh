# memscope.h: a graph when the program asks for one; nothing when it is not recorded.
. "$ROOT/tests/cli/graph/_graph.sh"

eq "not recorded" "graphs 0" "$("$PROGRAMS/graph_api" | tail -1)"
record "$PROGRAMS/graph_api"
eq status 0 $status
eq "graphs taken" 2 "$(said graphs)"
edges 0
complete 2
eq "nodes of the list" 10 "$(grep -c '^block 0x[0-9a-f]* 16$' "$T/edges")"
eq "edges inside the list" 9 "$(grep -c '^edge block:0x[0-9a-f]* 0 0x[0-9a-f]* 0 0$' "$T/edges")"
eq "head of the list" 1 "$(grep -c '^edge data:list ' "$T/edges")"
edges 1
complete 2
eq "nodes after they were freed" 0 "$(grep -c '^block 0x[0-9a-f]* 16$' "$T/edges" || true)"
held forever data:forever
edges 2
complete 0
record --graph=off "$PROGRAMS/graph_api"
eq "graphs taken with --graph=off" 2 "$(said graphs)"
eq "graphs in the trace" 2 "$("$BIN/memscope-trace" info --json "$trace" | jq '.graphs | length')"

# C99 and C++11
cat >"$T/use.c" <<'C'
#include "memscope.h"
int main(void) { return memscope_graph(); }
C
gcc -std=c99 -pedantic-errors -Wall -Wextra -Werror -I "$ROOT/record/include" -o "$T/c" "$T/use.c" && "$T/c" || wrong "C99"
g++ -x c++ -std=c++11 -pedantic-errors -Wall -Wextra -Werror -I "$ROOT/record/include" -o "$T/cxx" "$T/use.c" && "$T/cxx" || wrong "C++11"
