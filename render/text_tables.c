/* text_tables.c - the sections about threads, sizes, lifetimes, mappings and the timeline. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "text_style.h"

#define BAR 24

static int by_allocated(const void *pa, const void *pb)
{
	const struct ms_report_thread *a = *(const struct ms_report_thread *const *)pa;
	const struct ms_report_thread *b = *(const struct ms_report_thread *const *)pb;

	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes ? 1 : -1;
	return (a->id > b->id) - (a->id < b->id);
}

int ms_text_threads(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"allocated", MS_RIGHT}, {"blocks", MS_RIGHT}, {"own peak", MS_RIGHT}, {"alive", MS_RIGHT},
		{"temporary", MS_RIGHT}, {"ended own", MS_RIGHT}, {"of others", MS_RIGHT}, {"thread", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_thread **order = malloc((r->thread_count + 1) * sizeof *order);
	size_t n = t->options.top && r->thread_count > t->options.top ? t->options.top : r->thread_count;
	struct ms_table table;
	int rc;

	if (!order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->thread_count; i++)
		order[i] = &r->threads[i];
	qsort(order, r->thread_count, sizeof *order, by_allocated);
	ms_text_heading(t, "THREADS", "what each allocated; how many blocks it ended, of its own and of others");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_thread *a = order[i];
		char image[24] = "", *name = ms_text_escaped(*a->name ? a->name : a->is_main ? "main" : ""), *text = NULL;

		ms_cell_bytes(t, &table, a->allocated_bytes);
		ms_cell_count(&table, a->allocations + a->reallocations);
		ms_cell_bytes(t, &table, a->peak_bytes);
		ms_cell_bytes(t, &table, a->live_bytes);
		ms_cell_count(&table, a->temporary_allocations);
		ms_cell_count(&table, a->ended_own.blocks);
		ms_cell_count(&table, a->ended_others.blocks);
		if (r->trace.images > 1)
			snprintf(image, sizeof image, " (image %" PRIu32 ")", a->image);
		if (name && asprintf(&text, "%" PRIu32 "%s%s%s", a->tid, *name ? " " : "", name, image) < 0)
			text = NULL;
		ms_cell_owned(&table, text);
		free(name);
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, r->thread_count - n, "more thread");
	free(order);
	return rc;
}

static void cell_range_bytes(struct ms_text *t, struct ms_table *table, uint64_t low, uint64_t high)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[2 * MS_UNIT_TEXT + 8];

	if (low == high)
		snprintf(text, sizeof text, "%s", ms_unit_bytes(a, low, t->options.exact));
	else if (high < 1024 || t->options.exact)
		snprintf(text, sizeof text, "%s to %s", ms_unit_count(a, low), ms_unit_bytes(b, high, t->options.exact));
	else
		snprintf(text, sizeof text, "< %s", ms_unit_bytes(b, high + 1 ? high + 1 : high, false));
	ms_table_cell(table, text);
}

/* What rounding adds to the blocks begun, and to those alive, where the allocator's rule is known. */
static void put_slack(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	uint64_t bytes = 0, usable = 0, live = 0, live_usable = 0;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];

	if (!r->usable_rule)
		return;
	for (unsigned k = 0; k < 65; k++) {
		bytes += r->size_classes[k].bytes;
		usable += r->size_classes[k].usable_bytes;
		live += r->size_classes[k].live_bytes;
		live_usable += r->size_classes[k].live_usable_bytes;
	}
	fprintf(t->out, "  slack by rounding (derived): %s (%s) of all; alive at the end: %s (%s)\n",
	        ms_unit_bytes(a, usable - bytes, t->options.exact), ms_unit_share(b, usable - bytes, usable),
	        ms_unit_bytes(c, live_usable - live, t->options.exact), ms_unit_share(d, live_usable - live, live_usable));
}

int ms_text_sizes(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"size", MS_RIGHT}, {"blocks", MS_RIGHT}, {"share", MS_RIGHT}, {"bytes", MS_RIGHT},
		{"alive", MS_RIGHT}, {"", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	uint64_t most = 0, alive = 0, all = r->totals.allocations + r->totals.reallocations;
	struct ms_table table;
	int rc;

	for (unsigned k = 0; k < 65; k++) {
		if (r->size_classes[k].blocks > most)
			most = r->size_classes[k].blocks;
		alive += r->size_classes[k].live_blocks;
	}
	if (!most && !alive) {
		ms_text_heading(t, "SIZES", "none");
		return MS_OK;
	}
	ms_text_heading(t, "SIZES", most ? "of all blocks begun" : "of blocks begun before");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (unsigned k = 0; k < 65; k++) {
		const struct ms_report_size_class *c = &r->size_classes[k];

		if (c->blocks == 0 && c->live_blocks == 0)
			continue;
		cell_range_bytes(t, &table, c->min_bytes, c->max_bytes);
		ms_cell_count(&table, c->blocks);
		ms_cell_share(&table, c->blocks, all);
		ms_cell_bytes(t, &table, c->bytes);
		ms_cell_bytes(t, &table, c->live_bytes);
		ms_cell_owned(&table, ms_text_bar(t, c->blocks, most ? most : 1, BAR));
	}
	rc = ms_text_print(t, &table);
	if (r->size_count) {
		size_t n = r->size_count < 6 ? r->size_count : 6;
		char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

		fputs("  most frequent:", t->out);
		for (size_t i = 0; i < n; i++)
			fprintf(t->out, "%s %s x %s", i ? "," : "", ms_unit_bytes(a, r->sizes[i].size_bytes, true),
			        ms_unit_count(b, r->sizes[i].blocks));
		putc('\n', t->out);
	}
	put_slack(t);
	return rc;
}

