/* text_sites.c - the sections about call paths, functions and modules. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "text_estimate.h"

static void cell_id(struct ms_table *table, uint32_t node)
{
	char text[16];

	snprintf(text, sizeof text, "#%" PRIu32, node);
	ms_table_cell(table, text);
}

/* ---- places: the same headline whatever led there ------------------------------------------------------------------ */

#define PLACE_VALUE(field)                                                    \
	static uint64_t value_##field(const struct ms_report_place *place)        \
	{                                                                         \
		return place->field;                                                  \
	}                                                                         \
	static int by_##field(const void *pa, const void *pb)                     \
	{                                                                         \
		const struct ms_report_place *a = *(const struct ms_report_place *const *)pa; \
		const struct ms_report_place *b = *(const struct ms_report_place *const *)pb; \
                                                                              \
		if (a->field != b->field)                                             \
			return a->field < b->field ? 1 : -1;                              \
		return (a > b) - (a < b);                                             \
	}
PLACE_VALUE(peak_bytes)
PLACE_VALUE(live_bytes)
PLACE_VALUE(temporary_allocations)

struct place_key {
	uint64_t (*value)(const struct ms_report_place *place);
	int (*compare)(const void *pa, const void *pb);
	bool bytes;
};
static const struct place_key by_peak = {value_peak_bytes, by_peak_bytes, true};
static const struct place_key by_live = {value_live_bytes, by_live_bytes, true};
static const struct place_key by_temporary = {value_temporary_allocations, by_temporary_allocations, false};

/* The first rows of a ranking; how many more there are, and what they hold together. */
struct top {
	size_t shown, all;
	uint64_t total, rest;
	bool bytes;
};

/* Rows that are less than a thousandth of the whole together say nothing, unless all were asked for. */
static bool show_next(const struct ms_text *t, struct top *top, uint64_t value)
{
	size_t limit = t->options.top;

	if (limit && (top->shown == limit || top->rest <= top->total / 1000))
		return false;
	top->rest -= value;
	top->shown++;
	return true;
}

/* "... 12 more places: 3.10 KiB (0.2 %)" */
static void print_rest(struct ms_text *t, const struct top *top, const char *what)
{
	char count[MS_UNIT_TEXT], value[MS_UNIT_TEXT], share[MS_UNIT_TEXT];

	if (top->shown == top->all)
		return;
	fprintf(t->out, "  %s %s: %s (%s)\n", t->options.utf8 ? "…" : "...",
	        ms_unit_of(count, top->all - top->shown, what),
	        top->bytes ? ms_unit_bytes(value, top->rest, t->options.exact) : ms_unit_of(value, top->rest, "block"),
	        ms_unit_share(share, top->rest, top->total));
}

/* The places with a value, largest first; the caller frees *order. */
static int top_places(const struct ms_text *t, const struct place_key *key, const struct ms_report_place ***order,
                      struct top *top)
{
	const struct ms_report *r = t->report;

	*top = (struct top){.bytes = key->bytes};
	*order = malloc((r->place_count + 1) * sizeof **order);
	if (!*order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->place_count; i++) {
		if (key->value(&r->places[i]) == 0)
			continue;
		(*order)[top->all++] = &r->places[i];
		top->total += key->value(&r->places[i]);
	}
	qsort(*order, top->all, sizeof **order, key->compare);
	top->rest = top->total;
	return MS_OK;
}

/* Columns that all tables of places end with. paths: those with a share in what the table is about. */
static void cells_where(struct ms_table *table, const struct ms_report_place *p, uint64_t paths)
{
	ms_cell_count(table, paths);
	cell_id(table, p->node);
	ms_cell_owned(table, ms_text_place(p->line, p->caller));
}

int ms_text_peak(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"share", MS_RIGHT}, {"at the peak", MS_RIGHT}, {"blocks", MS_RIGHT}, {"paths", MS_RIGHT},
		{"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_place **order;
	struct ms_table table;
	struct top top;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	int rc;

	if (ms_is_sample(r->trace.process))
		return ms_text_peak_estimate(t);
	if (!r->totals.peak_bytes) {
		ms_text_heading(t, "PEAK", "nothing was alive at any time");
		return MS_OK;
	}
	if (top_places(t, &by_peak, &order, &top))
		return MS_E_NOMEM;
	ms_text_heading(t, "PEAK", "what the %s after %s were made of",
	                ms_unit_bytes(a, r->totals.peak_bytes, t->options.exact),
	                ms_unit_duration(b, r->totals.peak_time_ns));
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < top.all && show_next(t, &top, order[i]->peak_bytes); i++) {
		ms_cell_share(&table, order[i]->peak_bytes, r->totals.peak_bytes);
		ms_cell_bytes(t, &table, order[i]->peak_bytes);
		ms_cell_count(&table, order[i]->peak_blocks);
		cells_where(&table, order[i], order[i]->peak_sites);
	}
	rc = ms_text_print(t, &table);
	print_rest(t, &top, "more place");
	free(order);
	return rc;
}

