/* text_diff_more.c - a comparison as text, continued: findings, threads, the two curves. See diff_render.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "spark.h"
#include "text_diff.h"

/* ---- findings ----------------------------------------------------------------------------------------------------- */

static void print_findings(struct ms_diff_text *x, const char *what, const struct ms_diff_finding *list, size_t count,
                           const struct ms_diff_side *side, const char *other)
{
	size_t n = ms_diff_text_rows(x, count);

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

int ms_diff_text_findings(struct ms_diff_text *x)
{
	const struct ms_diff *d = x->diff;
	char a[MS_UNIT_TEXT];
	uint32_t blind = ~(d->kinds_old & d->kinds_new);

	ms_text_heading(&x->t, "FINDINGS", "%zu new, %zu fixed, %s on both sides", d->new_finding_count, d->fixed_finding_count,
	                ms_unit_count(a, d->common_findings));
	print_findings(x, "new", d->new_findings, d->new_finding_count, &d->after, "old");
	print_findings(x, "fixed", d->fixed_findings, d->fixed_finding_count, &d->before, "new");
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

int ms_diff_text_threads(struct ms_diff_text *x)
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
	for (size_t i = 0; i < x->diff->thread_count && printed < ms_diff_text_rows(x, count); i++) {
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
			ms_table_cell(&table, ms_diff_is_change(cells[c].v->change) ? ms_diff_amount(text, cells[c].v->before.median,
			              cells[c].v->after.median, cells[c].bytes, x->options->exact) : "");
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

/* What the curve of a run spans. */
static uint64_t span_ns(const struct ms_report *r)
{
	if (!r->window.given)
		return r->trace.duration_ns;
	return r->window.to_ns > r->window.from_ns ? r->window.to_ns - r->window.from_ns : 0;
}

static int print_curve(struct ms_diff_text *x, const char *name, const struct ms_report *r, uint64_t most, uint64_t longest, size_t width)
{
	uint64_t *values = malloc((r->timeline_count + 1) * sizeof *values);
	size_t own = longest && !x->options->align_share ? (size_t)((unsigned __int128)width * span_ns(r) / longest) : width, drawn;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (!values)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->timeline_count; i++)
		values[i] = r->timeline[i].max_live_bytes;
	own = own ? own : 1;
	drawn = own < r->timeline_count ? own : r->timeline_count;
	fprintf(x->t.out, "  %-*s  ", x->several ? 6 : 3, name);
	ms_spark(x->t.out, values, r->timeline_count, most, own, x->options->utf8);
	fprintf(x->t.out, "%*s  %s in %s\n", drawn < width ? (int)(width - drawn) : 0, "",
	        ms_unit_bytes(a, r->totals.peak_bytes, x->options->exact), ms_unit_duration(b, span_ns(r)));
	free(values);
	return MS_OK;
}

static void widest(const struct ms_diff_side *side, uint64_t *most, uint64_t *longest)
{
	for (size_t i = 0; i < side->count; i++) {
		const struct ms_report *r = side->reports[i];

		*most = r->totals.peak_bytes > *most ? r->totals.peak_bytes : *most;
		*longest = span_ns(r) > *longest ? span_ns(r) : *longest;
	}
}

static int print_side_curves(struct ms_diff_text *x, const char *side_name, const struct ms_diff_side *side, uint64_t most, uint64_t longest,
                             size_t width)
{
	size_t n = ms_diff_text_rows(x, side->count);
	char name[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, side->count > 1 ? "%s %zu" : "%s", side_name, i + 1);
		if (print_curve(x, name, side->reports[i], most, longest, width))
			return MS_E_NOMEM;
	}
	ms_text_more(&x->t, side->count - n, "more run");
	return MS_OK;
}

int ms_diff_text_curves(struct ms_diff_text *x)
{
	uint64_t most = 0, longest = 0;
	size_t width = x->options->width > 60 && x->options->width < 120 ? x->options->width - 40 : 80;

	widest(&x->diff->before, &most, &longest);
	widest(&x->diff->after, &most, &longest);
	if (!most)
		return MS_OK;
	ms_text_heading(&x->t, "TIMELINE", "bytes alive over time, to one scale; %s",
	                x->options->align_share ? "each run over the whole line" : "from the start on, at one speed");
	return print_side_curves(x, "old", &x->diff->before, most, longest, width) ||
	       print_side_curves(x, "new", &x->diff->after, most, longest, width) ? MS_E_NOMEM : MS_OK;
}
