/*
 * growth.c - sites whose live bytes rise from window to window through the second half of the run: a suspicion, inferred.
 *
 * The second half is cut into windows of equal length; a site's level in a window is the least that it had alive in it, so that
 * what is built up and torn down again within a window does not count. Suspicious is a site whose level never fell and rose in
 * most windows. Short runs are not judged: what grows through half of one is often just work that is not done yet.
 *
 * Only the second half is looked at: changes are noted relative to the level at its start, and the level at the end, which
 * sites.c knows, gives the absolute one. One entry of 64 bytes per call path.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

#define WINDOWS 16u
#define RISES_LEAST 12u                  /* of the 15 steps from window to window */
#define DURATION_LEAST_NS 10000000000ull
#define EVENTS_LEAST 1000u               /* allocation events in the second half */
#define GROWTH_LEAST_BYTES 4096u

struct site {
	int64_t bytes, blocks;           /* now, relative to the start of the second half */
	int64_t least_bytes;             /* in `window` so far */
	int64_t first_bytes, first_blocks; /* level of window 0; blocks at its end */
	int64_t last_level;              /* of the window before `window` */
	uint32_t window;
	uint8_t rises, falls;
	bool seen;
};
_Static_assert(sizeof(struct site) <= 64, "one cache line");

struct growth {
	struct site *at;                 /* by node; NULL: the run is too short */
	size_t node_count;
	uint64_t start_ns, window_ns, end_ns;
	uint64_t events;
	bool exec;                       /* in the second half */
	bool part;                       /* less than the whole run is looked at */
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct growth *g = calloc(1, sizeof *g);
	uint64_t duration_ns = context->to_ns - context->from_ns;

	*state = g;
	if (!g)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for growth");
	g->node_count = context->stacks->node_count;
	g->end_ns = context->to_ns;
	g->window_ns = duration_ns / 2 / WINDOWS;
	g->start_ns = g->end_ns - g->window_ns * WINDOWS;
	g->part = context->part;
	if (duration_ns >= DURATION_LEAST_NS) {
		g->at = calloc(g->node_count, sizeof *g->at);
		if (!g->at)
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the growth of %zu call paths", g->node_count);
	}
	return MS_OK;
}

static void destroy(void *state)
{
	struct growth *g = state;

	if (g)
		free(g->at);
	free(g);
}

/* The window that ends, and those without a change after it, up to `window`. */
static void advance(struct site *a, uint32_t window)
{
	for (; a->window < window; a->window++) {
		if (a->window == 0) {
			a->first_bytes = a->least_bytes;
			a->first_blocks = a->blocks;
		} else {
			a->rises += a->least_bytes > a->last_level;
			a->falls += a->least_bytes < a->last_level;
		}
		a->last_level = a->least_bytes;
		a->least_bytes = a->bytes;
	}
}

static void change(struct growth *g, uint32_t node, uint64_t time_ns, int64_t bytes, int64_t blocks)
{
	struct site *a = &g->at[node];
	uint64_t window = (time_ns - g->start_ns) / g->window_ns;

	if (a->window < window)
		advance(a, window < WINDOWS ? (uint32_t)window : WINDOWS - 1);
	a->bytes += bytes;
	a->blocks += blocks;
	a->seen = true;
	if (a->bytes < a->least_bytes)
		a->least_bytes = a->bytes;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct growth *g = state;

	(void)err;
	if (!g->at || v->time_ns[v->count - 1] < g->start_ns)
		return MS_OK;
	if (v->step[0] == MS_STEP_IMAGE) {
		g->exec = true;
		return MS_OK;
	}
	if (v->step[0] == MS_STEP_RETURN) {
		change(g, v->site[0], v->time_ns[0], (int64_t)v->size_bytes[0], 1);
		return MS_OK;
	}
	if (v->step[0] == MS_STEP_LOSE)
		return MS_OK;
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]);

		if (v->time_ns[i] < g->start_ns || !(begins | ends))
			continue;
		g->events++;
		change(g, v->site[i], v->time_ns[i], begins ? (int64_t)v->size_bytes[i] : -(int64_t)v->size_bytes[i],
		       begins ? 1 : -1);
	}
	return MS_OK;
}

static int by_growth(const void *pa, const void *pb)
{
	const struct ms_growing_site *a = pa, *b = pb;
	uint64_t x = a->to_bytes - a->from_bytes, y = b->to_bytes - b->from_bytes;

	if (x != y)
		return x < y ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct growth *g = state;
	struct ms_report_growth *out = &report->growth;

	out->windows = WINDOWS;
	out->window_ns = g->window_ns;
	out->from_ns = g->start_ns;
	out->to_ns = g->end_ns;
	out->reason = !g->at && g->part           ? "the window is shorter than 10 s"
	              : !g->at                    ? "the run is shorter than 10 s"
	              : g->exec                   ? "exec replaced the program in the second half of the run"
	              : g->events < EVENTS_LEAST  ? "fewer than 1,000 allocations and frees in the second half of the run"
	                                          : NULL;
	if (out->reason)
		return MS_OK;
	out->observable = true;
	out->sites = calloc(report->site_count + 1, sizeof *out->sites);
	if (!out->sites)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the growth of %zu call paths", report->site_count);
	for (size_t i = 0; i < report->site_count; i++) {
		const struct ms_report_site *s = &report->sites[i];
		struct site *a = &g->at[s->node];
		int64_t start = (int64_t)s->live_bytes - a->bytes; /* level when the second half began */

		if (!a->seen && !s->live_blocks)
			continue;
		out->sites_checked++;
		advance(a, WINDOWS);
		if (a->falls || a->rises < RISES_LEAST || a->last_level - a->first_bytes < (int64_t)GROWTH_LEAST_BYTES)
			continue;
		out->sites[out->site_count++] = (struct ms_growing_site){
			.node = s->node,
			.from_bytes = (uint64_t)(start + a->first_bytes),
			.to_bytes = (uint64_t)(start + a->last_level),
			.from_blocks = (uint64_t)((int64_t)s->live_blocks - a->blocks + a->first_blocks),
			.to_blocks = s->live_blocks,
			.rises = a->rises,
		};
	}
	qsort(out->sites, out->site_count, sizeof *out->sites, by_growth);
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_growth = {
	.name = "growth",
	.summary = "call paths whose live bytes rise through the second half of a long run",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
