/*
 * plot_rate.c - blocks and bytes begun and ended per second: what begins above the axis, what ends below it.
 *
 * A rate is the sum of a step divided by its length; reallocs that succeed count on both sides.
 */
#include <inttypes.h>

#include "plot_figures.h"
#include "plot_script.h"
#include "render/units.h"

static const char *missing(const struct ms_plot_input *in)
{
	const struct ms_report *r = in->report;

	if (r->timeline_count < 2)
		return "the window has no duration";
	return r->totals.allocations || r->totals.reallocations || r->totals.frees ? NULL : "nothing was allocated or freed";
}

static void put_data(FILE *data, const struct ms_report *r)
{
	ms_plot_data_head(data, &ms_plot_rate, &r, 1);
	fputs("\n# rate: one row per step of time\n# start_ns end_ns blocks_begun blocks_ended bytes_begun bytes_ended\n", data);
	for (size_t i = 0; i < r->timeline_count; i++) {
		const struct ms_report_bucket *b = &r->timeline[i];

		fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", b->start_ns, ms_plot_bucket_end(r, i),
		        b->allocations, b->frees, b->allocated_bytes, b->freed_bytes);
	}
}

static void put_script(FILE *script, const struct ms_report *r)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];
	const struct ms_report_totals *t = &r->totals;
	double blocks = 0, bytes = 0;

	for (size_t i = 0; i < r->timeline_count; i++) {
		const struct ms_report_bucket *k = &r->timeline[i];
		double seconds = (double)(ms_plot_bucket_end(r, i) - k->start_ns) / 1e9;
		uint64_t most = k->allocations > k->frees ? k->allocations : k->frees;
		uint64_t most_bytes = k->allocated_bytes > k->freed_bytes ? k->allocated_bytes : k->freed_bytes;

		blocks = (double)most / seconds > blocks ? (double)most / seconds : blocks;
		bytes = (double)most_bytes / seconds > bytes ? (double)most_bytes / seconds : bytes;
	}
	ms_plot_head(script, &ms_plot_rate, &r, 1, "%s allocations and %s reallocations of %s, %s frees", ms_unit_count(a, t->allocations),
	             ms_unit_count(b, t->reallocations), ms_unit_bytes(c, t->allocated_bytes, false), ms_unit_count(d, t->frees));
	ms_plot_unit(script, "block", ms_plot_counts(blocks));
	ms_plot_unit(script, "byte", ms_plot_bytes(bytes < 1e18 ? (uint64_t)bytes : UINT64_MAX));
	ms_plot_unit(script, "time", ms_plot_time(ms_plot_bucket_end(r, r->timeline_count - 1)));
	fprintf(script, "from = %" PRIu64 ".0\nto = %" PRIu64 ".0\nmost_blocks = %.1f\nmost_bytes = %.1f\n", r->window.from_ns,
	        ms_plot_bucket_end(r, r->timeline_count - 1), blocks > 0 ? blocks : 1, bytes > 0 ? bytes : 1);
	fputs("# a round distance of tics, so that there are two to five of them on each side\n"
	      "round_step(most) = (p = 10.0**floor(log10(most)), most/p >= 5 ? 2*p : most/p >= 2 ? p : p/2)\n", script);
	ms_plot_open(script, &ms_plot_rate, 960, 620);
	fputs("\tset multiplot\n"
	      "\tset lmargin at screen 0.095\n"
	      "\tset rmargin at screen 0.965\n"
	      "\tset bmargin at screen 0.545\n"
	      "\tset xrange [from/time_unit:to/time_unit]\n"
	      "\tset format x ''\n"
	      "\tset xzeroaxis linetype 1 linecolor '#000000' linewidth 0.8\n"
	      "\tset ylabel block_name.'blocks per second'\n"
	      "\ttic = round_step(most_blocks/block_unit)\n"
	      "\tset ytics ('0' 0)\n"
	      "\tdo for [i = 1:5] { set ytics add (sprintf('%g', i*tic) i*tic, sprintf('%g', i*tic) -i*tic) }\n"
	      "\tset yrange [-most_blocks/block_unit*1.05:most_blocks/block_unit*1.05]\n"
	      "\trate(n, start, end) = n*1e9/(end - start)\n"
	      "\tplot \\\n"
	      "\t\tdata using ($1/time_unit):(0):($1/time_unit):($2/time_unit):(0):(rate($3,$1,$2)/block_unit) with boxxyerror fillstyle solid linecolor '#1f5f99', \\\n"
	      "\t\tdata using ($1/time_unit):(0):($1/time_unit):($2/time_unit):(-rate($4,$1,$2)/block_unit):(0) with boxxyerror fillstyle solid linecolor '#e0a050'\n"
	      "\tunset label\n"
	      "\tset tmargin at screen 0.515\n"
	      "\tset bmargin at screen 0.18\n"
	      "\tset format x '%h'\n"
	      "\tset xlabel 'time since the start of the recording ('.time_name.')'\n"
	      "\tset ylabel byte_name.' per second'\n"
	      "\ttic = round_step(most_bytes/byte_unit)\n"
	      "\tset ytics ('0' 0)\n"
	      "\tdo for [i = 1:5] { set ytics add (sprintf('%g', i*tic) i*tic, sprintf('%g', i*tic) -i*tic) }\n"
	      "\tset yrange [-most_bytes/byte_unit*1.05:most_bytes/byte_unit*1.05]\n"
	      "\tset key horizontal at screen 0.095,0.03 left bottom samplen 2\n"
	      "\tplot \\\n"
	      "\t\tdata using ($1/time_unit):(0):($1/time_unit):($2/time_unit):(0):(rate($5,$1,$2)/byte_unit) with boxxyerror fillstyle solid linecolor '#1f5f99' title 'begun: allocated (above the axis)', \\\n"
	      "\t\tdata using ($1/time_unit):(0):($1/time_unit):($2/time_unit):(-rate($6,$1,$2)/byte_unit):(0) with boxxyerror fillstyle solid linecolor '#e0a050' title 'ended: freed (below the axis)'\n"
	      "\tunset multiplot\n", script);
	ms_plot_close(script);
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	put_data(data, in->report);
	put_script(script, in->report);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_rate = {
	.name = "rate",
	.title = "Rate of allocation and of freeing",
	.missing = missing,
	.write = write,
};
