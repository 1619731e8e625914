/* query.c - the life of a query: a database in memory without data, the tables, who may do what, when to stop. */
#include <stdlib.h>
#include <string.h>

#include "analyze/address_moments.h"
#include "analyze/usable.h"
#include "query_internal.h"

#define STEPS_BETWEEN_CHECKS 10000
#define MEMORY_OF_SORTS (64 << 20)

static int fail_sql(struct ms_query *q, int rc, struct ms_error *err)
{
	int code = rc & 0xff;

	if (q->failure.code) {
		if (err)
			*err = q->failure;
		return q->failure.code;
	}
	if (q->timed_out)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "stopped after %.3g s (--timeout)", (double)q->options.timeout_ns / 1e9);
	if (q->interrupted || code == SQLITE_INTERRUPT)
		return ms_fail(err, MS_E_CANCELLED, MS_NO_OFFSET, "interrupted");
	if (code == SQLITE_NOMEM && q->options.max_memory_bytes)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "sorting and grouping need more than %llu MiB (--max-memory)",
		               (unsigned long long)(q->options.max_memory_bytes >> 20));
	if (code == SQLITE_NOMEM)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	if (code == SQLITE_AUTH)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "only SELECT is allowed: %s", sqlite3_errmsg(q->db));
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "SQL: %s", sqlite3_errmsg(q->db));
}

/* What a statement may do. */
static int authorize(void *arg, int action, const char *a, const char *b, const char *database, const char *trigger)
{
	const struct ms_query *q = arg;

	(void)a;
	(void)database;
	(void)trigger;
	if (q->declaring)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

static int stop_now(void *arg)
{
	return ms_query_should_stop(arg, NULL) != MS_OK;
}

static bool cancel_asked(void *arg)
{
	return ms_query_should_stop(arg, NULL) != MS_OK;
}

int ms_query_should_stop(struct ms_query *q, struct ms_error *err)
{
	struct timespec now;

	if (q->interrupted)
		return ms_fail(err, MS_E_CANCELLED, MS_NO_OFFSET, "interrupted");
	if (!q->options.timeout_ns)
		return MS_OK;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((uint64_t)(now.tv_sec - q->started.tv_sec) * 1000000000u + (uint64_t)now.tv_nsec - (uint64_t)q->started.tv_nsec <
	    q->options.timeout_ns)
		return MS_OK;
	q->timed_out = true;
	return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "stopped after %.3g s (--timeout)", (double)q->options.timeout_ns / 1e9);
}

