/* tables_series.c - series(step, by): as timeline(step), by site, thread, module, size class or family; only steps in which something happened. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analysis.h"
#include "analyze/moment.h"
#include "analyze/steps.h"
#include "query_fields.h"

static const struct ms_qcolumn columns[] = {
	{"start_ns", "INTEGER", MS_PUSH_NONE, false, "the step covers [start_ns, end_ns)"},
	{"end_ns", "INTEGER", MS_PUSH_NONE, false, "start of the next one"},
	{"key", "INTEGER", MS_PUSH_NONE, false, "site: sites.id; thread: threads.id; size: bits of the size; family: event kind; module: NULL"},
	{"name", "TEXT", MS_PUSH_NONE, false, "function, module, range of sizes in bytes, call; thread: NULL, see threads"},
	{"min_live_bytes", "INTEGER", MS_PUSH_NONE, false, "the least that lived, the level at the start included"},
	{"max_live_bytes", "INTEGER", MS_PUSH_NONE, false, "the most that lived, the level at the start included"},
	{"last_live_bytes", "INTEGER", MS_PUSH_NONE, false, "at its end, and until the next row of this key"},
	{"last_live_blocks", "INTEGER", MS_PUSH_NONE, false, "at its end, and until the next row of this key"},
	{"blocks_begun", "INTEGER", MS_PUSH_NONE, false, "by allocation calls and realloc"},
	{"blocks_ended", "INTEGER", MS_PUSH_NONE, false, "by free and realloc"},
	{"bytes_begun", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	{"bytes_ended", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	{"step", "TEXT", MS_PUSH_NONE, false, "length of a step: '10ms', '1s', '500us', or a share of the run: '5%'"},
	{"by", "TEXT", MS_PUSH_NONE, false, "site, thread, module, size or family"},
};
enum { START, END, KEY, NAME, FIRST_FIELD, STEP = MS_QUERY_COUNT(columns) - 2, BY };
#define CELL(type, field) MS_QFIELD(type, ms_timeline_cell, field)
static const struct ms_qfield fields[] = {
	CELL(U64, min_live_bytes), CELL(U64, max_live_bytes), CELL(U64, last_live_bytes), CELL(U64, last_live_blocks),
	CELL(U32, allocations), CELL(U32, frees), CELL(U64, allocated_bytes), CELL(U64, freed_bytes),
};

extern const struct ms_analysis_ops ms_analysis_timeline_groups;

struct series {
	struct ms_report report;         /* its timeline_by, nothing else */
	int group;
	uint64_t step_ns;
};

static int feed(struct ms_query *q, void *analysis, struct ms_error *err)
{
	struct ms_view_room *room = malloc(sizeof *room);
	struct ms_cursor *cursor = NULL;
	struct ms_steps *steps = NULL;
	struct ms_batch batch = {0};
	bool ended = false;
	int rc = room ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the series");

	if (rc == MS_OK)
		rc = ms_steps_open(&steps, &q->map, ms_trace_thread_count(q->trace), 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_open(&cursor, q->trace, 0, 0, 2, err);
	while (rc == MS_OK && !ended) {
		uint32_t position = 0;
		bool produced = true;

		rc = ms_query_should_stop(q, err);
		if (rc == MS_OK)
			rc = ms_cursor_next(cursor, &batch, err);
		ended = rc == MS_OK && !batch.count;
		if (ended)
			rc = ms_steps_end(steps, err);
		while (rc == MS_OK && produced) {
			struct ms_view view;

			rc = ms_steps_next(steps, ended ? NULL : &batch, &position, room, &view, &produced, err);
			if (rc == MS_OK && produced)
				rc = ms_analysis_timeline_groups.view(analysis, &view, err);
		}
	}
	ms_cursor_close(cursor);
	ms_steps_close(steps);
	free(room);
	return rc;
}

static int series_load(struct ms_qcursor *c, struct ms_error *err)
{
	const struct ms_trace *trace = c->query->trace;
	const struct ms_end *end = ms_trace_end(trace);
	const char *step_text = c->bounds[STEP].text, *by = c->bounds[BY].text;
	struct series *s = c->state = calloc(1, sizeof *s);
	struct ms_analysis_context context = {.trace = trace, .stacks = &c->query->map};
	uint64_t duration = ms_trace_last_time_ns(trace);
	void *analysis = NULL;
	int rc;

	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the series");
	if (end && end->time_ns > duration)
		duration = end->time_ns;
	if (!ms_q_step(step_text, duration, &s->step_ns) || s->step_ns > INT64_MAX)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "series('%s', ...): a step is '10ms', '1s', '500us', ..., or '5%%' of the run", step_text);
	while (s->group < MS_TIMELINE_GROUP_COUNT && strcmp(ms_timeline_groups[s->group].name, by) != 0)
		s->group++;
	if (s->group == MS_TIMELINE_GROUP_COUNT)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "series(..., '%.40s'): series are by site, thread, module, size or family", by);
	if (duration > INT64_MAX || duration / s->step_ns >= MS_TIMELINE_BUCKETS_MAX)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "series('%s', ...) has more than %u steps", step_text, MS_TIMELINE_BUCKETS_MAX);
	/* So long that each bucket is one step. */
	context.timeline_buckets = (uint32_t)(duration / s->step_ns + 1);
	context.to_ns = context.timeline_buckets * s->step_ns - 1;
	context.timeline_by = 1u << s->group;
	rc = ms_query_map(c->query, err);
	if (rc == MS_OK)
		rc = ms_analysis_timeline_groups.create(&analysis, &context, err);
	if (rc == MS_OK)
		rc = feed(c->query, analysis, err);
	if (rc == MS_OK)
		rc = ms_analysis_timeline_groups.finish(analysis, &s->report, err);
	ms_analysis_timeline_groups.destroy(analysis);
	return rc;
}

