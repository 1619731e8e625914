/*
 * in_chroot FOLDER - goes into a chroot where there is nothing: no /proc, no libraries, no way back. Needs root.
 *
 * Breaks recorders that open files by name after start-up. 10 blocks in `outside_alloc` (kept), chroot, 20000 blocks in `inside_alloc`
 * (freed), a thread with 15 blocks in `thread_alloc` (freed). Exit status 0.
 */
#include <pthread.h>

#include "known.h"

SITE void *outside_alloc(void) { void *p = malloc(71); keep(p); return p; }
SITE void *inside_alloc(void) { void *p = malloc(72); keep(p); return p; }
SITE void *thread_alloc(void) { void *p = malloc(73); keep(p); return p; }

static void *body(void *unused)
{
	for (int i = 0; i < 15; i++)
		free(thread_alloc());
	return unused;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		give_up("usage: in_chroot FOLDER");
	for (int i = 0; i < 10; i++)
		outside_alloc();
	if (chroot(argv[1]) || chdir("/"))
		give_up("chroot");
	if (access("/proc", F_OK) == 0)
		give_up("there is a /proc inside");
	for (int i = 0; i < 20000; i++)
		free(inside_alloc());
	pthread_t t;
	if (pthread_create(&t, NULL, body, NULL))
		give_up("pthread_create");
	pthread_join(t, NULL);
	say(1, "exe 20025 20015\n");
	return 0;
}
