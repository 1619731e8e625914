/* text_diff.c - a comparison as text: totals, what changed, where, findings, threads, the two curves. See diff_render.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff_order.h"
#include "diff_render.h"
#include "escape.h"
#include "report_names.h"
#include "spark.h"
#include "text_style.h"

struct diff_text {
	struct ms_text t;
	const struct ms_diff *diff;
	const struct ms_diff_render_options *options;
	struct ms_diff_ranked *ranked;
	size_t ranked_count;
	bool several;                    /* runs on a side */
};

static size_t at_most(const struct diff_text *x, size_t count)
{
	return x->options->top && count > x->options->top ? x->options->top : count;
}

/* ---- what is compared --------------------------------------------------------------------------------------------- */

static void print_side(struct diff_text *x, const char *name, const struct ms_diff_side *side)
{
	FILE *out = x->t.out;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	for (size_t i = 0; i < side->count; i++) {
		const struct ms_report_trace *r = &side->reports[i]->trace;

		fprintf(out, "%s  ", name);
		ms_escape_text(out, r->file);
		fputs(": ", out);
		ms_escape_words(out, r->process->command, r->process->command_count);
		fprintf(out, ", %s, %s\n", ms_unit_of(a, r->events, "event"), ms_unit_duration(b, r->duration_ns));
		if (!r->complete)
			fprintf(out, "     ! not complete: %s, %s lost\n", ms_ended_name(r->ended), ms_unit_of(a, r->lost_events, "event"));
		if (r->frame_uses && r->symbolized_frame_uses < r->frame_uses / 2)
			fprintf(out, "     ! %s of the frames (weighted by blocks) have a function name: what has none is paired by its module\n",
			        ms_unit_share(a, r->symbolized_frame_uses, r->frame_uses));
	}
}

static void print_verdict(struct diff_text *x)
{
	const struct ms_diff *d = x->diff;
	FILE *out = x->t.out;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	const char *metric = x->options->metric < MS_DIFF_METRIC_COUNT ? ms_diff_metrics[x->options->metric].name : NULL;

	if (!x->ranked_count)
		ms_text_heading(&x->t, "DIFFERENCES", "none: no call path changed%s%s", metric ? " in " : "", metric ? metric : "");
	else
		ms_text_heading(&x->t, "DIFFERENCES", "%s changed%s%s", ms_unit_of(a, x->ranked_count, "call path"), metric ? " in " : "",
		                metric ? metric : "");
	fprintf(out, "  %s in the old, ", ms_unit_of(a, d->paths_old, "call path"));
	fprintf(out, "%s in the new, told apart by function names; %s unchanged", ms_unit_count(a, d->paths_new),
	        ms_unit_count(b, d->paths_unchanged));
	if (d->paths_fuzzy)
		fprintf(out, ", %s paired by similar names", ms_unit_count(a, d->paths_fuzzy));
	putc('\n', out);
	fprintf(out, "  rests on %s against ", ms_unit_of(a, d->old.count, "run"));
	fprintf(out, "%s: ", ms_unit_count(a, d->new.count));
	if (x->several)
		fputs("a change is a gap between the bands of the two sides that is wider than either band\n", out);
	else
		fputs("every difference counts, noise is not known\n", out);
	if (d->pairing_limited)
		fputs("  ! pairing by similar names stopped at its limit: some of what is new and gone may belong together\n", out);
	for (size_t i = 0; i < x->options->condition_count; i++) {
		const struct ms_diff_condition *c = &x->options->conditions[i];

		if (c->verdict == MS_GATE_FAILS)
			continue;
		fputs("  ! ", out);
		ms_escape_text(out, c->expression);
		fprintf(out, c->verdict == MS_GATE_HOLDS ? " holds: %s\n" : " cannot be judged: %s\n", c->found);
	}
}

/* ---- totals ------------------------------------------------------------------------------------------------------- */

static void cell_value(struct diff_text *x, struct ms_table *table, uint64_t value, bool bytes)
{
	if (bytes)
		ms_cell_bytes(&x->t, table, value);
	else
		ms_cell_count(table, value);
}

