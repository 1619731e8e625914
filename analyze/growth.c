/*
 * growth.c - how live bytes of sites move through the second half of the run: what rises as a leak or as a cache, and what goes up
 * and down with a period (period.c); suspicions, inferred.
 *
 * The second half is cut into windows of equal length; a site's level in a window is the least that it had alive in it, so that
 * what is built up and torn down again within a window does not count. Suspicious is a site whose level never fell and rose in
 * most windows; what rose and then stayed flat has been filled. A fall in the last window alone is what a program does that frees at
 * its end: then the windows before it are judged. Short runs are not judged: what grows through half of one is often
 * just work that is not done yet.
 *
 * Only the second half is looked at: changes are noted relative to the level at its start, and the level at the end, which
 * sites.c knows, gives the absolute one. One entry of 112 bytes per call path, and a curve for those that change.
 */
#include "growth.h"

#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "period.h"

#define WINDOWS 16u
#define RISES_LEAST 12u                  /* of the 15 steps from window to window */
#define DURATION_LEAST_NS 10000000000ull
#define EVENTS_LEAST 1000u               /* allocation events in the second half */
#define GROWTH_LEAST_BYTES 4096u
#define FILLED_RISES_LEAST 2u
#define FILLED_FLAT_LEAST (WINDOWS / 4)
#define STEPS_PER_WINDOW (MS_PERIOD_STEPS / WINDOWS)

struct site {
	int64_t bytes, blocks;           /* now, relative to the start of the second half */
	int64_t least_bytes;             /* in `window` so far */
	int64_t first_bytes, first_blocks; /* level of window 0; blocks at its end */
	int64_t last_level;              /* of the window before `window` */
	int64_t level_before, blocks_before; /* of the last window but one; blocks at its end */
	double sum, weighted_sum;        /* of the levels; of level x window */
	uint64_t last_allocation_ns;
	uint32_t window;
	uint32_t curve;                  /* index + 1, 0 = none */
	uint8_t rises, falls, last_rise, last_fall;
	bool seen;
};
_Static_assert(sizeof(struct site) <= 112, "as the comment at the top says");

struct growth {
	struct site *at;                 /* by node; NULL: the run is too short */
	size_t node_count;
	struct ms_curve *curves;
	size_t curve_count, curve_capacity;
	uint64_t curves_missing;
	uint64_t start_ns, step_ns, window_ns, end_ns;
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
	g->step_ns = duration_ns / 2 / MS_PERIOD_STEPS;
	g->window_ns = g->step_ns * STEPS_PER_WINDOW;
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
	if (g)
		free(g->curves);
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
			if (a->least_bytes > a->last_level) {
				a->rises++;
				a->last_rise = (uint8_t)a->window;
			}
			if (a->least_bytes < a->last_level) {
				a->falls++;
				a->last_fall = (uint8_t)a->window;
			}
		}
		if (a->window == WINDOWS - 2) {
			a->level_before = a->least_bytes;
			a->blocks_before = a->blocks;
		}
		a->sum += (double)a->least_bytes;
		a->weighted_sum += (double)a->least_bytes * a->window;
		a->last_level = a->least_bytes;
		a->least_bytes = a->bytes;
	}
}

