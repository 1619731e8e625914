/*
 * plot.h - figures of a report and of a comparison, drawn by gnuplot: two const tables, one file per figure.
 *
 * A figure is a file of data (NAME.dat: tables with the report's exact integers, headings in comments) and a script (NAME.gp) that draws
 * NAME.svg and NAME.png from it, in whatever folder they stand together. A row of a table says what the figure needs beyond the report's
 * usual fields, why it cannot be drawn of a given report, and writes the two. Nothing here runs gnuplot (render/tools/plot_folder.h does).
 *
 * Every figure is readable without colour (dashes, patterns, order), names its units, and says in its heading when the recording is
 * incomplete or a window. Names of the trace are cleaned by plot_text.h and drawn as they are: no markup of gnuplot, no format, no command. No
 * folder of the traced program stands in a figure.
 *
 * Parameters: all borrowed during the call. Errors: MS_E_NOMEM; MS_E_IO when a stream failed. Thread-safety: one thread per stream.
 * Adding one: docs/HOWTO_ADD_PLOT.md.
 */
#ifndef MS_RENDER_PLOT_H
#define MS_RENDER_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analyze/diff.h"
#include "analyze/report.h"

struct ms_plot_input {
	const struct ms_report *report;  /* for figures of a report */
	const struct ms_diff *diff;      /* for figures of a comparison */
	unsigned metric;                 /* of a comparison: enum ms_diff_metric that its call paths are ranked by; MS_DIFF_METRIC_COUNT = peak */
	bool align_share;                /* of a comparison: each run over the whole axis, not by time since the start */
};

struct ms_plot {
	const char *name;                /* Required. Of its files; lower case, digits and '-'. */
	const char *title;               /* Required. One line, without a full stop. */
	uint32_t timeline_by;            /* bits of ms_report_options.timeline_by that it needs */
	bool address_space;              /* needs ms_report_options.address_space */
	/* Required. NULL: it can be drawn; else why not, and which option would have recorded it. */
	const char *(*missing)(const struct ms_plot_input *input);
	/* Required. Writes the whole of both. */
	int (*write)(FILE *data, FILE *script, const struct ms_plot_input *input, struct ms_error *err);
};

/* Steps of the timeline that suit a page: for ms_report_options.timeline_buckets. */
#define MS_PLOT_BUCKETS 480u

#pragma GCC visibility push(default) /* part of libmemscope.so */
extern const struct ms_plot *const ms_plots[];      /* of a report */
extern const size_t ms_plot_count;
extern const struct ms_plot *const ms_diff_plots[]; /* of a comparison */
extern const size_t ms_diff_plot_count;

/* MS_OK when the list is well formed: every required field there, names unique and well spelt; else MS_E_ARGUMENT. */
int ms_plot_check(const struct ms_plot *const *list, size_t count, struct ms_error *err);
#pragma GCC visibility pop

#endif
