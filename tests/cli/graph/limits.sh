# A graph under limits: little address space, no descriptors; ends without exit handlers; children. The status is the program's own.
. "$ROOT/tests/cli/graph/_graph.sh"

record bash -c "ulimit -v 400000; exec '$PROGRAMS/graph_roots'"
eq "status with little address space" 0 $status
edges
complete 0
held global data:global

# No descriptor is left when the program exits: the address space cannot be read. The graph says so, the trace is whole.
cat >"$T/fds.c" <<'C'
#include <fcntl.h>
#include <stdlib.h>
void *kept;
int main(void)
{
	kept = malloc(77);
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	return 6;
}
C
gcc -o "$T/fds" "$T/fds.c"
record bash -c "ulimit -n 64; exec '$T/fds'"
eq "status without descriptors" 6 $status
report
whole
eq "graphs without descriptors" 0 "$("$BIN/memscope-trace" info --json "$trace" | jq '[.graphs[] | select(.complete)] | length')"

# Ends that run no handlers.
for how in _exit quick_exit; do
	cat >"$T/end.c" <<C
#include <stdlib.h>
#include <unistd.h>
void *kept;
int main(void) { kept = malloc(77); $how(5); }
C
	gcc -o "$T/end" "$T/end.c"
	record "$T/end"
	eq "status of $how" 5 $status
	edges
	complete 0
	eq "block held at $how" 1 "$(grep -c '^edge data:kept ' "$T/edges")"
done

# A child of fork or vfork that is not recorded takes no graph, and does not hang.
cat >"$T/fork.c" <<'C'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
void *kept;
int main(void)
{
	int status;

	kept = malloc(77);
	if (fork() == 0)
		exit(3);
	wait(&status);
	if (vfork() == 0)
		_exit(4);
	wait(&status);
	return WEXITSTATUS(status);
}
C
gcc -w -o "$T/fork" "$T/fork.c"
record "$T/fork"
eq status 4 $status
eq "graphs" 1 "$("$BIN/memscope-trace" info --json "$trace" | jq '.graphs | length')"
record --follow -o "$T/f.%p.ms" "$T/fork"
for f in "$T"/f.*.ms; do
	eq "graphs of a followed child, $f" 1 "$("$BIN/memscope-trace" info --json "$f" | jq '.graphs | length')"
done

# Events may be dropped when a ring is full; a graph is whole.
record --on-full=drop "$PROGRAMS/graph_roots"
eq "status with --on-full=drop" 0 $status
edges
complete 0
