/* text_diff.c - a comparison as text: what is compared, totals, what changed and where. See diff_render.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff_order.h"
#include "diff_render.h"
#include "diff_words.h"
#include "text_diff.h"

/* ---- what is compared --------------------------------------------------------------------------------------------- */

/* Lines of notes, each with its mark. */
static void print_notes(struct ms_diff_text *x, const char *indent, char *notes)
{
	for (char *line = notes, *end; line && (end = strchr(line, '\n')); line = end + 1)
		fprintf(x->t.out, "%s! %.*s\n", indent, (int)(end - line), line);
	free(notes);
}

static int print_side(struct ms_diff_text *x, const char *name, const struct ms_diff_side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		char *notes = NULL;
		size_t size;
		FILE *f = open_memstream(&notes, &size);

		if (!f)
			return MS_E_NOMEM;
		fprintf(x->t.out, "%s  ", name);
		ms_diff_run_words(x->t.out, side->reports[i]);
		putc('\n', x->t.out);
		ms_diff_run_notes(f, side->reports[i]);
		fclose(f);
		print_notes(x, "     ", notes);
	}
	return MS_OK;
}

static int print_verdict(struct ms_diff_text *x)
{
	FILE *out = x->t.out, *f;
	char *text = NULL;
	size_t size;

	f = open_memstream(&text, &size);
	if (!f)
		return MS_E_NOMEM;
	ms_diff_verdict_words(f, x->ranked_count, x->options->metric);
	fclose(f);
	ms_text_heading(&x->t, "DIFFERENCES", "%s", text ? text : "");
	free(text);
	fputs("  ", out);
	ms_diff_paths_words(out, x->diff);
	fputs("\n  ", out);
	ms_diff_basis_words(out, x->diff);
	putc('\n', out);
	text = NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return MS_E_NOMEM;
	ms_diff_notes(f, x->diff);
	fclose(f);
	print_notes(x, "  ", text);
	for (size_t i = 0; i < x->options->condition_count; i++) {
		if (x->options->conditions[i].verdict == MS_GATE_FAILS)
			continue;
		fputs("  ! ", out);
		ms_diff_condition_words(out, &x->options->conditions[i]);
		putc('\n', out);
	}
	return MS_OK;
}

/* ---- totals ------------------------------------------------------------------------------------------------------- */

#define BAND_TEXT (2 * MS_UNIT_TEXT + 8)

static void cell_value(struct ms_diff_text *x, struct ms_table *table, uint64_t value, bool bytes)
{
	if (bytes)
		ms_cell_bytes(&x->t, table, value);
	else
		ms_cell_count(table, value);
}

/* "5 .. 7", "5" */
static const char *band(char text[BAND_TEXT], const struct ms_diff_text *x, const struct ms_diff_side_value *v, bool bytes)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (bytes) {
		ms_unit_bytes(a, v->min, x->options->exact);
		ms_unit_bytes(b, v->max, x->options->exact);
	} else {
		ms_unit_count(a, v->min);
		ms_unit_count(b, v->max);
	}
	snprintf(text, BAND_TEXT, v->min == v->max ? "%s" : "%s .. %s", a, b);
	return text;
}

static int print_totals(struct ms_diff_text *x)
{
	static const struct ms_column one[] = {
		{"old", MS_RIGHT}, {"new", MS_RIGHT}, {"change", MS_RIGHT}, {"", MS_RIGHT}, {"what", MS_LEFT}};
	static const struct ms_column several[] = {
		{"old", MS_RIGHT}, {"new", MS_RIGHT}, {"change", MS_RIGHT}, {"", MS_RIGHT}, {"old runs", MS_RIGHT}, {"new runs", MS_RIGHT},
		{"", MS_LEFT}, {"what", MS_LEFT}};
	struct ms_table table;
	char text[MS_DIFF_TEXT];

	ms_text_heading(&x->t, "TOTALS", NULL);
	if (x->several)
		ms_table_init(&table, several, sizeof several / sizeof *several);
	else
		ms_table_init(&table, one, sizeof one / sizeof *one);
	for (size_t i = 0; i < x->diff->total_count; i++) {
		const struct ms_diff_total *total = &x->diff->totals[i];
		const struct ms_diff_side_value *old = &total->value.before, *new = &total->value.after;

		if (!total->observable || (old->max == 0 && new->max == 0))
			continue;
		cell_value(x, &table, old->median, total->bytes);
		cell_value(x, &table, new->median, total->bytes);
		ms_table_cell(&table, old->median == new->median ? "" : ms_diff_amount(text, old->median, new->median, total->bytes, x->options->exact));
		ms_table_cell(&table, ms_diff_percent(text, old->median, new->median));
		if (x->several) {
			char runs[BAND_TEXT];

			ms_table_cell(&table, band(runs, x, old, total->bytes));
			ms_table_cell(&table, band(runs, x, new, total->bytes));
			ms_table_cell(&table, total->value.change == MS_DIFF_NOISE ? "noise" : "");
		}
		ms_table_cell(&table, total->summary);
	}
	return ms_text_print(&x->t, &table);
}

