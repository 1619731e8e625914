/* thread_ledgers.c - per thread: what it allocated, wherever that was freed; and what it freed, whoever had allocated it. */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

enum { OTHER, ALLOCATED, REALLOCATED, FREED, FREED_SOON, UNMATCHED, COUNTERS };

struct ledger {
	uint64_t live_bytes, live_blocks, peak_bytes; /* of image `image` */
	uint64_t allocated_bytes;
	uint64_t count[COUNTERS];        /* of steps that this thread did; FREED_SOON: its own blocks only, by definition */
	struct ms_report_amount ended[2]; /* [1] blocks of other threads */
	uint64_t events, first_ns, last_ns;
	uint64_t events_before;          /* the window */
	uint32_t image, name;
	bool started, ended_seen;
};

struct ledgers {
	const struct ms_trace *trace;
	struct ledger *at;               /* by thread id */
	uint32_t count, image;
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct ledgers *l = calloc(1, sizeof *l);

	*state = l;
	if (l) {
		l->trace = context->trace;
		l->count = ms_trace_thread_count(context->trace);
		l->at = calloc((size_t)l->count + 1, sizeof *l->at);
	}
	if (!l || !l->at)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u threads",
		               ms_trace_thread_count(context->trace));
	for (uint32_t id = 1; id <= l->count; id++)
		l->at[id].name = ms_trace_thread(context->trace, id)->name;
	return MS_OK;
}

static void destroy(void *state)
{
	struct ledgers *l = state;

	if (l)
		free(l->at);
	free(l);
}

static int copy(void **state, const void *from, struct ms_error *err)
{
	const struct ledgers *old = from;
	struct ledgers *l = *state = malloc(sizeof *l);

	if (l) {
		*l = *old;
		l->at = malloc(((size_t)l->count + 1) * sizeof *l->at);
	}
	if (!l || !l->at)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u threads", old->count);
	memcpy(l->at, old->at, ((size_t)l->count + 1) * sizeof *l->at);
	return MS_OK;
}

static inline struct ledger *of_image(const struct ledgers *l, uint32_t thread)
{
	struct ledger *a = &l->at[thread];

	if (a->image != l->image) {
		a->live_bytes = a->live_blocks = 0;
		a->image = l->image;
	}
	return a;
}

static inline void seen(struct ledger *a, uint64_t time_ns)
{
	if (a->events++ == 0)
		a->first_ns = time_ns;
	a->last_ns = time_ns;
}

/* What is no business of blocks: names, starts, ends. */
static void note(struct ledger *a, const struct ms_view *v, uint32_t i)
{
	switch (v->kind[i]) {
	case MS_EV_THREAD_START:
		a->started = true;
		a->first_ns = v->time_ns[i];
		break;
	case MS_EV_THREAD_END:
		a->ended_seen = true;
		break;
	case MS_EV_THREAD_NAME:
		if (v->arg)
			a->name = (uint32_t)v->arg[i][0];
		break;
	default:
		break;
	}
}

/* Levels stay, and are the peak of now; everything else but what the thread is starts again. */
static void start_window(struct ledgers *l)
{
	for (uint32_t id = 0; id <= l->count; id++) {
		struct ledger *a = of_image(l, id);

		*a = (struct ledger){
			.live_bytes = a->live_bytes, .live_blocks = a->live_blocks, .peak_bytes = a->live_bytes,
			.events = a->events, .events_before = a->events, .first_ns = a->first_ns, .last_ns = a->last_ns,
			.image = a->image, .name = a->name, .started = a->started, .ended_seen = a->ended_seen,
		};
	}
}

