/*
 * trace_reader.h - opens a trace, verifies it, and reads its tables and events.
 *
 * ms_trace_open reads the header, the index (or, when it is missing, scans the block headers) and all side tables into
 * memory; events stay in the file and are read block by block through a cursor. A file without its tail opens up to its
 * last whole block: ms_trace_damage() then says where and why reading stopped. Every byte is checked before it is used:
 * checksums, sizes, decompression bounds, FlatBuffers structure, column lengths, ids.
 *
 * Ownership: everything returned by const pointer belongs to the struct ms_trace until ms_trace_close.
 * Errors: enum ms_status; err->offset is the file offset. Thread-safety: after open the trace is read-only and may be
 * shared; a cursor belongs to one thread. Not signal-safe.
 * Source of the format: docs/FORMAT.md, schemas/trace.fbs.
 */
#ifndef MS_FORMAT_TRACE_READER_H
#define MS_FORMAT_TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "events.h"
#include "trace_types.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */
struct ms_trace;

int ms_trace_open(struct ms_trace **out, const char *path, struct ms_error *err);
/* The same from memory (borrowed until close); for tests and fuzzing. */
int ms_trace_open_memory(struct ms_trace **out, const void *bytes, size_t size_bytes, struct ms_error *err);
void ms_trace_close(struct ms_trace *t); /* NULL allowed */

const struct ms_process *ms_trace_process(const struct ms_trace *t); /* never NULL */
const struct ms_end *ms_trace_end(const struct ms_trace *t);         /* NULL: the trace is truncated */

/* Where reading stopped early; NULL when the file is whole. */
const struct ms_error *ms_trace_damage(const struct ms_trace *t);
bool ms_trace_has_index(const struct ms_trace *t);
/* It begins with blocks that are alive already; ms_trace_process(t)->part says where it was taken from. */
bool ms_trace_is_part(const struct ms_trace *t);
uint64_t ms_trace_file_bytes(const struct ms_trace *t);
uint32_t ms_trace_format_version(const struct ms_trace *t);

/* Counts: valid ids are 1 .. count. */
uint32_t ms_trace_string_count(const struct ms_trace *t);
uint32_t ms_trace_module_count(const struct ms_trace *t);
uint32_t ms_trace_thread_count(const struct ms_trace *t);
uint32_t ms_trace_frame_count(const struct ms_trace *t);
uint32_t ms_trace_stack_count(const struct ms_trace *t);
uint64_t ms_trace_event_count(const struct ms_trace *t);             /* sum over the readable event blocks */
uint64_t ms_trace_last_time_ns(const struct ms_trace *t);

/* "" / NULL for id 0 or out of range. Strings are NUL-terminated and may contain any other byte. */
const char *ms_trace_string(const struct ms_trace *t, uint32_t id);
const struct ms_module *ms_trace_module(const struct ms_trace *t, uint32_t id);
const struct ms_thread *ms_trace_thread(const struct ms_trace *t, uint32_t id);
const struct ms_frame *ms_trace_frame(const struct ms_trace *t, uint32_t id);
const struct ms_stack *ms_trace_stack(const struct ms_trace *t, uint32_t id);
/* Symbols of a frame, innermost inline level first; *n = 0 when there are none. */
const struct ms_symbol *ms_trace_symbols(const struct ms_trace *t, uint32_t frame, size_t *n);

/* Evidence of guards: valid ids are 1 .. count. */
uint32_t ms_trace_evidence_count(const struct ms_trace *t);
const struct ms_evidence *ms_trace_evidence(const struct ms_trace *t, uint32_t id); /* NULL: out of range */

/* Places that track variables: valid ids are 1 .. count. Types that were found later stand in them. */
uint32_t ms_trace_variable_count(const struct ms_trace *t);
const struct ms_variable *ms_trace_variable(const struct ms_trace *t, uint32_t id); /* NULL: out of range */

