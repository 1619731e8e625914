/*
 * owned.h - counts the blocks of a task or scope (struct ms_owned of annotations.h), step by step.
 *
 * Inside analyze/ only. No errors, no ownership. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_OWNED_H
#define MS_ANALYZE_OWNED_H

#include "analysis.h"
#include "annotations.h"

static inline void ms_owned_raise(struct ms_owned *o, uint64_t bytes, uint64_t time_ns)
{
	o->live_blocks++;
	o->live_bytes += bytes;
	if (o->live_bytes > o->peak_bytes) {
		o->peak_bytes = o->live_bytes;
		o->peak_ns = time_ns;
	}
}

/* Of step ALLOCATE or REALLOCATE. */
static inline void ms_owned_begins(struct ms_owned *o, unsigned step, uint64_t bytes, uint64_t time_ns)
{
	o->allocations += step == MS_STEP_ALLOCATE;
	o->reallocations += step == MS_STEP_REALLOCATE;
	o->allocated_bytes += bytes;
	ms_owned_raise(o, bytes, time_ns);
}

/* FREE (temporary or not), MOVE, RESUME. */
static inline void ms_owned_ends(struct ms_owned *o, unsigned step, uint64_t bytes)
{
	o->frees += (step & ~(unsigned)MS_STEP_TEMPORARY) == MS_STEP_FREE;
	o->temporary_allocations += step == (MS_STEP_FREE | MS_STEP_TEMPORARY);
	o->freed_bytes += bytes;
	o->live_blocks--;
	o->live_bytes -= bytes;
}

/* RETURN: a MOVE was none. Before the window it was counted before. */
static inline void ms_owned_returns(struct ms_owned *o, uint64_t bytes, uint64_t time_ns)
{
	o->freed_bytes -= bytes;
	ms_owned_raise(o, bytes, time_ns);
}

/* LOSE: a MOVE was a free. */
static inline void ms_owned_loses(struct ms_owned *o)
{
	o->frees++;
}

/* One of its live blocks is lost: nothing leads to it. */
static inline void ms_owned_lost(struct ms_owned *o, bool definite, uint64_t bytes)
{
	*(definite ? &o->definite_blocks : &o->indirect_blocks) += 1;
	*(definite ? &o->definite_bytes : &o->indirect_bytes) += bytes;
}

/* IMAGE: nothing lives on. */
static inline void ms_owned_gone(struct ms_owned *o)
{
	o->exec_blocks += o->live_blocks;
	o->exec_bytes += o->live_bytes;
	o->live_blocks = o->live_bytes = 0;
}

/* WINDOW: what was counted is forgotten; the level of now is the peak of now. */
static inline void ms_owned_window(struct ms_owned *o, uint64_t time_ns)
{
	*o = (struct ms_owned){
		.live_blocks = o->live_blocks, .live_bytes = o->live_bytes, .start_blocks = o->live_blocks, .start_bytes = o->live_bytes,
		.peak_bytes = o->live_bytes, .peak_ns = time_ns,
	};
}

static inline void ms_owned_add(struct ms_owned_sum *to, const struct ms_owned_sum *s)
{
	to->members += s->members;
	to->allocations += s->allocations;
	to->reallocations += s->reallocations;
	to->allocated_bytes += s->allocated_bytes;
	to->freed_bytes += s->freed_bytes;
	to->live_blocks += s->live_blocks;
	to->live_bytes += s->live_bytes;
	to->definite_bytes += s->definite_bytes;
	to->indirect_bytes += s->indirect_bytes;
}

static inline struct ms_owned_sum ms_owned_alone(const struct ms_owned *o)
{
	return (struct ms_owned_sum){
		.members = 1, .allocations = o->allocations, .reallocations = o->reallocations, .allocated_bytes = o->allocated_bytes,
		.freed_bytes = o->freed_bytes, .live_blocks = o->live_blocks, .live_bytes = o->live_bytes, .definite_bytes = o->definite_bytes,
		.indirect_bytes = o->indirect_bytes,
	};
}

#endif
