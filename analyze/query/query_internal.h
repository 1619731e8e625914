/*
 * query_internal.h - what the files of analyze/query/ share: the state of a query, and the description of a table.
 *
 * A table is one const struct ms_qtable; vtab.c makes SQLite's module out of it. Two sorts:
 *   lists    count() rows, each found by its number; ascending in column 0 (an id), so that bounds on it are a search
 *   streams  open, next, close over a scan of events, which looks at the bounds itself
 * Bounds are hints: SQLite checks every condition again, so a table may give more rows than asked for, never fewer.
 *
 * Ownership: a cursor belongs to SQLite's statement. Errors: enum ms_status. Thread-safety: as query.h.
 */
#ifndef MS_ANALYZE_QUERY_INTERNAL_H
#define MS_ANALYZE_QUERY_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "analyze/moment.h"
#include "analyze/report.h"
#include "analyze/stack_map.h"
#include "format/cancel.h"
#include "format/trace_reader.h"
#include "query.h"

struct ms_query {
	const struct ms_trace *trace;
	struct ms_query_options options;
	sqlite3 *db;
	sqlite3_stmt *statement;
	struct timespec started;
	bool timed_out;
	bool declaring;                  /* a table declares itself: what SQLite does then is its own business */
	struct ms_cancel cancel;         /* for what runs inside: ms_query_should_stop */
	bool has_peak;
	struct ms_instant peak;          /* valid when has_peak */
	_Atomic int interrupted;        /* set by ms_query_interrupt */
	struct ms_error failure;         /* of a table, code MS_OK: none */

	struct ms_report report;         /* valid when has_report */
	bool has_report, has_map;
	bool usable_known;               /* usable.h */
	struct ms_stack_map map;         /* valid when has_map */
	struct ms_report names;          /* has_map: its nodes and lines are those of the map, for ms_report_headline */
	uint32_t *event_blocks;          /* indexes of the Events blocks among the blocks of the file */
	size_t event_block_count;
	bool has_event_blocks;
	struct ms_report_address_space space; /* valid when has_space */
	bool has_space;
};

/* How far a condition on a column helps. */
enum ms_push {
	MS_PUSH_NONE,
	MS_PUSH_FILTER,                  /* rows that do not match are dropped early; all are looked at */
	MS_PUSH_SEEK,                    /* leads to a part of the trace */
	MS_PUSH_KEY,                     /* leads to one row */
	MS_PUSH_TEXT,                    /* =, text; as FILTER */
};
struct ms_qcolumn {
	const char *name;
	const char *type;                /* "INTEGER", "TEXT", "REAL" */
	uint8_t push;                    /* enum ms_push */
	bool ascending;                  /* rows come in the order of this column */
	const char *summary;
};
#define MS_QUERY_COLUMNS 31u

struct ms_qbound {
	uint64_t low, high;              /* both inclusive */
	char *text;                      /* of a MS_PUSH_TEXT condition, or of an argument; owned; NULL = none */
};

struct ms_qcursor {
	sqlite3_vtab_cursor base;
	struct ms_query *query;
	const struct ms_qtable *table;
	uint32_t used;                   /* columns that the statement looks at, a bit each */
	struct ms_qbound bounds[MS_QUERY_COLUMNS];
	bool impossible;                 /* no row can match */
	bool eof;
	uint64_t row, row_end;           /* lists: number of the row; streams set it to a number that no other row has */
	void *state;                     /* streams; lists: of load(), else NULL */
};

struct ms_qtable {
	const char *name, *summary;
	const struct ms_qcolumn *columns;
	unsigned count;                  /* of columns, arguments among them */
	unsigned arguments;              /* the last columns, hidden: arguments of a function, all of them needed */
	/* Lists. load: optional; makes what the rows stand in. key NULL: the id of row i is i + 1. */
	int (*load)(struct ms_qcursor *c, struct ms_error *err);
	int (*rows)(struct ms_qcursor *c, uint64_t *count, struct ms_error *err);
	uint64_t (*key)(const struct ms_qcursor *c, uint64_t row);
	/* Streams. next sets eof. */
	int (*open)(struct ms_qcursor *c, struct ms_error *err);
	int (*next)(struct ms_qcursor *c, struct ms_error *err);
	/* Both. close: after load or open, also when they failed. */
	void (*close)(struct ms_qcursor *c);
	int (*value)(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err);
	double (*estimate)(const struct ms_query *q); /* of the rows */
	double row_cost, seek_cost;
};

extern const struct ms_qtable *const ms_qtables[];
extern const size_t ms_qtable_count;
/* Views over the tables: name, summary, SQL behind CREATE TEMP VIEW name AS. */
struct ms_qview {
	const char *name, *summary, *sql;
	const struct ms_qcolumn *columns; /* for the help; the order is that of the SQL */
	unsigned count;
};
extern const struct ms_qview ms_qviews[];
extern const size_t ms_qview_count;

/* vtab.c */
int ms_vtab_register(struct ms_query *q, struct ms_error *err);

/* query_facts.c: what is made once. */
int ms_query_report(struct ms_query *q, struct ms_error *err);
int ms_query_map(struct ms_query *q, struct ms_error *err);
int ms_query_event_blocks(struct ms_query *q, struct ms_error *err);
/* The first and one past the last event of the Events blocks that may hold events of [low_ns, high_ns]. Needs event_blocks. */
void ms_query_events_between(const struct ms_query *q, uint64_t low_ns, uint64_t high_ns, uint64_t *first, uint64_t *end);
/* A moment from text; the peak, which costs a replay, is remembered. */
int ms_query_moment(struct ms_query *q, const char *text, struct ms_instant *out, struct ms_error *err);
/* MS_E_CANCELLED or MS_E_LIMIT when the statement should stop; to be asked every few thousand events. */
int ms_query_should_stop(struct ms_query *q, struct ms_error *err);

/* Values. Unsigned ones beyond 2^63 - 1 become text, which SQLite holds to be larger than every number. */
void ms_q_uint(sqlite3_context *out, uint64_t value);
void ms_q_id(sqlite3_context *out, uint64_t value);     /* 0 = NULL */
/* A step of time: "10ms", or a share of the duration as in "5%". false: it is neither, or 0. */
bool ms_q_step(const char *text, uint64_t duration_ns, uint64_t *step_ns);
void ms_q_text(sqlite3_context *out, const char *text); /* lives as long as the trace; NULL and "" = NULL */
void ms_q_usable(const struct ms_query *q, uint64_t requested, sqlite3_context *out); /* usable.h; NULL where the rule is not known */
void ms_q_node_path(struct ms_query *q, uint32_t node, sqlite3_context *out); /* "inner < caller < ..." */
const struct ms_report_line *ms_q_headline(const struct ms_query *q, uint32_t node);
/* Of a headline: 0 function, 1 file, 2 line, 3 module. */
void ms_q_headline_value(struct ms_query *q, uint32_t node, unsigned what, sqlite3_context *out);

#define MS_QUERY_COUNT(a) ((unsigned)(sizeof(a) / sizeof *(a)))

#endif