/* ---- per metric --------------------------------------------------------------------------------------------------- */

static const uint8_t classes[] = {MS_DIFF_NEW, MS_DIFF_GROWN, MS_DIFF_SHRUNK, MS_DIFF_GONE};
#define CLASSES (sizeof classes / sizeof *classes)

static int print_metrics(struct ms_diff_text *x)
{
	static const struct ms_column columns[] = {
		{"new", MS_RIGHT}, {"grown", MS_RIGHT}, {"shrunk", MS_RIGHT}, {"gone", MS_RIGHT}, {"in", MS_LEFT}};
	struct ms_table table;

	if (!x->ranked_count)
		return MS_OK;
	ms_text_heading(&x->t, "BY METRIC", "how many call paths, and by how much in all");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
		const struct ms_diff_summary *s = &x->diff->summary[m];
		bool any = false;

		for (size_t c = 0; c < CLASSES; c++)
			any |= s->paths[classes[c]] > 0;
		if (!s->observable || !any)
			continue;
		for (size_t c = 0; c < CLASSES; c++) {
			char text[MS_DIFF_TEXT], count[MS_UNIT_TEXT], cell[2 * MS_DIFF_TEXT];
			uint64_t amount = s->amount[classes[c]];
			bool more = classes[c] == MS_DIFF_NEW || classes[c] == MS_DIFF_GROWN;

			ms_diff_amount(text, more ? 0 : amount, more ? amount : 0, ms_diff_metrics[m].bytes, x->options->exact);
			snprintf(cell, sizeof cell, "%s: %s", ms_unit_count(count, s->paths[classes[c]]), text);
			ms_table_cell(&table, s->paths[classes[c]] ? cell : "");
		}
		ms_table_cell(&table, ms_diff_metrics[m].name);
	}
	return ms_text_print(&x->t, &table);
}

/* ---- call paths --------------------------------------------------------------------------------------------------- */

static const struct {
	unsigned metric;
	const char *title;
} shown[] = {
	{MS_DIFF_PEAK, "peak"}, {MS_DIFF_LIVE, "alive"}, {MS_DIFF_ALLOCATED, "allocated"}, {MS_DIFF_ALLOCATIONS, "allocations"},
	{MS_DIFF_REALLOCATIONS, "reallocations"}, {MS_DIFF_TEMPORARY, "temporary"}, {MS_DIFF_LEAK_DEFINITE, "definitely lost"},
	{MS_DIFF_LEAK_INDIRECT, "indirectly lost"}, {MS_DIFF_LEAK_POSSIBLE, "possibly lost"},
};
#define SHOWN (sizeof shown / sizeof *shown)

/* The rows of a class, at most so many; pass 1 finds out which columns have something in them. */
static size_t add_rows(struct ms_diff_text *x, struct ms_table *table, uint8_t class, size_t most, uint32_t *columns)
{
	size_t n = 0;

	for (size_t i = 0; i < x->ranked_count && n < most; i++) {
		const struct ms_diff_row *row = &x->diff->rows[x->ranked[i].row];
		char text[MS_DIFF_TEXT];

		if (x->ranked[i].change != class)
			continue;
		n++;
		for (size_t k = 0; k < SHOWN && !table; k++)
			*columns |= (uint32_t)ms_diff_is_change(row->value[shown[k].metric].change) << k;
		if (!table)
			continue;
		snprintf(text, sizeof text, "%zu", i + 1);
		ms_table_cell(table, text);
		for (size_t k = 0; k < SHOWN; k++) {
			const struct ms_diff_value *v = &row->value[shown[k].metric];

			if (*columns >> k & 1)
				ms_table_cell(table, ms_diff_is_change(v->change) ? ms_diff_amount(text, v->before.median, v->after.median,
				              ms_diff_metrics[shown[k].metric].bytes, x->options->exact) : "");
		}
		ms_cell_owned(table, ms_diff_place(x->diff, row));
	}
	return n;
}

