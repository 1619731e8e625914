/*
 * peak_watch.h - the moment at which live bytes first reach their highest level, from the views of a replay.
 *
 * next_event: set it to the ordinal of the first event before the first view. Ownership: none. Errors: none. Thread-safety: plain data.
 */
#ifndef MS_ANALYZE_PEAK_WATCH_H
#define MS_ANALYZE_PEAK_WATCH_H

#include "analysis.h"
#include "moment.h"
#include "steps.h"

struct ms_peak_watch {
	uint64_t next_event, live_bytes;
	struct ms_instant at;            /* valid when live_bytes > 0 */
};

static inline void ms_peak_look(struct ms_peak_watch *p, const struct ms_view *v)
{
	bool event = v->kind[0] != 0;    /* else a step of the replay's own, alone in its view */

	for (uint32_t i = 0; i < v->count; i++)
		if (v->live_bytes[i] > p->live_bytes) {
			p->live_bytes = v->live_bytes[i];
			p->at = (struct ms_instant){p->next_event + (event ? i + 1 : 0), v->time_ns[i]};
		}
	p->next_event += event ? v->count : 0;
}

/* Before the first view; *blocks: how many live there. What lives at the start of a part of a trace is a level, for the steps as well. Errors: of the cursor. */
static inline int ms_peak_begin(struct ms_peak_watch *p, struct ms_steps *steps, struct ms_cursor *c, uint64_t from_ns, uint64_t *blocks,
                                struct ms_error *err)
{
	const struct ms_live_block *live;
	size_t n;
	int rc = ms_cursor_live(c, &live, &n, err);

	for (size_t i = 0; rc == MS_OK && i < n; i++)
		p->live_bytes += live[i].size_bytes;
	p->at = (struct ms_instant){0, from_ns};
	*blocks = rc ? 0 : n;
	return rc ? rc : ms_steps_level(steps, p->live_bytes, n, n ? live[n - 1].block : 0, n ? live[n - 1].birth_ns : 0);
}

#endif
