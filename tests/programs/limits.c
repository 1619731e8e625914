/*
 * limits - limits its own address space, then allocates until there is no more.
 *
 * Breaks recorders that need memory of their own in a hook, and crash or lose events when there is none.
 *
 * setrlimit(RLIMIT_AS) to 64 MiB above what is mapped now; blocks of 300000 bytes in `limited_alloc` until malloc fails, then all
 * freed; then a thread is started (64 KiB stack) which allocates 5 in `thread_alloc`, freed. Prints `limited N` (N blocks succeeded, then 1 failed).
 */
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>

#include "known.h"

SITE void *limited_alloc(void) { void *p = malloc(300000); keep(p); return p; }
SITE void *thread_alloc(void) { void *p = malloc(33); keep(p); return p; }

static void *body(void *unused)
{
	for (int i = 0; i < 5; i++)
		free(thread_alloc());
	return unused;
}

static unsigned long mapped_bytes(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%lu", &pages) != 1)
		give_up("/proc/self/statm");
	fclose(f);
	return pages * 4096;
}

int main(void)
{
	static void *blocks[10000];
	struct rlimit limit = { mapped_bytes() + (64u << 20), RLIM_INFINITY };
	if (setrlimit(RLIMIT_AS, &limit))
		give_up("setrlimit");
	int n = 0;
	while (n < 10000 && (blocks[n] = limited_alloc()))
		n++;
	if (n == 10000 || n < 100 || errno != ENOMEM)
		give_up("%d blocks, errno %d", n, errno);
	for (int i = 0; i < n; i++)
		free(blocks[i]);
	pthread_t t;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	if (pthread_create(&t, &small, body, NULL))
		give_up("pthread_create");
	pthread_join(t, NULL);
	say(1, "limited %d\nexe %d %d\n", n, n + 5, n + 5);
	return 0;
}