static int series_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	const struct series *s = c->state;

	(void)err;
	*count = s->report.timeline_by[s->group].cell_count;
	return MS_OK;
}

static void series_close(struct ms_qcursor *c)
{
	struct series *s = c->state;

	if (s)
		ms_report_free(&s->report);
	free(s);
}

/* Cells of all series stand one behind the other, in the order of the series. */
static uint32_t key_of(const struct ms_timeline_group_series *g, size_t cell)
{
	size_t low = 0, high = g->series_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (g->series[middle].first_cell <= cell)
			low = middle;
		else
			high = middle;
	}
	return g->series[low].key;
}

static void name_value(struct ms_query *q, int group, uint32_t key, sqlite3_context *out)
{
	char text[64];

	switch (group) {
	case MS_TIMELINE_SITE:
		ms_q_headline_value(q, key, 0, out);
		break;
	case MS_TIMELINE_MODULE: /* a call path of it */
		ms_q_headline_value(q, key, 3, out);
		break;
	case MS_TIMELINE_SIZE:
		snprintf(text, sizeof text, key < 2 ? "%" PRIu64 : "%" PRIu64 " to %" PRIu64, key ? UINT64_C(1) << (key - 1) : 0,
		         key ? UINT64_MAX >> (64 - key) : 0);
		sqlite3_result_text(out, text, -1, SQLITE_TRANSIENT);
		break;
	case MS_TIMELINE_FAMILY:
		ms_q_text(out, ms_event_kinds[key].name);
		break;
	default:
		break;
	}
}

static int series_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct series *s = c->state;
	const struct ms_timeline_group_series *g = &s->report.timeline_by[s->group];
	const struct ms_timeline_cell *cell = &g->cells[c->row];

	(void)err;
	if (column == START || column == END)
		ms_q_uint(out, (cell->bucket + (uint64_t)(column == END)) * s->step_ns);
	else if (column == NAME)
		name_value(c->query, s->group, key_of(g, c->row), out);
	else if (column >= FIRST_FIELD)
		ms_q_field(out, cell, &fields[column - FIRST_FIELD]);
	else if (s->group != MS_TIMELINE_MODULE)
		ms_q_uint(out, key_of(g, c->row));
	return MS_OK;
}

static double series_estimate(const struct ms_query *q)
{
	(void)q;
	return 10000;
}

const struct ms_qtable ms_qtable_series = {
	.name = "series", .summary = "live bytes and traffic in steps of time, by site, thread, ...", .columns = columns,
	.count = MS_QUERY_COUNT(columns), .arguments = 2, .load = series_load, .rows = series_rows, .close = series_close,
	.value = series_value, .estimate = series_estimate, .row_cost = 1, .seek_cost = 1e7,
};
