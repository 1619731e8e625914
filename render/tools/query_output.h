/*
 * query_output.h - rows of a query as an aligned table, CSV (RFC 4180), a JSON array, or a JSON object per line.
 *
 * begin, then one row after the other, then end (also after an error: what was begun is closed). A table is printed at the end,
 * because its widths follow from its cells; the other formats are written as they go.
 * Texts come from the traced program: in tables and on terminals they are escaped (render/escape.h), in JSON as JSON wants; a CSV that
 * goes into a file or a pipe has them as they are.
 * Errors: MS_E_NOMEM of tables; the stream remembers its own (ferror). Ownership: begin allocates, end frees.
 * Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_QUERY_OUTPUT_H
#define MS_RENDER_QUERY_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "analyze/query/query.h"
#include "render/table.h"

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_JSONL };

struct query_output {
	enum query_format format;
	FILE *out;
	bool terminal, utf8;
	size_t width;                    /* of the lines of a table, 0 = unlimited */
	size_t rows;
	struct ms_column *columns;
	struct ms_table table;
	bool table_begun;
};

int query_output_begin(struct query_output *o, const struct ms_query *q, struct ms_error *err);
int query_output_row(struct query_output *o, const struct ms_query *q, struct ms_error *err);
int query_output_end(struct query_output *o, const struct ms_query *q, struct ms_error *err);

#endif
