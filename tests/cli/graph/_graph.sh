# What the tests of heap graphs share; sources _lib.sh.
. "$ROOT/tests/cli/_lib.sh"

# edges [NUMBER]: the graph (the last one) as tests/tools/graph_edges.c prints it, into $T/edges
edges() {
	"$B/test-tools/graph_edges" "$trace" "$@" >"$T/edges" || give_up "graph_edges $*: status $?"
}
# address NAME: what the program printed for the name
address() { sed -n "s/^$1 \(0x[0-9a-f]*\)\$/\1/p" "$T/out"; }
# to ADDRESS [OFFSET]: kinds of the sources of edges to it, sorted, one line: data:NAME stack:FUNCTION registers tls mapping: block:ADDRESS
to() {
	awk -v to="$1" -v into="${2-}" '$1 == "edge" && $4 == to && (into == "" || $5 == into) {
		n = split($2, part, ":")
		print (part[1] == "stack" ? "stack:" part[3] : part[1] == "registers" || part[1] == "tls" ? part[1] : $2)
	}' "$T/edges" | sort -u | tr '\n' ' ' | sed 's/ $//'
}
# held NAME SOURCES: the block of that name is pointed to from exactly these
held() { eq "sources of $1" "$2" "$(to "$(address "$1")")"; }
complete() { eq "the graph" "graph $1 complete" "$(head -1 "$T/edges" | cut -d' ' -f1-3)"; }
