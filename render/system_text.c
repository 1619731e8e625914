/* system_text.c - the section about the process as the system saw it: curves on one axis, series, what resident memory consists of. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "spark.h"
#include "text_style.h"

#define CURVE_WIDTH 100u
#define LABEL_WIDTH 30u          /* of a curve's name, its figure, and the space around */
#define MAPPINGS_SHOWN 8u

static const char *quantity(const struct ms_text *t, char *buffer, uint8_t unit, uint64_t v)
{
	switch (unit) {
	case MS_UNIT_BYTES:
		return ms_unit_bytes(buffer, v, t->options.exact);
	case MS_UNIT_NANOSECONDS:
		return ms_unit_duration(buffer, v);
	case MS_UNIT_PERCENT:
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 " %%", v);
		return buffer;
	default:
		return ms_unit_count(buffer, v);
	}
}

/* ---- curves -------------------------------------------------------------------------------------------------------- */

/* A value per bucket: the largest sample, or of a series that grows what it grew by; between two samples the former stays and the latter
   is spread. Nothing before the first and after the last sample. Adds to values. */
static void add_curve(const struct ms_text *t, const struct ms_system_series *s, uint64_t *values)
{
	size_t n = t->report->timeline_count, from = n;
	uint64_t last = 0;

	for (size_t i = 0; i < n; i++) {
		const struct ms_system_bin *b = &s->bins[i];

		if (b->samples == 0)
			continue;
		if (!s->cumulative) {
			for (size_t k = from == n ? i : from + 1; k < i; k++)
				values[k] += last;
			values[i] += b->max;
		} else if (from != n && b->last >= last) {
			for (size_t k = from + 1; k <= i; k++)
				values[k] += (b->last - last) / (i - from);
		}
		from = i;
		last = b->last;
	}
}

/* Returns the largest value, to which the curve is drawn. */
static uint64_t print_curve(struct ms_text *t, const char *name, const char *figure, const uint64_t *values, size_t width)
{
	uint64_t most = 0;

	for (size_t i = 0; i < t->report->timeline_count; i++)
		most = values[i] > most ? values[i] : most;
	fprintf(t->out, "  %-5s%*s  ", name, t->options.exact ? 20 : 12, figure);
	ms_spark(t->out, values, t->report->timeline_count, most, width, t->options.utf8);
	putc('\n', t->out);
	return most;
}

static bool observed(const struct ms_system_series *s)
{
	return s && !s->reason;
}

static int print_curves(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	const struct ms_system_series *rss = ms_system_find(&r->system, "rss");
	const struct ms_system_series *user = ms_system_find(&r->system, "cpu_user");
	const struct ms_system_series *system = ms_system_find(&r->system, "cpu_system");
	size_t width = t->options.width > LABEL_WIDTH + 8 && t->options.width < CURVE_WIDTH + LABEL_WIDTH
	                   ? t->options.width - LABEL_WIDTH : CURVE_WIDTH;
	uint64_t *values = calloc(r->timeline_count + 1, sizeof *values);
	const struct ms_system_series *gpu = ms_system_find(&r->system, "gpu_memory");
	uint64_t busiest = 0, bucket_ns = r->timeline_count > 1 ? r->timeline[1].start_ns - r->timeline[0].start_ns : 0;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	const char *from;

	if (!values)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->timeline_count; i++)
		values[i] = r->timeline[i].max_live_bytes;
	print_curve(t, "heap", ms_unit_bytes(a, r->totals.peak_bytes, t->options.exact), values, width);
	memset(values, 0, r->timeline_count * sizeof *values);
	if (observed(rss)) {
		add_curve(t, rss, values);
		print_curve(t, "rss", ms_unit_bytes(a, rss->max, t->options.exact), values, width);
		memset(values, 0, r->timeline_count * sizeof *values);
	}
	if (observed(user) && observed(system)) {
		uint64_t before = r->window.given ? user->first + system->first : 0; /* by the first sample of a window */

		add_curve(t, user, values);
		add_curve(t, system, values);
		busiest = print_curve(t, "cpu", ms_unit_duration(a, user->last + system->last - before), values, width);
		memset(values, 0, r->timeline_count * sizeof *values);
	}
	if (observed(gpu)) {
		add_curve(t, gpu, values);
		print_curve(t, "gpu", ms_unit_bytes(a, gpu->max, t->options.exact), values, width);
	}
	if (width > r->timeline_count)
		width = r->timeline_count;
	from = r->window.from_ns ? ms_unit_duration(b, r->window.from_ns) : "0 s";
	fprintf(t->out, "  %*s%s%*s\n", t->options.exact ? 27 : 19, "", from, width > 16 ? (int)(width - strlen(from)) : 13,
	        ms_unit_duration(a, r->window.given ? r->window.to_ns : r->trace.duration_ns));
	fputs("  each from 0 to its largest value, named beside it; cpu: its sum", t->out);
	if (busiest && bucket_ns)
		fprintf(t->out, ", at most %" PRIu64 " %% of a core", (uint64_t)((unsigned __int128)busiest * 100 / bucket_ns));
	putc('\n', t->out);
	free(values);
	return MS_OK;
}

