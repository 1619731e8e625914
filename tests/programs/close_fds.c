/*
 * close_fds HOW FILE - closes every descriptor that it did not open, as shells and daemons do.
 *
 * Breaks recorders that write to a descriptor: it is closed, or worse, now another file of the program.
 *
 * 20 blocks in `open_alloc`, then descriptors 3 to 1023 are closed (HOW `loop`: one by one; `range`: close_range), FILE is opened and gets
 * descriptor 3; 10000 blocks in `closed_alloc`, freed; FILE then holds exactly "mine\n". HOW `exec`: closes one by one,
 * then executes itself as `after`, which allocates 40 blocks in `after_exec_alloc`. Exit status 0.
 */
#include <fcntl.h>
#include <unistd.h>

#include "known.h"

SITE void *open_alloc(void) { void *p = malloc(41); keep(p); return p; }
SITE void *closed_alloc(void) { void *p = malloc(42); keep(p); return p; }
SITE void *after_exec_alloc(void) { void *p = malloc(43); keep(p); return p; }

int main(int argc, char **argv)
{
	if (argc != 3)
		give_up("usage: close_fds loop|range|exec FILE");
	if (strcmp(argv[1], "after") == 0) {
		for (int i = 0; i < 40; i++)
			after_exec_alloc();
		say(1, "after\n");
		return 0;
	}
	for (int i = 0; i < 20; i++)
		open_alloc();
	if (strcmp(argv[1], "range") == 0) {
		if (close_range(3, 1023, 0))
			give_up("close_range");
	} else {
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
	}
	int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd != 3)
		give_up("descriptor 3 is still in use: got %d", fd);
	say(fd, "mine\n");
	for (int i = 0; i < 10000; i++)
		free(closed_alloc());
	char text[100];
	ssize_t n = pread(fd, text, sizeof text, 0);
	if (n != 5 || memcmp(text, "mine\n", 5))
		give_up("somebody wrote into the program's file: %zd bytes", n);
	close(fd);
	if (strcmp(argv[1], "exec") == 0) {
		execl("/proc/self/exe", argv[0], "after", argv[2], (char *)NULL);
		give_up("exec");
	}
	say(1, "exe 10020 10000\n");
	return 0;
}
