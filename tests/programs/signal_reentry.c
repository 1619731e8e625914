// flags: -lsafemalloc
/*
 * signal_reentry - a signal handler allocates, at whatever moment it comes: inside malloc and inside the hooks.
 *
 * Breaks recorders whose hooks hold a lock or write an event in two steps: they deadlock, or the interrupted event is torn.
 *
 * The allocator is libsafemalloc.so, which is safe in handlers. Two threads allocate and free in `main_alloc` until the handler
 * ran 300 times on each of the two (the timer's signal is passed on to the other thread); each run of the handler allocates
 * 3 blocks in `handler_alloc` and frees 2. Prints `main N handler M` (allocations). All of main's are freed.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "known.h"

#define RUNS 300
static atomic_long main_allocations, handler_runs;
static _Thread_local volatile sig_atomic_t runs_here;
static pthread_t other;
static _Atomic int other_alive;

SITE void *main_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }
SITE void *handler_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }

static void on_timer(int sig)
{
	if (sig == SIGALRM && atomic_load(&other_alive))
		pthread_kill(other, SIGUSR1);
	if (runs_here >= RUNS)
		return;
	runs_here++;
	atomic_fetch_add(&handler_runs, 1);
	void *a = handler_alloc(31), *b = handler_alloc(32);
	handler_alloc(33);
	free(a);
	free(b);
}

static void work(void)
{
	long n = 0;
	while (runs_here < RUNS) {
		void *p = main_alloc(24);
		free(p);
		n++;
		for (int i = 0; i < 100; i++)
			keep(NULL);
	}
	atomic_fetch_add(&main_allocations, n);
}

static void *worker(void *unused)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	work();
	return unused;
}

int main(void)
{
	struct sigaction a = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	sigaction(SIGALRM, &a, NULL);
	sigaction(SIGUSR1, &a, NULL);
	if (pthread_create(&other, NULL, worker, NULL))
		give_up("pthread_create");
	atomic_store(&other_alive, 1);
	struct itimerval every = { { 0, 200 }, { 0, 200 } }, off = { { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &every, NULL);
	work();
	pthread_join(other, NULL); /* the handler goes on: its signals wake the other thread */
	atomic_store(&other_alive, 0);
	setitimer(ITIMER_REAL, &off, NULL);
	long n = main_allocations, m = 3 * handler_runs;
	say(1, "main %ld handler %ld\nexe %ld %ld\n", n, m, n + m, n + 2 * handler_runs);
	return 0;
}
