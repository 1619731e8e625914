/*
 * steps.h - from events to steps: decides once what an event means for the count of blocks (see analysis.h for the steps).
 *
 * Feed batches in order: call ms_steps_next until it returns false, then the next batch; after the last batch
 * ms_steps_end, then ms_steps_next with a NULL batch until it returns false.
 *
 * What it remembers: per thread the halves of reallocs that wait for their other half (at most 4, newest first: a signal
 * handler may realloc inside a realloc) and the last blocks begun; per block whose realloc failed, its true birth.
 * Memory: bounded by threads and live blocks. Errors: MS_E_NOMEM. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_STEPS_H
#define MS_ANALYZE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis.h"

struct ms_steps;

/* Room for the arrays of a view that steps make themselves, and for copies of the others (view_queue.c). */
struct ms_view_room {
	uint8_t step[MS_VIEW_EVENTS], kind[MS_VIEW_EVENTS];
	uint32_t site[MS_VIEW_EVENTS], thread[MS_VIEW_EVENTS], birth_thread[MS_VIEW_EVENTS], stack[MS_VIEW_EVENTS];
	uint64_t time_ns[MS_VIEW_EVENTS], size_bytes[MS_VIEW_EVENTS], block[MS_VIEW_EVENTS], birth_ns[MS_VIEW_EVENTS];
	uint32_t birth_stack[MS_VIEW_EVENTS];
	uint8_t birth_kind[MS_VIEW_EVENTS], family[MS_VIEW_EVENTS];
	uint64_t live_bytes[MS_VIEW_EVENTS], live_blocks[MS_VIEW_EVENTS];
	uint64_t address[MS_VIEW_EVENTS], arg[MS_VIEW_EVENTS][2], from[MS_VIEW_EVENTS];
};

/* temporary_window: 1 .. MS_TEMPORARY_WINDOW_MAX. stacks: borrowed until close. */
int ms_steps_open(struct ms_steps **out, const struct ms_stack_map *stacks, uint32_t thread_count,
                  uint32_t temporary_window, struct ms_error *err);
/*
 * The next view of batch, starting at *position (0 for a new batch; advanced). *produced = false at the end of the batch.
 * The view points into room, into the batch and into s, and is valid until the next call.
 */
int ms_steps_next(struct ms_steps *s, const struct ms_batch *batch, uint32_t *position, struct ms_view_room *room,
                  struct ms_view *view, bool *produced, struct ms_error *err);
/*
 * Between two batches (or two parts of one): the window of the report starts here, at time_ns. Its steps wait: call ms_steps_next
 * with a NULL batch until it returns false.
 */
int ms_steps_window(struct ms_steps *s, uint64_t time_ns, struct ms_error *err);
/*
 * Between two batches: what ms_steps_end would do, and back. For each move that waits a RETURN, then for each a RESUME, with which
 * counting goes on as if nothing had been. They wait: call ms_steps_next with a NULL batch until it returns false.
 */
int ms_steps_pause(struct ms_steps *s, struct ms_error *err);
/* From now on views have `from`. */
void ms_steps_tell_from(struct ms_steps *s);
/* How many blocks' moves wait for their other half. */
size_t ms_steps_waiting(const struct ms_steps *s);
/* True while a move of this block (its recorded id) waits for its other half. */
bool ms_steps_waits(const struct ms_steps *s, uint64_t block);
/* From now on moved() is called inside ms_steps_next when a realloc ends whose first half was seen: the block `from` goes on as
   `to` (ids as recorded), with `failed` as it was. NULL: no more. */
typedef void ms_steps_moved(void *context, uint64_t from, uint64_t to, bool failed);
void ms_steps_follow(struct ms_steps *s, ms_steps_moved *moved, void *context);
/*
 * Between two batches: what steps know of a checkpoint (moves, aliases, levels, last blocks of the threads in c->threads). Only with a
 * temporary window of 1: more is not in a checkpoint.
 */
struct ms_checkpoint;
int ms_steps_save(const struct ms_steps *s, struct ms_checkpoint *c, struct ms_error *err);
/* Steps just opened go on as those that were saved. */
int ms_steps_restore(struct ms_steps *s, const struct ms_checkpoint *c, struct ms_error *err);
/* A live block as a cursor has it: becomes what it is for steps, which know more about reallocs that failed. */
void ms_steps_true_birth(const struct ms_steps *s, struct ms_live_block *b);
/* These blocks are alive before the first event. MS_E_CORRUPT: steps that were restored had others. */
int ms_steps_level(struct ms_steps *s, uint64_t bytes, uint64_t blocks, uint64_t newest_block, uint64_t time_ns);
/* No more events: blocks whose realloc was not seen to end come back. */
int ms_steps_end(struct ms_steps *s, struct ms_error *err);
void ms_steps_close(struct ms_steps *s); /* NULL allowed */

#endif