static int make_views(struct ms_query *q, struct ms_error *err)
{
	for (size_t i = 0; i < ms_qview_count; i++) {
		char *sql = sqlite3_mprintf("CREATE TEMP VIEW %s AS %s", ms_qviews[i].name, ms_qviews[i].sql);
		int rc = sql ? sqlite3_exec(q->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

		sqlite3_free(sql);
		if (rc)
			return fail_sql(q, rc, err);
	}
	return MS_OK;
}

int ms_query_open(struct ms_query **out, const struct ms_trace *trace, const struct ms_query_options *options,
                  struct ms_error *err)
{
	struct ms_query *q = calloc(1, sizeof *q);
	int rc;

	*out = NULL;
	if (!q)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	q->trace = trace;
	q->usable_known = ms_usable_known(ms_trace_process(trace));
	if (options)
		q->options = *options;
	q->cancel = (struct ms_cancel){cancel_asked, q};
	clock_gettime(CLOCK_MONOTONIC, &q->started);
	if (q->options.max_memory_bytes && q->options.max_memory_bytes <= INT64_MAX)
		sqlite3_hard_heap_limit64((sqlite3_int64)q->options.max_memory_bytes);
	rc = sqlite3_open_v2(":memory:", &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc) {
		rc = fail_sql(q, rc, err);
		goto fail;
	}
	sqlite3_exec(q->db, "PRAGMA temp_store = memory", NULL, NULL, NULL); /* nothing is written anywhere */
	rc = ms_vtab_register(q, err);
	if (rc == MS_OK)
		rc = make_views(q, err);
	if (rc)
		goto fail;
	sqlite3_limit(q->db, SQLITE_LIMIT_LENGTH, MEMORY_OF_SORTS);
	sqlite3_limit(q->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_set_authorizer(q->db, authorize, q);
	sqlite3_progress_handler(q->db, STEPS_BETWEEN_CHECKS, stop_now, q);
	*out = q;
	return MS_OK;
fail:
	ms_query_close(q);
	return rc;
}

void ms_query_close(struct ms_query *q)
{
	if (!q)
		return;
	sqlite3_finalize(q->statement);
	sqlite3_close(q->db);
	if (q->has_report)
		ms_report_free(&q->report);
	if (q->has_map)
		ms_stack_map_free(&q->map);
	free(q->event_blocks);
	ms_address_space_free(&q->space);
	free(q);
}

static bool only_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r' || *s == ';')
		s++;
	return *s == '\0';
}

int ms_query_prepare(struct ms_query *q, const char *sql, struct ms_error *err)
{
	const char *rest = "";
	sqlite3_stmt *more = NULL;
	int rc;

	sqlite3_finalize(q->statement);
	q->statement = NULL;
	q->timed_out = false;
	q->failure.code = MS_OK;
	clock_gettime(CLOCK_MONOTONIC, &q->started);
	rc = sqlite3_prepare_v2(q->db, sql, -1, &q->statement, &rest);
	if (rc)
		return fail_sql(q, rc, err);
	if (!q->statement)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "there is no statement");
	if (only_blanks(rest))
		return MS_OK;
	rc = sqlite3_prepare_v2(q->db, rest, -1, &more, NULL); /* a comment is nothing */
	if (rc == SQLITE_OK && !more)
		return MS_OK;
	sqlite3_finalize(more);
	sqlite3_finalize(q->statement);
	q->statement = NULL;
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "one statement at a time");
}

int ms_query_bind_int(struct ms_query *q, unsigned index, int64_t value, struct ms_error *err)
{
	int rc = sqlite3_bind_int64(q->statement, (int)index, value);

	return rc ? fail_sql(q, rc, err) : MS_OK;
}

int ms_query_bind_text(struct ms_query *q, unsigned index, const char *value, struct ms_error *err)
{
	int rc = sqlite3_bind_text(q->statement, (int)index, value, -1, SQLITE_TRANSIENT);

	return rc ? fail_sql(q, rc, err) : MS_OK;
}

unsigned ms_query_column_count(const struct ms_query *q)
{
	return (unsigned)sqlite3_column_count(q->statement);
}

const char *ms_query_column_name(const struct ms_query *q, unsigned column)
{
	const char *name = sqlite3_column_name(q->statement, (int)column);

	return name ? name : "";
}

int ms_query_step(struct ms_query *q, bool *row, struct ms_error *err)
{
	int rc;

	*row = false;
	if (!q->statement)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "no statement was prepared");
	rc = sqlite3_step(q->statement);
	if (rc == SQLITE_ROW) {
		*row = true;
		return MS_OK;
	}
	return rc == SQLITE_DONE ? MS_OK : fail_sql(q, rc, err);
}

void ms_query_value(const struct ms_query *q, unsigned column, struct ms_value *out)
{
	int i = (int)column;

	*out = (struct ms_value){.kind = MS_VALUE_NULL, .text = ""};
	switch (sqlite3_column_type(q->statement, i)) {
	case SQLITE_INTEGER:
		out->kind = MS_VALUE_INT;
		out->integer = sqlite3_column_int64(q->statement, i);
		break;
	case SQLITE_FLOAT:
		out->kind = MS_VALUE_REAL;
		out->real = sqlite3_column_double(q->statement, i);
		out->text = (const char *)sqlite3_column_text(q->statement, i);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		out->kind = MS_VALUE_TEXT;
		out->text = (const char *)sqlite3_column_text(q->statement, i);
		break;
	default:
		break;
	}
	if (!out->text)
		out->text = "";
}

void ms_query_interrupt(struct ms_query *q)
{
	q->interrupted = 1;
	sqlite3_interrupt(q->db);
}
