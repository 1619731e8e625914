/*
 * rollup.c - inclusive numbers over the tree of stacks.
 *
 * Bottom-up first: because parent < index, one walk from the last node to the first adds every node to its parent. Then
 * one depth-first walk with a counter per function: a function gets the sum of a node only where it is not already on
 * the path to the root, so that recursion counts once.
 */
#include "rollup.h"

#include <stdlib.h>
#include <string.h>

#include "mix64.h"

struct sums {
	uint64_t allocations, allocated_bytes, live_bytes, peak_bytes, temporary;
};

static void add(struct sums *to, const struct sums *from)
{
	to->allocations += from->allocations;
	to->allocated_bytes += from->allocated_bytes;
	to->live_bytes += from->live_bytes;
	to->peak_bytes += from->peak_bytes;
	to->temporary += from->temporary;
}

static struct sums sums_of(const struct ms_report_site *s)
{
	return (struct sums){s->allocations + s->reallocations, s->allocated_bytes, s->live_bytes, s->peak_bytes,
	                     s->temporary_allocations};
}

/* Numbers the distinct (function, module) pairs of the lines, in order of first line. NULL: no memory. */
static uint32_t *number_functions(const struct ms_report *r, size_t *count)
{
	size_t capacity = 16;
	uint32_t *of_line = malloc((r->line_count + 1) * sizeof *of_line), *table, *first;

	while (capacity < r->line_count * 2)
		capacity *= 2;
	table = calloc(capacity, sizeof *table);
	first = malloc((r->line_count + 1) * sizeof *first);
	*count = 0;
	if (!of_line || !table || !first) {
		free(of_line);
		of_line = NULL;
		goto done;
	}
	for (size_t l = 0; l < r->line_count; l++) {
		const struct ms_report_line *a = &r->lines[l];
		size_t i = ms_mix64(ms_mix64((uintptr_t)a->function) ^ (uintptr_t)a->module) & (capacity - 1);

		for (;; i = (i + 1) & (capacity - 1)) {
			const struct ms_report_line *b = table[i] ? &r->lines[first[table[i] - 1]] : NULL;

			if (!b) {
				first[*count] = (uint32_t)l;
				table[i] = (uint32_t)++*count;
			} else if (a->function != b->function || a->module != b->module) {
				continue;
			}
			of_line[l] = table[i] - 1;
			break;
		}
	}
done:
	free(table);
	free(first);
	return of_line;
}

static void count_uses(struct ms_report *r, const struct sums *sums)
{
	for (size_t n = 1; n < r->node_count; n++) {
		const struct ms_report_node *node = &r->nodes[n];
		bool named = false;

		for (uint32_t l = 0; l < node->line_count; l++)
			named |= *r->lines[node->first_line + l].function != '\0';
		r->trace.frame_uses += sums[n].allocations;
		if (named)
			r->trace.symbolized_frame_uses += sums[n].allocations;
	}
}

struct walk {
	const struct ms_report *report;
	const struct sums *sums;
	const uint32_t *function_of_line;
	struct sums *inclusive;          /* by function */
	uint32_t *on_path;
};

static void enter(struct walk *w, uint32_t n)
{
	const struct ms_report_node *node = &w->report->nodes[n];

	for (uint32_t l = node->first_line; l < node->first_line + node->line_count; l++)
		if (w->on_path[w->function_of_line[l]]++ == 0)
			add(&w->inclusive[w->function_of_line[l]], &w->sums[n]);
}

static void leave(struct walk *w, uint32_t n)
{
	const struct ms_report_node *node = &w->report->nodes[n];

	for (uint32_t l = node->first_line; l < node->first_line + node->line_count; l++)
		w->on_path[w->function_of_line[l]]--;
}

/* Depth-first over child and sibling links; the path to the root is the parents. */
static int walk_tree(struct walk *w)
{
	size_t count = w->report->node_count;
	uint32_t *child = calloc(count, sizeof *child), *sibling = calloc(count, sizeof *sibling), n = 0;

	if (!child || !sibling) {
		free(child);
		free(sibling);
		return MS_E_NOMEM;
	}
	for (size_t i = count; i-- > 1;) {
		uint32_t parent = w->report->nodes[i].parent;

		sibling[i] = child[parent];
		child[parent] = (uint32_t)i;
	}
	for (;;) {
		uint32_t next = child[n];

		while (!next && n) {
			leave(w, n);
			next = sibling[n];
			n = w->report->nodes[n].parent;
		}
		if (!next)
			break;
		n = next;
		enter(w, n);
	}
	free(child);
	free(sibling);
	return MS_OK;
}

static int by_function_peak(const void *pa, const void *pb)
{
	const struct ms_report_function *a = pa, *b = pb;

	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes ? 1 : -1;
	return 0;
}

