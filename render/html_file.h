/*
 * html_file.h - a page with its data, as one file: what every HTML output ends with.
 *
 * ms_html_write finishes the columns. title: words, with what a terminal would not show escaped (escape.h); what has a meaning in markup is
 * escaped here, and what is long is cut.
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_HTML_FILE_H
#define MS_RENDER_HTML_FILE_H

#include <stdio.h>

#include "html_columns.h"

int ms_html_write(FILE *out, const char *title, struct ms_columns *columns, struct ms_error *err);

/* For a title: the command of a report's process; no_paths, or none known: the name of the program alone. */
void ms_html_command_words(FILE *out, const struct ms_report *report, bool no_paths);

#endif