static void cell_band(struct diff_text *x, struct ms_table *table, const struct ms_diff_side_value *v, bool bytes)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[2 * MS_UNIT_TEXT + 8];

	if (bytes) {
		ms_unit_bytes(a, v->min, x->options->exact);
		ms_unit_bytes(b, v->max, x->options->exact);
	} else {
		ms_unit_count(a, v->min);
		ms_unit_count(b, v->max);
	}
	snprintf(text, sizeof text, v->min == v->max ? "%s" : "%s .. %s", a, b);
	ms_table_cell(table, text);
}

static int print_totals(struct diff_text *x)
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
		const struct ms_diff_side_value *old = &total->value.old, *new = &total->value.new;

		if (!total->observable || (old->max == 0 && new->max == 0))
			continue;
		cell_value(x, &table, old->median, total->bytes);
		cell_value(x, &table, new->median, total->bytes);
		ms_table_cell(&table, old->median == new->median ? "" : ms_diff_amount(text, old->median, new->median, total->bytes, x->options->exact));
		ms_table_cell(&table, ms_diff_percent(text, old->median, new->median));
		if (x->several) {
			cell_band(x, &table, old, total->bytes);
			cell_band(x, &table, new, total->bytes);
			ms_table_cell(&table, total->value.change == MS_DIFF_NOISE ? "noise" : "");
		}
		ms_table_cell(&table, total->summary);
	}
	return ms_text_print(&x->t, &table);
}

/* ---- per metric --------------------------------------------------------------------------------------------------- */

static const uint8_t classes[] = {MS_DIFF_NEW, MS_DIFF_GROWN, MS_DIFF_SHRUNK, MS_DIFF_GONE};
#define CLASSES (sizeof classes / sizeof *classes)

static int print_metrics(struct diff_text *x)
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

static const unsigned shown[] = {MS_DIFF_PEAK, MS_DIFF_LIVE, MS_DIFF_ALLOCATED, MS_DIFF_ALLOCATIONS, MS_DIFF_TEMPORARY};

static int print_class(struct diff_text *x, uint8_t class)
{
	static const char *const titles[MS_DIFF_CHANGES] = {
		[MS_DIFF_NEW] = "NEW", [MS_DIFF_GROWN] = "GROWN", [MS_DIFF_SHRUNK] = "SHRUNK", [MS_DIFF_GONE] = "GONE"};
	static const struct ms_column columns[] = {
		{"rank", MS_RIGHT}, {"peak", MS_RIGHT}, {"alive", MS_RIGHT}, {"allocated", MS_RIGHT}, {"allocations", MS_RIGHT},
		{"temporary", MS_RIGHT}, {"where", MS_LEFT}};
	struct ms_table table;
	size_t count = 0, printed = 0;
	char n[MS_UNIT_TEXT];
	int rc;

	for (size_t i = 0; i < x->ranked_count; i++)
		count += x->ranked[i].change == class;
	if (!count)
		return MS_OK;
	ms_text_heading(&x->t, titles[class], "%s, the most important first", ms_unit_of(n, count, "call path"));
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < x->ranked_count && printed < at_most(x, count); i++) {
		const struct ms_diff_row *row = &x->diff->rows[x->ranked[i].row];
		char text[MS_DIFF_TEXT];

		if (x->ranked[i].change != class)
			continue;
		snprintf(text, sizeof text, "%zu", i + 1);
		ms_table_cell(&table, text);
		for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
			const struct ms_diff_value *v = &row->value[shown[k]];

			ms_table_cell(&table, ms_diff_is_change(v->change) ? ms_diff_amount(text, v->old.median, v->new.median,
			              ms_diff_metrics[shown[k]].bytes, x->options->exact) : "");
		}
		ms_cell_owned(&table, ms_diff_place(x->diff, row));
		printed++;
	}
	rc = ms_text_print(&x->t, &table);
	ms_text_more(&x->t, count - printed, "more call path");
	return rc;
}

