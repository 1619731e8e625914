/*
 * block_steps.c - see block_steps.h: a replay with one analysis, which hands on what it is told.
 *
 * A MOVE waits for the next step: when that is its own RETURN, the realloc changed nothing. What is alive at the start of a window is
 * counted by call path and size, so that no list of blocks is needed.
 */
#include "block_steps.h"

#include <stdlib.h>

#include "format/intern.h"
#include "replay.h"
#include "stack_map.h"

struct pair {
	uint64_t size_bytes, blocks;
	uint32_t node;
};

struct walk {
	struct ms_analysis_context context; /* first: create() finds the rest by it */
	ms_block_visit *visit;
	void *visit_context;
	uint64_t from_ns;
	bool before;                     /* the window has not begun */
	struct ms_intern ids;            /* of pairs: (node, size) */
	struct pair *pairs;
	size_t capacity;
	bool waiting;
	struct ms_block_step move;       /* when waiting */
	uint64_t moved_ns;               /* its time as recorded, perhaps before the window */
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to go through the events");
}

static struct pair *pair_of(struct walk *w, uint32_t node, uint64_t size)
{
	uint64_t key[2] = {node, size};
	bool is_new;
	uint32_t id;

	if (w->ids.count + 1 >= w->capacity) {
		size_t capacity = w->capacity ? w->capacity * 2 : 1024;
		struct pair *grown = realloc(w->pairs, capacity * sizeof *grown);

		if (!grown)
			return NULL;
		w->pairs = grown;
		w->capacity = capacity;
	}
	id = ms_intern(&w->ids, key, sizeof key, &is_new);
	if (id == 0)
		return NULL;
	if (is_new)
		w->pairs[id - 1] = (struct pair){.node = node, .size_bytes = size};
	return &w->pairs[id - 1];
}

/* A step before the window: only who is alive matters. */
static int count(struct walk *w, const struct ms_view *v, uint32_t i, struct ms_error *err)
{
	unsigned step = v->step[i];
	bool begins = ms_step_begins(step) || step == MS_STEP_RETURN, ends = ms_step_ends(step);
	struct pair *p;

	if (step == MS_STEP_IMAGE)
		for (uint32_t k = 0; k < w->ids.count; k++)
			w->pairs[k].blocks = 0;
	if (!begins && !ends)
		return MS_OK;
	p = pair_of(w, v->site[i], v->size_bytes[i]);
	if (!p)
		return no_memory(err);
	if (begins)
		p->blocks++;
	else if (p->blocks) /* a trace that contradicts itself */
		p->blocks--;
	return MS_OK;
}

/* The window begins. */
static int start(struct walk *w, struct ms_error *err)
{
	struct ms_block_step s = {.kind = MS_BLOCKS_START, .time_ns = w->from_ns};
	int rc = MS_OK;

	for (uint32_t k = 0; k < w->ids.count && rc == MS_OK; k++) {
		const struct pair *p = &w->pairs[k];

		if (!p->blocks)
			continue;
		s.node = p->node;
		s.size_bytes = p->size_bytes;
		s.blocks = p->blocks;
		s.live_bytes += p->blocks * p->size_bytes;
		s.live_blocks += p->blocks;
		rc = w->visit(w->visit_context, &s, err);
	}
	w->before = false;
	ms_intern_free(&w->ids);
	free(w->pairs);
	w->pairs = NULL;
	return rc;
}

static int tell(struct walk *w, const struct ms_block_step *s, struct ms_error *err)
{
	int rc = MS_OK;

	if (w->waiting) {
		w->waiting = false;
		rc = w->visit(w->visit_context, &w->move, err);
	}
	return rc ? rc : w->visit(w->visit_context, s, err);
}

