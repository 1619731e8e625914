/*
 * children - starts children in every way that libc has.
 *
 * Breaks recorders that mix the events of a child into its parent's trace, or hang in one of them.
 *
 * Before each child 5 blocks in `parent_alloc`; freed after it. Ways: fork and _exit, fork and exec, vfork and exec, vfork and _exit,
 * posix_spawn, posix_spawnp, system, popen, clone with its own memory: 9 ways, 45 allocations, 45 frees. A forked child
 * allocates 10 blocks in `child_alloc`: none of them belongs in the parent's trace. Prints what `echo` printed.
 */
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "known.h"

extern char **environ;

SITE void *parent_alloc(void) { void *p = malloc(51); keep(p); return p; }
SITE void *child_alloc(void) { void *p = malloc(52); keep(p); return p; }

static void expect(pid_t pid, int wanted)
{
	int status = -1;
	if (pid <= 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != wanted)
		give_up("child %d: status %x", (int)pid, (unsigned)status);
}

static void allocate_as_child(void)
{
	for (int i = 0; i < 10; i++)
		child_alloc();
}

static void by_fork(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		allocate_as_child();
		_exit(11);
	}
	expect(pid, 11);
}

static void by_fork_exec(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		allocate_as_child();
		execl("/bin/sh", "sh", "-c", "exit 12", (char *)NULL);
		_exit(1);
	}
	expect(pid, 12);
}

static void by_vfork_exec(void)
{
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 13", (char *)NULL);
		_exit(1);
	}
	expect(pid, 13);
}

static void by_vfork_exit(void)
{
	pid_t pid = vfork();
	if (pid == 0)
		_exit(14);
	expect(pid, 14);
}

static void by_spawn(void)
{
	char *argv[] = { "sh", "-c", "exit 15", NULL };
	pid_t pid = 0;
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ))
		give_up("posix_spawn");
	expect(pid, 15);
}

static void by_spawnp(void)
{
	char *argv[] = { "sh", "-c", "exit 16", NULL };
	pid_t pid = 0;
	if (posix_spawnp(&pid, "sh", NULL, NULL, argv, environ))
		give_up("posix_spawnp");
	expect(pid, 16);
}

static void by_system(void)
{
	int status = system("exit 17");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 17)
		give_up("system: %x", (unsigned)status);
}

static void by_popen(void)
{
	char line[100] = "";
	FILE *f = popen("echo from popen; exit 18", "r");
	if (!f || !fgets(line, sizeof line, f))
		give_up("popen");
	int status = pclose(f);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 18)
		give_up("pclose: %x", (unsigned)status);
	say(1, "%s", line);
}

static int cloned(void *unused)
{
	(void)unused;
	_exit(19);
}

static void by_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	expect(clone(cloned, stack + sizeof stack, SIGCHLD, NULL), 19);
}

int main(void)
{
	static void (*const ways[])(void) = { by_fork,   by_fork_exec, by_vfork_exec, by_vfork_exit, by_spawn,
					      by_spawnp, by_system,    by_popen,      by_clone };
	for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
		void *p[5];
		for (int i = 0; i < 5; i++)
			p[i] = parent_alloc();
		ways[w]();
		for (int i = 0; i < 5; i++)
			free(p[i]);
	}
	say(1, "exe 45 45\n");
	return 0;
}
