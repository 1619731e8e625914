#include "ending.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "summary.h"

/* The recording whose symbols are being resolved; read by the exit handler. */
static struct recording *unfinished;
static int due_status;

static void conclude(struct recording *r)
{
	recording_end(r);
	if (!r->options->quiet)
		summary_print(r, r->options->verbose);
}

static void at_exit(void)
{
	struct recording *r = unfinished;

	if (!r)
		return;
	unfinished = NULL;
	conclude(r);
	fflush(stderr);
	_exit(due_status);
}

static bool interrupted(void *context)
{
	struct signals *s = context;

	signals_handle(s, 0);
	return s->interrupted;
}

/* The limit on address space is meant for the program. */
static void lift_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_AS, &limit);
	}
}

bool ending_run(struct recording *r, struct signals *signals, int exit_status)
{
	static bool registered;

	recording_drain(r);
	if (!r->process_written) {
		recording_remove(r);
		return false;
	}
	if (!registered)
		registered = atexit(at_exit) == 0;
	lift_limit();
	signals->interrupted = false; /* from here on it means: enough symbols */
	due_status = exit_status;
	unfinished = r;
	recording_symbolize(r, interrupted, signals);
	unfinished = NULL;
	conclude(r);
	return true;
}
