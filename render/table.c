/* table.c - see table.h. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "format/errors.h"

#define GAP 2 /* between columns */

void ms_table_init(struct ms_table *t, const struct ms_column *columns, size_t column_count)
{
	memset(t, 0, sizeof *t);
	t->columns = columns;
	t->column_count = column_count;
}

void ms_table_cell(struct ms_table *t, const char *text)
{
	if (t->count == t->capacity) {
		size_t capacity = t->capacity ? t->capacity * 2 : 64;
		char **grown = realloc(t->cells, capacity * sizeof *grown);

		if (!grown) {
			t->failed = true;
			return;
		}
		t->cells = grown;
		t->capacity = capacity;
	}
	t->cells[t->count] = strdup(text);
	if (t->cells[t->count])
		t->count++;
	else
		t->failed = true;
}

static size_t step(const char *s)
{
	size_t n = ms_utf8_length(s);

	return n ? n : 1;
}

size_t ms_text_width(const char *s)
{
	size_t width = 0;

	for (; *s; s += step(s))
		width++;
	return width;
}

void ms_text_cut(FILE *out, const char *s, size_t width, bool utf8)
{
	const char *sign = utf8 ? "…" : "...";
	size_t sign_width = utf8 ? 1 : 3, n = 0;

	if (ms_text_width(s) <= width) {
		fputs(s, out);
		return;
	}
	for (; n + sign_width < width; n++) {
		size_t bytes = step(s);

		fwrite(s, 1, bytes, out);
		s += bytes;
	}
	for (; n < width; n += sign_width)
		fputs(sign, out);
}

static void spaces(FILE *out, size_t n)
{
	while (n--)
		putc(' ', out);
}

static void print_cell(FILE *out, const char *s, enum ms_align align, size_t width, bool last, bool utf8)
{
	size_t own = ms_text_width(s);

	if (own > width) {
		ms_text_cut(out, s, width, utf8);
		return;
	}
	if (align == MS_RIGHT)
		spaces(out, width - own);
	fputs(s, out);
	if (align == MS_LEFT && !last)
		spaces(out, width - own);
}

static void print_row(const struct ms_table *t, FILE *out, size_t indent, const size_t *width, char **cells, bool utf8)
{
	spaces(out, indent);
	for (size_t c = 0; c < t->column_count; c++) {
		const char *cell = cells ? cells[c] : t->columns[c].header;
		bool last = c + 1 == t->column_count;

		if (last && *cell == '\0')
			break; /* no spaces at the end of a line */
		if (c)
			spaces(out, GAP);
		print_cell(out, cell, t->columns[c].align, width[c], last, utf8);
	}
	putc('\n', out);
}

int ms_table_print(struct ms_table *t, FILE *out, size_t indent, size_t line_width, bool utf8)
{
	size_t *width = calloc(t->column_count, sizeof *width), used = indent, last = t->column_count - 1;
	int rc = t->failed || !width ? MS_E_NOMEM : MS_OK;

	if (rc)
		goto done;
	for (size_t c = 0; c <= last; c++)
		width[c] = ms_text_width(t->columns[c].header);
	for (size_t i = 0; i < t->count; i++) {
		size_t w = ms_text_width(t->cells[i]);

		if (w > width[i % t->column_count])
			width[i % t->column_count] = w;
	}
	for (size_t c = 0; c < last; c++)
		used += width[c] + GAP;
	if (line_width && used + width[last] > line_width && t->columns[last].align == MS_LEFT)
		width[last] = line_width > used + 16 ? line_width - used : 16;
	print_row(t, out, indent, width, NULL, utf8);
	for (size_t i = 0; i + t->column_count <= t->count; i += t->column_count)
		print_row(t, out, indent, width, t->cells + i, utf8);
done:
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(width);
	memset(t, 0, sizeof *t);
	return rc;
}
