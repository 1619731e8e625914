/*
 * checkpoint.h - what a replay knows before an event, beside the live blocks: with both it goes on exactly from there.
 *
 * Sums over all events before, threads, reallocs under way, and which blocks go by another id. Its live blocks stand in
 * Keyframe blocks with the same event. Times are nanoseconds since the start of the recording, sizes bytes.
 *
 * Ownership: rows belong to the struct until ms_checkpoint_free (which leaves an empty one). Errors: MS_E_NOMEM; of decoding
 * also MS_E_CORRUPT and MS_E_LIMIT: everything in a decoded one is checked against the ids of the trace (stacks, threads,
 * strings, evidence), blocks against next_block, times against the checkpoint's, and its rows are in the order promised.
 * Thread-safety: plain data. Not signal-safe.
 * Source of the format: table Checkpoint of schemas/trace.fbs; docs/FORMAT.md, "Checkpoints".
 */
#ifndef MS_FORMAT_CHECKPOINT_H
#define MS_FORMAT_CHECKPOINT_H

#include <stdint.h>

#include "buffer.h"
#include "errors.h"

/* Names as in trace.fbs, where they are explained. */
#define MS_CHECKPOINT_VALUES(X)                                                                                        \
	X(event) X(time_ns) X(next_block) X(first_block) X(images) X(image_start_ns) X(live_blocks) X(live_bytes)           \
	X(allocations) X(frees) X(reallocations) X(allocated_bytes) X(freed_bytes) X(peak_bytes) X(peak_time_ns)            \
	X(peak_event) X(peak_blocks) X(most_blocks) X(unmatched_frees) X(temporary_allocations) X(zero_size_allocations)    \
	X(failed_allocations) X(ended_by_exec_blocks) X(ended_by_exec_bytes) X(lost_marks) X(mapped_cut) X(last_mark)     \
	X(first_pause) X(paused)

#define MS_CHECKPOINT_THREAD(X)                                                                                        \
	X(thread) X(name) X(started) X(ended) X(events) X(first_ns) X(last_ns) X(allocations) X(reallocations) X(frees)     \
	X(temporary_allocations) X(unmatched_frees) X(allocated_bytes) X(live_blocks) X(live_bytes) X(peak_bytes)           \
	X(ended_own_blocks) X(ended_own_bytes) X(ended_others_blocks) X(ended_others_bytes) X(last_block)
#define MS_CHECKPOINT_MOVE(X)                                                                                          \
	X(thread) X(block) X(size_bytes) X(birth_ns) X(birth_thread) X(stack) X(time_ns) X(known) X(kind) X(recorded)
#define MS_CHECKPOINT_REALLOC(X) X(thread) X(depth) X(slot) X(birth_ns) X(birth_thread) X(stack) X(kind)
#define MS_CHECKPOINT_ALIAS(X) X(recorded) X(block) X(birth_ns) X(birth_thread) X(stack) X(kind)
#define MS_CHECKPOINT_RANGE(X) X(start) X(end)

#define X(name) uint64_t name;
struct ms_checkpoint_thread { MS_CHECKPOINT_THREAD(X) };   /* ascending by thread */
struct ms_checkpoint_move { MS_CHECKPOINT_MOVE(X) };       /* by thread, at most 4 of one, oldest first */
struct ms_checkpoint_realloc { MS_CHECKPOINT_REALLOC(X) }; /* by thread, at most 4 of one */
struct ms_checkpoint_alias { MS_CHECKPOINT_ALIAS(X) };
struct ms_checkpoint_range { MS_CHECKPOINT_RANGE(X) };     /* ascending, at most 4096 */

struct ms_checkpoint {
	MS_CHECKPOINT_VALUES(X)
	uint64_t events_of_kind[256];
	struct ms_buffer threads;        /* struct ms_checkpoint_thread[] */
	struct ms_buffer moves;          /* struct ms_checkpoint_move[] */
	struct ms_buffer reallocs;       /* struct ms_checkpoint_realloc[] */
	struct ms_buffer aliases;        /* struct ms_checkpoint_alias[] */
	struct ms_buffer mapped;         /* struct ms_checkpoint_range[] */
	struct ms_buffer evidence;       /* uint64_t[]: ids that events named since the checkpoint before, in their order */
};
#undef X

/* Rows of a buffer: `for (i < MS_ROWS(c->moves, struct ms_checkpoint_move)) ... MS_ROW(c->moves, struct ms_checkpoint_move, i)` */
#define MS_ROWS(buffer, type) ((buffer).size / sizeof(type))
#define MS_ROW(buffer, type, i) (&((type *)(void *)(buffer).data)[i])

/* Forgets the rows and keeps their memory; values become 0. */
void ms_checkpoint_clear(struct ms_checkpoint *c);
void ms_checkpoint_free(struct ms_checkpoint *c);

struct ms_fb_builder;
struct ms_id_limits;
/* The body of a Checkpoint block, to be put into a Block. Sticks in the builder: 0 = no memory. */
uint32_t ms_checkpoint_build(const struct ms_checkpoint *c, struct ms_fb_builder *b);
/* From the verified body of one. offset: of the block, for messages. On an error *out is empty. */
int ms_checkpoint_decode(struct ms_checkpoint *out, const uint8_t *body, const struct ms_id_limits *limits, uint64_t offset,
			 struct ms_error *err);

#endif
