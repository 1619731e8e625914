/* tables_pauses.c - snapshots and pauses, as the report has them. */
#include "analyze/pauses.h"
#include "query_fields.h"

/* ---- snapshots ---------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn snapshot_columns[] = {
	{"name", "TEXT", MS_PUSH_NONE, false, "snapshot('snapshot:NAME') shows what lived then"},
	{"event", "INTEGER", MS_PUSH_NONE, true, "events.event"},
	{"time_ns", "INTEGER", MS_PUSH_NONE, true, "nanoseconds since the start of the recording"},
	{"thread", "INTEGER", MS_PUSH_NONE, false, "threads.id; the main thread when it was asked for from outside"},
	{"live_blocks", "INTEGER", MS_PUSH_NONE, false, "alive at that moment"},
	{"live_bytes", "INTEGER", MS_PUSH_NONE, false, "alive at that moment"},
	{"asked_by", "TEXT", MS_PUSH_NONE, false, "program, control, rss, heap, interval, signal"},
};
#define SNAPSHOT(type, field) MS_QFIELD(type, ms_report_snapshot, field)
static const struct ms_qfield snapshot_fields[] = {
	SNAPSHOT(TEXT, name), SNAPSHOT(U64, event), SNAPSHOT(U64, time_ns), SNAPSHOT(U32_ID, thread), SNAPSHOT(U64, live_blocks),
	SNAPSHOT(U64, live_bytes),
};
enum { SNAPSHOT_ASKED_BY = MS_QUERY_COUNT(snapshot_fields) };

static int snapshot_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	int rc = ms_query_report(c->query, err);

	*count = rc ? 0 : c->query->report.snapshots.count;
	return rc;
}

static int snapshot_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_report_snapshot *s = &c->query->report.snapshots.list[c->row];

	(void)err;
	if (column == SNAPSHOT_ASKED_BY)
		ms_q_text(out, ms_asked_by_name(s->asked_by));
	else
		ms_q_field(out, s, &snapshot_fields[column]);
	return MS_OK;
}

static double a_few(const struct ms_query *q)
{
	(void)q;
	return 10;
}

const struct ms_qtable ms_qtable_snapshots = {
	.name = "snapshots", .summary = "moments with names: asked for by the program, by control, by levels and intervals", .columns = snapshot_columns,
	.count = MS_QUERY_COUNT(snapshot_columns), .rows = snapshot_rows, .value = snapshot_value, .estimate = a_few, .row_cost = 1, .seek_cost = 1,
};

/* ---- pauses ------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn pause_columns[] = {
	{"from_ns", "INTEGER", MS_PUSH_NONE, true, "nanoseconds since the start of the recording"},
	{"to_ns", "INTEGER", MS_PUSH_NONE, true, "the same; of the end when it was not resumed"},
	{"from_event", "INTEGER", MS_PUSH_NONE, true, "its first event"},
	{"to_event", "INTEGER", MS_PUSH_NONE, true, "one after its last event"},
	{"asked_by", "TEXT", MS_PUSH_NONE, false, "program, control"},
	{"resumed_by", "TEXT", MS_PUSH_NONE, false, "the same; NULL: it was not resumed"},
};
#define PAUSE(field) MS_QFIELD(U64, ms_report_pause, field)
static const struct ms_qfield pause_fields[] = {PAUSE(from_ns), PAUSE(to_ns), PAUSE(from_event), PAUSE(to_event)};
enum { PAUSE_ASKED_BY = MS_QUERY_COUNT(pause_fields), PAUSE_RESUMED_BY };

static int pause_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	int rc = ms_query_report(c->query, err);

	*count = rc ? 0 : c->query->report.pauses.count;
	return rc;
}

static int pause_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_report_pause *p = &c->query->report.pauses.list[c->row];

	(void)err;
	if (column == PAUSE_ASKED_BY)
		ms_q_text(out, ms_asked_by_name(p->asked_by));
	else if (column == PAUSE_RESUMED_BY)
		ms_q_text(out, p->ended ? ms_asked_by_name(p->resumed_by) : NULL);
	else
		ms_q_field(out, p, &pause_fields[column]);
	return MS_OK;
}

const struct ms_qtable ms_qtable_pauses = {
	.name = "pauses", .summary = "when recording was paused: what was allocated then is in no figure", .columns = pause_columns,
	.count = MS_QUERY_COUNT(pause_columns), .rows = pause_rows, .value = pause_value, .estimate = a_few, .row_cost = 1, .seek_cost = 1,
};
