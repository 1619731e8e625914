/*
 * verify_trace.h - reads everything in a trace and compares what can be compared; for `check` and `repair`.
 *
 * What opening a trace has verified already (headers, side tables, ids) is the first part. Then all events, in order,
 * against the live blocks; each keyframe against the live set that the events lead to; the end against the events; last the blocks and edges of the heap graphs.
 * Errors: enum ms_status; err->offset is that of the block. Thread-safety: none.
 */
#ifndef MS_RENDER_TOOLS_VERIFY_TRACE_H
#define MS_RENDER_TOOLS_VERIFY_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/trace_reader.h"

struct verify_result {
	const char *doing;               /* what it was at, for messages: "reading the events" */
	uint64_t events, blocks;         /* read without complaint; blocks begun by these events */
	uint64_t keyframes;              /* compared */
	uint64_t graphs;                 /* heap graphs read */
	bool in_graph;                   /* what is wrong is in the next graph; the events are all right */
};

/* progress (NULL allowed) is called now and then with the share that is done, 0..1. */
int verify_trace(const struct ms_trace *t, struct verify_result *result, void (*progress)(double done),
                 struct ms_error *err);

#endif
