/* places.c - one hash table over (headline, caller of a bare address); equal names are equal pointers. */
#include "places.h"

#include <stdlib.h>

#include "mix64.h"

/* The first named line outwards of a bare address. */
static const struct ms_report_line *named_caller(const struct ms_report *r, uint32_t node, const struct ms_report_line *of)
{
	bool after = false;

	for (uint32_t n = node; n; n = r->nodes[n].parent)
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++) {
			const struct ms_report_line *line = &r->lines[r->nodes[n].first_line + i];

			if (after && *line->function && !line->allocator)
				return line;
			after |= line == of;
		}
	return NULL;
}

static bool same_line(const struct ms_report_line *a, const struct ms_report_line *b)
{
	if (a == b)
		return true;
	if (!a || !b)
		return false;
	return a->function == b->function && a->file == b->file && a->line == b->line && a->module == b->module &&
	       (*a->function || *a->file || a->offset == b->offset);
}

static uint64_t hash_line(const struct ms_report_line *l)
{
	uint64_t h;

	if (!l)
		return 1;
	h = ms_mix64((uintptr_t)l->function);
	h = ms_mix64(h ^ (uintptr_t)l->file ^ l->line);
	h = ms_mix64(h ^ (uintptr_t)l->module);
	return *l->function || *l->file ? h : ms_mix64(h ^ l->offset);
}

/* Which of two sites stands for a place. */
static bool is_larger(const struct ms_report_site *a, const struct ms_report_site *b)
{
	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes > b->peak_bytes;
	return a->allocated_bytes > b->allocated_bytes;
}

static void add_site(struct ms_report_place *p, const struct ms_report_site *s)
{
	p->sites++;
	p->allocations += s->allocations + s->reallocations;
	p->allocated_bytes += s->allocated_bytes;
	p->live_blocks += s->live_blocks;
	p->live_bytes += s->live_bytes;
	p->peak_blocks += s->peak_blocks;
	p->peak_bytes += s->peak_bytes;
	p->temporary_allocations += s->temporary_allocations;
}

static int by_peak(const void *pa, const void *pb)
{
	const struct ms_report_place *a = pa, *b = pb;

	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node); /* no two places share a node */
}

int ms_collect_places(struct ms_report *r, struct ms_error *err)
{
	size_t capacity = 16;
	uint32_t *table, *largest;

	while (capacity < r->site_count * 2)
		capacity *= 2;
	table = calloc(capacity, sizeof *table);
	largest = calloc(r->site_count + 1, sizeof *largest); /* site by place */
	r->places = calloc(r->site_count + 1, sizeof *r->places);
	if (!table || !largest || !r->places) {
		free(table);
		free(largest);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to sum up %zu sites", r->site_count);
	}
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];
		const struct ms_report_line *line = ms_report_headline(r, s->node), *caller = NULL;
		size_t slot;

		if (line && !*line->function)
			caller = named_caller(r, s->node, line);
		slot = ms_mix64(hash_line(line) ^ hash_line(caller)) & (capacity - 1);
		for (;; slot = (slot + 1) & (capacity - 1)) {
			struct ms_report_place *p = table[slot] ? &r->places[table[slot] - 1] : NULL;

			if (!p) {
				p = &r->places[r->place_count];
				p->line = line;
				p->caller = caller;
				largest[r->place_count] = (uint32_t)i;
				table[slot] = (uint32_t)++r->place_count;
			} else if (!same_line(p->line, line) || !same_line(p->caller, caller)) {
				continue;
			}
			add_site(p, s);
			if (is_larger(s, &r->sites[largest[table[slot] - 1]]))
				largest[table[slot] - 1] = (uint32_t)i;
			break;
		}
	}
	for (size_t i = 0; i < r->place_count; i++)
		r->places[i].node = r->sites[largest[i]].node;
	qsort(r->places, r->place_count, sizeof *r->places, by_peak);
	free(table);
	free(largest);
	return MS_OK;
}
