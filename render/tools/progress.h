/*
 * progress.h - how far a replay is, on standard error when that is a terminal, at most ten times a second, from half a second on.
 *
 * options: gets the callback; the progress must live as long as it is used. Errors: none. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_PROGRESS_H
#define MS_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <time.h>

#include "analyze/report.h"

struct progress {
	struct timespec start;
	double next_s;
	bool shown;
	const char *file;                /* said before it, NULL = nothing */
};

void progress_start(struct progress *p, struct ms_report_options *options, bool quiet);
/* Seconds since then. */
double progress_seconds(const struct progress *p);
/* Wipes it away. */
void progress_end(struct progress *p);

#endif
