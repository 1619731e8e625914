/*
 * table.h - aligned columns of text: cells first, widths afterwards.
 *
 * Every column is as wide as its widest cell; the last one takes what is left of the line and is cut there. Widths count
 * characters (one column each). Cells are printed as they are: escape what comes from a trace (ms_escape_text).
 *
 * Errors: a failed allocation sticks; ms_table_print then returns MS_E_NOMEM. Ownership: the table copies its cells;
 * columns are borrowed. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_TABLE_H
#define MS_RENDER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum ms_align { MS_LEFT, MS_RIGHT };

struct ms_column {
	const char *header;
	enum ms_align align;
};

struct ms_table {
	const struct ms_column *columns;
	size_t column_count;
	char **cells;                    /* row after row */
	size_t count, capacity;
	bool failed;
};

void ms_table_init(struct ms_table *t, const struct ms_column *columns, size_t column_count);
/* The next cell, row by row, left to right. */
void ms_table_cell(struct ms_table *t, const char *text);
/* line_width: characters, 0 = never cut; utf8: the sign of a cut may be the one character. Frees the table. */
int ms_table_print(struct ms_table *t, FILE *out, size_t indent, size_t line_width, bool utf8);

/* Characters of s; bytes that are no valid UTF-8 count one each. */
size_t ms_text_width(const char *s);
/* Prints at most `width` characters of s, the last ones a sign of the cut if it is longer. */
void ms_text_cut(FILE *out, const char *s, size_t width, bool utf8);

#endif