/* ---- series -------------------------------------------------------------------------------------------------------- */

static int print_series(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"series", MS_LEFT}, {"grown by", MS_RIGHT}, {"last", MS_RIGHT}, {"least", MS_RIGHT}, {"most", MS_RIGHT}, {"most at", MS_RIGHT}, {"from", MS_LEFT},
	};
	const struct ms_report_system *s = &t->report->system;
	struct ms_table table;
	char a[MS_UNIT_TEXT];

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < s->series_count; i++) {
		const struct ms_system_series *x = &s->series[i];

		if (x->reason)
			continue;
		ms_cell_owned(&table, ms_text_escaped(x->name));
		ms_table_cell(&table, x->cumulative && x->last >= x->first ? quantity(t, a, x->unit, x->last - x->first) : "");
		ms_table_cell(&table, quantity(t, a, x->unit, x->last));
		ms_table_cell(&table, x->cumulative ? "" : quantity(t, a, x->unit, x->min));
		ms_table_cell(&table, x->cumulative ? "" : quantity(t, a, x->unit, x->max));
		if (x->cumulative)
			ms_table_cell(&table, "");
		else
			ms_cell_duration(&table, x->max_ns);
		ms_cell_owned(&table, ms_text_escaped(x->source));
	}
	return ms_text_print(t, &table);
}

/* Those with the same reason together. */
static int print_reasons(struct ms_text *t)
{
	const struct ms_report_system *s = &t->report->system;

	for (size_t i = 0; i < s->series_count; i++) {
		const char *why = s->series[i].reason;
		char *reason;
		bool told = false;
		size_t length = 0;

		for (size_t k = 0; k < i && why; k++)
			told |= s->series[k].reason && strcmp(s->series[k].reason, why) == 0;
		if (!why || told)
			continue;
		fputs("  not observable: ", t->out);
		for (size_t k = i; k < s->series_count; k++) {
			char *name;

			if (!s->series[k].reason || strcmp(s->series[k].reason, why) != 0)
				continue;
			name = ms_text_escaped(s->series[k].name);
			if (!name)
				return MS_E_NOMEM;
			fprintf(t->out, "%s%s", k > i ? ", " : "", name);
			length += strlen(name) + 2;
			free(name);
		}
		reason = ms_text_escaped(why);
		if (!reason)
			return MS_E_NOMEM;
		length += strlen("  not observable: ") + strlen(reason);
		fprintf(t->out, ":%s%s\n", t->options.width && length > t->options.width ? "\n      " : " ", reason);
		free(reason);
	}
	return MS_OK;
}

/* ---- resident memory ----------------------------------------------------------------------------------------------- */

