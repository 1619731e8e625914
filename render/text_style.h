/*
 * text_style.h - what the sections of the text report share: the options, escaped names, cells with numbers.
 *
 * Inside render/ only. Thread-safety: one report, one thread.
 */
#ifndef MS_RENDER_TEXT_STYLE_H
#define MS_RENDER_TEXT_STYLE_H

#include "table.h"
#include "text.h"
#include "units.h"

struct ms_text {
	FILE *out;
	const struct ms_report *report;
	struct ms_text_options options;
	bool of_sample;                  /* the section counts sampled blocks, and its heading says so */
};

/* Sections; each prints its heading and body, returns 0 or MS_E_NOMEM. */
int ms_text_quality(struct ms_text *t);
int ms_text_totals(struct ms_text *t);
int ms_text_peak(struct ms_text *t);
int ms_text_live(struct ms_text *t);
int ms_text_temporary(struct ms_text *t);
int ms_text_culled(struct ms_text *t);
int ms_text_threads(struct ms_text *t);
int ms_text_sites(struct ms_text *t);
int ms_text_functions(struct ms_text *t);
int ms_text_modules(struct ms_text *t);
int ms_text_sizes(struct ms_text *t);
int ms_text_lifetimes(struct ms_text *t);
int ms_text_mappings(struct ms_text *t);
int ms_text_system(struct ms_text *t);
int ms_text_timeline(struct ms_text *t);
int ms_text_series(struct ms_text *t);
int ms_text_phases(struct ms_text *t);
int ms_text_snapshots(struct ms_text *t);
int ms_text_tasks(struct ms_text *t);
int ms_text_scopes(struct ms_text *t);
int ms_text_variables(struct ms_text *t);
int ms_text_pools(struct ms_text *t);
int ms_text_fragmentation(struct ms_text *t);
int ms_text_unmatched(struct ms_text *t);
int ms_text_verdict(struct ms_text *t);
int ms_text_findings(struct ms_text *t);
int ms_text_leakstacks(struct ms_text *t);
int ms_text_safety(struct ms_text *t);
int ms_text_leaks(struct ms_text *t);
int ms_text_growth(struct ms_text *t);
int ms_text_holders(struct ms_text *t);

/* A blank line and "TITLE  what follows"; format may be NULL. */
void ms_text_heading(struct ms_text *t, const char *title, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The lines written to `notes`, a stream in memory into *text: each on a line after "  ! ". Closes the stream, frees the text. */
void ms_text_notes(struct ms_text *t, FILE *notes, char **text);
/* "  ... 12 more threads" after a table that was cut; nothing when hidden is 0. what: "more thread". */
void ms_text_more(struct ms_text *t, size_t hidden, const char *what);

/* Escaped copy of a name from the trace; the caller frees it. NULL: no memory. */
char *ms_text_escaped(const char *name);
/*
 * Escaped one-line form of a line of source: "function (file.c:12)", without debug information "function (libx.so)",
 * without a name "libx.so+0x1a2b". short_form: no parameters, no template arguments, files and modules without their
 * folders. The caller frees it. NULL: no memory.
 */
char *ms_text_line(const struct ms_report_line *line, bool short_form);
/* A place, short: its headline; "x from y" when caller is given; "(no stack)" for line NULL. The caller frees it. */
char *ms_text_place(const struct ms_report_line *line, const struct ms_report_line *caller);
/* A call path of the report, indented; long ones are cut in the middle (options.frames). Returns 0 or MS_E_NOMEM. */
int ms_text_stack(struct ms_text *t, const struct ms_report *report, uint32_t node);

/* Cells. */
void ms_cell_bytes(struct ms_text *t, struct ms_table *table, uint64_t bytes);
void ms_cell_count(struct ms_table *table, uint64_t count);
void ms_cell_share(struct ms_table *table, uint64_t part, uint64_t whole);
void ms_cell_duration(struct ms_table *table, uint64_t ns);
/* Takes the string (frees it); NULL marks the table as failed. */
void ms_cell_owned(struct ms_table *table, char *text);
int ms_text_print(struct ms_text *t, struct ms_table *table);

/* A bar of at most `width` characters for part / whole. The caller frees it. */
char *ms_text_bar(const struct ms_text *t, uint64_t part, uint64_t whole, size_t width);

#endif
