/*
 * diff_threads.c - threads of a comparison, by name: threads of one name are summed, the main threads are one, whatever they
 * are called. See compare.h.
 */
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "noise.h"

enum { THREADS, ALLOCATIONS, ALLOCATED, LIVE, TEMPORARY, FIELDS };

struct entry {
	const char *name;
	bool is_main;
	uint32_t run;
	uint64_t value[FIELDS];
};

/* Main first, then by name, then by run. */
static int order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int rc;

	if (x->is_main != y->is_main)
		return x->is_main ? -1 : 1;
	rc = x->is_main ? 0 : strcmp(x->name, y->name);
	return rc ? rc : x->run < y->run ? -1 : x->run > y->run;
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->is_main == b->is_main && (a->is_main || strcmp(a->name, b->name) == 0);
}

static void make_thread(struct ms_diff *d, const struct entry *entries, size_t count, uint64_t *samples)
{
	struct ms_diff_thread *t = &d->threads[d->thread_count++];
	struct ms_diff_value *values[FIELDS] = {
		[THREADS] = &t->threads, [ALLOCATIONS] = &t->allocations, [ALLOCATED] = &t->allocated_bytes,
		[LIVE] = &t->live_bytes, [TEMPORARY] = &t->temporary,
	};
	size_t runs = d->before.count + d->after.count;
	bool old = entries[0].run < d->before.count, new = entries[count - 1].run >= d->before.count;

	t->name = entries[count - 1].name;
	t->is_main = entries[0].is_main;
	t->presence = !old ? MS_DIFF_NEW : !new ? MS_DIFF_GONE : MS_DIFF_SAME;
	for (unsigned f = 0; f < FIELDS; f++) {
		memset(samples, 0, runs * sizeof *samples);
		for (size_t i = 0; i < count; i++)
			samples[entries[i].run] += entries[i].value[f];
		*values[f] = ms_noise_value(samples, d->before.count, samples + d->before.count, d->after.count, old, new);
	}
}

int ms_diff_threads(struct ms_diff *d, struct ms_error *err)
{
	size_t runs = d->before.count + d->after.count, count = 0, n = 0;
	uint64_t *samples = calloc(runs, sizeof *samples);
	struct entry *entries;

	for (size_t i = 0; i < runs; i++)
		count += ms_diff_run(d, i)->thread_count;
	entries = calloc(count + 1, sizeof *entries);
	d->threads = calloc(count + 1, sizeof *d->threads);
	if (!samples || !entries || !d->threads) {
		free(samples);
		free(entries);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu threads", count);
	}
	for (size_t i = 0; i < runs; i++) {
		const struct ms_report *r = ms_diff_run(d, i);

		for (size_t k = 0; k < r->thread_count; k++) {
			const struct ms_report_thread *t = &r->threads[k];

			entries[n++] = (struct entry){
				.name = t->name, .is_main = t->is_main, .run = (uint32_t)i,
				.value = {[THREADS] = 1, [ALLOCATIONS] = t->allocations, [ALLOCATED] = t->allocated_bytes,
				          [LIVE] = t->live_bytes, [TEMPORARY] = t->temporary_allocations},
			};
		}
	}
	qsort(entries, n, sizeof *entries, order);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && same_name(&entries[from], &entries[to]); to++)
			;
		make_thread(d, entries + from, to - from, samples);
	}
	free(samples);
	free(entries);
	return MS_OK;
}
