/*
 * kernel_signal.h - signal handlers without libc: the kernel's own struct, and calling what was there before.
 *
 * libc's sigaction is the program's (and hides the signals that libc keeps for itself). Handlers that are installed here
 * return through a restorer of our own. Results are those of the kernel. Async-signal-safe, no errno.
 * Source: rt_sigaction(2), the kernel's struct sigaction for x86-64.
 */
#ifndef MS_PRELOAD_KERNEL_SIGNAL_H
#define MS_PRELOAD_KERNEL_SIGNAL_H

#include <signal.h>
#include <stdint.h>

struct ms_kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	uint64_t flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* An action that runs handler with every other signal blocked but those of faults, on the signal stack if there is one;
   system calls go on behind it where the kernel can do that. */
struct ms_kernel_action ms_kernel_handler(void (*handler)(int, siginfo_t *, void *));

long ms_kernel_sigaction(int number, const struct ms_kernel_action *action, struct ms_kernel_action *old);

/* Does what the action would have done for a fault of this thread: runs its handler, or puts the action back so that the
   instruction, which runs again, meets it. */
void ms_kernel_chain(const struct ms_kernel_action *action, int number, siginfo_t *info, void *context);

#endif
