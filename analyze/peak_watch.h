/*
 * peak_watch.h - the moment at which live bytes first reach their highest level, from the views of a replay.
 *
 * next_event: set it to the ordinal of the first event before the first view. Ownership: none. Errors: none. Thread-safety: plain data.
 */
#ifndef MS_ANALYZE_PEAK_WATCH_H
#define MS_ANALYZE_PEAK_WATCH_H

#include "analysis.h"
#include "moment.h"

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

#endif
