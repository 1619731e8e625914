/*
 * plot_diff_sites.c - the call paths that changed most in one metric: the old and the new value of each as bars, with the band of the runs.
 *
 * Bars are medians; a bracket reaches from the least to the largest run where there are several.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plot_figures.h"
#include "plot_script.h"
#include "plot_text.h"
#include "render/diff_order.h"
#include "render/escape.h"
#include "render/export/export_names.h"

#define ROWS 12u

static unsigned metric_of(const struct ms_plot_input *in)
{
	return in->metric < MS_DIFF_METRIC_COUNT ? in->metric : MS_DIFF_PEAK;
}

/* The line that a call path's headline was called from, NULL: none is known. */
static const struct ms_report_line *caller_of(const struct ms_report *r, uint32_t node)
{
	const struct ms_report_line *headline = ms_report_headline(r, node);
	bool after = false;

	for (uint32_t n = node; n; n = r->nodes[n].parent)
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++) {
			const struct ms_report_line *line = &r->lines[r->nodes[n].first_line + i];

			if (after)
				return line;
			after = line == headline;
		}
	return NULL;
}

/* What a row is called: its headline, and where that was called from when another row that is shown has the same one. */
static void put_label(char label[MS_PLOT_NAME], const struct ms_diff *d, const struct ms_diff_ranked *ranked, size_t shown, size_t i)
{
	char other[MS_PLOT_NAME], name[MS_PLOT_NAME];
	uint32_t node;
	const struct ms_report *r = ms_diff_example(d, &d->rows[ranked[i].row], &node);
	const struct ms_report_line *caller = caller_of(r, node);
	bool unique = true;

	ms_plot_place(label, ms_report_headline(r, node), 42);
	for (size_t k = 0; k < shown && unique; k++) {
		uint32_t there;
		const struct ms_report *report = ms_diff_example(d, &d->rows[ranked[k].row], &there);

		unique = k == i || strcmp(ms_plot_place(other, ms_report_headline(report, there), 42), label) != 0;
	}
	if (unique || !caller)
		return;
	ms_plot_place(name, ms_report_headline(r, node), 20);
	snprintf(label, MS_PLOT_NAME, "%.190s \xe2\x86\x90 %.190s", name, ms_plot_place(other, caller, 20));
}

/* The whole call path as a comment, innermost first. */
static void put_path(FILE *data, const struct ms_diff *d, const struct ms_diff_ranked *ranked, size_t row)
{
	char frame[MS_EXPORT_FRAME];
	uint32_t node;
	const struct ms_report *r = ms_diff_example(d, &d->rows[ranked->row], &node);

	fprintf(data, "# row %zu:", row);
	for (uint32_t n = node; n; n = r->nodes[n].parent)
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++) {
			fputs(n == node && i == 0 ? " " : " < ", data);
			ms_escape_text(data, ms_export_frame(frame, &r->lines[r->nodes[n].first_line + i]));
		}
	fputs(node ? "\n" : " [no stack]\n", data);
}

