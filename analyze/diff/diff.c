/* diff.c - the call paths of a comparison: sums by name, pairs, rows. See analyze/diff.h. */
#include "analyze/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "call_tree.h"
#include "compare.h"
#include "format/trace_reader.h"
#include "noise.h"
#include "pairing.h"

const struct ms_diff_metric_info ms_diff_metrics[MS_DIFF_METRIC_COUNT] = {
#define X(id, name, bytes, title) {name, title, bytes},
	MS_DIFF_METRICS(X)
#undef X
};

#define RUNS_MAX 1000u
#define NONE UINT32_MAX

struct work {
	struct ms_diff *diff;
	size_t runs;                     /* of both sides */
	struct ms_call_tree tree;
	uint32_t **node_of;              /* by run, by node of its report */
	uint32_t *item_of;               /* by node of the tree; NONE = no blocks were begun there */
	struct ms_pair_item *items;
	struct ms_diff_path (*example)[2];
	uint64_t *samples;               /* [item][metric][run], the runs of the old side first */
	double *variances;               /* the same, when a run is a sample; else NULL */
	uint32_t item_count;
};

static uint64_t *samples_of(const struct work *w, uint32_t item, unsigned metric)
{
	return w->samples + ((size_t)item * MS_DIFF_METRIC_COUNT + metric) * w->runs;
}

static bool any_sample(const struct work *w)
{
	for (size_t run = 0; run < w->runs; run++)
		if (ms_is_sample(ms_diff_run(w->diff, run)->trace.process))
			return true;
	return false;
}

/* Metrics of which a sample has estimates. */
#define ESTIMATED_METRICS (MS_DIFF_REALLOCATIONS + 1)

static double square(double x)
{
	return x * x;
}

/* Estimates of a call path, and their variances. */
static void estimates_of(const struct ms_path_estimate *e, uint64_t values[ESTIMATED_METRICS], double variances[ESTIMATED_METRICS])
{
	const struct ms_estimate of[ESTIMATED_METRICS] = {
		[MS_DIFF_PEAK] = {e->peak_bytes, e->level_error}, [MS_DIFF_LIVE] = e->live_bytes, [MS_DIFF_LIVE_BLOCKS] = e->live_blocks,
		[MS_DIFF_ALLOCATED] = e->allocated_bytes,
		[MS_DIFF_ALLOCATIONS] = {fmax(0, e->blocks.value - e->reallocations.value), e->blocks.error}, [MS_DIFF_REALLOCATIONS] = e->reallocations,
	};

	for (unsigned m = 0; m < ESTIMATED_METRICS; m++) {
		values[m] = ms_estimate_round(of[m].value);
		variances[m] = square(of[m].error);
	}
}

/* Of a call path of which a sampled run shows nothing. */
static double unseen_variance(const struct ms_report *r, unsigned metric)
{
	bool bytes = metric == MS_DIFF_PEAK || metric == MS_DIFF_LIVE || metric == MS_DIFF_ALLOCATED;

	return square(bytes ? r->estimate.unseen_bytes : r->estimate.unseen_blocks);
}

/* Of the difference between the sides in one metric: the largest of each side's runs. */
static double variance_of(const struct work *w, uint32_t item, unsigned metric)
{
	double sides[2] = {0, 0};

	if (!w->variances || metric >= ESTIMATED_METRICS)
		return 0;
	for (size_t run = 0; run < w->runs; run++) {
		double v = w->variances[((size_t)item * MS_DIFF_METRIC_COUNT + metric) * w->runs + run];
		const struct ms_report *r = ms_diff_run(w->diff, run);
		int side = run >= w->diff->before.count;

		sides[side] = fmax(sides[side], v == 0 && ms_is_sample(r->trace.process) ? unseen_variance(r, metric) : v);
	}
	return sides[0] + sides[1];
}

/* ---- the tree ----------------------------------------------------------------------------------------------------- */