int ms_text_live(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"share", MS_RIGHT}, {"alive", MS_RIGHT}, {"blocks", MS_RIGHT}, {"of begun", MS_RIGHT},
		{"paths", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	bool open = r->trace.ended == MS_REPORT_TRUNCATED;
	const struct ms_report_place **order;
	struct ms_table table;
	struct top top;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	int rc;

	if (ms_is_sample(r->trace.process))
		return ms_text_live_estimate(t);
	if (r->totals.live_blocks == 0) {
		ms_text_heading(t, "ALIVE AT THE END", "nothing");
		return MS_OK;
	}
	if (top_places(t, &by_live, &order, &top))
		return MS_E_NOMEM;
	ms_text_heading(t, open ? "ALIVE AT THE END OF THE RECORD" : "ALIVE AT THE END", "%s in %s",
	                ms_unit_bytes(a, r->totals.live_bytes, t->options.exact),
	                ms_unit_of(b, r->totals.live_blocks, "block"));
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < top.all && show_next(t, &top, order[i]->live_bytes); i++) {
		ms_cell_share(&table, order[i]->live_bytes, r->totals.live_bytes);
		ms_cell_bytes(t, &table, order[i]->live_bytes);
		ms_cell_count(&table, order[i]->live_blocks);
		ms_cell_share(&table, order[i]->live_blocks, order[i]->allocations);
		cells_where(&table, order[i], order[i]->live_sites);
	}
	rc = ms_text_print(t, &table);
	print_rest(t, &top, "more place");
	free(order);
	return rc;
}

int ms_text_temporary(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"temporary", MS_RIGHT}, {"of begun", MS_RIGHT}, {"begun", MS_RIGHT}, {"paths", MS_RIGHT},
		{"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_place **order;
	struct ms_table table;
	struct top top;
	char a[MS_UNIT_TEXT];
	int rc;

	if (ms_is_sample(r->trace.process)) {
		ms_text_heading(t, "TEMPORARY", "not observable: of a sample it is not known what came next");
		return MS_OK;
	}
	if (r->totals.temporary_allocations == 0) {
		ms_text_heading(t, "TEMPORARY", "no block was freed that soon%s", r->culled.within_ns ? ", but those that --cull-temporary left out" : "");
		return MS_OK;
	}
	if (top_places(t, &by_temporary, &order, &top))
		return MS_E_NOMEM;
	ms_text_heading(t, "TEMPORARY", "%s freed at once%s", ms_unit_of(a, r->totals.temporary_allocations, "block"),
	                r->culled.within_ns ? ", those left out by --cull-temporary not counted" : "");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < top.all && show_next(t, &top, order[i]->temporary_allocations); i++) {
		ms_cell_count(&table, order[i]->temporary_allocations);
		ms_cell_share(&table, order[i]->temporary_allocations, order[i]->allocations);
		ms_cell_count(&table, order[i]->allocations);
		cells_where(&table, order[i], order[i]->temporary_sites);
	}
	rc = ms_text_print(t, &table);
	print_rest(t, &top, "more place");
	free(order);
	return rc;
}

/* ---- call paths in full ------------------------------------------------------------------------------------------- */

static void print_site(struct ms_text *t, const struct ms_report_site *s)
{
	bool exact = t->options.exact;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];

	if (s->estimate.given) {
		ms_text_site_estimate(t, s);
		return;
	}
	fprintf(t->out, "\n  #%" PRIu32 "  peak %s (%s)", s->node, ms_unit_bytes(a, s->peak_bytes, exact),
	        ms_unit_share(b, s->peak_bytes, t->report->totals.peak_bytes));
	fprintf(t->out, ", own peak %s, alive %s in %s", ms_unit_bytes(a, s->own_peak_bytes, exact),
	        ms_unit_bytes(b, s->live_bytes, exact), ms_unit_count(c, s->live_blocks));
	fprintf(t->out, "\n      allocated %s in %s", ms_unit_bytes(a, s->allocated_bytes, exact),
	        ms_unit_count(b, s->allocations));
	if (s->reallocations)
		fprintf(t->out, " + %s by realloc", ms_unit_count(a, s->reallocations));
	fprintf(t->out, ", temporary %s", ms_unit_count(a, s->temporary_allocations));
	if (s->ended_blocks)
		fprintf(t->out, ", mean lifetime %s", ms_unit_duration(a, s->mean_lifetime_ns));
	if (s->culled_blocks)
		fprintf(t->out, "\n      culled %s in %s", ms_unit_bytes(a, s->culled_bytes, exact), ms_unit_of(b, s->culled_blocks, "block"));
	putc('\n', t->out);
}

