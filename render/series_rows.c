/* series_rows.c - see series_rows.h. */
#include "series_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/events.h"

static int by_peak(const void *pa, const void *pb)
{
	const struct ms_series_row *a = pa, *b = pb;

	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	if (a->bytes_begun != b->bytes_begun)
		return a->bytes_begun < b->bytes_begun ? 1 : -1;
	return (a->key > b->key) - (a->key < b->key);
}

struct ms_series_row *ms_series_rows(const struct ms_report *r, enum ms_timeline_group group)
{
	const struct ms_timeline_group_series *g = &r->timeline_by[group];
	struct ms_series_row *rows = calloc(g->series_count + 1, sizeof *rows);

	for (size_t i = 0; rows && i < g->series_count; i++) {
		const struct ms_timeline_series *s = &g->series[i];
		const struct ms_timeline_cell *first = g->cells + s->first_cell, *last = first + s->cell_count - 1;

		rows[i] = (struct ms_series_row){
			.key = s->key, .cells = first, .cell_count = s->cell_count, .end_bytes = last->last_live_bytes,
			.end_blocks = last->last_live_blocks, .first_seen_ns = r->timeline[first->bucket].start_ns,
			.last_seen_ns = r->timeline[last->bucket].start_ns,
		};
		for (const struct ms_timeline_cell *c = first; c <= last; c++) {
			rows[i].peak_bytes = c->max_live_bytes > rows[i].peak_bytes ? c->max_live_bytes : rows[i].peak_bytes;
			rows[i].blocks_begun += c->allocations;
			rows[i].bytes_begun += c->allocated_bytes;
		}
	}
	if (rows)
		qsort(rows, g->series_count, sizeof *rows, by_peak);
	return rows;
}

uint64_t *ms_series_levels(const struct ms_report *r, const struct ms_series_row *row)
{
	uint64_t *levels = calloc(r->timeline_count + 1, sizeof *levels), last = 0;
	size_t cell = 0;

	for (size_t i = 0; levels && i < r->timeline_count; i++) {
		levels[i] = last;
		if (cell < row->cell_count && row->cells[cell].bucket == i) {
			levels[i] = row->cells[cell].max_live_bytes;
			last = row->cells[cell++].last_live_bytes;
		}
	}
	return levels;
}

int ms_series_name(char **name, const struct ms_report *r, enum ms_timeline_group group, uint32_t key)
{
	const struct ms_report_line *line;
	const char *known = "";
	char range[64];

	*name = NULL;
	switch (group) {
	case MS_TIMELINE_SITE:
		line = ms_report_headline(r, key);
		known = line ? line->function : "";
		break;
	case MS_TIMELINE_THREAD:
		for (size_t i = 0; i < r->thread_count; i++)
			if (r->threads[i].id == key)
				known = *r->threads[i].name ? r->threads[i].name : r->threads[i].is_main ? "main" : "";
		break;
	case MS_TIMELINE_MODULE:
		known = key < r->module_count ? r->modules[key].module : "";
		break;
	case MS_TIMELINE_SIZE:
		if (key < sizeof r->size_classes / sizeof *r->size_classes) {
			const struct ms_report_size_class *c = &r->size_classes[key];

			snprintf(range, sizeof range, c->min_bytes == c->max_bytes ? "%" PRIu64 : "%" PRIu64 " to %" PRIu64, c->min_bytes, c->max_bytes);
			known = range;
		}
		break;
	case MS_TIMELINE_FAMILY:
		known = key < 256 && ms_event_kinds[key].name ? ms_event_kinds[key].name : "";
		break;
	default:
		break;
	}
	if (*known && !(*name = strdup(known)))
		return MS_E_NOMEM;
	return MS_OK;
}
