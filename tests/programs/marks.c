/*
 * marks - names moments through memscope.h. Before "loaded" 10 blocks of 100 bytes, all kept; before "served é" 20 of 50, freed again, and
 * one of 7 that is kept; then a mark of no text, one of NULL, and one from a signal handler. `marks long` sets one mark of 3000 bytes, whose
 * 2000th byte is inside of a character; `marks kill` is killed at once after its mark; `marks storm` has two threads that allocate and
 * mark while signals come whose handler marks, too; prints how many marks were set.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../record/include/memscope.h"

void *kept[16]; /* not static: stores nobody reads would be left out */
static atomic_long set;

static void on_signal(int number)
{
	(void)number;
	MEMSCOPE_MARK("from a handler");
	atomic_fetch_add(&set, 1);
}

static void *storm(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		free(malloc((size_t)i % 100 + 1));
		if (i % 10 == 0) {
			memscope_mark("storm");
			atomic_fetch_add(&set, 1);
		}
		if (i % 50 == 0)
			pthread_kill(pthread_self(), SIGUSR1);
	}
	return arg;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	signal(SIGUSR1, on_signal);
	if (strcmp(what, "long") == 0) {
		char text[3001];

		memset(text, 'x', sizeof text - 1);
		text[sizeof text - 1] = '\0';
		memcpy(&text[1998], "\xe2\x82\xac", 3); /* the euro sign */
		MEMSCOPE_MARK(text);
		return 0;
	}
	if (strcmp(what, "kill") == 0) {
		MEMSCOPE_MARK("last words");
		raise(SIGKILL);
	}
	if (strcmp(what, "storm") == 0) {
		pthread_t threads[2];

		for (int i = 0; i < 2; i++)
			if (pthread_create(&threads[i], NULL, storm, NULL) != 0)
				return 1;
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		printf("marks %ld\n", atomic_load(&set));
		return 0;
	}
	for (int i = 0; i < 10; i++)
		kept[i] = malloc(100);
	errno = 77;
	MEMSCOPE_MARK("loaded");
	for (int i = 0; i < 20; i++)
		free(malloc(50));
	kept[10] = malloc(7);
	MEMSCOPE_MARK("served \xc3\xa9");
	MEMSCOPE_MARK("");
	memscope_mark(NULL);
	raise(SIGUSR1);
	kept[11] = malloc(9);
	/* No stdio: its buffer would be a block of the last phase. */
	return write(1, errno == 77 ? "errno kept\n" : "errno lost\n", 11) != 11;
}
