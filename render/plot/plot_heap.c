/*
 * plot_heap.c - live bytes over time with their range in each step and the peak, beside resident memory as it was sampled.
 *
 * A step's line is its largest level, so that the line touches the peak; the shade below reaches from the least to the largest level. A sample
 * of resident memory stands in the middle of the step in which it was taken: the largest one of the step.
 */
#include <inttypes.h>

#include "plot_figures.h"
#include "plot_script.h"
#include "plot_text.h"
#include "render/units.h"

static const char *missing(const struct ms_plot_input *in)
{
	const struct ms_report *r = in->report;

	if (r->timeline_count < 2)
		return "the window has no duration";
	return r->totals.peak_bytes ? NULL : "no block was alive at any time";
}

static const struct ms_system_series *resident(const struct ms_report *r)
{
	const struct ms_system_series *s = ms_system_find(&r->system, "rss");

	return s && s->samples && s->bins ? s : NULL;
}

/* Marks of the program: phases but the first begin with one. A label may reach to the next mark; where that is too near there is a line alone. */
static void put_marks(FILE *data, const struct ms_report *r)
{
	const struct ms_report_phases *p = &r->phases;
	const uint64_t to = ms_plot_bucket_end(r, r->timeline_count - 1);
	const double letters = 0.88 * 960 / 6.5 / (double)(to - r->window.from_ns); /* per nanosecond */
	char label[MS_PLOT_NAME];

	fputs("\n\n# marks: of the program, with as much of their text as there is room for\n# time_ns label\n", data);
	for (size_t i = 1; i < p->count; i++) {
		uint64_t next = i + 1 < p->count ? p->list[i + 1].from_ns : to;
		size_t room = next > p->list[i].from_ns ? (size_t)(letters * (double)(next - p->list[i].from_ns)) : 0;

		fprintf(data, "%" PRIu64 " \"%s\"\n", p->list[i].from_ns, room < 3 ? "" : ms_plot_clean(label, sizeof label, p->list[i].name, room));
	}
}

static void put_data(FILE *data, const struct ms_report *r)
{
	const struct ms_system_series *rss = resident(r);

	ms_plot_data_head(data, &ms_plot_heap, &r, 1);
	fputs("\n# heap: one row per step of time, the last row is the end\n"
	      "# start_ns end_ns min_live_bytes max_live_bytes last_live_bytes\n", data);
	for (size_t i = 0; i < r->timeline_count; i++) {
		const struct ms_report_bucket *b = &r->timeline[i];

		fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", b->start_ns, ms_plot_bucket_end(r, i), b->min_live_bytes,
		        b->max_live_bytes, b->last_live_bytes);
	}
	fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", ms_plot_bucket_end(r, r->timeline_count - 1),
	        ms_plot_bucket_end(r, r->timeline_count - 1), r->totals.live_bytes, r->totals.live_bytes, r->totals.live_bytes);
	fprintf(data, "\n\n# peak: the largest level, the first time it was reached\n# time_ns bytes\n%" PRIu64 " %" PRIu64 "\n",
	        r->totals.peak_time_ns, r->totals.peak_bytes);
	if (r->phases.count > 1)
		put_marks(data, r);
	if (r->pauses.count) {
		fputs("\n\n# pauses: recording was paused\n# from_ns to_ns\n", data);
		for (size_t i = 0; i < r->pauses.count; i++)
			fprintf(data, "%" PRIu64 " %" PRIu64 "\n", r->pauses.list[i].from_ns, r->pauses.list[i].to_ns);
	}
	if (!rss)
		return;
	fputs("\n\n# resident: memory of the process, one row per step with samples\n# start_ns end_ns min_bytes max_bytes last_bytes\n", data);
	for (size_t i = 0; i < r->timeline_count; i++)
		if (rss->bins[i].samples)
			fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", r->timeline[i].start_ns, ms_plot_bucket_end(r, i),
			        rss->bins[i].min, rss->bins[i].max, rss->bins[i].last);
}

