/*
 * plot_fragmentation.c - what the heap takes and what of it is used, and the share that is lost beside and inside of blocks, over time.
 */
#include <inttypes.h>

#include "plot_address.h"
#include "plot_figures.h"
#include "plot_script.h"
#include "render/units.h"

const char *ms_plot_address_missing(const struct ms_plot_input *in)
{
	const struct ms_report_address_space *a = &in->report->address_space;

	if (a->reason)
		return a->reason;
	if (!a->moments)
		return "the report was made without the address space";
	if (a->moment_count < 2)
		return "the window has no duration";
	for (size_t i = 0; i < a->moment_count; i++)
		if (a->moments[i].occupied_pages)
			return NULL;
	return "no block was alive at any of the moments that were looked at";
}

static void put_data(FILE *data, const struct ms_report *r)
{
	const struct ms_report_address_space *a = &r->address_space;

	ms_plot_data_head(data, &ms_plot_fragmentation, &r, 1);
	fputs("\n# moments: one row each; pages have 4096 bytes. usable_bytes is 0 where the allocator's rounding is not known\n"
	      "# time_ns live_bytes usable_bytes occupied_pages heap_pages largest_hole_bytes\n", data);
	for (size_t i = 0; i < a->moment_count; i++) {
		const struct ms_address_moment *m = &a->moments[i];

		fprintf(data, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", m->time_ns, m->live_bytes,
		        a->usable_rule ? m->usable_bytes : 0, m->occupied_pages, m->heap_pages, m->largest_hole_bytes);
	}
}

static void put_script(FILE *script, const struct ms_report *r)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];
	const struct ms_report_address_space *s = &r->address_space;
	const struct ms_address_moment *worst = &s->moments[0];
	uint64_t most = 0;

	for (size_t i = 0; i < s->moment_count; i++) {
		worst = ms_address_external_bytes(&s->moments[i]) > ms_address_external_bytes(worst) ? &s->moments[i] : worst;
		most = s->moments[i].heap_pages > most ? s->moments[i].heap_pages : most;
	}
	ms_plot_head(script, &ms_plot_fragmentation, &r, 1, "at %zu moments; most room beside live blocks: %s (%s of their pages) after %s%s", s->moment_count,
	             ms_unit_bytes(a, ms_address_external_bytes(worst), false),
	             ms_unit_share(b, ms_address_external_bytes(worst), worst->occupied_pages * MS_ADDRESS_PAGE_BYTES), ms_unit_duration(c, worst->time_ns),
	             s->usable_rule ? "" : "; this allocator's rounding is not known");
	ms_plot_unit(script, "byte", ms_plot_bytes(most * MS_ADDRESS_PAGE_BYTES));
	ms_plot_unit(script, "time", ms_plot_time(r->window.to_ns));
	fprintf(script, "from = %" PRIu64 ".0\nto = %" PRIu64 ".0\nmost = %" PRIu64 ".0\npage = %u.0\n", r->window.from_ns, r->window.to_ns,
	        most * MS_ADDRESS_PAGE_BYTES, MS_ADDRESS_PAGE_BYTES);
	ms_plot_open(script, &ms_plot_fragmentation, 960, 620);
	fputs("\tset multiplot\n"
	      "\tset lmargin at screen 0.085\n"
	      "\tset rmargin at screen 0.70\n"
	      "\tset bmargin at screen 0.45\n"
	      "\tset xrange [from/time_unit:to/time_unit]\n"
	      "\tset yrange [0:most/byte_unit*1.06]\n"
	      "\tset format x ''\n"
	      "\tset ylabel 'memory ('.byte_name.')'\n"
	      "\tset key at screen 0.71,graph 1 left top vertical samplen 4 spacing 1.35 font ',10.5'\n"
	      "\tat(ns) = ns/time_unit\n"
	      "\tplot \\\n"
	      "\t\tdata using (at($1)):($5*page/byte_unit) with linespoints linecolor '#000000' linewidth 1.2 dashtype (2,4) pointtype 6 pointsize 0.5 title 'heap: pages used so far', \\\n"
	      "\t\tdata using (at($1)):($4*page/byte_unit) with linespoints linecolor '#b04000' linewidth 1.4 dashtype (8,4) pointtype 9 pointsize 0.6 title 'pages with live blocks', \\\n", script);
	if (s->usable_rule)
		fputs("\t\tdata using (at($1)):($3/byte_unit) with linespoints linecolor '#2a8a68' linewidth 1.4 dashtype (10,3,2,3) pointtype 4 pointsize 0.5 title 'live blocks, rounded up', \\\n", script);
	fputs("\t\tdata using (at($1)):($2/byte_unit) with linespoints linecolor '#003f73' linewidth 1.8 dashtype 1 pointtype 7 pointsize 0.5 title 'live blocks as requested'\n"
	      "\tunset label\n"
	      "\tset tmargin at screen 0.415\n"
	      "\tset bmargin at screen 0.115\n"
	      "\tset format x '%h'\n"
	      "\tset xlabel 'time since the start of the recording ('.time_name.')'\n"
	      "\tset ylabel 'lost (%)'\n"
	      "\tset yrange [0:100]\n"
	      "\tset ytics 25\n"
	      "\tlost(whole, used) = whole > used ? 100*(whole - used)/whole : whole > 0 ? 0 : NaN\n"
	      "\tplot \\\n", script);
	if (s->usable_rule)
		fputs("\t\tdata using (at($1)):(lost($3,$2)) with linespoints linecolor '#2a8a68' linewidth 1.4 dashtype (10,3,2,3) pointtype 4 pointsize 0.5 title 'inside blocks (rounding), of them', \\\n", script);
	fputs("\t\tdata using (at($1)):(lost($4*page,$2)) with linespoints linecolor '#b04000' linewidth 1.6 dashtype (8,4) pointtype 9 pointsize 0.6 title 'beside live blocks, of their pages'\n"
	      "\tunset multiplot\n", script);
	ms_plot_close(script);
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	put_data(data, in->report);
	put_script(script, in->report);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_fragmentation = {
	.name = "fragmentation",
	.title = "Fragmentation over time",
	.address_space = true,
	.missing = ms_plot_address_missing,
	.write = write,
};
