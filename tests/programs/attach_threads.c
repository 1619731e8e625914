/*
 * A program to attach to that makes and ends threads all the time, eight at once: a thread that begins, ends, or is made or waited for holds locks that
 * loading a library needs. Each thread allocates 200 blocks with malloc, moves them with realloc and frees them. Ends with status 0 at SIGTERM,
 * when the threads that run are done; 9 when one could not be made.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t over;

static void on_term(int number)
{
	(void)number;
	over = 1;
}

static void *work(void *unused)
{
	for (size_t i = 0; i < 200; i++) {
		char *p = malloc(10 + i);

		memset(p, 1, 10 + i);
		p = realloc(p, 300 + i);
		memset(p, 2, 300 + i);
		free(p);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[8];

	signal(SIGTERM, on_term);
	while (!over) {
		for (int i = 0; i < 8; i++)
			if (pthread_create(&threads[i], NULL, work, NULL) != 0)
				return 9;
		for (int i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
	}
	return 0;
}