static const char *missing(const struct ms_plot_input *in)
{
	const struct ms_diff_summary *s = &in->diff->summary[metric_of(in)];

	if (!s->observable)
		return "what call paths are ranked by is not observable in every trace";
	return s->paths[MS_DIFF_GROWN] || s->paths[MS_DIFF_SHRUNK] || s->paths[MS_DIFF_NEW] || s->paths[MS_DIFF_GONE] ? NULL : "no call path changed";
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	const struct ms_diff *d = in->diff;
	const struct ms_diff_metric_info *m = &ms_diff_metrics[metric_of(in)];
	const struct ms_report *reports[2] = {d->before.reports[0], d->after.reports[0]};
	struct ms_plot_unit unit;
	struct ms_diff_ranked *ranked;
	char name[MS_PLOT_NAME], change[MS_DIFF_TEXT];
	size_t count, shown;
	uint64_t most = 1;
	double height;

	ranked = ms_diff_rank(d, metric_of(in), &count);
	if (!ranked)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to rank call paths");
	shown = count < ROWS ? count : ROWS;
	ms_plot_data_head(data, &ms_plot_diff_sites, reports, 2);
	fprintf(data, "\n# sites: %s of the call paths that changed most; medians, least and largest of the runs of each side\n"
	              "# row old old_min old_max new new_min new_max change_name name change\n", m->title);
	for (size_t i = 0; i < shown; i++)
		put_path(data, d, &ranked[i], i);
	for (size_t i = 0; i < shown; i++) {
		const struct ms_diff_row *row = &d->rows[ranked[i].row];
		const struct ms_diff_value *v = &row->value[ranked[i].metric];

		put_label(name, d, ranked, shown, i);
		most = v->before.max > most ? v->before.max : most;
		most = v->after.max > most ? v->after.max : most;
		fprintf(data, "%zu %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s \"%s\" \"%s\"\n", i, v->before.median, v->before.min,
		        v->before.max, v->after.median, v->after.min, v->after.max, ms_diff_change_name(v->change),
		        name, ms_diff_amount(change, v->before.median, v->after.median, m->bytes, false));
	}
	free(ranked);
	unit = m->bytes ? ms_plot_bytes(most) : ms_plot_counts((double)most);
	ms_plot_head(script, &ms_plot_diff_sites, reports, 2, "%s of %zu call path%s that changed, by %s", shown < count ? "the first" : "all", count, count == 1 ? "" : "s", m->title);
	ms_plot_unit(script, "x", unit);
	ms_plot_set(script, "what", "%s", m->title);
	fprintf(script, "most = %" PRIu64 ".0\nrows = %zu\nruns = %zu\n", most, shown, d->before.count > d->after.count ? d->before.count : d->after.count);
	height = 215 + 38 * (double)shown;
	ms_plot_open(script, &ms_plot_diff_sites, 960, (unsigned)height);
	fprintf(script, "\tset bmargin at screen %.4f\n\tset key horizontal at screen 0.345,%.4f left bottom samplen 2\n", 95 / height, 14 / height);
	fputs("\tset lmargin at screen 0.345\n"
	      "\tset rmargin at screen 0.90\n"
	      "\tset xlabel what.(x_name eq '' ? '' : ' ('.x_name.')')\n"
	      "\tset xrange [0:most/x_unit*1.04]\n"
	      "\tset yrange [rows - 0.45:-0.55]\n"
	      "\tset grid noytics xtics\n"
	      "\tset border 1\n"
	      "\tunset ytics\n"
	      "\tset style fill border linecolor '#000000'\n"
	      "\tx(n) = n/x_unit\n"
	      "\tplot \\\n"
	      "\t\tdata using (0):($1-0.19):(0):(x($2)):($1-0.36):($1-0.02) with boxxyerror fillstyle solid linecolor '#f0c4a8' title 'old', \\\n"
	      "\t\tdata using (0):($1+0.19):(0):(x($5)):($1+0.02):($1+0.36) with boxxyerror fillstyle solid linecolor '#1f5f99' title 'new', \\\n", script);
	if (d->before.count > 1 || d->after.count > 1)
		fputs("\t\tdata using (x($2)):($1-0.19):(x($3)):(x($4)) with xerrorbars pointtype 0 linecolor '#000000' linewidth 1, \\\n"
		      "\t\tdata using (x($5)):($1+0.19):(x($6)):(x($7)) with xerrorbars pointtype 0 linecolor '#000000' linewidth 1, \\\n", script);
	fputs("\t\tdata using (0):1:9 with labels right offset -0.8,0 font ',10.5', \\\n"
	      "\t\tdata using (most/x_unit*1.04):1:10 with labels left offset 0.4,0 font ',10.5'\n", script);
	ms_plot_close(script);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_diff_sites = {
	.name = "sites",
	.title = "Call paths that changed most",
	.missing = missing,
	.write = write,
};
