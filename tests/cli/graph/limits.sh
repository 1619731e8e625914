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

# A program that shuts itself in is left alone: what a graph needs might kill it.
cat >"$T/sandbox.c" <<'C'
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
void *kept;
int main(void)
{
	static const int allowed[] = {SYS_write, SYS_exit_group, SYS_brk, SYS_mmap, SYS_munmap, SYS_futex, SYS_gettid, SYS_newfstatat, SYS_fstat};
	static struct sock_filter f[32] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	int k = sizeof allowed / sizeof *allowed;
	struct sock_fprog program = {k + 3, f};

	kept = malloc(99);
	for (int i = 0; i < k; i++)
		f[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], k - i, 0);
	f[k + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[k + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return 9;
	free(malloc(10));
	puts("after");
	return 4;
}
C
gcc -w -o "$T/sandbox" "$T/sandbox.c"
expected=0
"$T/sandbox" >"$T/plain" || expected=$?
[ $expected -eq 4 ] || skip "no seccomp filters here"
record "$T/sandbox"
eq "status of a program that shuts itself in" 4 $status
eq "its output" after "$(cat "$T/out")"
eq "its graphs" 0 "$("$BIN/memscope-trace" info --json "$trace" | jq '.graphs | length')"

# A filter that was there before, as in a container: no ptrace, no reading of other processes; the graph needs neither.
sed -e 's/kept = malloc(99);/char **arguments = argv + 1; (void)kept;/' -e 's/int main(void)/int main(int argc, char **argv)/' \
	-e 's/static const int allowed\[\] = {.*/static const int allowed[] = {SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_perf_event_open};/' \
	-e '/f\[k + 1\]/s/SECCOMP_RET_KILL_PROCESS/SECCOMP_RET_ALLOW/' -e '/f\[k + 2\]/s/SECCOMP_RET_ALLOW/SECCOMP_RET_KILL_PROCESS/' \
	-e 's/free(malloc(10));/execv(arguments[0], arguments); return 8;/' -e 's/#include <stddef.h>/#include <stddef.h>\n#include <unistd.h>/' \
	"$T/sandbox.c" >"$T/container.c"
gcc -w -o "$T/container" "$T/container.c"
status=0
"$T/container" "$BIN/memscope-record" -q -o "$T/c.ms" "$PROGRAMS/graph_roots" >"$T/out" 2>"$T/err" || status=$?
eq "status in a container" 0 $status
trace=$T/c.ms
edges
complete 0
held stack stack:hold_on_stack

# Much address space that is mapped and never touched: it is not touched by us, and what is too large to be memory is said.
cat >"$T/vast.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
void *kept;
int main(void)
{
	void **vast = mmap(NULL, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void **wide = mmap(NULL, 1ul << 31, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (vast == MAP_FAILED || wide == MAP_FAILED)
		return 77;
	kept = malloc(77);
	wide[1 << 27] = malloc(78);
	((char **)calloc(1 << 20, 4096))[12345] = malloc(79);
	return 0;
}
C
gcc -w -o "$T/vast" "$T/vast.c"
if "$T/vast"; then
	record "$T/vast"
	eq "status with much address space" 0 $status
	edges
	complete 0
	eq "block held in a wide mapping" 1 "$(grep -c "^edge mapping: .* $(awk '$1 == "block" && $3 == 78 { print $2 }' "$T/edges") 0 0$" "$T/edges")"
	eq "block held in a wide block" 1 "$(grep -c "^edge block:.* 98760 $(awk '$1 == "block" && $3 == 79 { print $2 }' "$T/edges") 0 0$" "$T/edges")"
	ge "ranges that were not read" 1 "$(grep -c '^unscanned 2 ' "$T/edges" || true)"
	le "bytes that were read" 10000000 "$("$BIN/memscope-trace" info --json "$trace" | jq '.graphs[0].scanned_bytes')"
fi
