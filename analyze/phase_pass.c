/*
 * phase_pass.c - see phase_pass.h.
 *
 * A block was born in a phase when it is younger than the mark: by time, and by its id where times are equal. Per call path stands what
 * was born in this phase and still lives; the call paths touched in a phase are listed, so that a mark costs no more than the events
 * before it.
 */
#include "phase_pass.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "phases.h"
#include "replay.h"

struct site {
	uint64_t bytes, blocks;          /* born in phase `phase` and alive */
	uint64_t phase;                  /* number, from 1 on; another one: nothing was touched in this one */
};

struct pass {
	const struct ms_trace *trace;
	struct site *at;                 /* by node */
	uint32_t *touched;
	size_t touched_count;
	struct ms_phase *list;
	size_t count, capacity;          /* finished ones */
	struct ms_phase now;
	uint64_t number;                 /* of the phase, the ones before the window too */
	uint64_t newest_block, first_block; /* seen so far; the one born first in this phase */
	uint64_t event, live_bytes, live_blocks;
	uint64_t to_ns, marks;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the phases");
}

static void destroy(void *state)
{
	struct pass *p = state;

	if (!p)
		return;
	free(p->at);
	free(p->touched);
	free(p->list);
	free(p);
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct pass *p = calloc(1, sizeof *p);

	*state = p;
	if (!p)
		return no_memory(err);
	p->trace = context->trace;
	p->to_ns = context->to_ns;
	p->number = 1;
	p->first_block = 1;
	p->now.name = "";
	p->at = calloc(context->stacks->node_count, sizeof *p->at);
	p->touched = malloc(context->stacks->node_count * sizeof *p->touched);
	return p->at && p->touched ? MS_OK : no_memory(err);
}

static void begin_phase(struct pass *p, const char *name, uint64_t time_ns)
{
	p->now = (struct ms_phase){
		.name = name, .from_ns = time_ns, .from_event = p->event, .start_blocks = p->live_blocks, .start_bytes = p->live_bytes,
		.peak_bytes = p->live_bytes, .peak_ns = time_ns,
	};
	p->number++;
	p->first_block = p->newest_block + 1;
	p->touched_count = 0;
}

static void rank(struct ms_phase *phase, uint32_t node, const struct site *a)
{
	struct ms_phase_site in = {node, a->blocks, a->bytes};

	for (unsigned i = 0; i < MS_PHASE_SITES; i++) {
		struct ms_phase_site *s = &phase->sites[i];
		bool before = !s->blocks || in.bytes > s->bytes ||
		              (in.bytes == s->bytes && (in.blocks > s->blocks || (in.blocks == s->blocks && in.node < s->node)));

		if (before) {
			struct ms_phase_site out = *s;

			*s = in;
			in = out;
			if (!in.blocks)
				return;
		}
	}
}

static int end_phase(struct pass *p, uint64_t time_ns, struct ms_error *err)
{
	if (p->count == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 16;
		struct ms_phase *grown = realloc(p->list, capacity * sizeof *grown);

		if (!grown)
			return no_memory(err);
		p->list = grown;
		p->capacity = capacity;
	}
	p->now.to_ns = time_ns;
	p->now.to_event = p->event;
	p->now.end_blocks = p->live_blocks;
	p->now.end_bytes = p->live_bytes;
	for (size_t i = 0; i < p->touched_count; i++) {
		const struct site *a = &p->at[p->touched[i]];

		if (!a->blocks)
			continue;
		p->now.kept_blocks += a->blocks;
		p->now.kept_bytes += a->bytes;
		p->now.kept_sites++;
		rank(&p->now, p->touched[i], a);
	}
	p->list[p->count++] = p->now;
	return MS_OK;
}

static void begins(struct pass *p, uint32_t node, uint64_t bytes)
{
	struct site *a = &p->at[node];

	if (a->phase != p->number) {
		*a = (struct site){.phase = p->number};
		p->touched[p->touched_count++] = node;
	}
	a->bytes += bytes;
	a->blocks++;
}

/* A block whose realloc failed goes by a younger id: one that was born in the nanosecond of the mark may not have been counted. */
static void ends(struct pass *p, uint32_t node, uint64_t bytes)
{
	struct site *a = &p->at[node];

	if (a->phase == p->number && a->blocks && a->bytes >= bytes) {
		a->bytes -= bytes;
		a->blocks--;
	}
}

/* The end of a block, counted in the phase of moved_ns, was none. In the nanosecond of a mark: of that phase if it can be. */
static void take_back(struct pass *p, uint64_t moved_ns, uint64_t bytes)
{
	struct ms_phase *phase = &p->now;

	for (size_t i = p->count; i-- > 0;) {
		if (moved_ns > phase->from_ns || (moved_ns == phase->from_ns && phase->freed_bytes >= bytes))
			break;
		phase = &p->list[i];
	}
	phase->freed_bytes -= bytes;
}

