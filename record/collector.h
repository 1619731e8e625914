/*
 * collector.h - the loop around a recording while its program lives.
 *
 * The hooks never wake the collector; it looks at the rings every COLLECTOR_BUSY_NS while there is something in them,
 * and less and less often, down to COLLECTOR_IDLE_NS, while there is not, or while a sample leaves no more than COLLECTOR_FEW_WORDS in them
 * altogether, half of the smallest ring. A thread that finds its ring full waits until the next look.
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_COLLECTOR_H
#define MS_RECORD_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "app_process.h"
#include "recording.h"
#include "signals.h"

#define COLLECTOR_BUSY_NS 300000
#define COLLECTOR_IDLE_NS 4000000
#define COLLECTOR_FEW_WORDS 2048     /* of a sample, in one round: the next nap may be longer */
#define COLLECTOR_RUSH_WORDS 32768   /* this much in one round: no nap before the next */
#define COLLECTOR_WATCH_NS 100000000 /* nothing is recorded: only the end of the program matters */

struct collector {
	struct recording *recording;     /* NULL: the program runs unrecorded */
	struct app_process *app;
	struct signals *signals;
	bool forward;                    /* signals sent to us are meant for the program */
	/* A child of the program asks for a recording of its own. Called once per request. NULL: nobody may ask. */
	void (*child_asks)(void *context, pid_t child);
	/* Shall the loop be left although the program lives? Asked in every round, NULL allowed. */
	bool (*leave)(void *context);
	/* Called about every 20 ms. NULL allowed. */
	void (*housekeeping)(void *context);
	void *context;
};

/* Until the program is gone, or leave says so. */
void collector_run(struct collector *c);

#endif