/* The first change of a site. */
static int meet(struct growth *g, struct site *a)
{
	a->seen = true;
	if (g->curve_count == MS_PERIOD_SITES_MAX) {
		g->curves_missing++;
		return MS_OK;
	}
	if (g->curve_count == g->curve_capacity) {
		size_t capacity = g->curve_capacity ? g->curve_capacity * 2 : 64;
		struct ms_curve *grown = realloc(g->curves, capacity * sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		g->curves = grown;
		g->curve_capacity = capacity;
	}
	ms_curve_start(&g->curves[g->curve_count++], g->start_ns, g->step_ns);
	a->curve = (uint32_t)g->curve_count;
	return MS_OK;
}

static int change(struct growth *g, uint32_t node, uint64_t time_ns, int64_t bytes, int64_t blocks)
{
	struct site *a = &g->at[node];
	uint64_t window = (time_ns - g->start_ns) / g->window_ns;

	if (!a->seen && meet(g, a))
		return MS_E_NOMEM;
	if (a->window < window)
		advance(a, window < WINDOWS ? (uint32_t)window : WINDOWS - 1);
	a->bytes += bytes;
	a->blocks += blocks;
	if (a->bytes < a->least_bytes)
		a->least_bytes = a->bytes;
	if (a->curve)
		ms_curve_change(&g->curves[a->curve - 1], time_ns, a->bytes);
	return MS_OK;
}

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the growth of call paths");
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct growth *g = state;

	if (!g->at || v->time_ns[v->count - 1] < g->start_ns)
		return MS_OK;
	if (v->step[0] == MS_STEP_IMAGE) {
		g->exec = true;
		return MS_OK;
	}
	if (v->step[0] == MS_STEP_RETURN) {
		return change(g, v->site[0], v->time_ns[0], (int64_t)v->size_bytes[0], 1) ? no_memory(err) : MS_OK;
	}
	if (v->step[0] == MS_STEP_LOSE)
		return MS_OK;
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]);

		if (v->time_ns[i] < g->start_ns || !(begins | ends))
			continue;
		g->events++;
		if (change(g, v->site[i], v->time_ns[i], begins ? (int64_t)v->size_bytes[i] : -(int64_t)v->size_bytes[i], begins ? 1 : -1))
			return no_memory(err);
		if (begins)
			g->at[v->site[i]].last_allocation_ns = v->time_ns[i];
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

static int by_swing(const void *pa, const void *pb)
{
	const struct ms_periodic_site *a = pa, *b = pb;
	uint64_t x = a->high_bytes - a->low_bytes, y = b->high_bytes - b->low_bytes;

	if (x != y)
		return x < y ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node);
}

/* Of the line through the levels of the first windows, all or all but the last; what never falls has none below 0. */
static uint64_t slope_per_hour(const struct growth *g, const struct site *a, uint32_t windows)
{
	double n = windows, x = n * (n - 1) / 2, xx = (n - 1) * n * (2 * n - 1) / 6;
	double left_out = windows < WINDOWS ? (double)a->last_level : 0;
	double per_window = (n * (a->weighted_sum - left_out * (WINDOWS - 1)) - x * (a->sum - left_out)) / (n * xx - x * x);

	per_window *= 3600e9 / (double)g->window_ns;
	return per_window < 0 ? 0 : per_window >= 0x1p63 ? UINT64_MAX : (uint64_t)(per_window + 0.5);
}

static void look_for_growth(const struct growth *g, const struct site *a, const struct ms_report_site *s, struct ms_report_growth *out)
{
	int64_t start = (int64_t)s->live_bytes - a->bytes; /* level when the second half began */
	bool freed_at_end = a->falls == 1 && a->last_fall == WINDOWS - 1;
	int64_t level = freed_at_end ? a->level_before : a->last_level;
	uint32_t windows = WINDOWS - freed_at_end, flat = windows - 1 - a->last_rise;
	bool grows = a->rises >= RISES_LEAST, filled = a->rises >= FILLED_RISES_LEAST && flat >= FILLED_FLAT_LEAST;

	if ((a->falls && !freed_at_end) || !(grows || filled) || level - a->first_bytes < (int64_t)GROWTH_LEAST_BYTES)
		return;
	*(grows ? &out->sites[out->site_count++] : &out->filled[out->filled_count++]) = (struct ms_growing_site){
		.node = s->node,
		.verdict = grows ? MS_GROWTH_LEAK : MS_GROWTH_CACHE,
		.from_bytes = (uint64_t)(start + a->first_bytes),
		.to_bytes = (uint64_t)(start + level),
		.from_blocks = (uint64_t)((int64_t)s->live_blocks - a->blocks + a->first_blocks),
		.to_blocks = freed_at_end ? (uint64_t)((int64_t)s->live_blocks - a->blocks + a->blocks_before) : s->live_blocks,
		.rises = a->rises,
		.flat = flat,
		.slope_bytes_per_hour = slope_per_hour(g, a, windows),
		.last_allocation_ns = a->last_allocation_ns,
	};
}

