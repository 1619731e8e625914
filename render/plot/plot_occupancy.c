/*
 * plot_occupancy.c - the map of the heap: which share of each stretch of addresses live blocks took, at each moment; darker is fuller.
 *
 * Rows are neighbouring bins of one region, so many together that a page holds them; regions stand above each other by address, without the gaps.
 */
#include <inttypes.h>

#include "plot_address.h"
#include "plot_figures.h"
#include "plot_script.h"
#include "plot_text.h"
#include "render/export/export_names.h"
#include "render/units.h"

#define ROWS 160u

/* A region as rows of the map. */
struct strip {
	const struct ms_address_region *region;
	uint64_t row;                    /* its first one */
	uint64_t rows;
	uint64_t bins_per_row;
};

static struct strip next_strip(const struct ms_report_address_space *a, size_t i, const struct strip *before)
{
	uint64_t together = (a->bin_count + ROWS - 1) / ROWS;
	const struct ms_address_region *g = &a->regions[i];

	return (struct strip){g, before ? before->row + before->rows : 0, (g->bin_count + together - 1) / together, together};
}

static uint64_t row_count(const struct ms_report_address_space *a)
{
	struct strip s = {0};

	for (size_t i = 0; i < a->region_count; i++)
		s = next_strip(a, i, i ? &s : NULL);
	return s.row + s.rows;
}

static void put_region(FILE *data, const struct ms_report_address_space *a, const struct strip *s)
{
	const struct ms_address_region *g = s->region;

	for (uint64_t k = 0; k < s->rows; k++) {
		uint64_t first = g->first_bin + k * s->bins_per_row, last = first + s->bins_per_row;
		uint64_t start = g->start + k * s->bins_per_row * g->bin_bytes, end = start + s->bins_per_row * g->bin_bytes;

		last = last < g->first_bin + g->bin_count ? last : g->first_bin + g->bin_count;
		end = end < g->end ? end : g->end;
		for (size_t m = 0; m < a->moment_count; m++) {
			uint64_t bytes = 0;

			for (uint64_t b = first; b < last; b++)
				bytes += a->occupancy[m * a->bin_count + b];
			fprintf(data, "%zu %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", m, s->row + k, bytes, end - start, a->moments[m].time_ns);
		}
	}
}

static void put_data(FILE *data, const struct ms_report *r)
{
	const struct ms_report_address_space *a = &r->address_space;
	struct strip s = {0};
	char name[MS_PLOT_NAME], size[MS_UNIT_TEXT];
	uint64_t rows = row_count(a), labelled = 0;

	ms_plot_data_head(data, &ms_plot_occupancy, &r, 1);
	fputs("\n# occupancy: bytes of live blocks in a stretch of addresses (row) at a moment\n# moment row live_bytes stretch_bytes time_ns\n", data);
	for (size_t i = 0; i < a->region_count; i++) {
		s = next_strip(a, i, i ? &s : NULL);
		put_region(data, a, &s);
	}
	fputs("\n\n# regions: rows [first_row, end_row) of the map; labelled: 1 where there is room for its name\n"
	      "# first_row end_row start_address end_address labelled name\n", data);
	for (size_t i = 0; i < a->region_count; i++) {
		uint64_t middle;
		bool room;

		s = next_strip(a, i, i ? &s : NULL);
		middle = 2 * s.row + s.rows; /* in half rows */
		room = middle >= labelled + rows / 12;
		if (room)
			labelled = middle;
		ms_plot_clean(name, sizeof name, *s.region->name ? ms_export_base(s.region->name) : "", 18);
		if (!*name)
			snprintf(name, sizeof name, "0x%" PRIx64, s.region->start);
		fprintf(data, "%" PRIu64 " %" PRIu64 " 0x%" PRIx64 " 0x%" PRIx64 " %d \"%s, %s\"\n", s.row, s.row + s.rows, s.region->start, s.region->end, room, name,
		        ms_unit_bytes(size, s.region->end - s.region->start, false));
	}
}

static void put_script(FILE *script, const struct ms_report *r)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	const struct ms_report_address_space *s = &r->address_space;
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->region_count; i++)
		bytes += s->regions[i].end - s->regions[i].start;
	ms_plot_head(script, &ms_plot_occupancy, &r, 1, "%s of addresses in %s, lowest at the bottom; a column shows one of %zu moments", ms_unit_bytes(a, bytes, false),
	             ms_unit_of(b, s->region_count, "region"), s->moment_count);
	ms_plot_unit(script, "time", ms_plot_time(r->window.to_ns));
	fprintf(script, "from = %" PRIu64 ".0\nto = %" PRIu64 ".0\nmoments = %zu\nrows = %" PRIu64 "\n", r->window.from_ns, r->window.to_ns, s->moment_count, row_count(s));
	ms_plot_open(script, &ms_plot_occupancy, 960, 560);
	fputs("\tset lmargin at screen 0.235\n"
	      "\tset rmargin at screen 0.865\n"
	      "\tset bmargin at screen 0.125\n"
	      "\tstep = (to - from)/moments/time_unit\n"
	      "\tset xrange [from/time_unit:to/time_unit]\n"
	      "\tset yrange [0:rows]\n"
	      "\tset xlabel 'time since the start of the recording ('.time_name.')'\n"
	      "\tset border 15\n"
	      "\tunset ytics\n"
	      "\tunset grid\n"
	      "\tset palette defined (0 '#ffffff', 0.001 '#e4eef8', 0.5 '#5a9bd0', 1 '#001f45')\n"
	      "\tset cbrange [0:100]\n"
	      "\tset cblabel 'occupied by live blocks (%)'\n"
	      "\t# Boxes reach below their neighbours to the right and above, which are drawn later: no light shines through between them.\n"
	      "\tat(moment) = (x = from/time_unit + moment*step, x < to/time_unit ? x : to/time_unit)\n"
	      "\tset colorbox user origin screen 0.885,graph 0 size screen 0.018,graph 1\n"
	      "\tplot \\\n"
	      "\t\tdata index 'occupancy' using (at($1)):2:(at($1)):(at($1 + 1.3)):2:($2 + 1.7):(100.0*$3/$4) with boxxyerror fillcolor palette, \\\n"
	      "\t\tdata index 'regions' using (from/time_unit):1:((to - from)/time_unit):(0) with vectors nohead linecolor '#000000' linewidth 0.5, \\\n"
	      "\t\tdata index 'regions' using (from/time_unit):($5 > 0 ? ($1 + $2)/2.0 : NaN):6 with labels right offset -0.8,0 font ',10'\n", script);
	ms_plot_close(script);
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	put_data(data, in->report);
	put_script(script, in->report);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_occupancy = {
	.name = "occupancy",
	.title = "Where live blocks lay in the address space",
	.address_space = true,
	.missing = ms_plot_address_missing,
	.write = write,
};
