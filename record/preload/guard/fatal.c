/*
 * fatal.c - other signals that end a process: the pools are checked first, because a damaged heap is what many of them come
 * from (abort in malloc, after an overflow); then the heap graph is taken, as it would be at exit. And the signal that asks for a check.
 */
#include <stdatomic.h>

#include "fault.h"
#include "guard.h"
#include "record/preload/graph.h"
#include "record/preload/process.h"
#include "signal_actions.h"

static _Atomic bool checked;

void fatal_check(int number, const siginfo_t *info, const void *context)
{
	if (!signal_is_fatal(number, info) || atomic_exchange(&checked, true))
		return;
	guard_check(MS_CHECK_CRASH, NULL);
	if (ms_process.header != NULL && ms_process.header->graph_at_exit != 0)
		ms_graph_take_at(MS_GRAPH_CRASH, context);
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
	fatal_check(number, info, context);
	signal_pass_on(number, info, context);
}

/* Without a handler of the program the request is all that the signal means. */
static void on_request(int number, siginfo_t *info, void *context)
{
	guard_check(MS_CHECK_REQUEST, NULL);
	if (signal_has_handler(number))
		signal_pass_on(number, info, context);
}

void fatal_start(const struct ms_guard_config *config)
{
	signal_own(SIGABRT, on_fatal, false);
	signal_own(SIGILL, on_fatal, false);
	signal_own(SIGFPE, on_fatal, false);
	signal_own(SIGSYS, on_fatal, true);
	if (config->check_signal != 0)
		signal_own(config->check_signal, on_request, false);
}
