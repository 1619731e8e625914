/*
 * index_build.h - makes the index of a trace (format/trace_index.h): one replay, with a checkpoint every few million events.
 *
 * Of a part of a trace (a window taken out, a snapshot) the index has peak and marks, but no checkpoints.
 *
 * options: NULL = all defaults. *facts (may be NULL): what went into it; its marks are not there. Memory: the live blocks twice, and one
 * checkpoint. Ownership: nothing is kept. Errors: MS_E_NOMEM, those of the cursor and of the stream.
 * Thread-safety: the trace is only read; the cursor decodes ahead on a thread of its own.
 */
#ifndef MS_ANALYZE_INDEX_BUILD_H
#define MS_ANALYZE_INDEX_BUILD_H

#include <stdint.h>

#include "format/errors.h"

struct ms_trace;
struct ms_stream;
struct ms_index_facts;

struct ms_index_options {
	uint64_t interval;               /* events from one checkpoint to the next, at least; 0: 2 million */
	uint64_t events_per_block;       /* the same, per live block; 0: 8 */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

int ms_index_build_file(struct ms_stream *out, const struct ms_trace *trace, const struct ms_index_options *options,
                        struct ms_index_facts *facts, struct ms_error *err);

#endif