static int print_class(struct ms_diff_text *x, uint8_t class)
{
	static const char *const titles[MS_DIFF_CHANGES] = {
		[MS_DIFF_NEW] = "NEW", [MS_DIFF_GROWN] = "GROWN", [MS_DIFF_SHRUNK] = "SHRUNK", [MS_DIFF_GONE] = "GONE"};
	struct ms_column columns[SHOWN + 2] = {{"rank", MS_RIGHT}};
	struct ms_table table;
	size_t count = 0, printed, column_count = 1;
	uint32_t used = 0;
	char n[MS_UNIT_TEXT];
	int rc;

	for (size_t i = 0; i < x->ranked_count; i++)
		count += x->ranked[i].change == class;
	if (!count)
		return MS_OK;
	ms_text_heading(&x->t, titles[class], "%s, the most important first", ms_unit_of(n, count, "call path"));
	add_rows(x, NULL, class, ms_diff_text_rows(x, count), &used);
	for (size_t k = 0; k < SHOWN; k++)
		if (used >> k & 1)
			columns[column_count++] = (struct ms_column){shown[k].title, MS_RIGHT};
	columns[column_count++] = (struct ms_column){"where", MS_LEFT};
	ms_table_init(&table, columns, column_count);
	printed = add_rows(x, &table, class, ms_diff_text_rows(x, count), &used);
	rc = ms_text_print(&x->t, &table);
	ms_text_more(&x->t, count - printed, "more call path");
	return rc;
}

static void print_metric(struct ms_diff_text *x, unsigned m, const struct ms_diff_value *v)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[MS_DIFF_TEXT], percent[MS_DIFF_TEXT];
	bool bytes = ms_diff_metrics[m].bytes, exact = x->options->exact;

	if (bytes) {
		ms_unit_bytes(a, v->before.median, exact);
		ms_unit_bytes(b, v->after.median, exact);
	} else {
		ms_unit_count(a, v->before.median);
		ms_unit_count(b, v->after.median);
	}
	ms_diff_percent(percent, v->before.median, v->after.median);
	fprintf(x->t.out, "      %s: %s, was %s", ms_diff_metrics[m].title, b, a);
	if (v->before.median)
		fprintf(x->t.out, " (%s%s%s)", ms_diff_amount(text, v->before.median, v->after.median, bytes, exact), *percent ? ", " : "", percent);
	if (x->several) {
		char old[BAND_TEXT], new[BAND_TEXT];

		fprintf(x->t.out, "; runs %s against %s", band(new, x, &v->after, bytes), band(old, x, &v->before, bytes));
	}
	putc('\n', x->t.out);
}

static int print_paths(struct ms_diff_text *x)
{
	size_t count = ms_diff_text_rows(x, x->ranked_count);

	if (!count)
		return MS_OK;
	ms_text_heading(&x->t, "CALL PATHS", "by rank");
	for (size_t i = 0; i < count; i++) {
		const struct ms_diff_row *row = &x->diff->rows[x->ranked[i].row];
		uint32_t node;
		const struct ms_report *report = ms_diff_example(x->diff, row, &node);

		fprintf(x->t.out, "\n  %zu  %s in %s\n", i + 1, ms_diff_change_name(x->ranked[i].change),
		        ms_diff_metrics[x->ranked[i].metric].name);
		for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++)
			if (ms_diff_is_change(row->value[m].change))
				print_metric(x, m, &row->value[m]);
		if (ms_text_stack(&x->t, report, node))
			return MS_E_NOMEM;
		if (row->pairing == MS_DIFF_MERGED)
			fprintf(x->t.out, "      %" PRIu32 " call paths of the old side and %" PRIu32 " of the new one, paired by similar names\n",
			        row->before.sites, row->after.sites);
		if (row->pairing == MS_DIFF_FUZZY) {
			fprintf(x->t.out, "      paired by similar names (%" PRIu32 " function%s differ%s) with\n", row->edits,
			        row->edits == 1 ? "" : "s", row->edits == 1 ? "s" : "");
			if (ms_text_stack(&x->t, ms_diff_old_report(x->diff, row), row->before.node))
				return MS_E_NOMEM;
		}
	}
	ms_text_more(&x->t, x->ranked_count - count, "more call path");
	return MS_OK;
}

int ms_render_diff_text(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options, struct ms_error *err)
{
	struct ms_diff_text x = {
		.t = {.out = out, .report = diff->after.reports[0],
		      .options = {.top = options->top, .frames = options->frames, .width = options->width, .exact = options->exact,
		                  .utf8 = options->utf8, .bold = options->bold}},
		.diff = diff, .options = options, .several = diff->before.count + diff->after.count > 2,
	};
	int rc = MS_OK;

	x.ranked = ms_diff_rank(diff, options->metric, &x.ranked_count);
	if (!x.ranked)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu rows", diff->row_count);
	rc = print_side(&x, "old", &diff->before) || print_side(&x, "new", &diff->after) || print_verdict(&x) || print_totals(&x) ||
	     print_metrics(&x);
	for (size_t c = 0; c < CLASSES && !rc; c++)
		rc = print_class(&x, classes[c]);
	rc = rc || print_paths(&x) || ms_diff_text_findings(&x) || ms_diff_text_threads(&x) || ms_diff_text_curves(&x);
	free(x.ranked);
	if (rc)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the text of a comparison");
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the comparison");
	return MS_OK;
}
