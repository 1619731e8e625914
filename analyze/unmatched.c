/* unmatched.c - frees of blocks that the trace does not know: when, and where from if frees carry a stack. */
#include <stdlib.h>

#include "analysis.h"

struct unmatched {
	const struct ms_stack_map *stacks;
	uint64_t *frees;                 /* by node; allocated at the first one with a stack */
	uint64_t count, first_ns, last_ns;
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct unmatched *u = calloc(1, sizeof *u);

	*state = u;
	if (!u)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for unmatched frees");
	u->stacks = context->stacks;
	return MS_OK;
}

static void destroy(void *state)
{
	struct unmatched *u = state;

	if (u)
		free(u->frees);
	free(u);
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct unmatched *u = state;

	if (v->step[0] == MS_STEP_WINDOW) {
		free(u->frees);
		*u = (struct unmatched){.stacks = u->stacks};
	}
	for (uint32_t i = 0; i < v->count; i++) {
		if (v->step[i] != MS_STEP_UNMATCHED)
			continue;
		if (u->count++ == 0)
			u->first_ns = v->time_ns[i];
		u->last_ns = v->time_ns[i];
		if (v->stack[i] == 0)
			continue;
		if (!u->frees) {
			u->frees = calloc(u->stacks->node_count, sizeof *u->frees);
			if (!u->frees)
				return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for unmatched frees");
		}
		u->frees[u->stacks->node_of_stack[v->stack[i]]]++;
	}
	return MS_OK;
}

static int by_frees(const void *pa, const void *pb)
{
	const struct ms_report_unmatched *a = pa, *b = pb;

	if (a->frees != b->frees)
		return a->frees < b->frees ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct unmatched *u = state;
	size_t n = 0;

	report->trace.first_unmatched_ns = u->first_ns;
	report->trace.last_unmatched_ns = u->last_ns;
	if (!u->frees)
		return MS_OK;
	for (size_t i = 0; i < u->stacks->node_count; i++)
		n += u->frees[i] > 0;
	report->unmatched = calloc(n + 1, sizeof *report->unmatched);
	if (!report->unmatched)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for unmatched frees");
	for (size_t i = 0; i < u->stacks->node_count; i++)
		if (u->frees[i])
			report->unmatched[report->unmatched_count++] = (struct ms_report_unmatched){(uint32_t)i, u->frees[i]};
	qsort(report->unmatched, report->unmatched_count, sizeof *report->unmatched, by_frees);
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_unmatched = {
	.name = "unmatched-frees",
	.summary = "frees of blocks that the trace does not know",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
