/*
 * interpose_signal.c - signal actions as the program sees them: the exported symbols, and nothing else.
 */
#include "signal_actions.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	return signal_hook_sigaction(number, action, old);
}
EXPORT int __sigaction(int number, const struct sigaction *action, struct sigaction *old) __attribute__((nothrow, leaf, alias("sigaction")));

EXPORT signal_handler signal(int number, signal_handler handler)
{
	return signal_hook_signal(number, handler);
}
EXPORT signal_handler bsd_signal(int number, signal_handler handler) __attribute__((nothrow, leaf, alias("signal")));
EXPORT signal_handler ssignal(int number, signal_handler handler) __attribute__((nothrow, leaf, alias("signal")));

EXPORT signal_handler sysv_signal(int number, signal_handler handler)
{
	return signal_hook_sysv_signal(number, handler);
}
EXPORT signal_handler __sysv_signal(int number, signal_handler handler) __attribute__((nothrow, leaf, alias("sysv_signal")));

EXPORT signal_handler sigset(int number, signal_handler handler)
{
	return signal_hook_sigset(number, handler);
}

EXPORT int sigignore(int number)
{
	return signal_hook_sigignore(number);
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return signal_hook_mask(real_signals()->sigprocmask, how, set, old);
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return signal_hook_mask(real_signals()->pthread_sigmask, how, set, old);
}
