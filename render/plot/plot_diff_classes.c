/*
 * plot_diff_classes.c - sizes and lifetimes of blocks on both sides, one over the other. Of several runs a side shows the median of each class
 * (of an even number of runs the lower one), so that the numbers are some run's own.
 */
#include <stdlib.h>

#include "plot_classes.h"
#include "plot_figures.h"
#include "plot_script.h"
#include "render/units.h"

static const struct ms_plot_histogram size_histogram = {
	.plot = &ms_plot_diff_sizes,
	.index = "sizes: one row per class of sizes, from the smallest to the largest that was used; medians of the runs of each side",
	.unit = "bytes",
	.columns = "old_blocks old_bytes new_blocks new_bytes",
	.of_x = "size of a block as requested, in classes of powers of two",
	.of_bars = "old: begun",
	.of_second = "new: begun",
	.colour = "#f0c4a8",
	.second_colour = "#1f5f99",
};
static const struct ms_plot_histogram lifetime_histogram = {
	.plot = &ms_plot_diff_lifetimes,
	.index = "lifetimes: one row per class of lifetimes, from the shortest to the longest; medians of the runs of each side",
	.unit = "ns",
	.durations = true,
	.columns = "old_blocks old_bytes new_blocks new_bytes",
	.of_x = "time from the allocation of a block to its end, in classes of powers of two",
	.of_bars = "old: freed or reallocated",
	.of_second = "new: freed or reallocated",
	.colour = "#f0c4a8",
	.second_colour = "#1f5f99",
};

typedef struct ms_plot_class class_of(const struct ms_report *report, size_t class);

static struct ms_plot_class size_class(const struct ms_report *r, size_t i)
{
	const struct ms_report_size_class *c = &r->size_classes[i];

	return (struct ms_plot_class){.min = c->min_bytes, .max = c->max_bytes, .blocks = c->blocks, .bytes = c->bytes};
}

static struct ms_plot_class lifetime_class(const struct ms_report *r, size_t i)
{
	const struct ms_report_lifetime *l = &r->lifetimes[i];

	return (struct ms_plot_class){.min = l->min_ns, .max = l->max_ns, .blocks = l->blocks, .bytes = l->bytes};
}

static int by_number(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

/* Medians of blocks and bytes over the runs of a side; room: for two numbers per run. */
static struct ms_plot_class median(const struct ms_diff_side *side, class_of *of, size_t i, uint64_t *room)
{
	struct ms_plot_class c = {0};

	for (size_t k = 0; k < side->count; k++) {
		c = of(side->reports[k], i);
		room[k] = c.blocks;
		room[side->count + k] = c.bytes;
	}
	qsort(room, side->count, sizeof *room, by_number);
	qsort(room + side->count, side->count, sizeof *room, by_number);
	c.blocks = room[(side->count - 1) / 2];
	c.bytes = room[side->count + (side->count - 1) / 2];
	return c;
}

/* Blocks of both sides in sums[]. */
static int fill(struct ms_plot_class classes[MS_PLOT_CLASSES], uint64_t sums[2], const struct ms_diff *d, class_of *of)
{
	size_t runs = d->before.count > d->after.count ? d->before.count : d->after.count;
	uint64_t *room = calloc(2 * runs + 1, sizeof *room);

	sums[0] = sums[1] = 0;
	for (size_t i = 0; room && i < MS_PLOT_CLASSES; i++) {
		struct ms_plot_class after = median(&d->after, of, i, room);

		classes[i] = median(&d->before, of, i, room);
		classes[i].second_blocks = after.blocks;
		classes[i].second_bytes = after.bytes;
		sums[0] += classes[i].blocks;
		sums[1] += after.blocks;
	}
	free(room);
	return room ? MS_OK : MS_E_NOMEM;
}

static const char *missing(const struct ms_plot_input *in, class_of *of, const char *reason)
{
	struct ms_plot_class classes[MS_PLOT_CLASSES];
	uint64_t sums[2];

	return fill(classes, sums, in->diff, of) == MS_OK && !ms_plot_classes_used(classes) ? reason : NULL;
}

static const char *no_sizes(const struct ms_plot_input *in)
{
	return missing(in, size_class, "no block was allocated");
}

static const char *no_lifetimes(const struct ms_plot_input *in)
{
	return missing(in, lifetime_class, "no block was freed or reallocated");
}

static int put(FILE *data, FILE *script, const struct ms_plot_input *in, const struct ms_plot_histogram *histogram, class_of *of, const char *verb,
               struct ms_error *err)
{
	const struct ms_report *reports[2] = {in->diff->before.reports[0], in->diff->after.reports[0]};
	struct ms_plot_class classes[MS_PLOT_CLASSES];
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	uint64_t sums[2];

	if (fill(classes, sums, in->diff, of))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for medians");
	ms_plot_data_head(data, histogram->plot, reports, 2);
	ms_plot_head(script, histogram->plot, reports, 2, "%s %s in the old, %s in the new", ms_unit_of(a, sums[0], "block"), verb, ms_unit_count(b, sums[1]));
	ms_plot_classes_write(data, script, histogram, classes);
	return ms_plot_written(data, script, err);
}

static int write_sizes(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	return put(data, script, in, &size_histogram, size_class, "begun", err);
}

static int write_lifetimes(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	return put(data, script, in, &lifetime_histogram, lifetime_class, "ended", err);
}

const struct ms_plot ms_plot_diff_sizes = {
	.name = "sizes",
	.title = "Sizes of blocks, old and new",
	.missing = no_sizes,
	.write = write_sizes,
};
const struct ms_plot ms_plot_diff_lifetimes = {
	.name = "lifetimes",
	.title = "Lifetimes of blocks, old and new",
	.missing = no_lifetimes,
	.write = write_lifetimes,
};
