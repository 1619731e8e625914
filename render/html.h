/*
 * html.h - the report as one HTML file that needs nothing else: the page of render/html/ with the data of this report inside.
 *
 * The data are the structs of report.h as columns (html_columns.h), gzip, base64; no name of the trace stands in the markup but the title,
 * which is escaped. The page loads nothing (Content-Security-Policy default-src 'none', its script and style by hash).
 * What the views show depends on what the report was built with: options.timeline_by of ms_report_options for series by call path, thread,
 * ..., options.address_space for the address space; views say what is missing and why.
 * no_paths: files, modules, the command and the trace without their directories.
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_HTML_H
#define MS_RENDER_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "analyze/report.h"

struct ms_html_options {
	bool no_paths;
};

/* Series that the views want: for ms_report_options.timeline_by. */
#define MS_HTML_TIMELINE_BY ((1u << MS_TIMELINE_GROUP_COUNT) - 1u)
/* Steps of the timeline that suit a screen: for ms_report_options.timeline_buckets. */
#define MS_HTML_BUCKETS 480u

#pragma GCC visibility push(default) /* part of libmemscope.so */
int ms_render_html(FILE *out, const struct ms_report *report, const struct ms_html_options *options, struct ms_error *err);
#pragma GCC visibility pop

#endif
