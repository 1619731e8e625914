/* text_estimate.c - what the text report of a sample says instead: estimates of everything, each with its standard error. */
#include "text_estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimate_words.h"
#include "text_style.h"

static void row(struct ms_text *t, const char *name, const struct ms_estimate *bytes, const char *by)
{
	char a[MS_ESTIMATE_TEXT];

	fprintf(t->out, "  %-16s %s  %s\n", name, ms_estimate_bytes(a, bytes, t->options.exact), by);
}

void ms_text_totals_estimate(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	const struct ms_totals_estimate *e = &r->estimate;
	const struct ms_report_totals *s = &r->totals;
	const struct ms_estimate peak = {e->peak_bytes, -1};
	char a[MS_ESTIMATE_TEXT], b[MS_ESTIMATE_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT], by[3 * MS_ESTIMATE_TEXT];

	ms_text_heading(t, "TOTALS", "estimated from the sample, each with its standard error");
	snprintf(by, sizeof by, "after %s; the largest estimate, rather too large than too small", ms_unit_duration(c, e->peak_time_ns));
	row(t, "peak", &peak, by);
	snprintf(by, sizeof by, "in %s blocks", ms_estimate_count(a, &e->live_blocks));
	row(t, "alive at end", &e->live_bytes, by);
	snprintf(by, sizeof by, "by %s allocations, %s reallocations", ms_estimate_count(a, &e->allocations), ms_estimate_count(b, &e->reallocations));
	row(t, "allocated", &e->allocated_bytes, by);
	snprintf(by, sizeof by, "by %s frees", ms_estimate_count(a, &e->frees));
	row(t, "freed", &e->freed_bytes, by);
	fprintf(t->out, "  the sample itself: %s in ", ms_unit_bytes(c, s->allocated_bytes, t->options.exact));
	fprintf(t->out, "%s allocated, ", ms_unit_of(c, s->allocations + s->reallocations, "block"));
	fprintf(t->out, "%s in ", ms_unit_bytes(c, s->live_bytes, t->options.exact));
	fprintf(t->out, "%s alive at the end\n", ms_unit_of(d, s->live_blocks, "block"));
	if (s->failed_allocations)
		fprintf(t->out, "  %s returned NULL\n", ms_unit_of(c, s->failed_allocations, "allocation call"));
}

/* ---- places -------------------------------------------------------------------------------------------------------- */

static double value_peak(const struct ms_report_place *p) { return p->estimate.peak_bytes; }
static double value_live(const struct ms_report_place *p) { return p->estimate.live_bytes.value; }

struct ranked {
	const struct ms_report_place *place;
	double value;
};

static int by_value(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

static void cell(struct ms_table *table, const char *text)
{
	ms_table_cell(table, text);
}

static void cell_where(struct ms_table *table, const struct ms_report_place *p)
{
	char id[16];

	snprintf(id, sizeof id, "#%u", p->node);
	cell(table, id);
	ms_cell_owned(table, ms_text_place(p->line, p->caller));
}

/* The places with most of it, first. */
static int print_places(struct ms_text *t, double (*value)(const struct ms_report_place *), bool live)
{
	static const struct ms_column peak_columns[] = {
		{"share", MS_RIGHT}, {"estimated", MS_RIGHT}, {"sampled blocks", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	static const struct ms_column live_columns[] = {
		{"share", MS_RIGHT}, {"estimated alive", MS_RIGHT}, {"blocks", MS_RIGHT}, {"sampled", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	struct ranked *order = malloc((r->place_count + 1) * sizeof *order);
	double total = live ? r->estimate.live_bytes.value : r->estimate.peak_bytes;
	char a[MS_ESTIMATE_TEXT];
	struct ms_table table;
	size_t n = 0, shown;
	int rc;

	if (!order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->place_count; i++)
		if (value(&r->places[i]) > 0)
			order[n++] = (struct ranked){&r->places[i], value(&r->places[i])};
	qsort(order, n, sizeof *order, by_value);
	shown = t->options.top && n > t->options.top ? t->options.top : n;
	ms_table_init(&table, live ? live_columns : peak_columns,
	              live ? sizeof live_columns / sizeof *live_columns : sizeof peak_columns / sizeof *peak_columns);
	for (size_t i = 0; i < shown; i++) {
		const struct ms_report_place *p = order[i].place;

		ms_cell_share(&table, ms_estimate_round(order[i].value), ms_estimate_round(total));
		if (live) {
			cell(&table, ms_estimate_bytes(a, &p->estimate.live_bytes, t->options.exact));
			cell(&table, ms_estimate_count(a, &p->estimate.live_blocks));
			ms_cell_count(&table, p->live_blocks);
		} else {
			cell(&table, ms_estimate_bytes(a, &(struct ms_estimate){p->estimate.peak_bytes, -1}, t->options.exact));
			ms_cell_count(&table, p->allocations);
		}
		cell_where(&table, p);
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, n - shown, "more place");
	free(order);
	return rc;
}

int ms_text_peak_estimate(struct ms_text *t)
{
	char a[MS_ESTIMATE_TEXT], b[MS_UNIT_TEXT];

	ms_text_heading(t, "PEAK", "what the %s after %s were made of, estimated without an error",
	                ms_estimate_bytes(a, &(struct ms_estimate){t->report->estimate.peak_bytes, -1}, t->options.exact),
	                ms_unit_duration(b, t->report->estimate.peak_time_ns));
	return print_places(t, value_peak, false);
}

int ms_text_live_estimate(struct ms_text *t)
{
	const struct ms_totals_estimate *e = &t->report->estimate;
	char a[MS_ESTIMATE_TEXT], b[MS_ESTIMATE_TEXT];

	ms_text_heading(t, "ALIVE AT THE END", "%s in %s blocks", ms_estimate_bytes(a, &e->live_bytes, t->options.exact),
	                ms_estimate_count(b, &e->live_blocks));
	return print_places(t, value_live, true);
}

void ms_text_site_estimate(struct ms_text *t, const struct ms_report_site *s)
{
	const struct ms_path_estimate *e = &s->estimate;
	bool exact = t->options.exact;
	char a[MS_ESTIMATE_TEXT], b[MS_ESTIMATE_TEXT];

	fprintf(t->out, "\n  #%u  peak %s, ", s->node, ms_estimate_bytes(a, &(struct ms_estimate){e->peak_bytes, -1}, exact));
	fprintf(t->out, "alive %s in %s\n", ms_estimate_bytes(a, &e->live_bytes, exact), ms_estimate_count(b, &e->live_blocks));
	fprintf(t->out, "      allocated %s in %s\n", ms_estimate_bytes(a, &e->allocated_bytes, exact), ms_estimate_count(b, &e->blocks));
	fprintf(t->out, "      of the sample: %s begun, ", ms_unit_of(a, s->allocations + s->reallocations, "block"));
	fprintf(t->out, "%s alive", ms_unit_count(a, s->live_blocks));
	if (s->ended_blocks)
		fprintf(t->out, ", mean lifetime %s", ms_unit_duration(a, s->mean_lifetime_ns));
	putc('\n', t->out);
}
