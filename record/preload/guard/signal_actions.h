/*
 * signal_actions.h - signals that the guard handles first, and what the program believes about them.
 *
 * The guard owns SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS and the check signal. The kernel has the guard's handler for
 * them, with the flags and the mask that the program gave to its own; sigaction and its relatives (interpose_signal.c) set and
 * show what the program has. The guard's handler ends by doing what the kernel would have done: signal_pass_on.
 *
 * SIGSEGV and SIGBUS are never really blocked but in a handler for them: the kernel ends a process whose thread blocks the signal of its own fault,
 * where a plain program would have gone on, because its access would not have faulted. The program sees them as blocked.
 *
 * Ownership: structs are copied. Errors: as the function that is interposed, with its errno; before the guard has started
 * everything goes to libc. Thread-safety: any thread, async-signal-safe; signal_own from one thread.
 * Source: sigaction(2), signal(7), sigset(3).
 */
#ifndef MS_PRELOAD_SIGNAL_ACTIONS_H
#define MS_PRELOAD_SIGNAL_ACTIONS_H

#include <signal.h>
#include <stdbool.h>

typedef void (*signal_handler)(int);
typedef void (*signal_action_handler)(int, siginfo_t *, void *);

/* X(result, name, parameters): libc's, behind those of interpose_signal.c. */
#define REAL_SIGNAL_FUNCTIONS(X)                                                                                       \
	X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                                         \
	X(signal_handler, signal, (int, signal_handler))                                                               \
	X(signal_handler, sysv_signal, (int, signal_handler))                                                          \
	X(signal_handler, sigset, (int, signal_handler))                                                               \
	X(int, sigignore, (int))                                                                                       \
	X(int, sigprocmask, (int, const sigset_t *, sigset_t *))                                                       \
	X(int, pthread_sigmask, (int, const sigset_t *, sigset_t *))

struct real_signals {
#define X(result, name, parameters) result(*name) parameters;
	REAL_SIGNAL_FUNCTIONS(X)
#undef X
};
/* Found when first asked for. */
const struct real_signals *real_signals(void);

/* Handles a signal from now on, in front of what the program has set. only_default: only if it has nothing set. */
void signal_own(int number, signal_action_handler handler, bool only_default);
/* For a handler given to signal_own, last: the program's handler, or the default action, which may come after the return. */
void signal_pass_on(int number, siginfo_t *info, void *context);
/* True when nobody but the kernel would look at this signal: it ends the process. */
bool signal_is_fatal(int number, const siginfo_t *info);
/* True when the program has a handler of its own. */
bool signal_has_handler(int number);

/* A child of vfork has signals of its own, but the memory is its parent's: what it sets before it execs goes to the kernel alone,
   and must not be what its parent believes. signal_after_fork: in a forked child, whose memory is its own. */
bool signal_in_vfork_child(void);
void signal_after_fork(void);

/* Around exec: signals that the program ignores are really ignored for the image that comes. */
void signal_before_exec(void);
void signal_after_failed_exec(void);

/* What the interposed functions do. */
int signal_hook_sigaction(int number, const struct sigaction *action, struct sigaction *old);
signal_handler signal_hook_signal(int number, signal_handler handler);
signal_handler signal_hook_sysv_signal(int number, signal_handler handler);
signal_handler signal_hook_sigset(int number, signal_handler handler);
int signal_hook_sigignore(int number);
int signal_hook_mask(int (*real)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set, sigset_t *old);

#endif
