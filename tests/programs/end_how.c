/*
 * end_how HOW THREADS BLOCKS - ends in the given way after a known number of allocations.
 *
 * Breaks recorders that keep events in a buffer of the process and write them at exit: after SIGKILL or abort their last
 * events are missing, after _exit, quick_exit or exec often all of them.
 *
 * THREADS threads (the main thread is one of them) allocate BLOCKS blocks of 48 bytes each in `known_alloc` and free
 * every second one; then they meet, and the main thread ends the process while the others wait. `exec` starts this program
 * again as `after_exec`, which allocates BLOCKS blocks of 48 bytes in `after_exec_alloc`, frees none and exits with 21.
 */
#include <pthread.h>
#include <signal.h>

#include "known.h"

static int threads, blocks;
static pthread_barrier_t met;
static char *self;

SITE void *known_alloc(void)
{
	void *p = malloc(48);
	keep(p);
	return p;
}

SITE void *after_exec_alloc(void)
{
	void *p = malloc(48);
	keep(p);
	return p;
}

static void work(void)
{
	for (int i = 0; i < blocks; i++) {
		void *p = known_alloc();
		if (i % 2)
			free(p);
	}
}

static void *worker(void *unused)
{
	work();
	pthread_barrier_wait(&met);
	for (;;)
		pause();
	return unused;
}

static void *exits(void *unused)
{
	(void)unused;
	exit(8);
}

static void end_exit(void) { exit(5); }
static void end__exit(void) { _exit(3); }
static void end_quick_exit(void) { quick_exit(4); }
static void end_abort(void) { abort(); }
static void end_kill(void) { kill(getpid(), SIGKILL); }
static void end_term(void) { kill(getpid(), SIGTERM); }
static void end_segv(void) { *(volatile int *)8 = 1; }
static void end_thread_exit(void)
{
	pthread_t t;
	if (pthread_create(&t, NULL, exits, NULL) == 0)
		for (;;)
			pause();
}
static void end_exec(void)
{
	char number[16];
	snprintf(number, sizeof number, "%d", blocks);
	execl("/proc/self/exe", self, "after_exec", "1", number, (char *)NULL);
}

static const struct {
	const char *how;
	void (*end)(void);
} ends[] = {
	{ "exit", end_exit },   { "_exit", end__exit }, { "quick_exit", end_quick_exit },   { "abort", end_abort },
	{ "kill", end_kill },   { "term", end_term },   { "segv", end_segv },               { "exec", end_exec },
	{ "return", NULL },     { "thread_exit", end_thread_exit },
};

int main(int argc, char **argv)
{
	if (argc != 4)
		give_up("usage: end_how HOW THREADS BLOCKS");
	self = argv[0];
	threads = atoi(argv[2]);
	blocks = atoi(argv[3]);
	if (strcmp(argv[1], "after_exec") == 0) {
		for (int i = 0; i < blocks; i++)
			after_exec_alloc();
		return 21;
	}
	pthread_barrier_init(&met, NULL, (unsigned)threads);
	for (int i = 1; i < threads; i++) {
		pthread_t t;
		if (pthread_create(&t, NULL, worker, NULL))
			give_up("pthread_create");
	}
	work();
	pthread_barrier_wait(&met);
	say(1, "exe %d %d\n", threads * blocks, threads * (blocks / 2));
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (strcmp(ends[i].how, argv[1]))
			continue;
		if (!ends[i].end)
			return 6;
		ends[i].end();
	}
	give_up("still alive: %s", argv[1]);
}
