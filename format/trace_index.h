/*
 * trace_index.h - the index of a trace: a file beside it (TRACE.index) with places where reading may begin.
 *
 * A trace with an index attached is read as before, from fewer events: a cursor starts at the nearest checkpoint or
 * keyframe, and who needs more than the live blocks asks for the checkpoint. An index belongs to exactly one content of its trace; one
 * that does not fit, or is damaged, is never used.
 *
 * Ownership: an attached index belongs to the trace and is freed with it. Attach before other threads use the trace.
 * Errors: MS_E_NOT_FOUND (no such file, or it is the index of another trace or of another state of this one), MS_E_MAGIC and the other
 * codes of opening a file; the trace is then as it was. Thread-safety: as trace_reader.h. Not signal-safe.
 * Source of the format: docs/FORMAT.md, "Index files".
 */
#ifndef MS_FORMAT_TRACE_INDEX_H
#define MS_FORMAT_TRACE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "trace_types.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */
struct ms_trace;
struct ms_checkpoint; /* checkpoint.h */

/* Where a mark stands first: the event itself, and its time. */
struct ms_index_mark {
	uint32_t string;
	uint64_t event, time_ns;
};

struct ms_index_facts {
	uint64_t file_bytes;
	size_t checkpoints;
	uint64_t peak_event, peak_time_ns, peak_bytes; /* events before the moment of the peak; 0 bytes: there is none */
	const struct ms_index_mark *marks;
	size_t mark_count;
};

/* "TRACE.index"; the caller frees it; NULL: no memory. */
char *ms_trace_index_path(const char *trace_path);
int ms_trace_attach_index(struct ms_trace *t, const char *index_path, struct ms_error *err);
/* The same from memory, borrowed until the trace is closed; for tests and fuzzing. */
int ms_trace_attach_index_memory(struct ms_trace *t, const void *bytes, size_t size_bytes, struct ms_error *err);
void ms_trace_detach_index(struct ms_trace *t);
const struct ms_index_facts *ms_trace_index(const struct ms_trace *t); /* NULL: none is attached */

/* The last checkpoint at or before the event. *found = false: there is none, or it cannot be read. Free it in any case. */
int ms_trace_checkpoint_before(const struct ms_trace *t, uint64_t event, struct ms_checkpoint *out, bool *found, struct ms_error *err);
/* The first checkpoint before which live bytes, or live blocks, were above the value; then what was asked for lies between the
   checkpoint before it (event *from; 0: the start) and its event *to. false: the index knows of none. */
bool ms_trace_checkpoint_above(const struct ms_trace *t, bool blocks, uint64_t value, uint64_t *from, uint64_t *to);
/* The event of the last checkpoint at or before this event; 0: none. */
uint64_t ms_trace_start_before(const struct ms_trace *t, uint64_t event);
/* Evidence ids that events before the checkpoint at `event` named, in their order; the caller frees *ids. */
int ms_trace_evidence_before(const struct ms_trace *t, uint64_t event, uint64_t **ids, size_t *count, struct ms_error *err);
#pragma GCC visibility pop

/* ---- writing (write_index.c) ------------------------------------------------------------------------------------ */

struct ms_stream;
struct ms_index_writer;

int ms_index_writer_open(struct ms_index_writer **out, struct ms_stream *stream, struct ms_error *err);
/* Live blocks sorted by id, n of them, just before c->event. Events must ascend. */
int ms_index_writer_add(struct ms_index_writer *w, const struct ms_checkpoint *c, const struct ms_live_block *blocks, size_t n,
			struct ms_error *err);
/* Of facts: peak and marks. Binds the file to the trace as it is readable now. */
int ms_index_writer_end(struct ms_index_writer *w, const struct ms_trace *t, const struct ms_index_facts *facts, struct ms_error *err);
void ms_index_writer_close(struct ms_index_writer *w); /* NULL allowed */

/* XXH3-64 over the file header and the headers of all readable blocks, which hold the checksums of their payloads. */
int ms_trace_fingerprint(const struct ms_trace *t, uint64_t *hash, struct ms_error *err);

#endif