static int step_in_window(struct walk *w, const struct ms_view *v, uint32_t i, struct ms_error *err)
{
	static const int8_t kinds[MS_STEP_COUNT] = {
		[MS_STEP_ALLOCATE] = MS_BLOCKS_ALLOCATE, [MS_STEP_REALLOCATE] = MS_BLOCKS_REALLOCATE, [MS_STEP_FREE] = MS_BLOCKS_FREE,
		[MS_STEP_MOVE] = MS_BLOCKS_MOVE, [MS_STEP_RESUME] = MS_BLOCKS_MOVE, [MS_STEP_RETURN] = MS_BLOCKS_RETURN, [MS_STEP_IMAGE] = MS_BLOCKS_EXEC,
	};
	unsigned step = v->step[i] & ~(unsigned)MS_STEP_TEMPORARY;
	struct ms_block_step s = {
		.temporary = v->step[i] & MS_STEP_TEMPORARY, .node = v->site[i], .thread = v->thread[i], .time_ns = v->time_ns[i],
		.size_bytes = v->size_bytes[i], .blocks = 1, .live_bytes = v->live_bytes[i], .live_blocks = v->live_blocks[i],
	};
	int rc = MS_OK;

	if (step >= MS_STEP_COUNT || !kinds[step])
		return MS_OK;
	s.kind = (uint8_t)kinds[step];
	if (s.kind == MS_BLOCKS_RETURN && w->waiting && w->move.thread == s.thread && w->moved_ns == v->moved_ns &&
	    w->move.node == s.node && w->move.size_bytes == s.size_bytes) {
		w->waiting = false;
		return MS_OK;
	}
	if (s.kind != MS_BLOCKS_MOVE)
		return tell(w, &s, err);
	if (w->waiting)
		rc = w->visit(w->visit_context, &w->move, err);
	w->move = s;
	w->moved_ns = s.time_ns;
	if (s.time_ns < w->from_ns) /* RESUME: of before the window */
		w->move.time_ns = w->from_ns;
	w->waiting = true;
	return rc;
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	(void)err;
	*state = (void *)context;
	return MS_OK;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct walk *w = state;
	int rc = MS_OK;

	if (v->step[0] == MS_STEP_WINDOW)
		return start(w, err);
	for (uint32_t i = 0; i < v->count && rc == MS_OK; i++)
		rc = w->before ? count(w, v, i, err) : step_in_window(w, v, i, err);
	return rc;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct walk *w = state;

	(void)report;
	return w->waiting ? w->visit(w->visit_context, &w->move, err) : MS_OK;
}

static void destroy(void *state)
{
	(void)state;
}

static const struct ms_analysis_ops walk_ops = {
	.name = "block-steps", .summary = "hands on what happens to blocks", .create = create, .view = view, .finish = finish, .destroy = destroy,
};

/* Does the replay begin with blocks that are alive already? */
static int begins_alive(bool *out, const struct ms_report *report, const struct ms_trace *trace, struct ms_error *err)
{
	const struct ms_live_block *live;
	struct ms_cursor *cursor;
	size_t n = 0;
	int rc = MS_OK;

	*out = report->window.from_event > 0;
	if (*out || !ms_trace_is_part(trace))
		return MS_OK;
	rc = ms_cursor_open(&cursor, trace, 0, 0, 1, err);
	if (rc)
		return rc;
	rc = ms_cursor_live(cursor, &live, &n, err);
	*out = n > 0;
	ms_cursor_close(cursor);
	return rc;
}

int ms_block_steps(const struct ms_report *report, const struct ms_trace *trace, ms_block_visit *visit, void *context, struct ms_error *err)
{
	static const struct ms_analysis_ops *const list[] = {&walk_ops};
	static const struct ms_report_options options = {0};
	struct ms_report shadow = {.window = report->window};
	struct ms_stack_map stacks;
	struct walk w = {.visit = visit, .visit_context = context, .from_ns = report->window.from_ns};
	int rc = begins_alive(&w.before, report, trace, err);

	if (rc)
		return rc;
	rc = ms_stack_map_build(&stacks, trace, err);
	if (rc)
		return rc;
	w.context = (struct ms_analysis_context){
		.trace = trace, .stacks = &stacks, .from_ns = report->window.from_ns, .to_ns = report->window.to_ns, .timeline_buckets = 1,
		.temporary_window = report->totals.temporary_window ? report->totals.temporary_window : 1,
	};
	rc = ms_replay(list, 1, &w.context, &options, &shadow, err);
	ms_intern_free(&w.ids);
	free(w.pairs);
	ms_stack_map_free(&stacks);
	return rc;
}
