/*
 * daemonize FILE - becomes a daemon: forks, setsid, forks again, closes its standard files; the first process exits with 0.
 *
 * Breaks recorders that wait for the wrong process, or keep a descriptor of the terminal.
 *
 * The first process allocates 30 blocks in `before_alloc` (kept). The daemon allocates 50 blocks in `daemon_alloc`, frees them, writes
 * `daemon done` into FILE under a temporary name, renames it, and exits with 0.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "known.h"

SITE void *before_alloc(void) { void *p = malloc(31); keep(p); return p; }
SITE void *daemon_alloc(void) { void *p = malloc(32); keep(p); return p; }

int main(int argc, char **argv)
{
	if (argc != 2)
		give_up("usage: daemonize FILE");
	for (int i = 0; i < 30; i++)
		before_alloc();
	pid_t pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid > 0) {
		say(1, "exe 30 0\n");
		return 0;
	}
	setsid();
	pid = fork();
	if (pid)
		_exit(pid < 0);
	umask(0);
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
	if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		_exit(1);
	for (int i = 0; i < 50; i++)
		free(daemon_alloc());
	char name[4096];
	snprintf(name, sizeof name, "%s.tmp", argv[1]);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	say(fd, "daemon done\n");
	close(fd);
	if (chdir("/"))
		_exit(1);
	return rename(name, argv[1]) ? 1 : 0;
}