static void print_metric(struct diff_text *x, unsigned m, const struct ms_diff_value *v)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[MS_DIFF_TEXT], percent[MS_DIFF_TEXT];
	bool bytes = ms_diff_metrics[m].bytes, exact = x->options->exact;

	if (bytes) {
		ms_unit_bytes(a, v->old.median, exact);
		ms_unit_bytes(b, v->new.median, exact);
	} else {
		ms_unit_count(a, v->old.median);
		ms_unit_count(b, v->new.median);
	}
	ms_diff_percent(percent, v->old.median, v->new.median);
	fprintf(x->t.out, "      %s: %s, was %s", ms_diff_metrics[m].title, b, a);
	if (v->old.median)
		fprintf(x->t.out, " (%s%s%s)", ms_diff_amount(text, v->old.median, v->new.median, bytes, exact), *percent ? ", " : "", percent);
	if (x->several) {
		const struct ms_diff_side_value *side[] = {&v->old, &v->new};

		for (int i = 0; i < 2; i++) {
			if (bytes) {
				ms_unit_bytes(a, side[i]->min, exact);
				ms_unit_bytes(b, side[i]->max, exact);
			} else {
				ms_unit_count(a, side[i]->min);
				ms_unit_count(b, side[i]->max);
			}
			fprintf(x->t.out, "%s%s .. %s", i ? " against " : "; runs ", a, b);
		}
	}
	putc('\n', x->t.out);
}

static int print_paths(struct diff_text *x)
{
	size_t count = at_most(x, x->ranked_count);

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
			        row->old.sites, row->new.sites);
		if (row->pairing == MS_DIFF_FUZZY) {
			fprintf(x->t.out, "      paired by similar names (%" PRIu32 " function%s differ%s) with\n", row->edits,
			        row->edits == 1 ? "" : "s", row->edits == 1 ? "s" : "");
			if (ms_text_stack(&x->t, ms_diff_old_report(x->diff, row), row->old.node))
				return MS_E_NOMEM;
		}
	}
	ms_text_more(&x->t, x->ranked_count - count, "more call path");
	return MS_OK;
}

/* ---- findings ----------------------------------------------------------------------------------------------------- */

static void print_findings(struct diff_text *x, const char *what, const struct ms_diff_finding *list, size_t count,
                           const struct ms_diff_side *side, const char *other)
{
	size_t n = at_most(x, count);

	for (size_t i = 0; i < n; i++) {
		const struct ms_diff_finding *f = &list[i];

		fprintf(x->t.out, "  %-5s  %s: ", what, ms_finding_kinds[f->finding->kind].name);
		ms_escape_text(x->t.out, f->finding->message);
		if (side->count > 1)
			fprintf(x->t.out, " (in %" PRIu32 " of %zu runs)", f->runs, side->count);
		putc('\n', x->t.out);
		if (!f->comparable)
			fprintf(x->t.out, "         ! it could not have been seen in the %s trace\n", other);
	}
	ms_text_more(&x->t, count - n, "more finding");
}

static int print_all_findings(struct diff_text *x)
{
	const struct ms_diff *d = x->diff;
	char a[MS_UNIT_TEXT];
	uint32_t blind = ~(d->kinds_old & d->kinds_new);

	ms_text_heading(&x->t, "FINDINGS", "%zu new, %zu fixed, %s on both sides", d->new_finding_count, d->fixed_finding_count,
	                ms_unit_count(a, d->common_findings));
	print_findings(x, "new", d->new_findings, d->new_finding_count, &d->new, "old");
	print_findings(x, "fixed", d->fixed_findings, d->fixed_finding_count, &d->old, "new");
	for (int k = 0, printed = 0; k < MS_FINDING_KIND_COUNT; k++) {
		if (!(blind >> k & 1))
			continue;
		fprintf(x->t.out, "%s%s", printed++ ? ", " : "  not observable in every trace: ", ms_finding_kinds[k].name);
		if (!(blind >> (k + 1) & ((1u << (MS_FINDING_KIND_COUNT - k - 1)) - 1)))
			putc('\n', x->t.out);
	}
	return MS_OK;
}

/* ---- threads ------------------------------------------------------------------------------------------------------ */

