# Threads that wait, that block every signal, that allocate all the time, that are gone: every block in a frame is found.
. "$ROOT/tests/cli/graph/_graph.sh"

# every block that the program says it holds in a frame: an edge from a stack
all_held() {
	sed -n 's/^held //p' "$T/out" | LC_ALL=C sort >"$T/held"
	awk '$1 == "edge" && $2 ~ /^stack:/ { print $4 }' "$T/edges" | LC_ALL=C sort -u >"$T/from_stacks"
	eq "held blocks without an edge from a stack ($1)" "" "$(LC_ALL=C comm -23 "$T/held" "$T/from_stacks" | tr '\n' ' ')"
}

record "$PROGRAMS/graph_threads" 50 wait
eq status 0 $status
edges
complete 0
eq "held blocks" 51 "$(grep -c '^held ' "$T/out")"
all_held wait
has_not "$T/edges" '^unscanned'

# One of three blocks even what libc needs: it is not stopped, its registers are not known, its stack is read as memory.
record "$PROGRAMS/graph_threads" 3 blocked
eq status 0 $status
edges
complete 0
eq "threads not stopped" 1 "$(grep -c '^unscanned 1 ' "$T/edges")"
sed -n 's/^held //p' "$T/out" | while read -r a; do
	[ -n "$(to "$a")" ] || echo "$a"
done >"$T/missed"
eq "held blocks without an edge" "" "$(cat "$T/missed")"

# All but stacks of ended threads, which libc keeps: nothing that stood there counts.
record "$PROGRAMS/graph_threads" 20 exit
eq status 0 $status
edges
complete 0
all_held exit
has_not "$T/edges" '^unscanned'
report
eq "blocks that nothing points to" 0 "$(value .leaks.definite.blocks)"

# Graphs by signal while threads allocate, then at exit with them running.
record --graph-signal=USR2 "$PROGRAMS/graph_threads" 8 busy
eq status 0 $status
graphs=$("$BIN/memscope-trace" info --json "$trace" | jq '.graphs | length')
ge "graphs" 4 "$graphs"
le "graphs" 6 "$graphs"
edges 0
complete 1
all_held "busy, by signal"
edges
complete 0
all_held busy
report
whole

# The first thread has ended before the one that exits: the process has its memory, although /proc/self has none.
cat >"$T/leader.c" <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
void *kept;
static void *run(void *argument)
{
	usleep(20000);
	kept = malloc(66);
	exit(3);
	return argument;
}
int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, run, NULL);
	pthread_exit(NULL);
}
C
gcc -g -pthread -o "$T/leader" "$T/leader.c"
record "$T/leader"
eq status 3 $status
edges
complete 0
has_not "$T/edges" '^unscanned'
eq "block held by a global" 1 "$(grep -c '^edge data:kept ' "$T/edges")"