int ms_text_sites(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	const struct ms_site_key *key = t->options.sort;
	struct top top = {.bytes = key->bytes};
	uint32_t *order = ms_site_rank(r, key, 0, &top.all);
	int rc = MS_OK;

	if (!order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < top.all; i++)
		top.total += key->value(&r->sites[order[i]]);
	top.rest = top.total;
	if (top.all)
		ms_text_heading(t, "SITES", "call paths by %s", key->title);
	else
		ms_text_heading(t, "SITES", "none");
	for (size_t i = 0; i < top.all && rc == MS_OK && show_next(t, &top, key->value(&r->sites[order[i]])); i++) {
		print_site(t, &r->sites[order[i]]);
		rc = ms_text_stack(t, r, r->sites[order[i]].node);
	}
	print_rest(t, &top, "more site");
	free(order);
	return rc;
}

/* ---- functions, modules ------------------------------------------------------------------------------------------- */

int ms_text_functions(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"peak", MS_RIGHT}, {"share", MS_RIGHT}, {"own peak share", MS_RIGHT}, {"allocated", MS_RIGHT},
		{"blocks", MS_RIGHT}, {"function", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	size_t n = t->options.top && r->function_count > t->options.top ? t->options.top : r->function_count;
	struct ms_table table;
	int rc;

	if (!n) {
		ms_text_heading(t, "FUNCTIONS", "none");
		return MS_OK;
	}
	ms_text_heading(t, "FUNCTIONS", "with everything that they call, by share of the peak");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_function *f = &r->functions[i];
		struct ms_report_line line = {.function = f->function, .file = "", .module = f->module};

		ms_cell_bytes(t, &table, f->peak_bytes);
		ms_cell_share(&table, f->peak_bytes, r->totals.peak_bytes);
		ms_cell_share(&table, f->own_peak_bytes, r->totals.peak_bytes);
		ms_cell_bytes(t, &table, f->allocated_bytes);
		ms_cell_count(&table, f->allocations);
		if (*f->function)
			ms_cell_owned(&table, ms_text_line(&line, true));
		else
			ms_cell_owned(&table, ms_text_escaped(*f->module ? f->module : "(unknown code)"));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, r->function_count - n, "more function");
	return rc;
}

int ms_text_modules(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"peak", MS_RIGHT}, {"share", MS_RIGHT}, {"alive", MS_RIGHT}, {"allocated", MS_RIGHT},
		{"blocks", MS_RIGHT}, {"temporary", MS_RIGHT}, {"module", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	size_t n = t->options.top && r->module_count > t->options.top ? t->options.top : r->module_count;
	struct ms_table table;
	int rc;

	if (!n) {
		ms_text_heading(t, "MODULES", "none");
		return MS_OK;
	}
	ms_text_heading(t, "MODULES", "whose code asked for the memory");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_module *m = &r->modules[i];

		ms_cell_bytes(t, &table, m->peak_bytes);
		ms_cell_share(&table, m->peak_bytes, r->totals.peak_bytes);
		ms_cell_bytes(t, &table, m->live_bytes);
		ms_cell_bytes(t, &table, m->allocated_bytes);
		ms_cell_count(&table, m->allocations);
		ms_cell_count(&table, m->temporary_allocations);
		ms_cell_owned(&table, ms_text_escaped(*m->module ? m->module : "(unknown code)"));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, r->module_count - n, "more module");
	return rc;
}

int ms_text_unmatched(struct ms_text *t)
{
	static const struct ms_column columns[] = {{"frees", MS_RIGHT}, {"where", MS_LEFT}};
	const struct ms_report *r = t->report;
	size_t n = t->options.top && r->unmatched_count > t->options.top ? t->options.top : r->unmatched_count;
	struct ms_table table;
	int rc;

	if (r->unmatched_count == 0)
		return MS_OK;
	ms_text_heading(t, "UNMATCHED FREES", "of blocks that the trace does not know");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		ms_cell_count(&table, r->unmatched[i].frees);
		ms_cell_owned(&table, ms_text_place(ms_report_headline(r, r->unmatched[i].node), NULL));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, r->unmatched_count - n, "more place");
	return rc;
}
