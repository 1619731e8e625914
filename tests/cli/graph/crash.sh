# A guard takes the graph at a fatal signal, too: the program ends as it would have, and what held the heap at that moment is known.
. "$ROOT/tests/cli/graph/_graph.sh"

cat >"$T/crash.c" <<'C'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
void *kept;
static __attribute__((noinline)) void crash(const char *how, void *argument)
{
	void *volatile in_frame = argument;

	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "small-stack") == 0) { /* no more than the kernel's own frame and some */
		stack_t small = {.ss_sp = malloc(8192), .ss_size = 8192};

		sigaltstack(&small, 0);
	}
	*(volatile int *)8 = in_frame != 0;
}
int main(int argc, char **argv)
{
	kept = malloc(77);
	crash(argv[1], malloc(88));
	return argc;
}
C
gcc -g -O0 -w -o "$T/crash" "$T/crash.c"
for guard in canary full; do
	for how in abort segv small-stack; do
		echo "$guard, $how"
		record --guard=$guard "$T/crash" $how
		eq "status" $([ $how = abort ] && echo 134 || echo 139) $status
		edges
		complete 3
		kept=$(awk '$1 == "block" && $3 == 77 { print $2 }' "$T/edges")
		passed=$(awk '$1 == "block" && $3 == 88 { print $2 }' "$T/edges")
		held_by=$(to "$kept")
		eq "sources of kept" data:kept "$held_by"
		case " $(to "$passed") " in *" stack:crash "*) ;; *) wrong "a pointer in the frame of crash: $(to "$passed")" ;; esac
	done
done