int ms_text_lifetimes(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"lived", MS_RIGHT}, {"blocks", MS_RIGHT}, {"share", MS_RIGHT}, {"bytes", MS_RIGHT}, {"", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	uint64_t most = 0, all = 0;
	struct ms_table table;

	for (unsigned k = 0; k < 65; k++) {
		all += r->lifetimes[k].blocks;
		if (r->lifetimes[k].blocks > most)
			most = r->lifetimes[k].blocks;
	}
	if (!most) {
		ms_text_heading(t, "LIFETIMES", "no block was freed");
		return MS_OK;
	}
	ms_text_heading(t, "LIFETIMES", "of blocks that were freed or reallocated");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (unsigned k = 0; k < 65; k++) {
		const struct ms_report_lifetime *l = &r->lifetimes[k];
		char a[MS_UNIT_TEXT], text[MS_UNIT_TEXT + 4];

		if (l->blocks == 0)
			continue;
		snprintf(text, sizeof text, "< %s", ms_unit_duration(a, l->max_ns + 1 ? l->max_ns + 1 : l->max_ns));
		ms_table_cell(&table, text);
		ms_cell_count(&table, l->blocks);
		ms_cell_share(&table, l->blocks, all);
		ms_cell_bytes(t, &table, l->bytes);
		ms_cell_owned(&table, ms_text_bar(t, l->blocks, most, BAR));
	}
	return ms_text_print(t, &table);
}

int ms_text_mappings(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"call", MS_LEFT}, {"count", MS_RIGHT}, {"bytes", MS_RIGHT}, {"", MS_LEFT},
	};
	const struct ms_report_mappings *m = &t->report->mappings;
	const struct {
		const char *call;
		uint64_t count, bytes;
		const char *note;
	} rows[] = {
		{"mmap", m->mmaps, m->mapped_bytes, "mapped"},
		{"  anonymous", m->anonymous_mmaps, m->anonymous_bytes, "of these"},
		{"munmap", m->munmaps, m->unmapped_bytes, "unmapped"},
		{"mremap", m->mremaps, m->mremap_grown_bytes, "grown"},
		{"  shrinking", 0, m->mremap_shrunk_bytes, "shrunk"},
		{"brk, sbrk", m->brks, m->sbrk_grown_bytes, "grown by sbrk"},
		{"  shrinking", 0, m->sbrk_shrunk_bytes, "shrunk by sbrk"},
	};
	struct ms_table table;
	bool any = m->mmaps || m->munmaps || m->mremaps || m->brks;

	ms_text_heading(t, "MAPPINGS", any ? "the program's own, not part of the totals" : "the program made none itself");
	if (!any)
		return MS_OK;
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].count == 0 && rows[i].bytes == 0)
			continue;
		ms_table_cell(&table, rows[i].call);
		if (rows[i].count)
			ms_cell_count(&table, rows[i].count);
		else
			ms_table_cell(&table, "");
		ms_cell_bytes(t, &table, rows[i].bytes);
		ms_table_cell(&table, rows[i].note);
	}
	return ms_text_print(t, &table);
}

int ms_text_timeline(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"from", MS_RIGHT}, {"least", MS_RIGHT}, {"most", MS_RIGHT}, {"at its end", MS_RIGHT},
		{"blocks", MS_RIGHT}, {"begun", MS_RIGHT}, {"ended", MS_RIGHT}, {"", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	struct ms_table table;

	ms_text_heading(t, "TIMELINE", "live bytes");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < r->timeline_count; i++) {
		const struct ms_report_bucket *b = &r->timeline[i];

		ms_cell_duration(&table, b->start_ns);
		ms_cell_bytes(t, &table, b->min_live_bytes);
		ms_cell_bytes(t, &table, b->max_live_bytes);
		ms_cell_bytes(t, &table, b->last_live_bytes);
		ms_cell_count(&table, b->last_live_blocks);
		ms_cell_count(&table, b->allocations);
		ms_cell_count(&table, b->frees);
		ms_cell_owned(&table, ms_text_bar(t, b->max_live_bytes, r->totals.peak_bytes, BAR));
	}
	return ms_text_print(t, &table);
}