static int print_mappings(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"resident", MS_RIGHT}, {"share", MS_RIGHT}, {"mappings", MS_RIGHT}, {"part of", MS_LEFT}, {"name", MS_LEFT},
	};
	const struct ms_report_reconciliation *c = &t->report->reconciliation;
	size_t n = c->mapping_count < MAPPINGS_SHOWN ? c->mapping_count : MAPPINGS_SHOWN;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_reconcile_mapping *m = &c->mappings[i];

		ms_cell_bytes(t, &table, m->resident_bytes);
		ms_cell_share(&table, m->resident_bytes, c->resident_bytes);
		ms_cell_count(&table, m->mappings);
		ms_table_cell(&table, m->row);
		ms_cell_owned(&table, ms_text_escaped(*m->name ? m->name : "(anonymous)"));
	}
	putc('\n', t->out);
	rc = ms_text_print(t, &table);
	ms_text_more(t, c->mapping_count - n, "more name");
	return rc;
}

static int print_reconciliation(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"bytes", MS_RIGHT}, {"share", MS_RIGHT}, {"", MS_LEFT}, {"", MS_LEFT}, {"", MS_LEFT},
	};
	const struct ms_report_reconciliation *c = &t->report->reconciliation;
	struct ms_table table;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	int rc;

	if (c->reason) {
		fprintf(t->out, "\n  what resident memory consists of is not observable: %s\n", c->reason);
		return MS_OK;
	}
	fprintf(t->out, "\n  resident memory after %s: %s", ms_unit_duration(a, c->time_ns),
	        ms_unit_bytes(b, c->resident_bytes, t->options.exact));
	if (c->swapped_bytes)
		fprintf(t->out, ", and %s swapped out", ms_unit_bytes(a, c->swapped_bytes, t->options.exact));
	fprintf(t->out, "; then %s in %s were alive", ms_unit_bytes(a, c->live_bytes, t->options.exact),
	        ms_unit_of(b, c->live_blocks, "block"));
	if (c->untouched_bytes)
		fprintf(t->out, ", at least %s of it not in memory", ms_unit_bytes(a, c->untouched_bytes, t->options.exact));
	putc('\n', t->out);
	if (!c->complete)
		fputs("  ! there were more mappings than are kept: some are missing\n", t->out);
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < c->row_count; i++) {
		if (strcmp(c->rows[i].basis, "not observable") == 0)
			ms_table_cell(&table, "-");
		else
			ms_cell_bytes(t, &table, c->rows[i].bytes);
		ms_cell_share(&table, c->rows[i].bytes, c->resident_bytes);
		ms_table_cell(&table, c->rows[i].name);
		ms_table_cell(&table, c->rows[i].basis);
		ms_table_cell(&table, c->rows[i].note);
	}
	rc = ms_text_print(t, &table);
	return rc ? rc : print_mappings(t);
}

int ms_text_system(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	const struct ms_report_system *s = &r->system;
	const struct ms_system_series *longest = NULL;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];
	uint64_t end;
	int rc;

	for (size_t i = 0; i < s->series_count; i++)
		if (!longest || s->series[i].samples > longest->samples)
			longest = &s->series[i];
	if (!longest || longest->samples == 0) {
		ms_text_heading(t, "SYSTEM", "not observable: %s", s->reason ? s->reason : "no sample could be taken");
		return MS_OK;
	}
	end = r->window.given ? r->window.to_ns : r->trace.duration_ns;
	ms_text_heading(t, "SYSTEM", "%s, every %s or less often; the last one %s before the end",
	                ms_unit_of(a, longest->samples, "sample"), ms_unit_duration(b, s->interval_ns),
	                ms_unit_duration(c, end > longest->last_ns ? end - longest->last_ns : 0));
	rc = print_curves(t);
	if (rc)
		return rc;
	putc('\n', t->out);
	rc = print_series(t);
	if (rc == MS_OK)
		rc = print_reasons(t);
	return rc ? rc : print_reconciliation(t);
}
