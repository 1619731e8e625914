/*
 * ingest_internal.h - what the files behind ingest.h share: ingest.c (entries), ingest_out.c (the writer, culling), ingest_threads.c,
 * ingest_notes.c (the collector's own events).
 *
 * An event is built in the place that ingest_next gives and then appended: ingest_append. slot: index of the ring that an entry came from.
 * Errors: ingest_fail keeps the first status. Thread-safety: as ingest.h.
 */
#ifndef MS_RECORD_INGEST_INTERNAL_H
#define MS_RECORD_INGEST_INTERNAL_H

#include "ingest.h"

/* ---- ingest_out.c ---- */

void ingest_fail(struct ingest *g, int status);
/* The live table as it stands. Everything before it must have been written: ingest_write_batch. */
void ingest_keyframe(struct ingest *g);
/* Stops while there is room for one more block (what the writer holds back) and what follows the events. */
void ingest_check_room(struct ingest *g, uint64_t bytes_before);
/* Hands what is batched to the writer; a keyframe may follow. */
void ingest_write_batch(struct ingest *g);
/* An event without a block, at this time (ns): any kind of class OTHER with one argument; the name of a thread. */
void ingest_emit(struct ingest *g, uint8_t kind, uint32_t thread, uint64_t time_ns, uint64_t arg0);
void ingest_emit_name(struct ingest *g, uint32_t thread, uint64_t time_ns, const char *name, size_t length);
void ingest_append_culling(struct ingest *g, uint32_t slot);
/* Nothing waits any more: the written events are all there are. */
void ingest_empty_queue(struct ingest *g);
/* After a merge, at that time: what has waited long enough leaves; keyframes and sums that are due are written. */
void ingest_run_cull(struct ingest *g, uint64_t now_ns);

/* The place of the next event. It is built there: a copy of something just written in pieces stalls the CPU. */
static inline struct ms_event *ingest_next(struct ingest *g)
{
	return __builtin_expect(g->cull != NULL, 0) ? &g->cull->next : &g->batch[g->batch_count];
}

static inline void ingest_put(struct ingest *g)
{
	g->events++;
	if (++g->batch_count == INGEST_BATCH)
		ingest_write_batch(g);
}

/* What ingest_next gave, of this slot (any one when it is no block's), is complete. The live table must stand exactly behind it: a keyframe may
   follow. */
static inline void ingest_append(struct ingest *g, uint32_t slot)
{
	if (__builtin_expect(g->cull != NULL, 0))
		ingest_append_culling(g, slot);
	else
		ingest_put(g);
}

static inline uint64_t ingest_time(struct ingest *g, uint64_t ticks)
{
	uint64_t ns = tick_clock_ns(g->clock, ticks);

	/* A refinement of the clock's rate can turn by a few nanoseconds. */
	if (ns > g->last_ns)
		g->last_ns = ns;
	return g->last_ns;
}

/* ---- ingest_threads.c ---- */

/* Before the first entry of a slot. */
void ingest_begin_thread(struct ingest *g, struct ingest_slot *s, uint64_t time_ns);

/* ---- ingest_notes.c ---- */

/* Behind a snapshot that was appended: somebody will look at this moment, so it gets a keyframe where that pays. */
void ingest_after_snapshot(struct ingest *g);
/* Live bytes are above the limit behind the newest event, which is the thread's. */
void ingest_heap_passed(struct ingest *g, uint32_t thread, uint64_t time_ns);
/* Notes whose time has come, each behind the entries before it. */
void ingest_run_notes(struct ingest *g, uint64_t watermark);

#endif