static int build_tree(struct work *w, struct ms_error *err)
{
	int rc = ms_call_tree_init(&w->tree, w->diff->options.ignore_templates, err);

	for (size_t i = 0; rc == MS_OK && i < w->runs; i++) {
		bool old = i < w->diff->before.count;
		const struct ms_diff_side *side = old ? &w->diff->before : &w->diff->after;
		const struct ms_trace *trace = side->traces ? side->traces[old ? i : i - w->diff->before.count] : NULL;

		if (trace)
			rc = ms_call_tree_modules(&w->tree, trace, err);
	}
	for (size_t i = 0; rc == MS_OK && i < w->runs; i++) {
		const struct ms_report *r = ms_diff_run(w->diff, i);

		w->node_of[i] = malloc((r->node_count + 1) * sizeof **w->node_of);
		if (!w->node_of[i])
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu call paths", r->node_count);
		rc = ms_call_tree_add(&w->tree, r, w->node_of[i], err);
	}
	return rc;
}

/* ---- sums by name ------------------------------------------------------------------------------------------------- */

static int number_items(struct work *w, struct ms_error *err)
{
	w->item_of = malloc(w->tree.count * sizeof *w->item_of);
	if (!w->item_of)
		goto no_memory;
	memset(w->item_of, 0xff, w->tree.count * sizeof *w->item_of);
	for (size_t run = 0; run < w->runs; run++) {
		const struct ms_report *r = ms_diff_run(w->diff, run);

		for (size_t s = 0; s < r->site_count; s++) {
			uint32_t *item = &w->item_of[w->node_of[run][r->sites[s].node]];

			if (*item == NONE)
				*item = w->item_count++;
		}
	}
	w->items = calloc(w->item_count + 1, sizeof *w->items);
	w->example = calloc(w->item_count + 1, sizeof *w->example);
	w->samples = calloc((size_t)(w->item_count + 1) * MS_DIFF_METRIC_COUNT * w->runs, sizeof *w->samples);
	if (any_sample(w))
		w->variances = calloc((size_t)(w->item_count + 1) * MS_DIFF_METRIC_COUNT * w->runs, sizeof *w->variances);
	if (w->items && w->example && w->samples && (w->variances || !any_sample(w)))
		return MS_OK;
no_memory:
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u call paths of %zu runs", w->item_count, w->runs);
}

static void add_run(struct work *w, size_t run)
{
	static const unsigned metric_of_leak[MS_LEAK_KINDS] = {
		[MS_LEAK_DEFINITE] = MS_DIFF_LEAK_DEFINITE, [MS_LEAK_POSSIBLE] = MS_DIFF_LEAK_POSSIBLE,
		[MS_LEAK_INDIRECT] = MS_DIFF_LEAK_INDIRECT, [MS_LEAK_REACHABLE] = MS_DIFF_METRIC_COUNT,
	};
	const struct ms_report *r = ms_diff_run(w->diff, run);
	int side = run >= w->diff->before.count;

	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];
		uint32_t node = w->node_of[run][s->node], item = w->item_of[node];
		double variances[ESTIMATED_METRICS] = {0};
		uint64_t values[] = {
			[MS_DIFF_PEAK] = s->peak_bytes, [MS_DIFF_LIVE] = s->live_bytes, [MS_DIFF_LIVE_BLOCKS] = s->live_blocks,
			[MS_DIFF_ALLOCATED] = s->allocated_bytes, [MS_DIFF_ALLOCATIONS] = s->allocations,
			[MS_DIFF_REALLOCATIONS] = s->reallocations, [MS_DIFF_TEMPORARY] = s->temporary_allocations,
		};

		if (s->estimate.given)
			estimates_of(&s->estimate, values, variances);
		w->items[item].path = node;
		w->items[item].on[side] = true;
		if (!w->example[item][side].sites)
			w->example[item][side] = (struct ms_diff_path){
				.run = (uint32_t)(side ? run - w->diff->before.count : run), .node = s->node, .sites = 1};
		for (unsigned m = 0; m < sizeof values / sizeof *values; m++)
			samples_of(w, item, m)[run] += values[m];
		for (unsigned m = 0; w->variances && m < ESTIMATED_METRICS; m++)
			w->variances[((size_t)item * MS_DIFF_METRIC_COUNT + m) * w->runs + run] += variances[m];
	}
	for (size_t i = 0; i < r->leaks.leak_count; i++) {
		const struct ms_leak *l = &r->leaks.leaks[i];
		uint32_t item = w->item_of[w->node_of[run][l->node]];
		unsigned m = metric_of_leak[l->kind];

		if (m < MS_DIFF_METRIC_COUNT && item != NONE && !l->suppressed)
			samples_of(w, item, m)[run] += l->bytes;
	}
}

