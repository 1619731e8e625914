/*
 * graph_threads - threads in every state when the graph is taken: graph_threads COUNT HOW
 *
 *   wait     all wait; each holds one block (1000 + i bytes) in its frame; main returns
 *   blocked  the same with every signal blocked, by sigprocmask and by the system call itself
 *   busy     all allocate, free and reallocate for ever, each with one block in its frame that stays; main gets `signals N` of them by
 *            sending SIGUSR2 to the process 5 times, 20 ms apart, then exits with all of them running
 *   exit     each ends, main joins all, and holds one block
 *
 * Prints `pid` at once, `held ADDRESS` for each block that is held.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_barrier_t ready;
static const char *how;
static uintptr_t held[512];

static __attribute__((noinline)) void allocate(void **slot, long i)
{
	*slot = malloc((size_t)(1000 + i));
	held[i] = ~(uintptr_t)*slot;
}

static __attribute__((noinline)) void churn(void)
{
	void *mine[16] = {0};
	unsigned random = 1;

	for (;;) {
		unsigned at = (random = random * 1103515245 + 12345) >> 16 & 15;

		switch (random >> 24 & 3) {
		case 0:
			free(mine[at]);
			mine[at] = NULL;
			break;
		case 1:
			mine[at] = realloc(mine[at], random >> 20);
			break;
		default:
			free(mine[at]);
			mine[at] = malloc(random >> 22);
		}
	}
}

static void *run(void *argument)
{
	void *mine[1];
	sigset_t all;

	allocate(mine, (long)argument);
	if (strcmp(how, "exit") == 0) {
		free(mine[0]);
		return NULL;
	}
	if (strcmp(how, "blocked") == 0) {
		memset(&all, 0xff, sizeof all);
		pthread_sigmask(SIG_SETMASK, &all, NULL);
		if ((long)argument == 1) /* even libc's own signals */
			syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	}
	pthread_barrier_wait(&ready);
	if (strcmp(how, "busy") == 0)
		churn();
	for (;;)
		pause();
	return mine[0];
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[1]) : 0;
	pthread_t threads[512];
	void *own[1];

	if (count < 1 || count > 511)
		return 2;
	how = argv[2];
	printf("pid %d\n", (int)getpid());
	fflush(stdout);
	pthread_barrier_init(&ready, NULL, (unsigned)count + 1);
	allocate(own, count);
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
			return 3;
	if (strcmp(how, "exit") == 0) {
		for (long i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
	} else {
		pthread_barrier_wait(&ready);
		for (long i = 0; i < count; i++)
			printf("held 0x%llx\n", (unsigned long long)~held[i]);
	}
	printf("held 0x%llx\n", (unsigned long long)~held[count]);
	if (strcmp(how, "busy") == 0)
		for (int i = 0; i < 5; i++) {
			usleep(20000);
			kill(getpid(), SIGUSR2);
		}
	fflush(stdout);
	exit(own[0] == NULL);
}
