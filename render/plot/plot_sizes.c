/* plot_sizes.c - how many blocks and bytes were begun by size, and how many of each are alive at the end. */
#include "plot_classes.h"
#include "plot_figures.h"
#include "plot_script.h"
#include "render/units.h"

static const struct ms_plot_histogram histogram = {
	.plot = &ms_plot_sizes,
	.index = "sizes: one row per class of sizes, from the smallest to the largest that was used",
	.unit = "bytes",
	.columns = "blocks bytes live_blocks live_bytes",
	.of_x = "size of a block as requested, in classes of powers of two",
	.of_bars = "begun: allocated or reallocated",
	.of_second = "of all blocks, alive at the end",
	.colour = "#a9cce8",
	.second_colour = "#803000",
};

static uint64_t fill(struct ms_plot_class classes[MS_PLOT_CLASSES], const struct ms_report *r)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < MS_PLOT_CLASSES; i++) {
		const struct ms_report_size_class *c = &r->size_classes[i];

		classes[i] = (struct ms_plot_class){c->min_bytes, c->max_bytes, c->blocks, c->bytes, c->live_blocks, c->live_bytes};
		blocks += c->blocks;
	}
	return blocks;
}

static const char *missing(const struct ms_plot_input *in)
{
	struct ms_plot_class classes[MS_PLOT_CLASSES];

	fill(classes, in->report);
	return ms_plot_classes_used(classes) ? NULL : "no block was allocated or alive";
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];
	const struct ms_report *r = in->report;
	struct ms_plot_class classes[MS_PLOT_CLASSES];
	uint64_t blocks = fill(classes, r);

	ms_plot_data_head(data, &ms_plot_sizes, &r, 1);
	ms_plot_head(script, &ms_plot_sizes, &r, 1, "%s of %s in all, %s of %s alive at the end", ms_unit_of(a, blocks, "block"),
	             ms_unit_bytes(b, r->totals.allocated_bytes, false), ms_unit_of(c, r->totals.live_blocks, "block"),
	             ms_unit_bytes(d, r->totals.live_bytes, false));
	ms_plot_classes_write(data, script, &histogram, classes);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_sizes = {
	.name = "sizes",
	.title = "Sizes of blocks",
	.missing = missing,
	.write = write,
};
