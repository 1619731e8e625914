/*
 * keyframe_trace.h - the random programs of random_trace.h written with keyframes in many places, between the halves of reallocs, too; and a
 * model of what is alive that walks the list of events from the first one.
 */
#ifndef MS_TESTS_KEYFRAME_TRACE_H
#define MS_TESTS_KEYFRAME_TRACE_H

#include "format/stream.h"
#include "format/trace_reader.h"
#include "random_trace.h"

struct keyframe_trace {
	struct random_trace random;
	uint64_t every;                  /* a keyframe stands before the events at multiples of it, but the first */
	struct ms_stream stream;
	struct ms_trace *trace;
};

void keyframe_trace_make(struct keyframe_trace *t, uint32_t seed, size_t events, uint64_t every);
void keyframe_trace_free(struct keyframe_trace *t);

/* By block id; blocks that are no more keep what they were. */
struct model {
	bool *alive, *failed;            /* failed: begun by a realloc that failed */
	struct ms_live_block *block;
	uint64_t *parent;                /* block of the realloc that it came from, 0 = none that is known */
	uint64_t next_block;
};

/* Before the event. */
void model_at(struct model *m, const struct keyframe_trace *t, uint64_t event);
void model_free(struct model *m);

#endif
