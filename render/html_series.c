/* html_series.c - see html_series.h. */
#include "html_series.h"

#include <stdlib.h>
#include <string.h>

#include "html_tables.h"

/* ---- which keys keep their series ----------------------------------------------------------------------------------- */

struct rank {
	size_t series;
	uint64_t value;
};

static int by_value(const void *pa, const void *pb)
{
	const struct rank *a = pa, *b = pb;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return (a->series > b->series) - (a->series < b->series);
}

/* kept[series]; cells of the merged series count too: one per step at most. */
static size_t choose(bool *kept, struct rank *ranks[2], const struct ms_timeline_group_series *g, size_t cells_max)
{
	size_t next[2] = {0, 0}, used = 0, count = 0;

	for (size_t i = 0; i < g->series_count; i++) {
		const struct ms_timeline_cell *c = g->cells + g->series[i].first_cell;

		ranks[0][i] = ranks[1][i] = (struct rank){.series = i};
		for (size_t k = 0; k < g->series[i].cell_count; k++) {
			if (c[k].max_live_bytes > ranks[0][i].value)
				ranks[0][i].value = c[k].max_live_bytes;
			if (__builtin_add_overflow(ranks[1][i].value, c[k].allocated_bytes, &ranks[1][i].value))
				ranks[1][i].value = UINT64_MAX;
		}
	}
	qsort(ranks[0], g->series_count, sizeof **ranks, by_value);
	qsort(ranks[1], g->series_count, sizeof **ranks, by_value);
	for (unsigned turn = 0; count < g->series_count; turn ^= 1) {
		size_t *at = &next[turn], one;

		while (*at < g->series_count && kept[ranks[turn][*at].series])
			(*at)++;
		one = ranks[turn][*at].series;
		if (g->series[one].cell_count > cells_max - used)
			break;
		used += g->series[one].cell_count;
		kept[one] = true;
		count++;
	}
	return count;
}

/* ---- the series of all others ---------------------------------------------------------------------------------------- */

/* Changes per step, wherever they belong; then levels from them. */
static int add_up(struct ms_html_series_list *out, const struct ms_timeline_group_series *g, const bool *kept)
{
	struct ms_timeline_cell *sum;
	uint32_t last = 0;
	uint64_t bytes = 0, blocks = 0;
	size_t n = 0;

	for (size_t i = 0; i < g->cell_count; i++)
		if (g->cells[i].bucket > last)
			last = g->cells[i].bucket;
	sum = calloc((size_t)last + 1, sizeof *sum);
	if (!sum)
		return MS_E_NOMEM;
	for (size_t i = 0; i < g->series_count; i++) {
		uint64_t bytes_before = 0, blocks_before = 0;

		if (kept[i])
			continue;
		for (size_t k = g->series[i].first_cell; k < g->series[i].first_cell + g->series[i].cell_count; k++) {
			const struct ms_timeline_cell *c = &g->cells[k];
			struct ms_timeline_cell *s = &sum[c->bucket];

			s->bucket = 1; /* there is something */
			s->allocations = c->allocations > UINT32_MAX - s->allocations ? UINT32_MAX : s->allocations + c->allocations;
			s->frees = c->frees > UINT32_MAX - s->frees ? UINT32_MAX : s->frees + c->frees;
			s->allocated_bytes += c->allocated_bytes;
			s->freed_bytes += c->freed_bytes;
			s->last_live_bytes += c->last_live_bytes - bytes_before; /* a change, may wrap around */
			s->last_live_blocks += c->last_live_blocks - blocks_before;
			bytes_before = c->last_live_bytes;
			blocks_before = c->last_live_blocks;
		}
	}
	for (uint32_t b = 0; b <= last; b++) {
		struct ms_timeline_cell c = sum[b];
		uint64_t before = bytes;

		if (!c.bucket)
			continue;
		c.bucket = b;
		c.last_live_bytes = bytes += c.last_live_bytes;
		c.last_live_blocks = blocks += c.last_live_blocks;
		c.min_live_bytes = before < bytes ? before : bytes;
		c.max_live_bytes = before > bytes ? before : bytes;
		sum[n++] = c;
	}
	out->rest = sum;
	out->series[out->count++] = (struct ms_html_series){MS_HTML_SERIES_REST, n, sum};
	out->cell_count += n;
	return MS_OK;
}

int ms_html_series_pick(struct ms_html_series_list *out, const struct ms_timeline_group_series *g, size_t cells_max)
{
	bool *kept = calloc(g->series_count + 1, sizeof *kept);
	struct rank *ranks[2] = {calloc(g->series_count + 1, sizeof **ranks), calloc(g->series_count + 1, sizeof **ranks)};
	int rc = MS_E_NOMEM;
	size_t count;

	*out = (struct ms_html_series_list){.series = calloc(g->series_count + 1, sizeof *out->series)};
	if (!kept || !ranks[0] || !ranks[1] || !out->series)
		goto done;
	if (g->cell_count <= cells_max) {
		memset(kept, 1, g->series_count * sizeof *kept);
		count = g->series_count;
	} else {
		count = choose(kept, ranks, g, cells_max);
	}
	for (size_t i = 0; i < g->series_count; i++)
		if (kept[i]) {
			out->series[out->count++] = (struct ms_html_series){g->series[i].key, g->series[i].cell_count, g->cells + g->series[i].first_cell};
			out->cell_count += g->series[i].cell_count;
		}
	out->merged = g->series_count - count;
	rc = out->merged ? add_up(out, g, kept) : MS_OK;
done:
	free(kept);
	free(ranks[0]);
	free(ranks[1]);
	if (rc)
		ms_html_series_free(out);
	return rc;
}

