/*
 * in_turns THREADS ROUNDS - threads that allocate strictly in turns: the same events in the same order in every run.
 *
 * Breaks recorders whose result depends on who empties the buffers, and when. Each of THREADS threads (1 to 8; the main thread is one of them)
 * does ROUNDS rounds; in a round it allocates 3 blocks in `turn_alloc`, frees one of its own, gives one to the next thread, which frees it in
 * its own round (`turn_free`), grows the third by realloc in `turn_grow` and keeps every hundredth of those for ever. With the last round of all,
 * what is waiting with a thread stays there: it leaks.
 */
#include <pthread.h>

#include "known.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int threads, rounds, turn;
static void *given[8];
static void *volatile kept;

SITE void *turn_alloc(size_t bytes)
{
	void *p = malloc(bytes);
	keep(p);
	return p;
}

SITE void turn_free(void *p)
{
	free(p);
}

SITE void *turn_grow(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	keep(p);
	return p;
}

static void one_round(int who, int round)
{
	void *own = turn_alloc(16 + round % 50), *gift = turn_alloc(100 + who), *third = turn_alloc(32);

	turn_free(own);
	turn_free(given[who]);
	given[who] = NULL;
	if (given[(who + 1) % threads] == NULL)
		given[(who + 1) % threads] = gift;
	else
		turn_free(gift);
	third = turn_grow(third, 64 + round % 7);
	if (round % 100 == 99) {
		*(void **)third = kept; /* reachable: a list */
		kept = third;
	} else {
		turn_free(third);
	}
}

static void *run(void *number)
{
	int who = (int)(intptr_t)number;

	for (int round = 0; round < rounds; round++) {
		pthread_mutex_lock(&lock);
		while (turn % threads != who)
			pthread_cond_wait(&moved, &lock);
		one_round(who, round);
		turn++;
		pthread_cond_broadcast(&moved);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t others[8];

	threads = argc > 1 ? atoi(argv[1]) : 0;
	rounds = argc > 2 ? atoi(argv[2]) : 0;
	if (threads < 1 || threads > 8 || rounds < 1)
		return 98;
	for (int i = 1; i < threads; i++)
		if (pthread_create(&others[i], NULL, run, (void *)(intptr_t)i) != 0)
			return 97;
	run((void *)0);
	for (int i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	return 0;
}
