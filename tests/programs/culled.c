/*
 * culled: known short lives and long ones, for --cull-temporary with a window of 200 ms. ROUNDS (default 300) times:
 *   brief     a block of 100 bytes, freed at once
 *   chain     malloc(10), realloc to 1000 and to 5000 bytes, freed at once: a block and two that realloc made
 *   handed    a block of 64 bytes that another thread frees at once
 * and in between, once:
 *   leaked    20 blocks of 48 bytes, never freed
 *   patient   10 blocks of 256 bytes, freed after 600 ms (the window is over)
 *   grown     malloc(16), after 600 ms realloc(32) and freed at once: its chain is old
 *   wrong     5 blocks of 80 bytes freed by free_sized with another size: worth a look, so written
 * With "kill" as second argument it kills itself at the end.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static void *box;
static pthread_barrier_t full, empty;
static int rounds = 300;

static NOINLINE void brief(void)
{
	char *p = malloc(100);

	p[0] = 1;
	free(p);
}

static NOINLINE void chain(void)
{
	char *p = malloc(10);

	p = realloc(p, 1000);
	p = realloc(p, 5000);
	p[0] = 1;
	free(p);
}

static NOINLINE void handed(void)
{
	box = malloc(64);
	pthread_barrier_wait(&full);
	pthread_barrier_wait(&empty);
}

static void *other(void *unused)
{
	(void)unused;
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&full);
		free(box);
		pthread_barrier_wait(&empty);
	}
	return NULL;
}

static NOINLINE void leaked(void)
{
	static void *kept[20];

	for (int i = 0; i < 20; i++)
		kept[i] = malloc(48);
	kept[0] = kept[19];
}

static NOINLINE void patient(void **blocks)
{
	for (int i = 0; i < 10; i++)
		blocks[i] = malloc(256);
}

static NOINLINE void wrong(void (*sized)(void *, size_t))
{
	for (int i = 0; i < 5; i++) {
		void *p = malloc(80);

		if (sized)
			sized(p, 81);
		else
			free(p);
	}
}

static void wait_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) != 0)
		;
}

int main(int argc, char **argv)
{
	union {
		void *p;
		void (*f)(void *, size_t);
	} sized = {dlsym(RTLD_DEFAULT, "free_sized")};
	void *blocks[10], *grown;
	pthread_t thread;

	if (argc > 1 && atoi(argv[1]) > 0)
		rounds = atoi(argv[1]);
	pthread_barrier_init(&full, NULL, 2);
	pthread_barrier_init(&empty, NULL, 2);
	pthread_create(&thread, NULL, other, NULL);
	leaked();
	patient(blocks);
	grown = malloc(16);
	for (int i = 0; i < rounds; i++) {
		brief();
		chain();
		handed();
	}
	wrong(sized.f);
	wait_ms(600);
	for (int i = 0; i < 10; i++)
		free(blocks[i]);
	grown = realloc(grown, 32);
	free(grown);
	pthread_join(thread, NULL);
	if (argc > 2 && strcmp(argv[2], "kill") == 0)
		kill(getpid(), SIGKILL);
	return 0;
}
