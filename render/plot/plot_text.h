/*
 * plot_text.h - text of a trace in scripts and data of gnuplot: harmless, and short enough for a legend.
 *
 * gnuplot reads commands between backquotes, escapes after backslashes, macros after @, formats after % and, unless told not to, markup. So
 * text is drawn with "noenhanced" and never as the label of a tic (that is a format), stands in single quotes in scripts and in double
 * quotes in data, and has typographic quotes instead of ' " and `, a division slash mark (U+2216) instead of a backslash, and U+FFFD instead of
 * control characters and of what is no UTF-8: what is left has no meaning in either kind of quotes.
 *
 * Ownership: buffers are the caller's. Errors: those of the stream stay in it (ferror). Thread-safety: pure apart from the stream.
 */
#ifndef MS_PLOT_TEXT_H
#define MS_PLOT_TEXT_H

#include <stdio.h>

#include "analyze/report.h"

/* Cleans text, at most `width` characters of it (then the last one is an ellipsis); size of the buffer in bytes, at least 4. Returns buffer. */
char *ms_plot_clean(char *buffer, size_t size, const char *text, size_t width);

#define MS_PLOT_NAME 400
/*
 * What a call path is called in a legend: the function without its return type, parameters, ABI tags and template arguments, and where that is:
 * "jv_array_sized (libjq.so.1)", "read_record (records.c:11)". If that is over `width` characters, the beginning of the qualified name is left out.
 * line NULL: no stack. Cleaned.
 */
char *ms_plot_place(char buffer[MS_PLOT_NAME], const struct ms_report_line *line, size_t width);
/* The same of a function's name alone; size of the buffer in bytes. Not cleaned. */
char *ms_plot_function(char *buffer, size_t size, const char *function);

/* What the traced program is called: its first word without folders, or its executable. Cleaned. */
char *ms_plot_program(char buffer[MS_PLOT_NAME], const struct ms_report *report);

#endif