/* Heap graphs, in order of time: index 0 .. count - 1. Blocks and edges stay in the file until they are asked for. */
size_t ms_trace_graph_count(const struct ms_trace *t);
const struct ms_graph *ms_trace_graph(const struct ms_trace *t, size_t index);
/* Everything in *out is checked: positions and root numbers in range, edges of roots inside them, order as promised; not that a
   block id is that of a live block, or stands there once. Memory: 25 bytes per edge and 16 per block, the caller's until
   ms_graph_data_free (on an error *out is empty). Errors: MS_E_ARGUMENT (no such graph), MS_E_NOMEM, MS_E_CORRUPT, MS_E_IO, MS_E_LIMIT. */
int ms_trace_graph_load(const struct ms_trace *t, size_t index, struct ms_graph_data *out, struct ms_error *err);
void ms_graph_data_free(struct ms_graph_data *data);
/* The data object that covers the address in the module (0: in any); NULL when none is known. */
const struct ms_data_symbol *ms_trace_data_symbol(const struct ms_trace *t, uint32_t module, uint64_t address);

/* What was measured of the process while it ran: series ids are 1 .. count. */
uint32_t ms_trace_series_count(const struct ms_trace *t);
const struct ms_series *ms_trace_series(const struct ms_trace *t, uint32_t id); /* NULL: out of range */
/* Its values in order of time; *n = 0 when there are none. */
const struct ms_sample *ms_trace_samples(const struct ms_trace *t, uint32_t id, size_t *n);
/* Address spaces, in order of time: index 0 .. count - 1. */
size_t ms_trace_footprint_count(const struct ms_trace *t);
const struct ms_footprint *ms_trace_footprint(const struct ms_trace *t, size_t index);

/* Sums over blocks that are no events, in order of time: index 0 .. count - 1; NULL: out of range. What all rows of a trace say of one
   thing can be added up in 64 bits. */
size_t ms_trace_culled_count(const struct ms_trace *t);
const struct ms_culled *ms_trace_culled(const struct ms_trace *t, size_t index);

/* The blocks of the file, in file order. */
struct ms_block_info {
	uint64_t offset;                 /* of the block header */
	uint64_t stored_bytes, raw_bytes; /* payload as stored, and uncompressed */
	uint64_t first_time_ns, last_time_ns;
	uint64_t first_event;
	uint32_t count;
	uint16_t kind;                   /* enum ms_block_kind, format/container.h */
};
size_t ms_trace_block_count(const struct ms_trace *t);
const struct ms_block_info *ms_trace_block(const struct ms_trace *t, size_t index);
/* The block id of the first allocation in or after an Events block (ids are dense and grow). Errors: MS_E_ARGUMENT (no Events
   block), MS_E_CORRUPT, MS_E_IO, MS_E_LIMIT, MS_E_NOMEM. */
int ms_trace_first_block(const struct ms_trace *t, size_t index, uint64_t *first, struct ms_error *err);
/* The times of all events of an Events block, never falling; the caller frees them. Errors: likewise. */
int ms_trace_event_times(const struct ms_trace *t, size_t index, uint64_t **times_ns, uint32_t *count, struct ms_error *err);

struct ms_birth_range {
	uint64_t low_id, high_id, low_ns, high_ns; /* all inclusive */
};
/* How many blocks of the keyframe whose first part is this block of the file have their id and their time in the range; decodes no more
   than ids and times, up to the id. Errors: MS_E_ARGUMENT (no Keyframe block), and as above. */
int ms_trace_keyframe_count(const struct ms_trace *t, size_t index, const struct ms_birth_range *range, uint64_t *count,
                            struct ms_error *err);

/* Events decoded since the trace was opened, by all cursors (those that decode ahead are ahead) and ms_trace_event_times: what questions
   cost. */
uint64_t ms_trace_events_read(const struct ms_trace *t);
/* Likewise, live blocks loaded from keyframes and checkpoints; counting those of a range loads none. */
uint64_t ms_trace_live_loaded(const struct ms_trace *t);

/* ---- events ---------------------------------------------------------------------------------------------------- */

