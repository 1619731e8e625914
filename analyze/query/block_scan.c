/* block_scan.c - see block_scan.h. */
#include "block_scan.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/steps.h"
#include "format/container.h"

#define REALLOCS 4 /* as in steps.c: what a thread may be inside of */

/* A block between the halves of its realloc. */
struct moved {
	bool known;
	struct ms_block_row row;
};
struct thread_moves {
	uint32_t count;
	struct moved *at;                /* REALLOCS, newest last */
};

/* Where a pass may go on: a keyframe. */
struct place {
	uint64_t event;
	uint32_t block;                  /* its first part, in the list of blocks */
	bool known;                      /* count is */
	int64_t count;                   /* blocks of the range that live there */
};

enum phase { EVENTS, EXEC, LIVE, BACK, DONE };

struct ms_block_scan {
	struct ms_query *query;
	struct ms_block_range range;
	enum phase phase;

	struct ms_cursor *cursor;
	struct ms_steps *steps;
	struct ms_batch batch;
	uint32_t position;               /* in the batch, of ms_steps_next */
	struct ms_view_room room;
	struct ms_view view;
	uint32_t at;                     /* next step of the view */
	bool ended;                      /* no more events */

	struct thread_moves *threads;
	uint32_t thread_count, waiting;
	uint32_t overflowed;             /* reallocs that ended for want of room; steps say so later */
	bool midway;                     /* started behind the first event */
	struct ms_block_row *back;       /* blocks whose realloc was never seen to end */
	size_t back_count, back_capacity, back_at;

	struct ms_cursor *image_cursor;  /* at the moment of an exec */
	const struct ms_live_block *live;
	size_t live_count, live_at;

	bool bounded;                    /* low_id .. or low_birth_ns .. are a range to be done with */
	uint64_t newest;                 /* id of the newest block that began */
	uint64_t now_ns;
	int64_t outstanding;             /* blocks of the range that began and did not end yet */
	int64_t hop_outstanding;         /* so many when a hop was tried last */
	struct place *places;            /* by event; NULL: not looked for yet */
	size_t place_count;

	struct ms_block_row row;
};