/* Merge sort: stable, so that ties stay in order of first line. */
static int sort_stable(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *from = base, *scratch = malloc(count * size + 1), *to = scratch;

	if (!scratch)
		return MS_E_NOMEM;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t low = 0; low < count; low += 2 * width) {
			size_t middle = low + width < count ? low + width : count;
			size_t high = low + 2 * width < count ? low + 2 * width : count, a = low, b = middle;

			for (size_t k = low; k < high; k++) {
				bool left = a < middle && (b >= high || compare(from + a * size, from + b * size) <= 0);

				memcpy(to + k * size, from + (left ? a++ : b++) * size, size);
			}
		}
		char *swap = from;
		from = to;
		to = swap;
	}
	if (from != base)
		memcpy(base, from, count * size);
	free(scratch);
	return MS_OK;
}

static int roll_functions(struct ms_report *r, const struct sums *sums)
{
	size_t count;
	uint32_t *of_line = number_functions(r, &count);
	struct walk w = {
		.report = r, .sums = sums, .function_of_line = of_line,
		.inclusive = calloc(count + 1, sizeof *w.inclusive),
		.on_path = calloc(count + 1, sizeof *w.on_path),
	};
	struct ms_report_function *f = calloc(count + 1, sizeof *f);
	int rc = MS_E_NOMEM;

	if (!of_line || !w.inclusive || !w.on_path || !f || walk_tree(&w))
		goto done;
	for (size_t l = 0; l < r->line_count; l++) {
		f[of_line[l]].function = r->lines[l].function;
		f[of_line[l]].module = r->lines[l].module;
	}
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_node *node = &r->nodes[r->sites[i].node];
		struct sums s = sums_of(&r->sites[i]);
		struct ms_report_function *own;

		if (!node->line_count)
			continue;
		own = &f[of_line[node->first_line]];
		own->own_allocations += s.allocations;
		own->own_allocated_bytes += s.allocated_bytes;
		own->own_live_bytes += s.live_bytes;
		own->own_peak_bytes += s.peak_bytes;
		own->own_temporary_allocations += s.temporary;
	}
	for (size_t i = 0; i < count; i++) {
		const struct sums *s = &w.inclusive[i];

		if (s->allocations == 0)
			continue;
		f[i].allocations = s->allocations;
		f[i].allocated_bytes = s->allocated_bytes;
		f[i].live_bytes = s->live_bytes;
		f[i].peak_bytes = s->peak_bytes;
		f[i].temporary_allocations = s->temporary;
		f[r->function_count++] = f[i];
	}
	rc = sort_stable(f, r->function_count, sizeof *f, by_function_peak);
	r->functions = f;
	f = NULL;
done:
	free(f);
	free(of_line);
	free(w.inclusive);
	free(w.on_path);
	return rc;
}

/* ---- modules ------------------------------------------------------------------------------------------------------ */

static int by_module_peak(const void *pa, const void *pb)
{
	const struct ms_report_module *a = pa, *b = pb;

	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes ? 1 : -1;
	return strcmp(a->module, b->module);
}

static int by_module_name(const void *pa, const void *pb)
{
	return strcmp(((const struct ms_report_module *)pa)->module, ((const struct ms_report_module *)pb)->module);
}

/* One row per site, sorted by name, equal names merged. */
static int roll_modules(struct ms_report *r)
{
	struct ms_report_module *m = calloc(r->site_count + 1, sizeof *m);
	size_t n = 0;

	if (!m)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];
		const struct ms_report_line *line = ms_report_headline(r, s->node);

		m[i] = (struct ms_report_module){
			.module = line ? line->module : "",
			.allocations = s->allocations + s->reallocations, .allocated_bytes = s->allocated_bytes,
			.live_blocks = s->live_blocks, .live_bytes = s->live_bytes, .peak_bytes = s->peak_bytes,
			.temporary_allocations = s->temporary_allocations, .sites = 1,
		};
	}
	qsort(m, r->site_count, sizeof *m, by_module_name);
	for (size_t i = 0; i < r->site_count; i++) {
		if (n && strcmp(m[n - 1].module, m[i].module) == 0) {
			m[n - 1].allocations += m[i].allocations;
			m[n - 1].allocated_bytes += m[i].allocated_bytes;
			m[n - 1].live_blocks += m[i].live_blocks;
			m[n - 1].live_bytes += m[i].live_bytes;
			m[n - 1].peak_bytes += m[i].peak_bytes;
			m[n - 1].temporary_allocations += m[i].temporary_allocations;
			m[n - 1].sites++;
		} else {
			m[n++] = m[i];
		}
	}
	qsort(m, n, sizeof *m, by_module_peak);
	r->modules = m;
	r->module_count = n;
	return MS_OK;
}

int ms_rollup(struct ms_report *r, struct ms_error *err)
{
	struct sums *sums = calloc(r->node_count + 1, sizeof *sums);
	int rc = MS_E_NOMEM;

	if (sums) {
		for (size_t i = 0; i < r->site_count; i++)
			sums[r->sites[i].node] = sums_of(&r->sites[i]);
		for (size_t n = r->node_count; n-- > 1;)
			add(&sums[r->nodes[n].parent], &sums[n]);
		count_uses(r, sums);
		rc = roll_functions(r, sums);
		if (rc == MS_OK)
			rc = roll_modules(r);
	}
	free(sums);
	return rc == MS_OK ? MS_OK : ms_fail(err, rc, MS_NO_OFFSET, "no memory to sum up %zu sites", r->site_count);
}
