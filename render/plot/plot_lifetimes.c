/* plot_lifetimes.c - how long blocks lived that were freed or reallocated: blocks and bytes. */
#include "plot_classes.h"
#include "plot_figures.h"
#include "plot_script.h"
#include "render/units.h"

static const struct ms_plot_histogram histogram = {
	.plot = &ms_plot_lifetimes,
	.index = "lifetimes: one row per class of lifetimes, from the shortest to the longest",
	.unit = "ns",
	.durations = true,
	.columns = "blocks bytes",
	.of_x = "time from the allocation of a block to its end, in classes of powers of two",
	.of_bars = "blocks that were freed or reallocated",
	.colour = "#a9cce8",
};

static uint64_t fill(struct ms_plot_class classes[MS_PLOT_CLASSES], const struct ms_report *r)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < MS_PLOT_CLASSES; i++) {
		const struct ms_report_lifetime *l = &r->lifetimes[i];

		classes[i] = (struct ms_plot_class){.min = l->min_ns, .max = l->max_ns, .blocks = l->blocks, .bytes = l->bytes};
		blocks += l->blocks;
	}
	return blocks;
}

static const char *missing(const struct ms_plot_input *in)
{
	struct ms_plot_class classes[MS_PLOT_CLASSES];

	return fill(classes, in->report) ? NULL : "no block was freed or reallocated";
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];
	const struct ms_report *r = in->report;
	struct ms_plot_class classes[MS_PLOT_CLASSES];
	uint64_t blocks = fill(classes, r);

	ms_plot_data_head(data, &ms_plot_lifetimes, &r, 1);
	ms_plot_head(script, &ms_plot_lifetimes, &r, 1, "%s ended, of them %s freed by the next event of their thread; %s alive at the end %s no lifetime",
	             ms_unit_of(a, blocks, "block"), ms_unit_count(b, r->totals.temporary_allocations), ms_unit_of(c, r->totals.live_blocks, "block"),
	             r->totals.live_blocks == 1 ? "has" : "have");
	ms_plot_classes_write(data, script, &histogram, classes);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_lifetimes = {
	.name = "lifetimes",
	.title = "Lifetimes of blocks",
	.missing = missing,
	.write = write,
};
