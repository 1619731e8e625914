/*
 * html_columns.h - tables of a report as columns for the HTML page: the container that src/data.js decodes.
 *
 * A table is described by data: its name, where its rows are, and one line per column. Numbers take the narrowest of 1, 2, 4 bytes
 * (else a double: exact up to 2^53, rounded beyond), strings are numbers of one shared table of strings. Layout, little-endian:
 *
 *   u32 length of the header | header, JSON, padded with blanks so that what follows is 8-aligned | columns, each 8-aligned
 *   header: {"strings": {"offset", "bytes"}, "tables": {name: {"rows", "columns": {name: [type, offset]}}}}
 *   type: "u8" "u16" "u32" "f64", "s8" "s16" "s32": the same as numbers of strings; offsets count from the first column
 *   strings: UTF-8 (whatever the trace holds: the reader replaces what is not), each ended by a NUL
 *
 * Ownership: the caller frees with ms_columns_free; rows and strings are copied. Errors: a lack of memory is remembered and said by
 * ms_columns_finish. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_HTML_COLUMNS_H
#define MS_RENDER_HTML_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/report.h"

enum ms_column_kind {
	MS_COLUMN_U8, MS_COLUMN_U16, MS_COLUMN_U32, MS_COLUMN_U64, MS_COLUMN_I32, MS_COLUMN_I64, MS_COLUMN_BOOL,
	MS_COLUMN_TEXT,                  /* const char *, NULL = "" */
	MS_COLUMN_PATH,                  /* the same, a path: without its directories when asked for */
	MS_COLUMN_CHARS,                 /* char[] inside the row */
	MS_COLUMN_NUMBER_OF,             /* number(report, row) */
	MS_COLUMN_TEXT_OF,               /* text(report, row, buffer) */
};
#define MS_COLUMN_TEXT_ROOM 1024u

struct ms_html_column {
	const char *name;
	uint8_t kind;                    /* enum ms_column_kind */
	uint32_t offset;                 /* of the field in the row */
	uint64_t (*number)(const struct ms_report *report, const void *row);
	const char *(*text)(const struct ms_report *report, const void *row, char room[MS_COLUMN_TEXT_ROOM]);
};

struct ms_html_table {
	const char *name;
	size_t stride;                   /* bytes per row */
	/* The rows; *owned: to be freed. NULL with *count > 0: no memory. Not asked by ms_columns_add_rows. */
	void *(*rows)(const struct ms_report *report, size_t *count, bool *owned);
	const struct ms_html_column *columns;
	size_t column_count;
};

/* The kind of a plain field by its type. */
#define MS_COLUMN_KIND(type, field)                                                                                      \
	_Generic(((type *)0)->field, uint8_t: MS_COLUMN_U8, uint16_t: MS_COLUMN_U16, uint32_t: MS_COLUMN_U32,                \
	         uint64_t: MS_COLUMN_U64, int32_t: MS_COLUMN_I32, int64_t: MS_COLUMN_I64, bool: MS_COLUMN_BOOL, \
	         const char *: MS_COLUMN_TEXT, char *: MS_COLUMN_TEXT)
#define MS_COLUMN(type, name, field) {name, MS_COLUMN_KIND(type, field), offsetof(type, field), NULL, NULL}
#define MS_COLUMN_AS_PATH(type, name, field) {name, MS_COLUMN_PATH, offsetof(type, field), NULL, NULL}
#define MS_COLUMN_AS_CHARS(type, name, field) {name, MS_COLUMN_CHARS, offsetof(type, field), NULL, NULL}
#define MS_COLUMN_OF_NUMBER(name, function) {name, MS_COLUMN_NUMBER_OF, 0, function, NULL}
#define MS_COLUMN_OF_TEXT(name, function) {name, MS_COLUMN_TEXT_OF, 0, NULL, function}

struct ms_columns;

struct ms_columns *ms_columns_new(bool no_paths); /* NULL: no memory */
/* What stands in front of the names of tables from now on; borrowed until the next call. */
void ms_columns_prefix(struct ms_columns *c, const char *prefix);
void ms_columns_add(struct ms_columns *c, const struct ms_report *report, const struct ms_html_table *table);
/* The same with rows of the caller; rows NULL with count > 0: no memory. The columns get this report, which may be NULL when none asks for it. */
void ms_columns_add_rows(struct ms_columns *c, const struct ms_report *report, const struct ms_html_table *table, const void *rows, size_t count);
/* The container; belongs to c. NULL: no memory. */
const uint8_t *ms_columns_finish(struct ms_columns *c, size_t *bytes);
void ms_columns_free(struct ms_columns *c); /* NULL allowed */

/* The part of a path behind its last slash; "[heap]" and the like as they are. */
const char *ms_path_without_directories(const char *path);

#endif
