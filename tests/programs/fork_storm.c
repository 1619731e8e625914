/*
 * fork_storm FORKS - forks from a program whose other threads are inside malloc all the time.
 *
 * Breaks recorders that hold a lock in a hook: the child inherits it locked by a thread that it does not have, and hangs
 * at its first malloc (22 of 30 children of heaptrack 1.4).
 *
 * Four threads allocate and free in `worker_alloc` until the end. The main thread forks FORKS times; it allocates 1 block
 * in `parent_alloc` before and frees it after each child. A child allocates and frees 100 blocks in `child_alloc`; every
 * second one ends with exit, the others with _exit. A child that is not gone within 60 s is a hang: exit status 1.
 * Prints `worker N` (allocations of all four threads, all freed) and `hung 0`.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "known.h"

static atomic_int stop;
static atomic_long done;

SITE void *worker_alloc(size_t n)
{
	void *p = malloc(n);
	keep(p);
	return p;
}

SITE void *parent_alloc(void)
{
	void *p = malloc(100);
	keep(p);
	return p;
}

SITE void *child_alloc(void)
{
	void *p = malloc(60);
	keep(p);
	return p;
}

static void *worker(void *unused)
{
	long n = 0;
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		void *p = worker_alloc(16 + (size_t)(n % 200));
		free(p);
		n++;
		if (n % 64 == 0)
			usleep(200); /* the recording need not hold more than what 200 forks take */
	}
	atomic_fetch_add(&done, n);
	return unused;
}

static volatile pid_t child;
static void hung(int sig)
{
	(void)sig;
	kill(child, SIGKILL);
	say(1, "hung 1\n");
	_exit(1);
}

int main(int argc, char **argv)
{
	int forks = argc > 1 ? atoi(argv[1]) : 200;
	pthread_t t[4];
	signal(SIGALRM, hung);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, worker, NULL))
			give_up("pthread_create");
	for (int i = 0; i < forks; i++) {
		void *p = parent_alloc();
		child = fork();
		if (child < 0)
			give_up("fork");
		if (child == 0) {
			for (int k = 0; k < 100; k++)
				free(child_alloc());
			if (i % 2)
				_exit(0);
			exit(0);
		}
		alarm(60);
		int status;
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			give_up("child %d ended with status %x", i, (unsigned)status);
		alarm(0);
		free(p);
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	say(1, "worker %ld\nhung 0\nexe %ld %ld\n", (long)done, (long)done + forks, (long)done + forks);
	return 0;
}
