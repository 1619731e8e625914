/*
 * plot_diff_heap.c - live bytes over time of all runs of both sides over one axis: time since their start, or shares of their durations.
 */
#include <inttypes.h>

#include "plot_figures.h"
#include "plot_script.h"
#include "render/units.h"

#define RUNS 20u /* that are drawn of each side */

static size_t shown(const struct ms_diff_side *s)
{
	return s->count < RUNS ? s->count : RUNS;
}

static const char *missing(const struct ms_plot_input *in)
{
	const struct ms_diff_side *sides[2] = {&in->diff->before, &in->diff->after};
	uint64_t most = 0;

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < shown(sides[k]); i++) {
			if (sides[k]->reports[i]->timeline_count < 2)
				return "a window has no duration";
			most |= sides[k]->reports[i]->totals.peak_bytes;
		}
	return most ? NULL : "no block was alive at any time";
}

static void put_run(FILE *data, const char *side, size_t i, const struct ms_report *r)
{
	const uint64_t from = r->window.from_ns, length = ms_plot_bucket_end(r, r->timeline_count - 1) - from;

	fprintf(data, "\n\n# %s %zu: one row per step of time, the last row is the end; since_ns: since the start of the run or of its window, which lasts length_ns\n"
	              "# since_ns length_ns min_live_bytes max_live_bytes last_live_bytes\n", side, i + 1);
	for (size_t k = 0; k < r->timeline_count; k++) {
		const struct ms_report_bucket *b = &r->timeline[k];

		fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", b->start_ns > from ? b->start_ns - from : 0, length, b->min_live_bytes,
		        b->max_live_bytes, b->last_live_bytes);
	}
	fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", length, length, r->totals.live_bytes, r->totals.live_bytes, r->totals.live_bytes);
}

static void put_peaks(FILE *data, const char *side, const struct ms_diff_side *s)
{
	fprintf(data, "\n\n# %s-peaks: the largest level of each run, the first time it was reached\n# since_ns length_ns bytes\n", side);
	for (size_t i = 0; i < shown(s); i++) {
		const struct ms_report *r = s->reports[i];
		const uint64_t from = r->window.from_ns, at = r->totals.peak_time_ns;

		fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", at > from ? at - from : 0, ms_plot_bucket_end(r, r->timeline_count - 1) - from,
		        r->totals.peak_bytes);
	}
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	const struct ms_diff_side *sides[2] = {&in->diff->before, &in->diff->after};
	static const char *const names[2] = {"old", "new"};
	const struct ms_report *reports[2] = {sides[0]->reports[0], sides[1]->reports[0]};
	uint64_t most = 1, longest = 1, low[2] = {UINT64_MAX, UINT64_MAX}, high[2] = {0, 0};
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];

	ms_plot_data_head(data, &ms_plot_diff_heap, reports, 2);
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < shown(sides[k]); i++) {
			const struct ms_report *r = sides[k]->reports[i];
			uint64_t length = ms_plot_bucket_end(r, r->timeline_count - 1) - r->window.from_ns, peak = r->totals.peak_bytes;

			put_run(data, names[k], i, r);
			longest = length > longest ? length : longest;
			low[k] = peak < low[k] ? peak : low[k];
			high[k] = peak > high[k] ? peak : high[k];
		}
		most = high[k] > most ? high[k] : most;
		put_peaks(data, names[k], sides[k]);
	}
	ms_plot_head(script, &ms_plot_diff_heap, reports, 2, "peak of the old side %s%s%s, of the new side %s%s%s", ms_unit_bytes(a, low[0], false),
	             low[0] == high[0] ? "" : " to ", low[0] == high[0] ? "" : ms_unit_bytes(b, high[0], false), ms_unit_bytes(c, low[1], false),
	             low[1] == high[1] ? "" : " to ", low[1] == high[1] ? "" : ms_unit_bytes(d, high[1], false));
	ms_plot_unit(script, "byte", ms_plot_bytes(most));
	ms_plot_unit(script, "time", ms_plot_time(longest));
	fprintf(script, "old_runs = %zu\nnew_runs = %zu\nlongest = %" PRIu64 ".0\nmost = %" PRIu64 ".0\nby_share = %d  # 1: each run over the whole axis\n",
	        shown(sides[0]), shown(sides[1]), longest, most, in->align_share);
	fputs("name(side, runs) = runs == 1 ? side : sprintf('%s (%d runs)', side, runs)\n", script);
	ms_plot_open(script, &ms_plot_diff_heap, 960, 520);
	fputs("\tset lmargin at screen 0.085\n"
	      "\tset rmargin at screen 0.965\n"
	      "\tset bmargin at screen 0.21\n"
	      "\tset xlabel by_share ? 'share of the duration of each run (%)' : 'time since the start of each run ('.time_name.')'\n"
	      "\tset ylabel 'live bytes ('.byte_name.')'\n"
	      "\tset xrange [0:by_share ? 100 : longest/time_unit]\n"
	      "\tset yrange [0:most/byte_unit*1.08]\n"
	      "\tset key horizontal at screen 0.085,0.03 left bottom samplen 4\n"
	      "\tx(ns, length) = by_share ? 100.0*ns/length : ns/time_unit\n"
	      "\tplot \\\n"
	      "\t\tfor [i = 1:old_runs] data index sprintf('old %d:', i) using (x($1,$2)):($4/byte_unit) with linespoints linecolor '#b04000' linewidth 1.6 dashtype (9,5) pointtype 4 pointsize 0.8 pointinterval -40 title i == 1 ? name('old', old_runs) : '', \\\n"
	      "\t\tfor [i = 1:new_runs] data index sprintf('new %d:', i) using (x($1,$2)):($4/byte_unit) with lines linecolor '#003f73' linewidth 1.8 dashtype 1 title i == 1 ? name('new', new_runs) : '', \\\n"
	      "\t\tdata index 'old-peaks' using (x($1,$2)):($3/byte_unit) with points pointtype 6 pointsize 1.1 linecolor '#000000' title 'peak of the old', \\\n"
	      "\t\tdata index 'new-peaks' using (x($1,$2)):($3/byte_unit) with points pointtype 7 pointsize 0.9 linecolor '#000000' title 'peak of the new'\n", script);
	ms_plot_close(script);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_diff_heap = {
	.name = "heap",
	.title = "Heap over time, old and new",
	.missing = missing,
	.write = write,
};
