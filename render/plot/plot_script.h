/*
 * plot_script.h - what all scripts have in common: units of axes, heading, terminals, and the head of files of data.
 *
 *     ms_plot_head(...)        comments; title and subtitle as variables of gnuplot
 *     ms_plot_unit(...)        e.g. "byte_unit = 1048576.0", "byte_name = 'MiB'"
 *     ms_plot_open(...)        for svg and png: the terminal, the look; leaves a block open
 *       fputs(commands)        of the figure itself; they stand in that block, so no text of the trace may (braces): variables instead
 *     ms_plot_close(...)       closes it
 *
 * Errors: those of the streams stay in them (ferror). Ownership: none. Thread-safety: pure apart from the streams.
 */
#ifndef MS_PLOT_SCRIPT_H
#define MS_PLOT_SCRIPT_H

#include "plot.h"

struct ms_plot_unit {
	const char *name;                /* "MiB" */
	double size;                     /* of one, in what the data has */
};

/* Units in which `most` has one to four digits before the point. */
struct ms_plot_unit ms_plot_bytes(uint64_t most);
struct ms_plot_unit ms_plot_time(uint64_t most_ns);
struct ms_plot_unit ms_plot_counts(double most); /* name: "", "thousand ", "million ", "billion " */

/* `NAME_unit = size` and `NAME_name = 'name'`. */
void ms_plot_unit(FILE *script, const char *name, struct ms_plot_unit unit);
/* `NAME = 'text'`; text as printf makes it, cleaned. */
void ms_plot_set(FILE *script, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Comments at the head of the file of data: what it is, of which program, what is wrong with the recording. reports: of what it is made. */
void ms_plot_data_head(FILE *data, const struct ms_plot *plot, const struct ms_report *const *reports, size_t count);
/* Head of the script, with `title` and `subtitle`; subtitle as printf makes it, what is wrong with a recording is added. */
void ms_plot_head(FILE *script, const struct ms_plot *plot, const struct ms_report *const *reports, size_t count, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Width and height in units of which the PNG has two pixels. The top margin of the first panel is set, below the heading. */
void ms_plot_open(FILE *script, const struct ms_plot *plot, unsigned width, unsigned height);
void ms_plot_close(FILE *script);

/* Where bucket i of the timeline ends. */
uint64_t ms_plot_bucket_end(const struct ms_report *report, size_t i);

/* Result of a write function: what the streams remember. */
int ms_plot_written(FILE *data, FILE *script, struct ms_error *err);

#endif