static int print_threads(struct diff_text *x)
{
	static const struct ms_column columns[] = {
		{"threads", MS_RIGHT}, {"allocated", MS_RIGHT}, {"allocations", MS_RIGHT}, {"alive", MS_RIGHT}, {"temporary", MS_RIGHT},
		{"", MS_LEFT}, {"name", MS_LEFT}};
	struct ms_table table;
	size_t count = 0, printed = 0;
	char text[MS_DIFF_TEXT];
	int rc;

	for (size_t i = 0; i < x->diff->thread_count; i++) {
		const struct ms_diff_thread *t = &x->diff->threads[i];

		count += ms_diff_is_change(t->threads.change) || ms_diff_is_change(t->allocations.change) ||
		         ms_diff_is_change(t->allocated_bytes.change) || ms_diff_is_change(t->live_bytes.change) ||
		         ms_diff_is_change(t->temporary.change);
	}
	if (!count)
		return MS_OK;
	ms_text_heading(&x->t, "THREADS", "by name, those that changed");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < x->diff->thread_count && printed < at_most(x, count); i++) {
		const struct ms_diff_thread *t = &x->diff->threads[i];
		const struct {
			const struct ms_diff_value *v;
			bool bytes;
		} cells[] = {{&t->threads, false}, {&t->allocated_bytes, true}, {&t->allocations, false}, {&t->live_bytes, true},
		             {&t->temporary, false}};
		bool any = false;

		for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
			any |= ms_diff_is_change(cells[c].v->change);
		if (!any)
			continue;
		for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
			ms_table_cell(&table, ms_diff_is_change(cells[c].v->change) ? ms_diff_amount(text, cells[c].v->old.median,
			              cells[c].v->new.median, cells[c].bytes, x->options->exact) : "");
		ms_table_cell(&table, t->presence == MS_DIFF_SAME ? "" : ms_diff_change_name(t->presence));
		if (t->is_main || *t->name)
			ms_cell_owned(&table, *t->name ? ms_text_escaped(t->name) : strdup("(main)"));
		else
			ms_table_cell(&table, "(no name)");
		printed++;
	}
	rc = ms_text_print(&x->t, &table);
	ms_text_more(&x->t, count - printed, "more name");
	return rc;
}

/* ---- curves ------------------------------------------------------------------------------------------------------- */

static int print_curve(struct diff_text *x, const char *name, const struct ms_report *r, uint64_t most, uint64_t longest, size_t width)
{
	uint64_t *values = malloc((r->timeline_count + 1) * sizeof *values);
	size_t own = longest ? (size_t)((unsigned __int128)width * r->trace.duration_ns / longest) : width;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (!values)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->timeline_count; i++)
		values[i] = r->timeline[i].max_live_bytes;
	fprintf(x->t.out, "  %s  ", name);
	ms_spark(x->t.out, values, r->timeline_count, most, own ? own : 1, x->options->utf8);
	fprintf(x->t.out, "  %s in %s\n", ms_unit_bytes(a, r->totals.peak_bytes, x->options->exact), ms_unit_duration(b, r->trace.duration_ns));
	free(values);
	return MS_OK;
}

static int print_curves(struct diff_text *x)
{
	const struct ms_report *old = x->diff->old.reports[0], *new = x->diff->new.reports[0];
	uint64_t most = old->totals.peak_bytes > new->totals.peak_bytes ? old->totals.peak_bytes : new->totals.peak_bytes;
	uint64_t longest = old->trace.duration_ns > new->trace.duration_ns ? old->trace.duration_ns : new->trace.duration_ns;
	size_t width = x->options->width > 60 && x->options->width < 120 ? x->options->width - 40 : 80;

	if (!most)
		return MS_OK;
	ms_text_heading(&x->t, "TIMELINE", "bytes alive over time, to one scale%s", x->several ? "; the first run of each side" : "");
	return print_curve(x, "old", old, most, longest, width) || print_curve(x, "new", new, most, longest, width) ? MS_E_NOMEM : MS_OK;
}

int ms_render_diff_text(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options, struct ms_error *err)
{
	struct diff_text x = {
		.t = {.out = out, .report = diff->new.reports[0],
		      .options = {.top = options->top, .frames = options->frames, .width = options->width, .exact = options->exact,
		                  .utf8 = options->utf8, .bold = options->bold}},
		.diff = diff, .options = options, .several = diff->old.count + diff->new.count > 2,
	};
	int rc = MS_OK;

	x.ranked = ms_diff_rank(diff, options->metric, &x.ranked_count);
	if (!x.ranked)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu rows", diff->row_count);
	print_side(&x, "old", &diff->old);
	print_side(&x, "new", &diff->new);
	print_verdict(&x);
	rc = print_totals(&x) || print_metrics(&x);
	for (size_t c = 0; c < CLASSES && !rc; c++)
		rc = print_class(&x, classes[c]);
	rc = rc || print_paths(&x) || print_all_findings(&x) || print_threads(&x) || print_curves(&x);
	free(x.ranked);
	if (rc)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the text of a comparison");
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the comparison");
	return MS_OK;
}
