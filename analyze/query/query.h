/*
 * query.h - SQL over a trace: the tables of MS tools as SQLite virtual tables that read the trace itself, nothing is imported.
 *
 *   ms_query_open(&q, trace, NULL, &err);
 *   ms_query_prepare(q, "SELECT site, sum(size) FROM blocks WHERE thread = ? GROUP BY site", &err);
 *   ms_query_bind_int(q, 1, 3, &err);
 *   while (ms_query_step(q, &row, &err) == MS_OK && row) ms_query_value(q, 0, &value);
 *   ms_query_close(q);
 *
 * Tables, their columns and units: ms_query_table (what `.schema` prints) and docs/QUERIES.md. Numbers are those of the report.
 * Only reading statements are let through: no ATTACH, no PRAGMA, no change of anything, no extension.
 * What is costly is done when first asked for: tables with figures of the report replay the trace once.
 *
 * Ownership: the trace is borrowed and stays open until ms_query_close. Texts of a value are valid until the next step.
 * Errors: MS_E_ARGUMENT (SQL that is wrong, or not allowed), MS_E_NOT_FOUND (a moment that the trace does not have), MS_E_LIMIT (time or memory),
 * MS_E_CANCELLED (interrupted), MS_E_CORRUPT and MS_E_IO with the file offset (a block of the trace cannot be read), MS_E_NOMEM.
 * Thread-safety: one thread at a time; ms_query_interrupt from any thread and from signal handlers.
 */
#ifndef MS_ANALYZE_QUERY_H
#define MS_ANALYZE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/errors.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

struct ms_query;
struct ms_trace;

struct ms_query_options {
	const char *file;                /* path of the trace, for the table `trace`; NULL = "" */
	uint64_t timeout_ns;             /* for each statement, from its preparation on; 0 = none */
	/* Of SQLite, for sorting, grouping and results, not for what the trace itself needs; SQLite has one limit for the process, and the
	   query opened last sets it. 0 = leave it as it is. */
	uint64_t max_memory_bytes;
};

enum ms_value_kind { MS_VALUE_NULL, MS_VALUE_INT, MS_VALUE_REAL, MS_VALUE_TEXT };
struct ms_value {
	enum ms_value_kind kind;
	int64_t integer;
	double real;
	const char *text;                /* TEXT, and a REAL in digits; NUL-terminated, any other bytes: escape what is printed */
};

int ms_query_open(struct ms_query **out, const struct ms_trace *trace, const struct ms_query_options *options,
                  struct ms_error *err);
void ms_query_close(struct ms_query *q); /* NULL allowed */

/* One statement; replaces the one before. */
int ms_query_prepare(struct ms_query *q, const char *sql, struct ms_error *err);
/* Values of ?1, ?2, ...; before the first step. The text is copied. */
int ms_query_bind_int(struct ms_query *q, unsigned index, int64_t value, struct ms_error *err);
int ms_query_bind_text(struct ms_query *q, unsigned index, const char *value, struct ms_error *err);
unsigned ms_query_column_count(const struct ms_query *q);
const char *ms_query_column_name(const struct ms_query *q, unsigned column);
/* *row = false: there are no more. */
int ms_query_step(struct ms_query *q, bool *row, struct ms_error *err);
void ms_query_value(const struct ms_query *q, unsigned column, struct ms_value *out);
/* The running step ends with MS_E_CANCELLED, within a few thousand events. */
void ms_query_interrupt(struct ms_query *q);

/* What can be asked: table number `index` from 0 on; false: there are no more. Texts are static. */
struct ms_query_table {
	const char *name;
	const char *summary;
	size_t column_count;
};
struct ms_query_column {
	const char *name, *type, *summary;
	bool argument;                   /* of a function: FROM snapshot('peak'); the last columns */
};
bool ms_query_table(size_t index, struct ms_query_table *out);
bool ms_query_table_column(size_t index, size_t column, struct ms_query_column *out);

#pragma GCC visibility pop

#endif