/* Of a block that ends or comes back. */
static bool born_here(const struct pass *p, const struct ms_view *v, uint32_t i)
{
	return v->birth_ns[i] > p->now.from_ns || (v->birth_ns[i] == p->now.from_ns && v->block[i] >= p->first_block);
}

static void see_level(struct pass *p, const struct ms_view *v, uint32_t i)
{
	p->live_bytes = v->live_bytes[i];
	p->live_blocks = v->live_blocks[i];
	if (p->live_bytes > p->now.peak_bytes) {
		p->now.peak_bytes = p->live_bytes;
		p->now.peak_ns = v->time_ns[i];
	}
}

static const char *mark_text(const struct pass *p, const struct ms_view *v, uint32_t i)
{
	const char *text = v->arg && v->arg[i][0] <= UINT32_MAX ? ms_trace_string(p->trace, (uint32_t)v->arg[i][0]) : NULL;

	return text ? text : "";
}

/* A step that is alone in its view. */
static void view_alone(struct pass *p, const struct ms_view *v)
{
	switch (v->step[0]) {
	case MS_STEP_WINDOW:
		p->live_bytes = v->live_bytes[0];
		p->live_blocks = v->live_blocks[0];
		begin_phase(p, p->now.name, v->time_ns[0]);
		p->count = 0;
		p->marks = 0;
		return;
	case MS_STEP_IMAGE:
		for (size_t i = 0; i < p->touched_count; i++)
			p->at[p->touched[i]].bytes = p->at[p->touched[i]].blocks = 0;
		break;
	case MS_STEP_RETURN:
		take_back(p, v->moved_ns, v->size_bytes[0]);
		if (born_here(p, v, 0))
			begins(p, v->site[0], v->size_bytes[0]);
		break;
	case MS_STEP_RESUME:
		p->now.freed_bytes += v->size_bytes[0];
		break;
	default: /* LOSE: the MOVE was a free */
		p->now.frees++;
		break;
	}
	see_level(p, v, 0);
	p->event += v->kind[0] != 0;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct pass *p = state;

	if (ms_step_is_alone(v->step[0])) {
		view_alone(p, v);
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t size = v->size_bytes[i];

		p->event++;
		if (v->kind[i] == MS_EV_MARK) {
			p->marks++;
			if (p->count < MS_PHASES_MAX) {
				int rc = end_phase(p, v->time_ns[i], err);

				if (rc)
					return rc;
			}
			begin_phase(p, mark_text(p, v, i), v->time_ns[i]);
			continue;
		}
		if (!(ms_step_begins(v->step[i]) | ms_step_ends(v->step[i])))
			continue;
		see_level(p, v, i);
		if (ms_step_begins(v->step[i])) {
			p->newest_block = v->block[i];
			p->now.allocations += v->step[i] == MS_STEP_ALLOCATE;
			p->now.reallocations += v->step[i] == MS_STEP_REALLOCATE;
			p->now.allocated_bytes += size;
			begins(p, v->site[i], size);
		} else {
			p->now.frees += v->step[i] != MS_STEP_MOVE;
			p->now.freed_bytes += size;
			if (born_here(p, v, i))
				ends(p, v->site[i], size);
		}
	}
	return MS_OK;
}

/* What lives at the start came as allocations: no events of it. A window keeps ordinals, and the name of the phase under way. */
static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	struct pass *p = state;

	(void)err;
	p->event = start->event;
	if (start->checkpoint) {
		p->newest_block = start->checkpoint->next_block - 1;
		p->now.name = ms_trace_string(p->trace, (uint32_t)start->checkpoint->last_mark);
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct pass *p = state;

	if (p->count < MS_PHASES_MAX) {
		int rc = end_phase(p, p->to_ns, err);

		if (rc)
			return rc;
	}
	report->phases = (struct ms_report_phases){p->list, p->count, p->marks};
	p->list = NULL;
	return MS_OK;
}

static const struct ms_analysis_ops phases = {
	.name = "phases",
	.summary = "what happened between the marks of the program",
	.columns = MS_COLUMN_ARGS,
	.create = create,
	.view = view,
	.finish = finish,
	.restore = restore,
	.destroy = destroy,
};

int ms_phases_find(struct ms_report *report, const struct ms_analysis_context *context, const struct ms_report_options *given,
                   struct ms_error *err)
{
	static const struct ms_analysis_ops *const list[] = {&phases};
	struct ms_report_options options = *given;
	struct ms_analysis_context again = *context;

	if (report->totals.events_of_kind[MS_EV_MARK] == 0)
		return MS_OK;
	options.progress = NULL; /* the events were counted once */
	again.reconciler = NULL; /* it has what it needs */
	return ms_replay(list, 1, &again, &options, report, err);
}