/* A step that is alone in its view. */
static void view_alone(struct ledgers *l, const struct ms_view *v)
{
	struct ledger *a = of_image(l, v->thread[0]), *owner;
	struct ms_report_amount *ended = &a->ended[v->birth_thread[0] != v->thread[0]];
	uint64_t size = v->size_bytes[0];

	if (v->step[0] == MS_STEP_IMAGE) {
		l->image++;
	} else if (v->step[0] == MS_STEP_WINDOW) {
		start_window(l);
	} else if (v->step[0] == MS_STEP_RESUME) {
		ended->blocks++;
		ended->bytes += size;
		owner = of_image(l, v->birth_thread[0]);
		owner->live_bytes -= size;
		owner->live_blocks--;
	} else if (v->step[0] == MS_STEP_RETURN) {
		ended->blocks--;
		ended->bytes -= size;
		owner = of_image(l, v->birth_thread[0]);
		owner->live_bytes += size;
		owner->live_blocks++;
		if (owner->live_bytes > owner->peak_bytes)
			owner->peak_bytes = owner->live_bytes;
	} else { /* MS_STEP_LOSE */
		a->count[FREED]++;
	}
	if (v->kind[0]) /* an event of its own */
		seen(a, v->time_ns[0]);
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	static const uint8_t counter[2 * MS_STEP_TEMPORARY] = {
		[MS_STEP_ALLOCATE] = ALLOCATED, [MS_STEP_REALLOCATE] = REALLOCATED, [MS_STEP_FREE] = FREED,
		[MS_STEP_FREE | MS_STEP_TEMPORARY] = FREED_SOON, [MS_STEP_UNMATCHED] = UNMATCHED,
	};
	struct ledgers *l = state;

	(void)err;
	if (ms_step_is_alone(v->step[0])) {
		view_alone(l, v);
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i];
		uint64_t begins = ms_step_begins(step), ends = ms_step_ends(step), size = v->size_bytes[i];
		uint64_t begun = size & -begins, ended = size & -ends;
		struct ledger *a = of_image(l, v->thread[i]);
		/* For steps without a block birth_thread may be 0: the ledger of nobody, which then does not change. */
		struct ledger *owner = of_image(l, begins ? v->thread[i] : v->birth_thread[i]);
		struct ms_report_amount *to = &a->ended[owner != a];

		seen(a, v->time_ns[i]);
		a->count[counter[step]]++;
		a->allocated_bytes += begun;
		to->blocks += ends;
		to->bytes += ended;
		owner->live_bytes += begun - ended;
		owner->live_blocks += begins - ends;
		if (owner->live_bytes > owner->peak_bytes)
			owner->peak_bytes = owner->live_bytes;
		if (step == MS_STEP_NOTE)
			note(a, v, i);
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct ledgers *l = state;

	report->threads = calloc((size_t)l->count + 1, sizeof *report->threads);
	if (!report->threads)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u threads", l->count);
	for (uint32_t id = 1; id <= l->count; id++) {
		const struct ms_thread *t = ms_trace_thread(l->trace, id);
		const struct ledger *a = &l->at[id];
		const char *name = ms_trace_string(l->trace, a->name);
		bool alive = a->image == l->image;

		report->threads[report->thread_count++] = (struct ms_report_thread){
			.id = id, .tid = t->tid, .image = t->image, .is_main = t->is_main,
			.name = name ? name : "",
			.start_ns = a->first_ns, .end_ns = a->last_ns, .ended = a->ended_seen,
			.events = a->events - a->events_before,
			.allocations = a->count[ALLOCATED], .reallocations = a->count[REALLOCATED],
			.allocated_bytes = a->allocated_bytes,
			.live_blocks = alive ? a->live_blocks : 0, .live_bytes = alive ? a->live_bytes : 0,
			.peak_bytes = a->peak_bytes,
			.temporary_allocations = a->count[FREED_SOON],
			.frees = a->count[FREED] + a->count[FREED_SOON],
			.ended_own = a->ended[0], .ended_others = a->ended[1],
			.unmatched_frees = a->count[UNMATCHED],
		};
	}
	return MS_OK;
}

static int save(const void *state, struct ms_checkpoint *c, struct ms_error *err)
{
	const struct ledgers *l = state;

	for (uint32_t id = 1; id <= l->count; id++) {
		const struct ledger *a = &l->at[id];
		bool alive = a->image == l->image;
		struct ms_checkpoint_thread row = {
			.thread = id, .name = a->name, .started = a->started, .ended = a->ended_seen, .events = a->events,
			.first_ns = a->first_ns, .last_ns = a->last_ns, .allocations = a->count[ALLOCATED],
			.reallocations = a->count[REALLOCATED], .frees = a->count[FREED] + a->count[FREED_SOON],
			.temporary_allocations = a->count[FREED_SOON], .unmatched_frees = a->count[UNMATCHED],
			.allocated_bytes = a->allocated_bytes, .live_blocks = alive ? a->live_blocks : 0,
			.live_bytes = alive ? a->live_bytes : 0, .peak_bytes = a->peak_bytes,
			.ended_own_blocks = a->ended[0].blocks, .ended_own_bytes = a->ended[0].bytes,
			.ended_others_blocks = a->ended[1].blocks, .ended_others_bytes = a->ended[1].bytes,
		};

		if ((a->events || a->peak_bytes) && ms_buffer_append(&c->threads, &row, sizeof row))
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u threads", l->count);
	}
	return MS_OK;
}

static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	struct ledgers *l = state;

	(void)err;
	for (uint32_t id = 0; id <= l->count; id++) /* live blocks stay; that they are there is no event */
		l->at[id] = start->checkpoint ? (struct ledger){.name = l->at[id].name} : (struct ledger){
			.live_bytes = l->at[id].live_bytes, .live_blocks = l->at[id].live_blocks, .peak_bytes = l->at[id].live_bytes,
			.name = l->at[id].name,
		};
	if (!start->checkpoint)
		return MS_OK;
	for (size_t i = 0; i < MS_ROWS(start->checkpoint->threads, struct ms_checkpoint_thread); i++) {
		const struct ms_checkpoint_thread *t = MS_ROW(start->checkpoint->threads, struct ms_checkpoint_thread, i);

		l->at[t->thread] = (struct ledger){
			.live_bytes = t->live_bytes, .live_blocks = t->live_blocks, .peak_bytes = t->peak_bytes,
			.allocated_bytes = t->allocated_bytes,
			.count = {[ALLOCATED] = t->allocations, [REALLOCATED] = t->reallocations,
			          [FREED] = t->frees - t->temporary_allocations, [FREED_SOON] = t->temporary_allocations,
			          [UNMATCHED] = t->unmatched_frees},
			.ended = {{t->ended_own_blocks, t->ended_own_bytes}, {t->ended_others_blocks, t->ended_others_bytes}},
			.events = t->events, .first_ns = t->first_ns, .last_ns = t->last_ns, .name = (uint32_t)t->name,
			.started = t->started, .ended_seen = t->ended,
		};
	}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_thread_ledgers = {
	.name = "threads",
	.summary = "per thread: what it allocated, and what it freed",
	.columns = MS_COLUMN_ARGS,
	.create = create,
	.view = view,
	.finish = finish,
	.copy = copy,
	.save = save,
	.restore = restore,
	.destroy = destroy,
};