/* What likeness is judged by: the medians. Bands are made of copies, because they sort. */
static struct ms_diff_value value_of(struct work *w, const uint64_t *samples, uint64_t *copy, bool on_old, bool on_new)
{
	size_t old = w->diff->before.count;

	memcpy(copy, samples, w->runs * sizeof *copy);
	return ms_noise_value(copy, old, copy + old, w->runs - old, on_old, on_new);
}

static void weigh(struct work *w, uint64_t *copy)
{
	for (uint32_t i = 0; i < w->item_count; i++) {
		struct ms_diff_value a = value_of(w, samples_of(w, i, MS_DIFF_ALLOCATIONS), copy, true, true);
		struct ms_diff_value r = value_of(w, samples_of(w, i, MS_DIFF_REALLOCATIONS), copy, true, true);
		struct ms_diff_value b = value_of(w, samples_of(w, i, MS_DIFF_ALLOCATED), copy, true, true);

		w->items[i].blocks[0] = a.before.median + r.before.median;
		w->items[i].blocks[1] = a.after.median + r.after.median;
		w->items[i].bytes[0] = b.before.median;
		w->items[i].bytes[1] = b.after.median;
	}
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static void sum_up(struct ms_diff_summary *s, const struct ms_diff_value *v)
{
	s->paths[v->change]++;
	s->amount[v->change] += v->after.median > v->before.median ? v->after.median - v->before.median : v->before.median - v->after.median;
}

/* Adds what is in `from` to the group's leader. */
static void add_to_leader(struct work *w, uint32_t leader, uint32_t from)
{
	uint64_t *to = samples_of(w, leader, 0), *add = samples_of(w, from, 0);

	for (size_t i = 0; i < MS_DIFF_METRIC_COUNT * w->runs; i++)
		to[i] += add[i];
	for (size_t i = 0; w->variances && i < MS_DIFF_METRIC_COUNT * w->runs; i++)
		w->variances[leader * MS_DIFF_METRIC_COUNT * w->runs + i] += w->variances[from * MS_DIFF_METRIC_COUNT * w->runs + i];
	for (int side = 0; side < 2; side++) {
		struct ms_diff_path *a = &w->example[leader][side];
		const struct ms_diff_path *b = &w->example[from][side];
		uint32_t sites = a->sites + b->sites;

		if (!a->sites)
			*a = *b;
		a->sites = sites;
		w->items[leader].on[side] |= w->items[from].on[side];
	}
}

static int make_rows(struct work *w, uint64_t *copy, struct ms_error *err)
{
	struct ms_diff *d = w->diff;
	bool leaks = true;

	for (size_t i = 0; i < w->runs; i++)
		leaks &= ms_diff_run(d, i)->leaks.observable;
	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++)
		d->summary[m].observable = (leaks || m < MS_DIFF_LEAK_DEFINITE) && (!w->variances || m < ESTIMATED_METRICS);
	for (uint32_t i = 0; i < w->item_count; i++) {
		d->paths_old += w->items[i].on[0];
		d->paths_new += w->items[i].on[1];
	}
	for (uint32_t i = 0; i < w->item_count; i++)
		if (w->items[i].group != i)
			add_to_leader(w, w->items[i].group, i);
	d->rows = calloc(w->item_count + 1, sizeof *d->rows);
	if (!d->rows)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u call paths", w->item_count);
	for (uint32_t i = 0; i < w->item_count; i++) {
		const struct ms_pair_item *item = &w->items[i];
		struct ms_diff_row *row = &d->rows[d->row_count];
		bool differs = false;

		if (item->group != i)
			continue;
		d->paths_fuzzy += item->pairing == MS_DIFF_FUZZY || item->pairing == MS_DIFF_MERGED;
		*row = (struct ms_diff_row){.before = w->example[i][0], .after = w->example[i][1], .pairing = item->pairing, .edits = item->edits};
		for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
			if (!d->summary[m].observable)
				continue;
			row->value[m] = value_of(w, samples_of(w, i, m), copy, item->on[0], item->on[1]);
			ms_noise_of_samples(&row->value[m], variance_of(w, i, m));
			sum_up(&d->summary[m], &row->value[m]);
			differs |= row->value[m].change != MS_DIFF_SAME;
		}
		d->paths_unchanged += !differs;
		d->row_count += differs || d->options.keep_unchanged;
	}
	return MS_OK;
}

