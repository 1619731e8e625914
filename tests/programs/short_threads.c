/*
 * short_threads TOTAL AT_ONCE - TOTAL short-lived threads, AT_ONCE of them alive at the same moment.
 *
 * Breaks recorders that keep something per thread for ever, or lose a short thread's few events.
 *
 * Each thread allocates 2 blocks in `thread_alloc` and frees 1; the main thread frees the other after the join. 2 * TOTAL
 * allocations, 2 * TOTAL frees.
 */
#include <pthread.h>

#include "known.h"

static pthread_barrier_t met;
static void *left[5000];

SITE void *thread_alloc(void) { void *p = malloc(45); keep(p); return p; }

static void *body(void *arg)
{
	void **slot = arg;
	*slot = thread_alloc();
	free(thread_alloc());
	pthread_barrier_wait(&met);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		give_up("usage: short_threads TOTAL AT_ONCE");
	int total = atoi(argv[1]), at_once = atoi(argv[2]);
	static pthread_t t[5000];
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_barrier_init(&met, NULL, (unsigned)at_once);
	for (int done = 0; done < total; done += at_once) {
		for (int i = 0; i < at_once; i++)
			if (pthread_create(&t[i], &small, body, &left[i]))
				give_up("pthread_create %d", done + i);
		for (int i = 0; i < at_once; i++) {
			pthread_join(t[i], NULL);
			free(left[i]);
		}
	}
	say(1, "exe %d %d\n", 2 * total, 2 * total);
	return 0;
}
