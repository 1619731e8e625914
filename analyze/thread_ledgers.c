/* thread_ledgers.c - per thread: what it allocated, wherever that was freed; and what it freed, whoever had allocated it. */
#include <stdlib.h>

#include "analysis.h"

struct ledger {
	uint64_t live_bytes, live_blocks, peak_bytes; /* of image `image` */
	uint64_t allocations, reallocations, allocated_bytes, temporary;
	uint64_t frees, unmatched;
	struct ms_report_amount ended[2]; /* [1] blocks of other threads */
	uint64_t events, first_ns, last_ns;
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
	return MS_OK;
}

static void destroy(void *state)
{
	struct ledgers *l = state;

	if (l)
		free(l->at);
	free(l);
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

static void begin(struct ledger *owner, uint64_t size)
{
	owner->live_bytes += size;
	owner->live_blocks++;
	if (owner->live_bytes > owner->peak_bytes)
		owner->peak_bytes = owner->live_bytes;
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

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct ledgers *l = state;

	(void)err;
	if (v->step[0] == MS_STEP_IMAGE)
		l->image++;
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i];
		uint64_t size = v->size_bytes[i];
		struct ledger *a = of_image(l, v->thread[i]), *owner;

		if (v->kind[i]) { /* an event of its own */
			if (a->events++ == 0)
				a->first_ns = v->time_ns[i];
			a->last_ns = v->time_ns[i];
		}
		switch (step) {
		case MS_STEP_ALLOCATE:
		case MS_STEP_REALLOCATE:
			a->allocations += step == MS_STEP_ALLOCATE;
			a->reallocations += step == MS_STEP_REALLOCATE;
			a->allocated_bytes += size;
			begin(a, size);
			break;
		case MS_STEP_FREE | MS_STEP_TEMPORARY:
			a->temporary++;
			/* fall through */
		case MS_STEP_FREE:
		case MS_STEP_MOVE: {
			struct ms_report_amount *ended = &a->ended[v->birth_thread[i] != v->thread[i]];

			a->frees += step != MS_STEP_MOVE;
			ended->blocks++;
			ended->bytes += size;
			owner = of_image(l, v->birth_thread[i]);
			owner->live_bytes -= size;
			owner->live_blocks--;
			break;
		}
		case MS_STEP_RETURN: {
			struct ms_report_amount *ended = &a->ended[v->birth_thread[i] != v->thread[i]];

			ended->blocks--;
			ended->bytes -= size;
			begin(of_image(l, v->birth_thread[i]), size);
			break;
		}
		case MS_STEP_LOSE:
			a->frees++;
			break;
		case MS_STEP_UNMATCHED:
			a->unmatched++;
			break;
		default:
			note(a, v, i);
			break;
		}
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
			.events = a->events,
			.allocations = a->allocations, .reallocations = a->reallocations,
			.allocated_bytes = a->allocated_bytes,
			.live_blocks = alive ? a->live_blocks : 0, .live_bytes = alive ? a->live_bytes : 0,
			.peak_bytes = a->peak_bytes,
			.temporary_allocations = a->temporary,
			.frees = a->frees,
			.ended_own = a->ended[0], .ended_others = a->ended[1],
			.unmatched_frees = a->unmatched,
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
	.destroy = destroy,
};