static bool in_range(const struct ms_block_scan *s, uint64_t id, uint64_t birth_ns)
{
	const struct ms_block_range *r = &s->range;

	return id >= r->low_id && id <= r->high_id && birth_ns >= r->low_birth_ns && birth_ns <= r->high_birth_ns;
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

/*
 * The block that begins or ends at step i. A pass from the first event on takes its birth from the steps, which know more about
 * reallocs that failed; steps that start midway know less than the cursor, which starts at a keyframe before.
 */
static void row_of_step(const struct ms_block_scan *s, uint32_t i, uint8_t how, struct ms_block_row *row)
{
	const struct ms_view *v = &s->view;

	*row = (struct ms_block_row){
		.id = v->block[i], .address = v->address ? v->address[i] : 0, .size_bytes = v->size_bytes[i], .birth_ns = v->birth_ns[i],
		.end_ns = v->time_ns[i], .birth_thread = v->birth_thread[i], .birth_stack = v->birth_stack[i], .site = v->site[i],
		.end_thread = v->thread[i], .end_stack = v->stack[i], .birth_kind = v->birth_kind[i], .end_kind = v->kind[i], .how = how,
		.temporary = v->step[i] & MS_STEP_TEMPORARY,
	};
	if (s->midway) {
		size_t k = (size_t)(v->kind - s->batch.kind) + i;

		row->birth_ns = s->batch.birth_ns[k];
		row->birth_thread = s->batch.birth_thread[k];
		row->site = s->query->map.node_of_stack[row->birth_stack];
	}
}

static void row_of_live(const struct ms_block_scan *s, const struct ms_live_block *b, uint8_t how, struct ms_block_row *row)
{
	*row = (struct ms_block_row){
		.id = b->block, .address = b->address, .size_bytes = b->size_bytes, .birth_ns = b->birth_ns, .birth_thread = b->thread,
		.birth_stack = b->stack, .site = s->query->map.node_of_stack[b->stack], .birth_kind = b->kind, .how = how,
	};
}

static void forget_end(struct ms_block_row *row, uint8_t how)
{
	row->how = how;
	row->end_ns = row->end_thread = row->end_stack = row->end_kind = 0;
	row->temporary = false;
}

/* ---- reallocs ----------------------------------------------------------------------------------------------------- */

/* *overflow: the oldest one, when it is known, ended here: its second half was lost. */
static int push(struct ms_block_scan *s, uint32_t thread, const struct moved *m, struct ms_block_row *overflow, bool *has_overflow)
{
	struct thread_moves *t = &s->threads[thread];

	if (!t->at)
		t->at = malloc(REALLOCS * sizeof *t->at);
	if (!t->at)
		return MS_E_NOMEM;
	if (t->count == REALLOCS) {
		*has_overflow = t->at[0].known;
		*overflow = t->at[0].row;
		overflow->how = MS_BLOCK_FREED;
		s->overflowed += t->at[0].known;
		memmove(t->at, t->at + 1, (REALLOCS - 1) * sizeof *t->at);
		t->count--;
		s->waiting--;
	}
	t->at[t->count++] = *m;
	s->waiting++;
	return MS_OK;
}

static bool pop(struct ms_block_scan *s, uint32_t thread, struct moved *m)
{
	struct thread_moves *t = &s->threads[thread];

	if (!t->count)
		return false;
	*m = t->at[--t->count];
	s->waiting--;
	return true;
}

/* The realloc that a step without an event of its own settles: a failed one is the newest of its thread; else all are, in order. */
static bool take(struct ms_block_scan *s, uint32_t thread, bool newest, struct moved *m)
{
	struct thread_moves *t = &s->threads[thread];
	uint32_t i = newest && t->count ? t->count - 1 : 0;

	while (i < t->count && !t->at[i].known)
		i++;
	if (i == t->count)
		return false;
	*m = t->at[i];
	memmove(t->at + i, t->at + i + 1, (t->count - i - 1) * sizeof *t->at);
	t->count--;
	s->waiting--;
	return true;
}

static void forget_moves(struct ms_block_scan *s, uint32_t thread)
{
	s->waiting -= s->threads[thread].count;
	s->threads[thread].count = 0;
}

static int keep_back(struct ms_block_scan *s, const struct ms_block_row *row)
{
	if (s->back_count == s->back_capacity) {
		size_t capacity = s->back_capacity ? s->back_capacity * 2 : 16;
		struct ms_block_row *grown = realloc(s->back, capacity * sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		s->back = grown;
		s->back_capacity = capacity;
	}
	s->back[s->back_count++] = *row;
	return MS_OK;
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the blocks");
}

/* The one step of a view of its own. *out: a row is in s->row. */
static int lone_step(struct ms_block_scan *s, bool *out, struct ms_error *err)
{
	const struct ms_view *v = &s->view;
	struct moved m;
	int rc;

	switch (v->step[0]) {
	case MS_STEP_RETURN:
		if (!take(s, v->thread[0], v->kind[0] == MS_EV_REALLOC_FAILED, &m))
			break;
		if (v->kind[0] == MS_EV_REALLOC_FAILED) { /* the trace goes on with it under the id of this event */
			s->newest = s->batch.block[s->position - 1];
			s->outstanding += in_range(s, s->newest, m.row.birth_ns);
			break;
		}
		s->outstanding += in_range(s, m.row.id, m.row.birth_ns);
		forget_end(&m.row, MS_BLOCK_ALIVE);
		if (keep_back(s, &m.row))
			return no_memory(err);
		break;
	case MS_STEP_LOSE:
		if (s->overflowed) { /* its row was made when there was no more room */
			s->overflowed--;
			break;
		}
		if (!take(s, v->thread[0], v->kind[0] == MS_EV_REALLOC_OUT, &m))
			break;
		if (v->kind[0] != MS_EV_REALLOC_OUT)
			m.row.how = MS_BLOCK_FREED;
		s->row = m.row;
		*out = true;
		break;
	default: /* MS_STEP_IMAGE */
		for (uint32_t i = 0; i < s->thread_count; i++)
			forget_moves(s, i);
		s->outstanding = 0;
		rc = ms_cursor_open(&s->image_cursor, s->query->trace, s->range.addresses ? MS_COLUMN_ADDRESS : 0,
		                    s->batch.first_event + s->position - 1, 1, err);
		if (rc == MS_OK)
			rc = ms_cursor_live(s->image_cursor, &s->live, &s->live_count, err);
		if (rc)
			return rc;
		s->live_at = s->back_at = 0;
		s->phase = EXEC;
		break;
	}
	return MS_OK;
}

/* Steps of the view until one makes a row. */
static int plain_steps(struct ms_block_scan *s, bool *out, struct ms_error *err)
{
	const struct ms_view *v = &s->view;

	while (s->at < v->count && !*out) {
		uint32_t i = s->at++;
		unsigned step = v->step[i], kind = v->kind[i];
		struct moved m = {.known = false};

		if (ms_step_begins(step)) {
			row_of_step(s, i, MS_BLOCK_ALIVE, &m.row);
			s->newest = m.row.id;
			s->outstanding += in_range(s, m.row.id, m.row.birth_ns);
			if ((kind == MS_EV_REALLOC || kind == MS_EV_REALLOC_FAILED) && pop(s, v->thread[i], &m) && m.known) {
				s->row = m.row;
				*out = true;
			}
		} else if (step == MS_STEP_FREE || step == (MS_STEP_FREE | MS_STEP_TEMPORARY)) {
			row_of_step(s, i, MS_BLOCK_FREED, &s->row);
			s->outstanding -= in_range(s, s->row.id, s->row.birth_ns);
			*out = true;
		} else if (kind == MS_EV_REALLOC_FREE) {
			m.known = step == MS_STEP_MOVE;
			if (m.known) {
				row_of_step(s, i, MS_BLOCK_REALLOCATED, &m.row);
				s->outstanding -= in_range(s, m.row.id, m.row.birth_ns);
			}
			if (push(s, v->thread[i], &m, &s->row, out))
				return no_memory(err);
		} else if (kind == MS_EV_REALLOC_OUT) {
			(void)pop(s, v->thread[i], &m); /* of a block that the trace does not know */
		} else if (kind == MS_EV_THREAD_END || kind == MS_EV_LOST) {
			forget_moves(s, v->thread[i]);
		}
	}
	s->now_ns = v->time_ns[s->at - 1];
	return MS_OK;
}

/* ---- hops --------------------------------------------------------------------------------------------------------- */

static int restart(struct ms_block_scan *s, uint64_t event, struct ms_error *err)
{
	struct ms_query *q = s->query;
	int rc;

	ms_cursor_close(s->cursor);
	s->cursor = NULL;
	ms_steps_close(s->steps);
	s->steps = NULL;
	for (uint32_t i = 0; i < s->thread_count; i++)
		s->threads[i].count = 0;
	s->waiting = s->overflowed = 0;
	s->midway = event > 0;
	s->batch.count = s->position = 0;
	s->view.count = s->at = 0;
	rc = ms_steps_open(&s->steps, &q->map, ms_trace_thread_count(q->trace), 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_open(&s->cursor, q->trace, s->range.addresses ? MS_COLUMN_ADDRESS : 0, event,
		                    ms_trace_event_count(q->trace) - event > 4000000 ? 2 : 1, err);
	return rc;
}

static int find_places(struct ms_block_scan *s, struct ms_error *err)
{
	const struct ms_trace *t = s->query->trace;
	size_t blocks = ms_trace_block_count(t);

	s->places = malloc((blocks + 1) * sizeof *s->places);
	if (!s->places)
		return no_memory(err);
	for (size_t i = 0; i < blocks; i++) {
		const struct ms_block_info *b = ms_trace_block(t, i);

		if (b->kind == MS_BLOCK_KEYFRAME && (!s->place_count || b->first_event != s->places[s->place_count - 1].event))
			s->places[s->place_count++] = (struct place){.event = b->first_event, .block = (uint32_t)i};
	}
	return MS_OK;
}

/* Do all blocks that are waited for live there? What was counted once is known: nothing of the range begins any more. */
static int all_live(struct ms_block_scan *s, struct place *p, bool *yes, struct ms_error *err)
{
	const struct ms_block_range *r = &s->range;
	const struct ms_birth_range births = {r->low_id, r->high_id, r->low_birth_ns, r->high_birth_ns};
	uint64_t count;
	int rc = MS_OK;

	if (!p->known) {
		rc = ms_trace_keyframe_count(s->query->trace, p->block, &births, &count, err);
		p->known = rc == MS_OK;
		p->count = rc == MS_OK ? (int64_t)count : 0;
	}
	*yes = p->count == s->outstanding;
	return rc;
}

/* To the last keyframe at which every block still waited for is alive, when there is one ahead: a block that ended does not come back.
   The next one first, since most often it is too far already; then a search by halves. */
static int hop(struct ms_block_scan *s, struct ms_error *err)
{
	uint64_t here = s->batch.first_event + s->batch.count;
	size_t first = 0, low, high;
	int rc = s->places ? MS_OK : find_places(s, err);
	bool yes = false;

	s->hop_outstanding = s->outstanding;
	while (first < s->place_count && s->places[first].event <= here)
		first++;
	if (rc == MS_OK && first < s->place_count)
		rc = all_live(s, &s->places[first], &yes, err);
	if (rc || !yes)
		return rc;
	for (low = first + 1, high = s->place_count; rc == MS_OK && low < high;) {
		size_t middle = low + (high - low) / 2;

		rc = all_live(s, &s->places[middle], &yes, err);
		if (yes)
			low = middle + 1;
		else
			high = middle;
	}
	return rc ? rc : restart(s, s->places[low - 1].event, err);
}

/* Nothing of the range can begin any more. */
static bool is_past(const struct ms_block_scan *s)
{
	return s->now_ns > s->range.high_birth_ns || s->newest >= s->range.high_id;
}

static int maybe_hop(struct ms_block_scan *s, struct ms_error *err)
{
	if (!s->bounded || s->range.exact_temporary || !is_past(s) || s->waiting || s->outstanding <= 0 ||
	    s->outstanding == s->hop_outstanding)
		return MS_OK;
	return hop(s, err);
}

/* ---- the pass ----------------------------------------------------------------------------------------------------- */

static bool is_done(const struct ms_block_scan *s)
{
	if (s->range.high_end_ns < UINT64_MAX && s->now_ns > s->range.high_end_ns && !s->waiting)
		return true;
	return s->bounded && is_past(s) && s->outstanding == 0 && !s->waiting && !s->back_count;
}

/* The next view, or the next phase. */
static int next_view(struct ms_block_scan *s, struct ms_error *err)
{
	bool produced = false;
	int rc;

	for (;;) {
		rc = ms_steps_next(s->steps, s->ended ? NULL : &s->batch, &s->position, &s->room, &s->view, &produced, err);
		s->at = 0;
		if (rc || produced)
			return rc;
		s->view.count = 0;
		if (s->ended) {
			s->phase = LIVE;
			s->live_at = s->back_at = 0;
			return ms_cursor_live(s->cursor, &s->live, &s->live_count, err);
		}
		if (is_done(s)) {
			s->phase = DONE;
			return MS_OK;
		}
		rc = ms_query_should_stop(s->query, err);
		if (rc == MS_OK)
			rc = maybe_hop(s, err);
		if (rc == MS_OK)
			rc = ms_cursor_next(s->cursor, &s->batch, err);
		if (rc)
			return rc;
		s->position = 0;
		if (!s->batch.count) {
			s->ended = true;
			rc = ms_steps_end(s->steps, err);
			if (rc)
				return rc;
		}
	}
}

/* Blocks of a list that end together, or that are alive. */
static bool next_listed(struct ms_block_scan *s, uint8_t how)
{
	if (s->live_at < s->live_count) {
		row_of_live(s, &s->live[s->live_at++], how, &s->row);
		return true;
	}
	if (s->back_at < s->back_count) {
		s->row = s->back[s->back_at++];
		s->row.how = how;
		return true;
	}
	return false;
}

int ms_block_scan_next(struct ms_block_scan *s, const struct ms_block_row **row, struct ms_error *err)
{
	bool out = false;
	int rc = MS_OK;

	*row = NULL;
	while (!out && rc == MS_OK && s->phase != DONE) {
		if (s->phase == EXEC) {
			out = next_listed(s, MS_BLOCK_ENDED_BY_EXEC);
			if (!out) {
				ms_cursor_close(s->image_cursor);
				s->image_cursor = NULL;
				s->back_count = 0;
				s->phase = EVENTS;
			}
		} else if (s->phase == LIVE) {
			out = next_listed(s, MS_BLOCK_ALIVE);
			if (!out)
				s->phase = DONE;
		} else if (s->at >= s->view.count) {
			rc = next_view(s, err);
		} else if (ms_step_is_alone(s->view.step[0])) {
			s->at = s->view.count;
			rc = lone_step(s, &out, err);
		} else {
			rc = plain_steps(s, &out, err);
		}
	}
	if (rc == MS_OK && out)
		*row = &s->row;
	return rc;
}

/* ---- where to start ----------------------------------------------------------------------------------------------- */

static int event_of_block(struct ms_query *q, uint64_t id, uint64_t *event, struct ms_error *err)
{
	size_t low = 0, high = q->event_block_count;

	while (low < high) { /* the last Events block whose first id is at most `id` */
		size_t middle = low + (high - low) / 2;
		uint64_t first;
		int rc = ms_trace_first_block(q->trace, q->event_blocks[middle], &first, err);

		if (rc)
			return rc;
		if (first <= id)
			low = middle + 1;
		else
			high = middle;
	}
	*event = low ? ms_trace_block(q->trace, q->event_blocks[low - 1])->first_event : 0;
	return MS_OK;
}

static int first_event(struct ms_query *q, const struct ms_block_range *r, uint64_t *event, struct ms_error *err)
{
	uint64_t first = 0, end, other;
	int rc = ms_query_event_blocks(q, err);

	*event = 0;
	if (rc)
		return rc;
	if (r->alive_only) {
		for (size_t i = ms_trace_block_count(q->trace); i-- > 0 && !*event;)
			if (ms_trace_block(q->trace, i)->kind == MS_BLOCK_KEYFRAME)
				*event = ms_trace_block(q->trace, i)->first_event;
		return MS_OK;
	}
	if (r->low_birth_ns > 0)
		ms_query_events_between(q, r->low_birth_ns, UINT64_MAX, &first, &end);
	if (r->low_end_ns > 0 && !r->exact_temporary) {
		ms_query_events_between(q, r->low_end_ns, UINT64_MAX, &other, &end);
		first = other > first ? other : first;
	}
	if (r->low_id > 1) {
		rc = event_of_block(q, r->low_id, &other, err);
		first = other > first ? other : first;
	}
	*event = first;
	return rc;
}

int ms_block_scan_open(struct ms_block_scan **out, struct ms_query *q, const struct ms_block_range *range, struct ms_error *err)
{
	struct ms_block_scan *s = calloc(1, sizeof *s);
	uint64_t event = 0;
	int rc;

	*out = s;
	if (!s)
		return no_memory(err);
	s->query = q;
	s->range = *range;
	s->bounded = range->high_id < UINT64_MAX || range->high_birth_ns < UINT64_MAX;
	s->thread_count = ms_trace_thread_count(q->trace) + 1;
	s->threads = calloc(s->thread_count, sizeof *s->threads);
	rc = s->threads ? first_event(q, range, &event, err) : no_memory(err);
	if (rc == MS_OK)
		rc = restart(s, event, err);
	return rc;
}

void ms_block_scan_close(struct ms_block_scan *s)
{
	if (!s)
		return;
	ms_cursor_close(s->cursor);
	ms_cursor_close(s->image_cursor);
	ms_steps_close(s->steps);
	for (uint32_t i = 0; s->threads && i < s->thread_count; i++)
		free(s->threads[i].at);
	free(s->threads);
	free(s->places);
	free(s->back);
	free(s);
}
