/*
 * trace_part.h - writes a part of a trace as a trace of its own: what was alive at an instant, and the events from there to another one.
 *
 * The part keeps times, thread ids and module ids. Event numbers begin at 0; block ids at 1: first the blocks that are alive at the start, in
 * order of their ids. Strings, frames, stacks and evidence are those that are used, under new ids. Keyframes stand where the trace has some; heap
 * graphs taken in the part (for a snapshot: the last one before it, if its blocks are those that are alive), samples and footprints measured in it come along. A realloc whose first half stands before the part counts as not seen,
 * as behind a keyframe.
 *
 * Ownership: everything is borrowed for the call. Memory: the live blocks, and a few words per string, frame and stack of the trace.
 * Errors: those of the cursor, of the writer, MS_E_ARGUMENT (the part lies outside of the trace), MS_E_NOMEM. Thread-safety: one thread.
 */
#ifndef MS_FORMAT_TRACE_PART_H
#define MS_FORMAT_TRACE_PART_H

#include "trace_reader.h"
#include "trace_writer.h"

struct ms_part_request {
	const char *file;                /* name of the trace, as the part shall say it */
	bool snapshot;                   /* no events, no samples: from and to are the same */
	uint64_t from_event, to_event;   /* events from .. to - 1 */
	uint64_t from_ns, to_ns;
	const struct ms_live_block *moving; /* snapshot: alive, too, by id: inside a realloc */
	size_t moving_count;
};

/* Right after ms_writer_open with options.part; writes all, the end included. */
int ms_write_part(struct ms_writer *w, const struct ms_trace *from, const struct ms_part_request *part, struct ms_error *err);

#endif
