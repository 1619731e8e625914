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
	if (a->estimate.peak_bytes != b->estimate.peak_bytes)
		return a->estimate.peak_bytes > b->estimate.peak_bytes;
	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes > b->peak_bytes;
	return a->allocated_bytes > b->allocated_bytes;
}

static void add_site(struct ms_report_place *p, const struct ms_report_site *s)
{
	p->sites++;
	p->peak_sites += s->peak_bytes != 0;
	p->live_sites += s->live_bytes != 0;
	p->temporary_sites += s->temporary_allocations != 0;
	p->allocations += s->allocations + s->reallocations;
	p->allocated_bytes += s->allocated_bytes;
	p->live_blocks += s->live_blocks;
	p->live_bytes += s->live_bytes;
	p->peak_blocks += s->peak_blocks;
	p->peak_bytes += s->peak_bytes;
	p->temporary_allocations += s->temporary_allocations;
	ms_path_estimate_add(&p->estimate, &s->estimate);
}

static int by_peak(const void *pa, const void *pb)
{
	const struct ms_report_place *a = pa, *b = pb;

	if (a->estimate.peak_bytes != b->estimate.peak_bytes)
		return a->estimate.peak_bytes < b->estimate.peak_bytes ? 1 : -1;
	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node); /* no two places share a node */
}

/* Positions + 1 of places by headline and caller; capacity is a power of two. */
struct place_table {
	uint32_t *slots;
	size_t capacity;
};

static int open_table(struct place_table *t, size_t entries)
{
	t->capacity = 16;
	while (t->capacity < entries * 2)
		t->capacity *= 2;
	t->slots = calloc(t->capacity, sizeof *t->slots);
	return t->slots ? MS_OK : MS_E_NOMEM;
}

/* The slot of the place, or the empty one where it belongs. */
static uint32_t *find_slot(const struct place_table *t, const struct ms_report *r, const struct ms_report_line *line,
                           const struct ms_report_line *caller)
{
	size_t slot = ms_mix64(hash_line(line) ^ hash_line(caller)) & (t->capacity - 1);

	while (t->slots[slot]) {
		const struct ms_report_place *p = &r->places[t->slots[slot] - 1];

		if (same_line(p->line, line) && same_line(p->caller, caller))
			break;
		slot = (slot + 1) & (t->capacity - 1);
	}
	return &t->slots[slot];
}

static void headline_of(const struct ms_report *r, uint32_t node, const struct ms_report_line **line,
                        const struct ms_report_line **caller)
{
	*line = ms_report_headline(r, node);
	*caller = *line && !*(*line)->function ? named_caller(r, node, *line) : NULL;
}

int ms_collect_places(struct ms_report *r, struct ms_error *err)
{
	struct place_table table;
	uint32_t *largest = calloc(r->site_count + 1, sizeof *largest); /* site by place */
	int rc = open_table(&table, r->site_count);

	r->places = calloc(r->site_count + 1, sizeof *r->places);
	if (rc || !largest || !r->places) {
		free(table.slots);
		free(largest);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to sum up %zu sites", r->site_count);
	}
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];
		const struct ms_report_line *line, *caller;
		uint32_t *slot;

		headline_of(r, s->node, &line, &caller);
		slot = find_slot(&table, r, line, caller);
		if (*slot == 0) {
			r->places[r->place_count].line = line;
			r->places[r->place_count].caller = caller;
			largest[r->place_count] = (uint32_t)i;
			*slot = (uint32_t)++r->place_count;
		}
		add_site(&r->places[*slot - 1], s);
		if (is_larger(s, &r->sites[largest[*slot - 1]]))
			largest[*slot - 1] = (uint32_t)i;
	}
	for (size_t i = 0; i < r->place_count; i++)
		r->places[i].node = r->sites[largest[i]].node;
	qsort(r->places, r->place_count, sizeof *r->places, by_peak);
	free(table.slots);
	free(largest);
	return MS_OK;
}

int ms_places_of_nodes(const struct ms_report *r, uint32_t *place_of_node, struct ms_error *err)
{
	struct place_table table;

	if (open_table(&table, r->place_count))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to find %zu places", r->place_count);
	for (size_t i = 0; i < r->place_count; i++)
		*find_slot(&table, r, r->places[i].line, r->places[i].caller) = (uint32_t)i + 1;
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_line *line, *caller;

		headline_of(r, r->sites[i].node, &line, &caller);
		place_of_node[r->sites[i].node] = *find_slot(&table, r, line, caller) - 1;
	}
	free(table.slots);
	return MS_OK;
}
