/* place_series.c - see place_series.h. One place at a time is added up, so that memory is that of the places that are kept. */
#include "place_series.h"

#include <stdlib.h>
#include <string.h>

struct member {
	const struct ms_report_line *line;
	const struct ms_timeline_series *series;
};

static int compare_pointers(const void *a, const void *b)
{
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* Equal names are equal pointers; bare addresses are told apart by where they are. */
static int compare_lines(const struct ms_report_line *a, const struct ms_report_line *b)
{
	int order;

	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	if ((order = compare_pointers(a->function, b->function)) || (order = compare_pointers(a->file, b->file)) ||
	    (order = compare_pointers(a->module, b->module)))
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return *a->function || *a->file ? 0 : (a->offset > b->offset) - (a->offset < b->offset);
}

static int by_line(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;
	int order = compare_lines(a->line, b->line);

	return order ? order : (a->series->key > b->series->key) - (a->series->key < b->series->key);
}

static void add_series(uint64_t *levels, size_t buckets, const struct ms_timeline_cell *cells, const struct ms_timeline_series *s)
{
	uint64_t level = 0;
	size_t cell = s->first_cell, end = s->first_cell + s->cell_count;

	for (size_t i = 0; i < buckets; i++) {
		if (cell < end && cells[cell].bucket == i)
			level = cells[cell++].last_live_bytes;
		levels[i] += level;
	}
}

static bool comes_before(const struct ms_place_level *a, const struct ms_place_level *b)
{
	return a->most_bytes != b->most_bytes ? a->most_bytes > b->most_bytes : a->node < b->node;
}

/* Keeps it among the first `limit` and adds the one that this leaves no room for, or itself, to the others. Takes place.bytes over. */
static void keep(struct ms_place_series *out, size_t limit, size_t buckets, struct ms_place_level place)
{
	struct ms_place_level dropped = place;
	size_t at = out->count;

	while (at && comes_before(&place, &out->places[at - 1]))
		at--;
	if (at < limit) {
		if (out->count == limit)
			dropped = out->places[limit - 1];
		else
			dropped.bytes = NULL;
		memmove(out->places + at + 1, out->places + at, ((out->count < limit ? out->count : limit - 1) - at) * sizeof *out->places);
		out->places[at] = place;
		out->count += out->count < limit;
	}
	if (!dropped.bytes)
		return;
	out->others++;
	for (size_t i = 0; i < buckets; i++)
		out->other_bytes[i] += dropped.bytes[i];
	free(dropped.bytes);
}

int ms_place_series_build(struct ms_place_series *out, const struct ms_report *r, size_t limit, struct ms_error *err)
{
	const struct ms_timeline_group_series *g = &r->timeline_by[MS_TIMELINE_SITE];
	struct member *members = calloc(g->series_count + 1, sizeof *members);

	*out = (struct ms_place_series){
		.places = calloc(limit + 1, sizeof *out->places), .other_bytes = calloc(r->timeline_count + 1, sizeof *out->other_bytes),
	};
	if (!members || !out->places || !out->other_bytes)
		goto no_memory;
	for (size_t i = 0; i < g->series_count; i++)
		members[i] = (struct member){ms_report_headline(r, g->series[i].key), &g->series[i]};
	qsort(members, g->series_count, sizeof *members, by_line);
	for (size_t i = 0; i < g->series_count;) {
		struct ms_place_level place = {.line = members[i].line, .node = members[i].series->key};
		size_t first = i;

		place.bytes = calloc(r->timeline_count + 1, sizeof *place.bytes);
		if (!place.bytes)
			goto no_memory;
		for (; i < g->series_count && compare_lines(members[i].line, members[first].line) == 0; i++)
			add_series(place.bytes, r->timeline_count, g->cells, members[i].series);
		for (size_t b = 0; b < r->timeline_count; b++)
			place.most_bytes = place.bytes[b] > place.most_bytes ? place.bytes[b] : place.most_bytes;
		keep(out, limit, r->timeline_count, place);
	}
	free(members);
	return MS_OK;
no_memory:
	free(members);
	ms_place_series_free(out);
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the series of places");
}

void ms_place_series_free(struct ms_place_series *s)
{
	for (size_t i = 0; s->places && i < s->count; i++)
		free(s->places[i].bytes);
	free(s->places);
	free(s->other_bytes);
	*s = (struct ms_place_series){0};
}
