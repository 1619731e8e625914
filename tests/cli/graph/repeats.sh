# Of the pointers of a block to another one the first is recorded, and the first to its start; of a root, all.
. "$ROOT/tests/cli/graph/_graph.sh"

record "$PROGRAMS/graph_repeats"
eq status 0 $status
edges
# from NAME NAME: offset in the source and in the target of each edge
from() {
	awk -v s="block:$(address "$1")" -v t="$(address "$2")" '$1 == "edge" && $2 == s && $4 == t { print $3 "->" $5 }' "$T/edges" | sort -n | tr '\n' ' '
}
eq "array to target" "0->40 24->0 " "$(from array target)"
eq "array to other" "64->0 " "$(from array other)"
has "$T/edges" 'first_global'
has "$T/edges" 'second_global'