static void look_for_period(const struct growth *g, const struct site *a, const struct ms_report_site *s, struct ms_report_growth *out)
{
	int64_t start = (int64_t)s->live_bytes - a->bytes;
	struct ms_curve *curve = a->curve ? &g->curves[a->curve - 1] : NULL;
	struct ms_period p;

	if (!curve || curve->high - curve->low < (int64_t)GROWTH_LEAST_BYTES || !ms_curve_period(curve, &p))
		return;
	out->periodic[out->periodic_count++] = (struct ms_periodic_site){
		.node = s->node,
		.correlation_percent = p.correlation_percent,
		.period_ns = (uint64_t)(p.steps * (double)g->step_ns + 0.5),
		.low_bytes = (uint64_t)(start + curve->low),
		.high_bytes = (uint64_t)(start + curve->high),
	};
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
	out->period_unchecked = g->curves_missing;
	out->sites = calloc(report->site_count + 1, sizeof *out->sites);
	out->filled = calloc(report->site_count + 1, sizeof *out->filled);
	out->periodic = calloc(g->curve_count + 1, sizeof *out->periodic);
	if (!out->sites || !out->filled || !out->periodic)
		return no_memory(err);
	for (size_t i = 0; i < report->site_count; i++) {
		const struct ms_report_site *s = &report->sites[i];
		struct site *a = &g->at[s->node];

		if (!a->seen && !s->live_blocks)
			continue;
		out->sites_checked++;
		advance(a, WINDOWS);
		look_for_growth(g, a, s, out);
		look_for_period(g, a, s, out);
	}
	qsort(out->sites, out->site_count, sizeof *out->sites, by_growth);
	qsort(out->filled, out->filled_count, sizeof *out->filled, by_growth);
	qsort(out->periodic, out->periodic_count, sizeof *out->periodic, by_swing);
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

/* ---- afterwards: when sites that grow were seen first ---------------------------------------------------------------- */

struct wanted {
	struct ms_growing_site **of_node; /* NULL: not wanted, or found */
	size_t left;
};

static void want(struct wanted *w, struct ms_growing_site *list, size_t count)
{
	for (size_t i = 0; i < count; i++, w->left++)
		w->of_node[list[i].node] = &list[i];
}

int ms_growth_first_seen(struct ms_report *report, const struct ms_trace *trace, const struct ms_stack_map *stacks,
                         struct ms_error *err)
{
	struct ms_report_growth *out = &report->growth;
	struct ms_cursor *cursor = NULL;
	struct wanted w = {0};
	int rc = MS_OK;

	if (out->site_count + out->filled_count == 0)
		return MS_OK;
	w.of_node = calloc(stacks->node_count, sizeof *w.of_node);
	if (!w.of_node)
		return no_memory(err);
	want(&w, out->sites, out->site_count);
	want(&w, out->filled, out->filled_count);
	rc = ms_cursor_open(&cursor, trace, 0, 0, 1, err);
	while (rc == MS_OK && w.left) {
		struct ms_batch b;

		rc = ms_cursor_next(cursor, &b, err);
		if (rc || b.count == 0)
			break;
		for (uint32_t i = 0; i < b.count; i++) {
			struct ms_growing_site **site = &w.of_node[stacks->node_of_stack[b.stack[i]]];

			if (*site && ms_event_kinds[b.kind[i]].class_ == MS_CLASS_ALLOC) {
				(*site)->first_allocation_ns = b.time_ns[i];
				*site = NULL;
				w.left--;
			}
		}
	}
	ms_cursor_close(cursor);
	free(w.of_node);
	return rc;
}
