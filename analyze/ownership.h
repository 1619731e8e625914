/*
 * ownership.h - which task or scope each live block belongs to, and its counts (owned.h) by the steps of a replay: what the passes of tasks
 * and of scopes have in common.
 *
 * A pass embeds struct ms_ownership, says which rows exist, and which counters a row has (one for a task; for a scope those of the path and
 * those of the thread on it). Row 0 is what belongs to nothing.
 *
 * Inside analyze/ only. Ownership: `lost` is borrowed, the marks are freed by ms_block_marks_free(&o->row_of). Errors: MS_E_NOMEM.
 * Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_OWNERSHIP_H
#define MS_ANALYZE_OWNERSHIP_H

#include "annotation_pass.h"
#include "block_marks.h"
#include "owned.h"

#define MS_OWNERS 2

/* The counters of a row: one, or as many as there are. */
struct ms_owners {
	struct ms_owned *list[MS_OWNERS];
	unsigned count;
};
typedef struct ms_owners ms_owners_fn(void *state, uint32_t row); /* state: of the pass */

struct ms_ownership {
	const struct ms_lost_blocks *lost; /* NULL: none is known */
	uint64_t event;                  /* number of the next one */
	bool attributed;                 /* lost blocks */
	struct ms_block_marks row_of;    /* by block */
	ms_owners_fn *owners;
	void *state;
};

/* When no further event comes, or one that is alone in its view: the heap graph was taken now; what it says is lost is alive. */
static inline void ms_ownership_attribute(struct ms_ownership *o)
{
	if (o->attributed || !o->lost || o->event < o->lost->event)
		return;
	o->attributed = true;
	for (size_t i = 0; i < o->lost->count; i++) {
		const struct ms_lost_block *b = &o->lost->list[i];

		struct ms_owners owners = o->owners(o->state, ms_block_marks_get(&o->row_of, b->block));

		for (unsigned k = 0; k < owners.count; k++)
			ms_owned_lost(owners.list[k], b->definite, b->size_bytes);
	}
}

/* Before the step of an event that is one of many. */
static inline void ms_ownership_event(struct ms_ownership *o)
{
	if (o->lost && o->event == o->lost->event)
		ms_ownership_attribute(o);
	o->event++;
}

/* A step that begins or ends a block; inner: the row that the thread is in. */
static inline int ms_ownership_step(struct ms_ownership *o, const struct ms_view *v, uint32_t i, uint32_t inner)
{
	unsigned step = v->step[i];
	struct ms_owners owners;
	uint32_t row;

	if (ms_step_begins(step)) {
		if (step == MS_STEP_REALLOCATE)
			ms_block_marks_take(&o->row_of, v->from[i]);
		owners = o->owners(o->state, inner);
		for (unsigned k = 0; k < owners.count; k++)
			ms_owned_begins(owners.list[k], step, v->size_bytes[i], v->time_ns[i]);
		return inner ? ms_block_marks_set(&o->row_of, v->block[i], inner) : MS_OK;
	}
	if (ms_step_ends(step)) {
		row = step == MS_STEP_MOVE ? ms_block_marks_get(&o->row_of, v->block[i]) : ms_block_marks_take(&o->row_of, v->block[i]);
		owners = o->owners(o->state, row);
		for (unsigned k = 0; k < owners.count; k++)
			ms_owned_ends(owners.list[k], step, v->size_bytes[i]);
	}
	return MS_OK;
}

/* RETURN, RESUME, LOSE: of a block that a realloc had taken away. */
static inline int ms_ownership_step_alone(struct ms_ownership *o, const struct ms_view *v)
{
	bool stays = v->step[0] == MS_STEP_RESUME;
	uint32_t row = stays ? ms_block_marks_get(&o->row_of, v->moved) : ms_block_marks_take(&o->row_of, v->moved);
	struct ms_owners owners = o->owners(o->state, row);

	for (unsigned k = 0; k < owners.count; k++)
		if (v->step[0] == MS_STEP_RETURN)
			ms_owned_returns(owners.list[k], v->size_bytes[0], v->time_ns[0]);
		else if (stays)
			ms_owned_ends(owners.list[k], MS_STEP_MOVE, v->size_bytes[0]);
		else
			ms_owned_loses(owners.list[k]);
	return v->step[0] == MS_STEP_RETURN ? ms_block_marks_set(&o->row_of, v->goes_by, row) : MS_OK;
}

/* A part of the trace begins: what was alive comes as allocations, of nothing that is known. none: what belongs to nothing. */
static inline void ms_ownership_restore(struct ms_ownership *o, const struct ms_start *start, struct ms_owned *none)
{
	o->event = start->event;
	o->attributed = false;
	ms_owned_window(none, 0);
}

#endif
