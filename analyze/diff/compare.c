/* compare.c - totals and findings of a comparison; see compare.h. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/gate.h"
#include "noise.h"

/* Bits of the kinds of findings that every run of a side could have found. */
static uint32_t observable_kinds(const struct ms_diff_side *side)
{
	uint32_t all = (1u << MS_FINDING_KIND_COUNT) - 1;

	for (size_t i = 0; i < side->count; i++)
		all &= ms_gate_kinds(side->reports[i]);
	return all;
}

int ms_diff_totals(struct ms_diff *d, struct ms_error *err)
{
	size_t runs = d->before.count + d->after.count;
	uint64_t *samples = calloc(runs, sizeof *samples);

	d->kinds_old = observable_kinds(&d->before);
	d->kinds_new = observable_kinds(&d->after);
	d->total_count = MS_FINDING_KIND_COUNT + ms_gate_quantity_count;
	d->totals = calloc(d->total_count, sizeof *d->totals);
	if (!samples || !d->totals) {
		free(samples);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for totals");
	}
	for (size_t i = 0; i < d->total_count; i++) {
		struct ms_diff_total *t = &d->totals[i];
		double variance[2] = {0, 0};
		int kind = (int)i;

		t->name = t->summary = i < MS_FINDING_KIND_COUNT ? ms_finding_kinds[i].name : NULL;
		if (i >= MS_FINDING_KIND_COUNT) {
			const struct ms_gate_quantity *q = &ms_gate_quantities[i - MS_FINDING_KIND_COUNT];

			t->name = q->name;
			t->summary = q->summary;
			t->bytes = q->bytes;
			kind = q->kind;
		}
		t->observable = kind >= MS_FINDING_KIND_COUNT || (d->kinds_old & d->kinds_new) >> kind & 1;
		/* Like with like: what only one side could have found has become neither more nor less. */
		for (size_t run = 0; run < runs; run++)
			samples[run] = ms_gate_value_among((int)i, ms_diff_run(d, run), d->kinds_old & d->kinds_new);
		t->value = ms_noise_value(samples, d->before.count, samples + d->before.count, d->after.count, true, true);
		for (size_t run = 0; run < runs; run++) {
			double error;

			t->observable &= ms_gate_in_sample((int)i, ms_diff_run(d, run), &error);
			variance[run >= d->before.count] = fmax(variance[run >= d->before.count], error * error);
		}
		ms_noise_of_samples(&t->value, variance[0] + variance[1]);
	}
	free(samples);
	return MS_OK;
}

/* ---- findings ----------------------------------------------------------------------------------------------------- */

static int by_fingerprint(const void *a, const void *b)
{
	const struct ms_diff_finding *x = a, *y = b;
	int order = strcmp(x->finding->fingerprint, y->finding->fingerprint);

	return order ? order : x->run < y->run ? -1 : x->run > y->run;
}

static int as_reported(const void *a, const void *b)
{
	const struct ms_diff_finding *x = a, *y = b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return x->finding->id < y->finding->id ? -1 : x->finding->id > y->finding->id;
}

/* The distinct findings of a side, by fingerprint. NULL: no memory. */
static struct ms_diff_finding *collect(const struct ms_diff_side *side, uint32_t other_kinds, size_t *count)
{
	size_t n = 0, kept = 0;
	struct ms_diff_finding *list;

	for (size_t i = 0; i < side->count; i++)
		n += side->reports[i]->findings.count;
	list = calloc(n + 1, sizeof *list);
	if (!list)
		return NULL;
	n = 0;
	for (size_t i = 0; i < side->count; i++) {
		const struct ms_findings *f = &side->reports[i]->findings;

		for (size_t k = 0; k < f->count; k++)
			if (!f->list[k].suppressed_by)
				list[n++] = (struct ms_diff_finding){
					.finding = &f->list[k], .report = side->reports[i], .run = (uint32_t)i, .runs = 1,
					.comparable = other_kinds >> f->list[k].kind & 1,
				};
	}
	qsort(list, n, sizeof *list, by_fingerprint);
	for (size_t i = 0; i < n; i++) {
		if (kept && strcmp(list[kept - 1].finding->fingerprint, list[i].finding->fingerprint) == 0)
			list[kept - 1].runs += list[i].run != list[i - 1].run;
		else
			list[kept++] = list[i];
	}
	*count = kept;
	return list;
}

int ms_diff_findings(struct ms_diff *d, struct ms_error *err)
{
	size_t old_count, new_count, i = 0, k = 0, fixed = 0, born = 0;
	struct ms_diff_finding *old = d->fixed_findings = collect(&d->before, d->kinds_new, &old_count);
	struct ms_diff_finding *new = d->new_findings = collect(&d->after, d->kinds_old, &new_count);

	if (!old || !new)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for findings");
	while (i < old_count || k < new_count) {
		int order = i == old_count   ? 1
		            : k == new_count ? -1
		                             : strcmp(old[i].finding->fingerprint, new[k].finding->fingerprint);

		if (order == 0) {
			d->common_findings++;
			i++, k++;
		} else if (order < 0) {
			old[fixed++] = old[i++];
		} else {
			new[born++] = new[k++];
		}
	}
	d->fixed_finding_count = fixed;
	d->new_finding_count = born;
	qsort(old, fixed, sizeof *old, as_reported);
	qsort(new, born, sizeof *new, as_reported);
	return MS_OK;
}
