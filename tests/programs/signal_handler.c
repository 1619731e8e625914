/*
 * signal_handler - allocates in a signal handler while the interrupted code is not in malloc.
 *
 * Breaks unwinders that cannot step over a signal frame: the stack ends at the handler.
 *
 * A timer interrupts `spin` 50 times; each time the handler allocates 2 blocks of 77 bytes in `handler_alloc` and frees 1.
 * The interrupted code and the handler are on one stack: main, spin, the signal frame, on_timer, handler_alloc. A second
 * round handles the same signals on an alternate stack: 50 times 1 block of 78 bytes in `altstack_alloc`, freed.
 * 150 allocations, 100 frees, 50 blocks alive.
 */
#include <signal.h>
#include <sys/time.h>

#include "known.h"

static volatile sig_atomic_t fired, wanted, alternate;

SITE void *handler_alloc(void) { void *p = malloc(77); keep(p); return p; }
SITE void *altstack_alloc(void) { void *p = malloc(78); keep(p); return p; }

SITE void on_timer(int sig)
{
	(void)sig;
	if (fired >= wanted)
		return;
	if (alternate) {
		free(altstack_alloc());
	} else {
		handler_alloc();
		free(handler_alloc());
	}
	fired++;
}

SITE void spin(int times)
{
	fired = 0;
	wanted = times;
	while (fired < wanted)
		keep(NULL);
}

static void start(int flags)
{
	struct sigaction a = { .sa_handler = on_timer, .sa_flags = SA_RESTART | flags };
	sigaction(SIGALRM, &a, NULL);
	struct itimerval every = { { 0, 500 }, { 0, 500 } };
	setitimer(ITIMER_REAL, &every, NULL);
}

int main(void)
{
	static char stack[65536];
	start(0);
	spin(50);
	stack_t s = { .ss_sp = stack, .ss_size = sizeof stack };
	sigaltstack(&s, NULL);
	alternate = 1;
	start(SA_ONSTACK);
	spin(50);
	struct itimerval off = { { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &off, NULL);
	say(1, "exe 150 100\n");
	return 0;
}
