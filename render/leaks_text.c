/* leaks_text.c - the sections about leaks and growth: one line that says it all, then one per call path. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "heap_names.h"
#include "text_style.h"
#include "verdict_words.h"

static const uint8_t order[] = {MS_LEAK_DEFINITE, MS_LEAK_INDIRECT, MS_LEAK_POSSIBLE, MS_LEAK_REACHABLE};

/* "definite 1.20 MiB in 34 blocks from 3 call paths; indirect 20 B in 1 block from 1 call path; possible 0; ..." */
static void print_summary(struct ms_text *t, const struct ms_report_leaks *l)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		fputs(i == 0 ? "  " : i == 2 ? ";\n  " : "; ", t->out);
		ms_leak_words(t->out, l, order[i], t->options.exact);
	}
	putc('\n', t->out);
	if (l->suppressed.blocks)
		fprintf(t->out, "  suppressed of these: %s in %s\n", ms_unit_bytes(a, l->suppressed.bytes, t->options.exact),
		        ms_unit_of(b, l->suppressed.blocks, "block"));
}

static int print_notes(struct ms_text *t, const struct ms_report_leaks *l)
{
	char *text = NULL;
	size_t size = 0;
	FILE *notes = open_memstream(&text, &size);

	if (!notes)
		return MS_E_NOMEM;
	ms_leak_notes(notes, l, t->options.exact);
	ms_text_notes(t, notes, &text);
	return MS_OK;
}

static void cell_sizes(struct ms_text *t, struct ms_table *table, const struct ms_leak *l)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[2 * MS_UNIT_TEXT + 4];

	if (l->min_bytes == l->max_bytes)
		snprintf(text, sizeof text, "%s", ms_unit_bytes(a, l->min_bytes, t->options.exact));
	else
		snprintf(text, sizeof text, "%s..%s", ms_unit_bytes(a, l->min_bytes, t->options.exact),
		         ms_unit_bytes(b, l->max_bytes, t->options.exact));
	ms_table_cell(table, text);
}

/* Which allocations of the run: "12", "12..4,711". */
static void cell_ordinals(struct ms_table *table, const struct ms_leak *l)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[2 * MS_UNIT_TEXT + 4];

	snprintf(text, sizeof text, "%s%s%s", ms_unit_count(a, l->first_block), l->blocks > 1 ? ".." : "",
	         l->blocks > 1 ? ms_unit_count(b, l->last_block) : "");
	ms_table_cell(table, text);
}

static void cell_number(struct ms_table *table, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "#%" PRIu64, number);
	ms_table_cell(table, text);
}

/* "app::Foo from grow (app.c:12)", and the cycle that it lies on */
static char *where(const struct ms_report *r, const struct ms_leak *l)
{
	char *place = ms_text_place(ms_report_headline(r, l->node), NULL), *type = l->type ? ms_text_escaped(l->type) : NULL;
	char cycle[64] = "", *text = NULL;

	if (l->cycle_count == 1)
		snprintf(cycle, sizeof cycle, "points to itself: ");
	else if (l->cycle_count)
		snprintf(cycle, sizeof cycle, "cycle of %" PRIu64 ": ", l->cycle_count);
	if (place && asprintf(&text, "%s%s%s%s%s", l->suppressed ? "(suppressed) " : "", cycle, type ? type : "", type ? " from " : "", place) < 0)
		text = NULL;
	free(place);
	free(type);
	return text;
}

