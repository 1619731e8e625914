/*
 * plot_sites.c - what live bytes were made of over time: the places with most alive at once, stacked, and all others on top.
 *
 * Levels are those at the end of each step, so that the stack adds up to the heap exactly; between them the areas are drawn straight. A place
 * is all call paths with one headline. Areas differ by colour, by pattern and by the line above each, in the order of the legend.
 */
#include <inttypes.h>

#include "place_series.h"
#include "plot_figures.h"
#include "plot_script.h"
#include "plot_text.h"
#include "render/escape.h"
#include "render/export/export_names.h"
#include "render/units.h"

#define PLACES 7u
#define NAME 40u  /* characters of a name that the legend has room for */

static const char *missing(const struct ms_plot_input *in)
{
	const struct ms_report *r = in->report;

	if (r->timeline_count < 2)
		return "the window has no duration";
	if (!r->timeline_by[MS_TIMELINE_SITE].series)
		return "the report was made without series by call path";
	for (size_t i = 0; i < r->timeline_count; i++)
		if (r->timeline[i].last_live_bytes)
			return NULL;
	return "no block was alive at the end of any step of time";
}

static void put_data(FILE *data, const struct ms_report *r, const struct ms_place_series *s)
{
	char name[MS_PLOT_NAME], frame[MS_EXPORT_FRAME];

	ms_plot_data_head(data, &ms_plot_sites, &r, 1);
	fputs("#\n# sites: live bytes at the end of each step of time by where they were allocated; the columns after the first add up to the heap.\n"
	      "# A column is all call paths with one headline; #N: the site with the smallest number among them, as reports number them.\n", data);
	for (size_t i = 0; i < s->count; i++) {
		fprintf(data, "# column %zu: #%" PRIu32 " ", i + 2, s->places[i].node);
		ms_escape_text(data, ms_export_frame(frame, s->places[i].line));
		putc('\n', data);
	}
	fputs("\"end_ns\"", data);
	for (size_t i = 0; i < s->count; i++)
		fprintf(data, " \"%s\"", ms_plot_place(name, s->places[i].line, NAME));
	if (s->others)
		fprintf(data, " \"%zu other place%s\"", s->others, s->others == 1 ? "" : "s");
	putc('\n', data);
	for (size_t b = 0; b < r->timeline_count; b++) {
		fprintf(data, "%" PRIu64, ms_plot_bucket_end(r, b));
		for (size_t i = 0; i < s->count; i++)
			fprintf(data, " %" PRIu64, s->places[i].bytes[b]);
		if (s->others)
			fprintf(data, " %" PRIu64, s->other_bytes[b]);
		putc('\n', data);
	}
}

static void put_script(FILE *script, const struct ms_report *r, const struct ms_place_series *s)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	uint64_t most = 1;

	for (size_t i = 0; i < r->timeline_count; i++)
		most = r->timeline[i].last_live_bytes > most ? r->timeline[i].last_live_bytes : most;
	ms_plot_head(script, &ms_plot_sites, &r, 1, "by where blocks were allocated; at most %s at the end of a step, peak %s", ms_unit_bytes(a, most, false),
	             ms_unit_bytes(b, r->totals.peak_bytes, false));
	ms_plot_unit(script, "byte", ms_plot_bytes(most));
	ms_plot_unit(script, "time", ms_plot_time(ms_plot_bucket_end(r, r->timeline_count - 1)));
	fprintf(script,
	        "from = %" PRIu64 ".0\nto = %" PRIu64 ".0\nmost = %" PRIu64 ".0\nlast = %zu  # column; the places stand in 2 .. last, the largest first\n",
	        ms_plot_bucket_end(r, 0), ms_plot_bucket_end(r, r->timeline_count - 1), most, s->count + 1 + (s->others > 0));
	fprintf(script, "others = %d  # 1: the last column is all other places\n", s->others > 0);
	fputs("colours = '#1f5f99 #b86a00 #56b4e9 #8a2c00 #7fc4a4 #6a3a80 #5a5a00'\n"
	      "patterns = '3 4 3 1 3 2 5'\n"
	      "colour(i) = others && i == last ? '#c8c8c8' : word(colours, i - 1)\n"
	      "pattern(i) = others && i == last ? 3 : int(word(patterns, i - 1))\n", script);
	ms_plot_open(script, &ms_plot_sites, 960, 520);
	fputs("\tset lmargin at screen 0.085\n"
	      "\tset rmargin at screen 0.635\n"
	      "\tset bmargin at screen 0.125\n"
	      "\tset xlabel 'time since the start of the recording ('.time_name.')'\n"
	      "\tset ylabel 'live bytes ('.byte_name.')'\n"
	      "\tset xrange [from/time_unit:to/time_unit]\n"
	      "\tset yrange [0:most/byte_unit*1.05]\n"
	      "\tset key at screen 0.645,graph 1 left top vertical invert samplen 3 spacing 1.35 font ',10.5'\n"
	      "\tset style fill border linecolor '#000000'\n"
	      "\tbelow(i) = i == 1 ? 0 : (sum [k = 2:i] column(k))/byte_unit\n"
	      "\tplot \\\n"
	      "\t\tfor [i = 2:last] data using ($1/time_unit):(below(i - 1)):(below(i)) with filledcurves fillstyle pattern pattern(i) linecolor rgb colour(i) title columnheader(i), \\\n"
	      "\t\tfor [i = 2:last - 1] data using ($1/time_unit):(below(i)) with lines linecolor '#000000' linewidth 0.5, \\\n"
	      "\t\tdata using ($1/time_unit):(below(last)) with lines linecolor '#000000' linewidth 1.6 title 'heap: their sum'\n", script);
	ms_plot_close(script);
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	struct ms_place_series series;
	int rc = ms_place_series_build(&series, in->report, PLACES, err);

	if (rc)
		return rc;
	put_data(data, in->report, &series);
	put_script(script, in->report, &series);
	ms_place_series_free(&series);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_sites = {
	.name = "sites",
	.title = "What the heap was made of over time",
	.timeline_by = 1u << MS_TIMELINE_SITE,
	.missing = missing,
	.write = write,
};