/* Which optional arrays a batch must hold; what is not asked for is not decoded (pointer NULL). */
enum ms_columns {
	MS_COLUMN_ADDRESS = 1u << 0,
	MS_COLUMN_ARGS = 1u << 1,        /* also needed to see thread names, modules, marks */
	MS_COLUMN_MAP_ADDRESS = 1u << 2, /* addresses of MAP events alone: next to free, since these are rare */
};

/*
 * A run of events as arrays of `count` elements, resolved against the live blocks: a free knows size, stack, thread,
 * kind and time of birth of the block that it ends. Memory belongs to the cursor, valid until the next call.
 */
struct ms_batch {
	uint32_t count;
	uint64_t first_event;            /* ordinal of element 0 */
	const uint8_t *kind;             /* enum ms_event_kind */
	const uint64_t *time_ns;
	const uint32_t *thread;          /* thread id */
	const uint64_t *size_bytes;      /* ALLOC, FAIL, MAP: requested; FREE: size of the block, 0 when unmatched */
	const uint64_t *block;           /* ALLOC: its id; FREE: the block it ends, 0 = unmatched; else 0 */
	const uint32_t *stack;           /* the event's own stack, 0 = none */
	/* Of the block concerned; for an ALLOC the event itself, for other classes and unmatched frees 0. */
	const uint32_t *birth_stack;
	const uint32_t *birth_thread;
	const uint64_t *birth_ns;
	const uint8_t *birth_kind;
	/* MS_COLUMN_ADDRESS: of every event that has one; MS_COLUMN_MAP_ADDRESS alone: valid for MAP events, NULL when there is none. */
	const uint64_t *address;
	const uint64_t (*arg)[2];        /* MS_COLUMN_ARGS */
};

struct ms_cursor;

/* Starts before event `first_event` (0 = the beginning; of a part: with what is alive there), from the nearest keyframe, or
   checkpoint when an index is attached (trace_index.h). With `threads` > 1 blocks are
   decompressed and decoded ahead on a background thread. */
int ms_cursor_open(struct ms_cursor **out, const struct ms_trace *t, uint32_t columns, uint64_t first_event,
                   unsigned threads, struct ms_error *err);
/*
 * The same, for a reader that wants to look at the live blocks once on its way: no batch reaches across
 * event `live_event`, and ms_cursor_live and ms_cursor_walk_live called just before it have their addresses, whatever the columns. Cheaper than columns with addresses:
 * they are followed from the last keyframe before live_event on. live_event UINT64_MAX: like ms_cursor_open; else it lies behind first_event.
 */
int ms_cursor_open_live(struct ms_cursor **out, const struct ms_trace *t, uint32_t columns, uint64_t first_event,
                        uint64_t live_event, unsigned threads, struct ms_error *err);
/* MS_OK with batch->count > 0; count = 0 at the end (of the readable part: see ms_trace_damage). */
int ms_cursor_next(struct ms_cursor *c, struct ms_batch *batch, struct ms_error *err);
/* Batches end before this event from now on: there ms_cursor_next says count = 0, until a later limit lets it go on. */
void ms_cursor_limit(struct ms_cursor *c, uint64_t event);
/* The blocks that are live after the last batch (before the first one: just before first_event), sorted by id; memory of the
   cursor, valid until the next call. */
int ms_cursor_live(struct ms_cursor *c, const struct ms_live_block **blocks, size_t *n, struct ms_error *err);
/* The id that the next allocation gets. */
uint64_t ms_cursor_next_block(const struct ms_cursor *c);
/* The same blocks one by one, without memory for a list of them. */
int ms_cursor_walk_live(struct ms_cursor *c, void (*visit)(void *context, const struct ms_live_block *block), void *context,
                        struct ms_error *err);
void ms_cursor_close(struct ms_cursor *c); /* NULL allowed */
/* Between two batches, when the last one ended an Events block: the part of a checkpoint that the cursor knows (event, time,
   next block, open reallocs). */
struct ms_checkpoint;
int ms_cursor_save(const struct ms_cursor *c, struct ms_checkpoint *out, struct ms_error *err);

#pragma GCC visibility pop

#endif
