/*
 * realloc_race ROUNDS - four threads malloc, realloc and free in one arena.
 *
 * Breaks recorders that log a realloc after the real call: another thread gets the old address first, its allocation is
 * logged before the free, and the block looks leaked (27 to 41 phantom leaks in heaptrack 1.4).
 *
 * Each thread does ROUNDS times: 1 malloc in `race_malloc`, 2 reallocs in `race_realloc` (larger, smaller), 1 free. Nothing
 * is alive at the end. Every fourth block is freed by the next thread instead (it was handed over).
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "known.h"

#define THREADS 4
static int rounds;
static _Atomic(void *) handed[THREADS];

SITE void *race_malloc(size_t n)
{
	void *p = malloc(n);
	keep(p);
	return p;
}

SITE void *race_realloc(void *p, size_t n)
{
	void *q = realloc(p, n);
	keep(q);
	return q;
}

static void *worker(void *number)
{
	int me = (int)(long)number;
	for (int i = 0; i < rounds; i++) {
		void *p = race_malloc(24 + (size_t)(i % 7) * 16);
		p = race_realloc(p, 200 + (size_t)(i % 13) * 100);
		p = race_realloc(p, 60 + (size_t)(i % 5) * 8);
		if (i % 4 == 0)
			p = atomic_exchange(&handed[(me + 1) % THREADS], p); /* NULL or an older one */
		free(p);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	rounds = argc > 1 ? atoi(argv[1]) : 20000;
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	pthread_t t[THREADS];
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, worker, (void *)i))
			give_up("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < THREADS; i++)
		free(atomic_load(&handed[i]));
	say(1, "exe %d %d\n", THREADS * rounds, THREADS * rounds);
	return 0;
}
