/* query_output.c - see query_output.h. */
#include "query_output.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/escape.h"

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the table");
}

static void csv_text(const struct query_output *o, const char *text)
{
	if (o->terminal) {
		ms_escape_text(o->out, text);
		return;
	}
	if (*text && !text[strcspn(text, ",\"\r\n")]) {
		fputs(text, o->out);
		return;
	}
	putc('"', o->out); /* also the empty text, which is not NULL */
	for (; *text; text++) {
		if (*text == '"')
			putc('"', o->out);
		putc(*text, o->out);
	}
	putc('"', o->out);
}

int query_output_begin(struct query_output *o, const struct ms_query *q, struct ms_error *err)
{
	unsigned n = ms_query_column_count(q);

	o->rows = 0;
	o->columns = calloc(n + 1, sizeof *o->columns);
	if (!o->columns)
		return no_memory(err);
	if (o->format == QUERY_JSON)
		putc('[', o->out);
	for (unsigned i = 0; i < n && o->format == QUERY_CSV; i++) {
		if (i)
			putc(',', o->out);
		csv_text(o, ms_query_column_name(q, i));
	}
	if (o->format == QUERY_CSV)
		fputs("\n", o->out);
	return MS_OK;
}

static void json_row(struct query_output *o, const struct ms_query *q)
{
	for (unsigned i = 0; i < ms_query_column_count(q); i++) {
		struct ms_value v;

		ms_query_value(q, i, &v);
		fputs(i ? ", " : "{", o->out);
		ms_escape_json(o->out, ms_query_column_name(q, i));
		fputs(": ", o->out);
		if (v.kind == MS_VALUE_INT)
			fprintf(o->out, "%" PRId64, v.integer);
		else if (v.kind == MS_VALUE_REAL && isfinite(v.real))
			fputs(v.text, o->out);
		else if (v.kind == MS_VALUE_TEXT)
			ms_escape_json(o->out, v.text);
		else
			fputs("null", o->out);
	}
	putc('}', o->out);
}

static void csv_row(struct query_output *o, const struct ms_query *q)
{
	for (unsigned i = 0; i < ms_query_column_count(q); i++) {
		struct ms_value v;

		ms_query_value(q, i, &v);
		if (i)
			putc(',', o->out);
		if (v.kind == MS_VALUE_INT)
			fprintf(o->out, "%" PRId64, v.integer);
		else if (v.kind != MS_VALUE_NULL)
			csv_text(o, v.text);
	}
	fputs("\n", o->out);
}

static int escaped_cell(struct ms_table *t, const char *text)
{
	char *cell = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&cell, &size);

	if (!f)
		return MS_E_NOMEM;
	ms_escape_text(f, text);
	if (fclose(f) == 0)
		ms_table_cell(t, cell);
	else
		t->failed = true;
	free(cell);
	return MS_OK;
}

static int table_row(struct query_output *o, const struct ms_query *q, struct ms_error *err)
{
	unsigned n = ms_query_column_count(q);

	if (!o->table_begun) {
		ms_table_init(&o->table, o->columns, n);
		o->table_begun = true;
	}
	for (unsigned i = 0; i < n; i++) {
		struct ms_value v;
		char digits[24];

		ms_query_value(q, i, &v);
		if (v.kind == MS_VALUE_INT) {
			snprintf(digits, sizeof digits, "%" PRId64, v.integer);
			ms_table_cell(&o->table, digits);
		} else if (escaped_cell(&o->table, v.text)) {
			return no_memory(err);
		}
		if (v.kind == MS_VALUE_INT || v.kind == MS_VALUE_REAL)
			o->columns[i].align = MS_RIGHT;
	}
	return MS_OK;
}

int query_output_row(struct query_output *o, const struct ms_query *q, struct ms_error *err)
{
	o->rows++;
	switch (o->format) {
	case QUERY_TABLE:
		return table_row(o, q, err);
	case QUERY_CSV:
		csv_row(o, q);
		break;
	case QUERY_JSON:
		fputs(o->rows > 1 ? ",\n " : "\n ", o->out);
		json_row(o, q);
		break;
	case QUERY_JSONL:
		json_row(o, q);
		putc('\n', o->out);
		break;
	}
	return MS_OK;
}

int query_output_end(struct query_output *o, const struct ms_query *q, struct ms_error *err)
{
	int rc = MS_OK;

	if (o->format == QUERY_JSON && o->columns)
		fputs(o->rows ? "\n]\n" : "]\n", o->out);
	if (o->format == QUERY_TABLE && o->columns) {
		for (unsigned i = 0; i < ms_query_column_count(q); i++)
			o->columns[i].header = ms_query_column_name(q, i);
		if (!o->table_begun)
			ms_table_init(&o->table, o->columns, ms_query_column_count(q));
		rc = ms_table_print(&o->table, o->out, 0, o->width, o->utf8);
		if (rc)
			no_memory(err);
		o->table_begun = false;
	}
	free(o->columns);
	o->columns = NULL;
	return rc;
}
