/*
 * diff_render.h - a comparison as text, as Markdown for a pull request, as JSON by schemas/diff.schema.json, as one HTML file.
 *
 * Everything that comes from a trace is escaped. Rows are ranked by one metric, or by impact: the largest share that the change of
 * any metric has in the total of that metric.
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_DIFF_RENDER_H
#define MS_RENDER_DIFF_RENDER_H

#include <stdio.h>

#include "analyze/diff.h"

#define MS_DIFF_SCHEMA_VERSION 1

struct ms_diff_render_options {
	unsigned metric;                 /* enum ms_diff_metric; MS_DIFF_METRIC_COUNT = impact */
	size_t top;                      /* rows per table and list, 0 = all */
	size_t frames;                   /* lines per call path in text and Markdown, 0 = all */
	size_t width;                    /* text: characters per line, 0 = unlimited */
	bool exact, utf8, bold;          /* text: bytes in full; not ASCII only; headings for a terminal */
	bool align_share;                /* text, HTML: each curve over the whole line, not by time since the start */
	bool no_paths;                   /* HTML: names of files without their directories */
	const struct ms_diff_condition *conditions;
	size_t condition_count;
};

#pragma GCC visibility push(default) /* part of libmemscope.so */

int ms_render_diff_text(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options, struct ms_error *err);
int ms_render_diff_json(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options, struct ms_error *err);
/* At most MS_DIFF_MARKDOWN_MAX bytes, the limit of a comment in a pull request: call paths beyond that are left out. */
#define MS_DIFF_MARKDOWN_MAX 60000u
int ms_render_diff_markdown(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options,
                            struct ms_error *err);
/*
 * One HTML file that needs nothing else (html.h has the page and its policy); every changed row is in it, whatever `top` is. Its flame graph shows
 * unchanged call paths only when the comparison was made with keep_unchanged; timelines are as fine as those of the reports.
 */
int ms_render_diff_html(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options, struct ms_error *err);

#pragma GCC visibility pop

#endif
