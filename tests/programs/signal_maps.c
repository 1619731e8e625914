/*
 * signal_maps - a signal handler maps memory, at whatever moment it comes: inside malloc and inside the hooks.
 *
 * mmap and munmap are safe in a handler, and hooked. Breaks hooks that hold a lock or write an event in two steps.
 *
 * The main thread allocates and frees in `main_alloc` until the handler ran 300 times; each run maps and unmaps 7 pages of 4096 bytes
 * (28672 bytes). Prints `main N maps M`.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "known.h"

static volatile sig_atomic_t runs;

SITE void *main_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }

SITE void on_timer(int sig)
{
	(void)sig;
	if (runs >= 300)
		return;
	void *p = mmap(NULL, 28672, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || munmap(p, 28672))
		give_up("mmap in a handler");
	runs++;
}

int main(void)
{
	struct sigaction a = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	sigaction(SIGALRM, &a, NULL);
	struct itimerval every = { { 0, 200 }, { 0, 200 } }, off = { { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &every, NULL);
	long n = 0;
	while (runs < 300) {
		free(main_alloc(16 + (size_t)(n % 100)));
		n++;
	}
	setitimer(ITIMER_REAL, &off, NULL);
	say(1, "main %ld maps %d\nexe %ld %ld\n", n, (int)runs, n, n);
	return 0;
}
