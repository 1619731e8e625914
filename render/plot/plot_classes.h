/*
 * plot_classes.h - histograms over classes of powers of two, blocks above and bytes below, on logarithmic axes.
 *
 * Class 0 is the value 0, class i from 2^(i-1) to 2^i - 1. The data has a row per class: class min max blocks bytes, and blocks bytes of
 * the second bar (the narrow one) where the histogram has one.
 *
 * Errors: those of the streams stay in them. Ownership: none. Thread-safety: pure apart from the streams.
 */
#ifndef MS_PLOT_CLASSES_H
#define MS_PLOT_CLASSES_H

#include "plot.h"

#define MS_PLOT_CLASSES 65u

struct ms_plot_class {
	uint64_t min, max, blocks, bytes, second_blocks, second_bytes;
};

struct ms_plot_histogram {
	const struct ms_plot *plot;
	const char *index;               /* name of the table, and what it holds, for the comment */
	const char *unit;                /* of min and max in the heading: "bytes" */
	bool durations;                  /* min and max are nanoseconds, else bytes */
	const char *of_x;                /* what the axis shows */
	const char *columns;             /* names of the columns of numbers */
	const char *of_bars, *of_second; /* for the legend; of_second NULL: no second bar */
	const char *colour, *second_colour; /* "#rrggbb": a light and a dark one */
};

/* Has any class blocks? */
bool ms_plot_classes_used(const struct ms_plot_class *classes);
/* Call ms_plot_data_head and ms_plot_head before. */
void ms_plot_classes_write(FILE *data, FILE *script, const struct ms_plot_histogram *histogram, const struct ms_plot_class *classes);

#endif