static int print_table(struct ms_text *t, const struct ms_report_leaks *l)
{
	static const struct ms_column columns[] = {
		{"kind", MS_LEFT}, {"bytes", MS_RIGHT}, {"blocks", MS_RIGHT}, {"hanging on", MS_RIGHT}, {"sizes", MS_RIGHT},
		{"born as", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	size_t shown = 0, all = l->leak_count - l->paths[MS_LEAK_REACHABLE];
	struct ms_table table;
	int rc;

	if (all == 0)
		return MS_OK;
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < l->leak_count && (t->options.top == 0 || shown < t->options.top); i++) {
		const struct ms_leak *a = &l->leaks[i];

		if (a->kind == MS_LEAK_REACHABLE)
			continue;
		ms_table_cell(&table, ms_leak_kind_name(a->kind));
		ms_cell_bytes(t, &table, a->bytes);
		ms_cell_count(&table, a->blocks);
		if (a->indirect_blocks)
			ms_cell_bytes(t, &table, a->indirect_bytes);
		else
			ms_table_cell(&table, "");
		cell_sizes(t, &table, a);
		cell_ordinals(&table, a);
		cell_number(&table, a->node);
		ms_cell_owned(&table, where(t->report, a));
		shown++;
	}
	putc('\n', t->out);
	rc = ms_text_print(t, &table);
	ms_text_more(t, all - shown, "more call path");
	return rc;
}

int ms_text_leaks(struct ms_text *t)
{
	const struct ms_report_leaks *l = &t->report->leaks;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	int rc = MS_OK;

	if (!l->observable) {
		ms_text_heading(t, "LEAKS", "not observable: %s", l->reason);
		if (l->alive.blocks)
			fprintf(t->out, "  which of the %s in %s that were alive at the end leaked is not known\n",
			        ms_unit_bytes(a, l->alive.bytes, t->options.exact), ms_unit_of(b, l->alive.blocks, "block"));
		return MS_OK;
	}
	ms_text_heading(t, "LEAKS", "from %s and %s between them; the program stood still for %s",
	                ms_unit_of(a, l->graph_blocks, "live block"),
	                ms_unit_of(b, l->graph_edges, "pointer"), ms_unit_duration((char[MS_UNIT_TEXT]){0}, l->pause_ns));
	print_summary(t, l);
	rc = print_notes(t, l);
	if (rc == MS_OK)
		rc = print_table(t, l);
	if (l->cycles)
		fprintf(t->out, "  %s among lost blocks, of %s together\n", ms_unit_of(a, l->cycles, "cycle"), ms_unit_of(b, l->cycle_blocks, "block"));
	return rc;
}

/* Least squares; as bytes per second where that is one at least. */
static void cell_slope(struct ms_text *t, struct ms_table *table, uint64_t per_hour)
{
	char a[MS_UNIT_TEXT], text[MS_UNIT_TEXT + 4];
	bool seconds = per_hour >= 3600 && !t->options.exact;

	snprintf(text, sizeof text, "%s/%s", ms_unit_bytes(a, seconds ? per_hour / 3600 : per_hour, t->options.exact), seconds ? "s" : "h");
	ms_table_cell(table, text);
}

static int print_growing(struct ms_text *t, const struct ms_growing_site *sites, size_t count)
{
	static const struct ms_column columns[] = {
		{"from", MS_RIGHT}, {"to", MS_RIGHT}, {"slope", MS_RIGHT}, {"blocks", MS_RIGHT}, {"rises", MS_RIGHT}, {"first seen", MS_RIGHT},
		{"last seen", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	size_t n = t->options.top && count > t->options.top ? t->options.top : count;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		ms_cell_bytes(t, &table, sites[i].from_bytes);
		ms_cell_bytes(t, &table, sites[i].to_bytes);
		cell_slope(t, &table, sites[i].slope_bytes_per_hour);
		ms_cell_count(&table, sites[i].to_blocks);
		ms_cell_count(&table, sites[i].rises);
		ms_cell_duration(&table, sites[i].first_allocation_ns);
		ms_cell_duration(&table, sites[i].last_allocation_ns);
		cell_number(&table, sites[i].node);
		ms_cell_owned(&table, ms_text_place(ms_report_headline(t->report, sites[i].node), NULL));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, count - n, "more call path");
	return rc;
}

static int print_periodic(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"period", MS_RIGHT}, {"low", MS_RIGHT}, {"high", MS_RIGHT}, {"regular", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	const struct ms_report_growth *g = &t->report->growth;
	size_t n = t->options.top && g->periodic_count > t->options.top ? t->options.top : g->periodic_count;
	struct ms_table table;
	int rc;

	fputs("  goes up and down with a period (inferred)\n", t->out);
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_periodic_site *s = &g->periodic[i];

		ms_cell_duration(&table, s->period_ns);
		ms_cell_bytes(t, &table, s->low_bytes);
		ms_cell_bytes(t, &table, s->high_bytes);
		ms_cell_share(&table, s->correlation_percent, 100);
		cell_number(&table, s->node);
		ms_cell_owned(&table, ms_text_place(ms_report_headline(t->report, s->node), NULL));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, g->periodic_count - n, "more call path");
	return rc;
}

int ms_text_growth(struct ms_text *t)
{
	const struct ms_report_growth *g = &t->report->growth;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], *text = NULL;
	size_t size = 0;
	FILE *words = open_memstream(&text, &size);
	int rc = MS_OK;

	if (!words)
		return MS_E_NOMEM;
	ms_growth_words(words, g);
	fclose(words);
	ms_text_heading(t, "GROWTH", "%s", text ? text : "");
	free(text);
	if (!g->observable)
		return MS_OK;
	if (!g->site_count && !t->report->window.given)
		fputs("  what grew at all, in steps too: memscope-diff --at=50% --vs=end TRACE\n", t->out);
	if (g->site_count + g->filled_count)
		fprintf(t->out, "  a suspicion (inferred), not a leak: least level in %" PRIu32 " windows of %s, from %s on\n", g->windows,
		        ms_unit_duration(a, g->window_ns), ms_unit_duration(b, g->from_ns));
	if (g->site_count) {
		fputs("  as a leak does: never fell before the last window, and rose in most\n", t->out);
		rc = print_growing(t, g->sites, g->site_count);
	}
	if (rc == MS_OK && g->filled_count) {
		fprintf(t->out, "  as a cache that is full does: rose, never fell before the last window, and stayed flat in the last %" PRIu32 " windows or more\n", g->windows / 4);
		rc = print_growing(t, g->filled, g->filled_count);
	}
	return rc || !g->periodic_count ? rc : print_periodic(t);
}