void ms_html_series_free(struct ms_html_series_list *list)
{
	free(list->series);
	free(list->rest);
	*list = (struct ms_html_series_list){0};
}

size_t ms_html_series_merged(const struct ms_timeline_group_series *g, size_t cells_max)
{
	struct ms_html_series_list list;
	size_t merged = g->series_count;

	if (g->cell_count <= cells_max)
		return 0;
	if (ms_html_series_pick(&list, g, cells_max) == MS_OK) {
		merged = list.merged;
		ms_html_series_free(&list);
	}
	return merged;
}

/* ---- two tables per group ---------------------------------------------------------------------------------------------- */

struct series_row {
	uint32_t key;
	size_t first_cell, cell_count;
};
static void *make_series(const struct ms_report *r, enum ms_timeline_group group, size_t *count, bool *owned)
{
	struct ms_html_series_list list = {0};
	struct series_row *rows = NULL;
	size_t cells = 0;

	*owned = true;
	*count = 1;
	if (ms_html_series_pick(&list, &r->timeline_by[group], ms_html_cells_max(group)) == MS_OK)
		rows = calloc(list.count + 1, sizeof *rows);
	for (size_t i = 0; rows && i < list.count; i++) {
		rows[i] = (struct series_row){list.series[i].key, cells, list.series[i].cell_count};
		cells += list.series[i].cell_count;
	}
	if (rows)
		*count = list.count;
	ms_html_series_free(&list);
	return rows;
}
#define E(field) MS_COLUMN(struct series_row, #field, field)
static const struct ms_html_column series_columns[] = {E(key), E(first_cell), E(cell_count)};

/*
 * Cells are stored as what cannot be computed (src/data.js computes the rest): steps from bucket to bucket, and no levels but by how much the
 * largest one exceeds those at both ends. gone_*: what a level changed by without being begun or ended (exec; alive at the start of a
 * window), nearly always 0. The least levels are left out.
 */
struct packed_cell {
	uint32_t step, allocations, frees;
	uint64_t allocated_bytes, freed_bytes, excess_bytes;
	int64_t gone_bytes, gone_blocks;
};
static void pack(struct packed_cell *rows, const struct ms_html_series *s)
{
	uint64_t bytes = 0, blocks = 0;
	uint32_t bucket = 0;

	for (size_t k = 0; k < s->cell_count; k++) {
		const struct ms_timeline_cell *c = &s->cells[k];
		uint64_t ends = bytes > c->last_live_bytes ? bytes : c->last_live_bytes;

		rows[k] = (struct packed_cell){
			.step = c->bucket - bucket, .allocations = c->allocations, .frees = c->frees,
			.allocated_bytes = c->allocated_bytes, .freed_bytes = c->freed_bytes,
			.excess_bytes = c->max_live_bytes > ends ? c->max_live_bytes - ends : 0,
			.gone_bytes = (int64_t)(bytes + c->allocated_bytes - c->freed_bytes - c->last_live_bytes),
			.gone_blocks = (int64_t)(blocks + c->allocations - c->frees - c->last_live_blocks),
		};
		bucket = c->bucket;
		bytes = c->last_live_bytes;
		blocks = c->last_live_blocks;
	}
}
static void *make_cells(const struct ms_report *r, enum ms_timeline_group group, size_t *count, bool *owned)
{
	struct ms_html_series_list list = {0};
	struct packed_cell *rows = NULL;
	size_t n = 0;

	*owned = true;
	*count = 1;
	if (ms_html_series_pick(&list, &r->timeline_by[group], ms_html_cells_max(group)) == MS_OK)
		rows = calloc(list.cell_count + 1, sizeof *rows);
	for (size_t i = 0; rows && i < list.count; i++) {
		pack(rows + n, &list.series[i]);
		n += list.series[i].cell_count;
	}
	if (rows)
		*count = n;
	ms_html_series_free(&list);
	return rows;
}
#define C(field) MS_COLUMN(struct packed_cell, #field, field)
static const struct ms_html_column cell_columns[] = {
	C(step), C(allocations), C(frees), C(allocated_bytes), C(freed_bytes), C(excess_bytes), C(gone_bytes), C(gone_blocks),
};
#define X(id, name, summary)                                                                                             \
	static void *series_rows_##id(const struct ms_report *r, size_t *count, bool *owned)                                 \
	{                                                                                                                    \
		return make_series(r, MS_TIMELINE_##id, count, owned);                                                           \
	}                                                                                                                    \
	static void *cell_rows_##id(const struct ms_report *r, size_t *count, bool *owned)                                   \
	{                                                                                                                    \
		return make_cells(r, MS_TIMELINE_##id, count, owned);                                                            \
	}
MS_TIMELINE_GROUPS(X)
#undef X

static const struct ms_html_table tables[] = {
#define X(id, name, summary)                                                                                              \
	MS_HTML_TABLE("timeline_by_" name, struct series_row, series_rows_##id, series_columns),                              \
	MS_HTML_TABLE("timeline_by_" name "_cells", struct packed_cell, cell_rows_##id, cell_columns),
	MS_TIMELINE_GROUPS(X)
#undef X
};
const struct ms_html_list ms_html_series_tables = MS_HTML_LIST(tables);
