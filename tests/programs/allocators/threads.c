/*
 * threads - four threads that use malloc and jemalloc's own functions at once: 4 times 5000 turns, each with 2 blocks begun and ended and one
 * reallocation, all within `turn`. With an argument it waits in turns of 10 ms, that many of them, and does one of each in every turn.
 */
#include <pthread.h>

#include <jemalloc/jemalloc.h>

#include "../known.h"

SITE void turn(int i)
{
	void *p = mallocx(64 + (size_t)i % 512, 0), *q;

	p = rallocx(p, 1000 + (size_t)i % 77, 0);
	keep(p);
	if (i % 3)
		dallocx(p, 0);
	else
		free(p);
	q = malloc(30);
	keep(q);
	sdallocx(q, 30, 0);
}

static void *work(void *argument)
{
	for (int i = 0; i < 5000; i++)
		turn(i);
	return argument;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];

	if (argc > 1) {
		for (int i = atoi(argv[1]); i > 0; i--) {
			turn(i);
			usleep(10000);
		}
		return 7;
	}
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			give_up("thread");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
