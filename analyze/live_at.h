/*
 * live_at.h - the live blocks, and what the program has mapped itself, at a moment of the trace.
 *
 * Ownership: ms_live_at_close frees (an empty one too); blocks are the cursor's, valid until then. Errors: MS_E_NOMEM, and what reading events
 * says. Thread-safety: one thread.
 */
#ifndef MS_ANALYZE_LIVE_AT_H
#define MS_ANALYZE_LIVE_AT_H

#include "format/trace_reader.h"

struct ms_live_at {
	struct ms_cursor *cursor;
	uint64_t event;                  /* the first one after the moment */
	const struct ms_live_block *blocks;
	size_t count;
};

/* After all events at time_ns or before. */
int ms_live_at_open(struct ms_live_at *l, const struct ms_trace *trace, uint64_t time_ns, struct ms_error *err);
void ms_live_at_close(struct ms_live_at *l);

/* Anonymous memory that calls of mmap and mremap before this event have left: addresses [start, end), in no order. */
struct ms_mapped_range {
	uint64_t start, end;
};
#define MS_MAPPED_RANGES 4096u
struct ms_mapped {
	struct ms_mapped_range *ranges;
	size_t count;
	bool cut;                        /* there were more than MS_MAPPED_RANGES at a time: some are missing */
};
/* Reads every event before it. The caller frees ranges. */
int ms_mapped_before(struct ms_mapped *m, const struct ms_trace *trace, uint64_t event, struct ms_error *err);

#endif
