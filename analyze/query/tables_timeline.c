/* tables_timeline.c - timeline(step): live bytes and the traffic of each step of time, from one pass. */
#include <stdlib.h>

#include "analyze/moment.h"
#include "analyze/steps.h"
#include "query_fields.h"

#define MAX_STEPS 1000000u

struct bucket {
	uint64_t start_ns, end_ns;
	uint64_t min_live_bytes, max_live_bytes, last_live_bytes, max_live_blocks, last_live_blocks;
	uint64_t begun, ended, begun_bytes, ended_bytes;
};
static const struct ms_qcolumn columns[] = {
	{"start_ns", "INTEGER", MS_PUSH_NONE, true, "the step covers [start_ns, end_ns)"},
	{"end_ns", "INTEGER", MS_PUSH_NONE, true, "start of the next one"},
	{"min_live_bytes", "INTEGER", MS_PUSH_NONE, false, "the least that lived, the level at the start included"},
	{"max_live_bytes", "INTEGER", MS_PUSH_NONE, false, "the most that lived, the level at the start included"},
	{"last_live_bytes", "INTEGER", MS_PUSH_NONE, false, "at its end"},
	{"max_live_blocks", "INTEGER", MS_PUSH_NONE, false, "the most blocks that lived"},
	{"last_live_blocks", "INTEGER", MS_PUSH_NONE, false, "at its end"},
	{"blocks_begun", "INTEGER", MS_PUSH_NONE, false, "by allocation calls and realloc"},
	{"blocks_ended", "INTEGER", MS_PUSH_NONE, false, "by free and realloc"},
	{"bytes_begun", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	{"bytes_ended", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	{"step", "TEXT", MS_PUSH_NONE, false, "length of a step: '10ms', '1s', '500us', or a share of the run: '5%'"},
};
#define BUCKET(field) MS_QFIELD(U64, bucket, field)
static const struct ms_qfield fields[] = {
	BUCKET(start_ns), BUCKET(end_ns), BUCKET(min_live_bytes), BUCKET(max_live_bytes), BUCKET(last_live_bytes),
	BUCKET(max_live_blocks), BUCKET(last_live_blocks), BUCKET(begun), BUCKET(ended), BUCKET(begun_bytes), BUCKET(ended_bytes),
};
enum { STEP = MS_QUERY_COUNT(columns) - 1 };

struct timeline {
	struct bucket *at;
	size_t count, now;               /* buckets up to `now` are begun */
	uint64_t step_ns, live_bytes, live_blocks;
};

static void go_to(struct timeline *t, uint64_t time_ns)
{
	size_t target = time_ns / t->step_ns;

	while (t->now < target && t->now + 1 < t->count) {
		t->now++;
		t->at[t->now].min_live_bytes = t->at[t->now].max_live_bytes = t->at[t->now].last_live_bytes = t->live_bytes;
		t->at[t->now].max_live_blocks = t->at[t->now].last_live_blocks = t->live_blocks;
	}
}

static void take_view(struct timeline *t, const struct ms_view *v)
{
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]), size = v->size_bytes[i];
		struct bucket *b;

		go_to(t, v->time_ns[i]);
		b = &t->at[t->now];
		t->live_bytes = b->last_live_bytes = v->live_bytes[i];
		t->live_blocks = b->last_live_blocks = v->live_blocks[i];
		if (t->live_bytes < b->min_live_bytes)
			b->min_live_bytes = t->live_bytes;
		if (t->live_bytes > b->max_live_bytes)
			b->max_live_bytes = t->live_bytes;
		if (t->live_blocks > b->max_live_blocks)
			b->max_live_blocks = t->live_blocks;
		b->begun += begins;
		b->begun_bytes += size & -begins;
		b->ended += ends;
		b->ended_bytes += size & -ends;
		if (v->step[i] == MS_STEP_RETURN) { /* the realloc did not end its block */
			b = &t->at[v->moved_ns / t->step_ns];
			b->ended--;
			b->ended_bytes -= size;
		}
	}
}

static int pass(struct ms_query *q, struct timeline *t, struct ms_error *err)
{
	struct ms_view_room *room = malloc(sizeof *room);
	struct ms_cursor *cursor = NULL;
	struct ms_steps *steps = NULL;
	struct ms_batch batch = {0};
	bool ended = false;
	int rc = room ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the timeline");

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
				take_view(t, &view);
		}
	}
	if (rc == MS_OK)
		go_to(t, UINT64_MAX);
	ms_cursor_close(cursor);
	ms_steps_close(steps);
	free(room);
	return rc;
}

bool ms_q_step(const char *text, uint64_t duration_ns, uint64_t *step_ns)
{
	struct ms_moment step;

	if (ms_moment_parse(&step, text, NULL))
		return false;
	if (step.kind == MS_MOMENT_TIME)
		*step_ns = step.value;
	else if (step.kind == MS_MOMENT_SHARE) /* millionths of a percent, of what may be 0 ns long */
		*step_ns = (uint64_t)((unsigned __int128)duration_ns * step.value / 100000000u) + (duration_ns == 0);
	else
		return false;
	return *step_ns != 0;
}

static int timeline_load(struct ms_qcursor *c, struct ms_error *err)
{
	const struct ms_trace *trace = c->query->trace;
	const struct ms_end *end = ms_trace_end(trace);
	struct timeline *t = c->state = calloc(1, sizeof *t);
	uint64_t duration = ms_trace_last_time_ns(trace);
	int rc;

	if (!t)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the timeline");
	if (end && end->time_ns > duration)
		duration = end->time_ns;
	if (!ms_q_step(c->bounds[STEP].text, duration, &t->step_ns))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "timeline('%s'): a step is '10ms', '1s', '500us', ..., or '5%%' of the run",
		               c->bounds[STEP].text);
	if (duration / t->step_ns >= MAX_STEPS)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "timeline('%s') has more than %u steps", c->bounds[STEP].text, MAX_STEPS);
	t->count = duration / t->step_ns + 1;
	t->at = calloc(t->count, sizeof *t->at);
	rc = t->at ? ms_query_map(c->query, err) : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the timeline");
	if (rc)
		return rc;
	for (size_t i = 0; i < t->count; i++) {
		t->at[i].start_ns = i * t->step_ns;
		t->at[i].end_ns = (i + 1) * t->step_ns;
	}
	return pass(c->query, t, err);
}

static int timeline_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ((const struct timeline *)c->state)->count;
	return MS_OK;
}

static void timeline_close(struct ms_qcursor *c)
{
	struct timeline *t = c->state;

	if (t)
		free(t->at);
	free(t);
}

static int timeline_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	ms_q_field(out, &((const struct timeline *)c->state)->at[c->row], &fields[column]);
	return MS_OK;
}

static double timeline_estimate(const struct ms_query *q)
{
	(void)q;
	return 1000;
}

const struct ms_qtable ms_qtable_timeline = {
	.name = "timeline", .summary = "live bytes and traffic in steps of time", .columns = columns, .count = MS_QUERY_COUNT(columns),
	.arguments = 1, .load = timeline_load, .rows = timeline_rows, .close = timeline_close, .value = timeline_value,
	.estimate = timeline_estimate, .row_cost = 1, .seek_cost = 1e7,
};