static void put_script(FILE *script, const struct ms_report *r)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];
	const struct ms_system_series *rss = resident(r);
	uint64_t most = rss && rss->max > r->totals.peak_bytes ? rss->max : r->totals.peak_bytes;
	uint64_t to = ms_plot_bucket_end(r, r->timeline_count - 1), span = to - r->window.from_ns;
	bool late = r->totals.peak_time_ns - r->window.from_ns > span - span / 3;

	ms_plot_head(script, &ms_plot_heap, &r, 1, "peak %s after %s, %s alive at the end; %s%s", ms_unit_bytes(a, r->totals.peak_bytes, false),
	             ms_unit_duration(b, r->totals.peak_time_ns), ms_unit_bytes(c, r->totals.live_bytes, false),
	             rss ? "resident memory at most " : "resident memory was not recorded (--monitor)", rss ? ms_unit_bytes(d, rss->max, false) : "");
	ms_plot_set(script, "peak", "peak %s", a);
	ms_plot_unit(script, "byte", ms_plot_bytes(most));
	ms_plot_unit(script, "time", ms_plot_time(to));
	fprintf(script, "from = %" PRIu64 ".0\nto = %" PRIu64 ".0\nmost = %" PRIu64 ".0\npeak_time = %" PRIu64 ".0\npeak_bytes = %" PRIu64 ".0\n",
	        r->window.from_ns, to, most, r->totals.peak_time_ns, r->totals.peak_bytes);
	ms_plot_open(script, &ms_plot_heap, 960, 520);
	fputs("\tset lmargin at screen 0.085\n"
	      "\tset rmargin at screen 0.965\n"
	      "\tset bmargin at screen 0.235\n"
	      "\tset xlabel 'time since the start of the recording ('.time_name.')'\n"
	      "\tset ylabel 'memory ('.byte_name.')'\n"
	      "\tset xrange [from/time_unit:to/time_unit]\n"
	      "\tset yrange [0:most/byte_unit*1.12]\n"
	      "\tset key horizontal at screen 0.085,0.02 left bottom maxcols 3 samplen 3\n", script);
	fprintf(script, "\tset label 3 peak at peak_time/time_unit,peak_bytes/byte_unit %s offset %s boxed front\n", late ? "right" : "left",
	        late ? "-1,0.9" : "1,0.9");
	fputs("\tplot \\\n"
	      "\t\tdata index 'heap' using ($1/time_unit):($4/byte_unit) with fillsteps linecolor '#8fbfe0' title 'heap, range in a step', \\\n"
	      "\t\tdata index 'heap' using ($1/time_unit):($3/byte_unit) with fillsteps linecolor '#dcebf6', \\\n", script);
	if (r->pauses.count)
		fputs("\t\tdata index 'pauses' using ($1/time_unit):(0):($1/time_unit):($2/time_unit):(0):(most/byte_unit*1.12) with boxxyerror linecolor '#c8a040' fillstyle transparent solid 0.25 noborder title 'recording paused', \\\n", script);
	if (r->phases.count > 1)
		fputs("\t\tdata index 'marks' using ($1/time_unit):(0):(0):(most/byte_unit*1.12) with vectors nohead linecolor '#606060' linewidth 0.8 dashtype (2,4) title 'mark of the program', \\\n"
		      "\t\tdata index 'marks' using ($1/time_unit):(most/byte_unit*1.12):2 with labels left offset 0,0.5 font ',9.5' textcolor '#404040', \\\n", script);
	if (rss)
		fputs("\t\tdata index 'resident' using (($1+$2)/2/time_unit):($4/byte_unit) with lines linecolor '#b04000' linewidth 1.6 dashtype (8,4)"
		      " title 'resident memory', \\\n", script);
	fputs("\t\tdata index 'heap' using ($1/time_unit):($4/byte_unit) with steps linecolor '#003f73' linewidth 1.8 title 'heap, largest in a step', \\\n"
	      "\t\tdata index 'peak' using ($1/time_unit):($2/byte_unit) with points pointtype 7 pointsize 0.9 linecolor '#000000' title 'peak of the heap'\n", script);
	ms_plot_close(script);
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	put_data(data, in->report);
	put_script(script, in->report);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_heap = {
	.name = "heap",
	.title = "Heap and resident memory over time",
	.missing = missing,
	.write = write,
};
