/*
 * follow.h - --follow: a recorder of its own for every child process that asks.
 *
 * The request stands in the arena of the asking process's parent (record/arena_layout.h). The collector forks; the new
 * collector makes an arena and a trace file for that process, publishes where the arena is, and lives until the
 * process is gone. It belongs to nobody's terminal: signals are never forwarded by it.
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_FOLLOW_H
#define MS_RECORD_FOLLOW_H

#include <sys/types.h>

#include "options.h"
#include "recording.h"
#include "signals.h"

struct follow {
	const struct options *options;
	struct recording *parent;        /* whose arena the requests stand in */
	struct signals *signals;
	pid_t *collectors;               /* child collectors that were not reaped yet */
	size_t count, capacity;
};

/* For struct collector. context = struct follow. */
void follow_child_asks(void *context, pid_t child);
void follow_reap(void *context);
/* Waits for all child collectors: until the programs that they record are gone. */
void follow_wait(struct follow *f);

#endif