static int compare_paths(struct ms_diff *d, struct ms_error *err)
{
	struct work w = {.diff = d, .runs = d->before.count + d->after.count};
	uint64_t *copy = malloc(w.runs * sizeof *copy);
	int rc = MS_OK;

	w.node_of = calloc(w.runs, sizeof *w.node_of);
	if (!copy || !w.node_of)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to compare %zu runs", w.runs);
	if (rc == MS_OK)
		rc = build_tree(&w, err);
	if (rc == MS_OK)
		rc = number_items(&w, err);
	if (rc)
		goto done;
	for (size_t run = 0; run < w.runs; run++)
		add_run(&w, run);
	weigh(&w, copy);
	rc = ms_pair(&w.tree, w.items, w.item_count, d->options.comparisons, &d->pairing_limited, err);
	if (rc == MS_OK)
		rc = make_rows(&w, copy, err);
done:
	for (size_t i = 0; w.node_of && i < w.runs; i++)
		free(w.node_of[i]);
	free(w.node_of);
	free(w.item_of);
	free(w.items);
	free(w.example);
	free(w.samples);
	free(w.variances);
	free(copy);
	ms_call_tree_free(&w.tree);
	return rc;
}

/* The file name of the program; "" = not known. */
static const char *program(const struct ms_report *r)
{
	const char *path = r->trace.process && r->trace.process->executable ? r->trace.process->executable : "";
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Other folders are no other program. Where a name is not known nothing is said. */
static bool programs_differ(const struct ms_diff *d)
{
	for (size_t i = 0; i < d->before.count; i++)
		for (size_t k = 0; k < d->after.count; k++) {
			const char *old = program(d->before.reports[i]), *new = program(d->after.reports[k]);

			if (!*old || !*new || strcmp(old, new) == 0)
				return false;
		}
	return true;
}

static bool same_recording(const struct ms_diff *d)
{
	const struct ms_report *a = d->before.reports[0], *b = d->after.reports[0];
	const struct ms_process *p = a->trace.process, *q = b->trace.process;

	return d->before.count == 1 && d->after.count == 1 && p && q && p->pid == q->pid && p->start_time_unix_ns != 0 &&
	       p->start_time_unix_ns == q->start_time_unix_ns && a->window.given == b->window.given &&
	       a->window.from_event == b->window.from_event && a->window.to_event == b->window.to_event &&
	       a->trace.events == b->trace.events;
}

int ms_diff_build(struct ms_diff *out, const struct ms_diff_side *old, const struct ms_diff_side *new,
                  const struct ms_diff_options *options, struct ms_error *err)
{
	int rc;

	memset(out, 0, sizeof *out);
	if (!old->count || !new->count || old->count > RUNS_MAX || new->count > RUNS_MAX)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "each side has 1 to %u runs, not %zu and %zu", RUNS_MAX, old->count,
		               new->count);
	out->before = *old;
	out->after = *new;
	if (options)
		out->options = *options;
	if (!out->options.comparisons)
		out->options.comparisons = MS_DIFF_COMPARISONS;
	out->programs_differ = programs_differ(out);
	out->same_recording = same_recording(out);
	rc = compare_paths(out, err);
	if (rc == MS_OK)
		rc = ms_diff_totals(out, err);
	if (rc == MS_OK)
		rc = ms_diff_findings(out, err);
	if (rc == MS_OK)
		rc = ms_diff_threads(out, err);
	if (rc)
		ms_diff_free(out);
	return rc;
}

void ms_diff_free(struct ms_diff *d)
{
	if (!d)
		return;
	free(d->totals);
	free(d->rows);
	free(d->new_findings);
	free(d->fixed_findings);
	free(d->threads);
	memset(d, 0, sizeof *d);
}
