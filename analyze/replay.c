/*
 * replay.c - cursor -> steps -> analyses.
 *
 * With threads, each arrow is a hand-over: the cursor decodes ahead on a thread of its own, this thread resolves events and
 * makes steps, and all analyses run on a third. Their work is about equal.
 */
#include "replay.h"

#include <stdlib.h>
#include <unistd.h>

#include "format/cancel.h"
#include "format/checkpoint.h"
#include "format/trace_index.h"
#include "live_view.h"
#include "reconcile.h"
#include "steps.h"
#include "view_queue.h"

#define EVENTS_FOR_THREADS 20000u /* fewer are replayed sooner than threads are made */

struct replay {
	const struct ms_analysis_ops *const *list;
	size_t count;
	void **states;
	struct ms_steps *steps;
	struct ms_view_queue *queue;     /* NULL: analyses run on this thread, in `room` */
	struct ms_view_room *room;
	struct ms_reconciler *reconciler;
	uint64_t live_event;             /* it wants the live blocks here; UINT64_MAX: it is not reached, or not wanted */
};

static int feed(void *context, const struct ms_view *view, struct ms_error *err)
{
	const struct replay *r = context;

	for (size_t i = 0; i < r->count; i++) {
		int rc = r->list[i]->view(r->states[i], view, err);

		if (rc)
			return rc;
	}
	return MS_OK;
}

/* All views of one batch; batch NULL: those that wait at the end. */
static int feed_batch(struct replay *r, const struct ms_batch *batch, struct ms_error *err)
{
	uint32_t position = 0;

	for (;;) {
		struct ms_view_room *room = r->queue ? ms_view_queue_room(r->queue) : r->room;
		struct ms_view view;
		bool produced;
		int rc = ms_steps_next(r->steps, batch, &position, room, &view, &produced, err);

		if (rc || !produced)
			return rc;
		rc = r->queue ? ms_view_queue_push(r->queue, &view, err) : feed(r, &view, err);
		if (rc)
			return rc;
	}
}

/* Events [first, first + count) of a batch. */
static struct ms_batch part_of(const struct ms_batch *b, uint32_t first, uint32_t count)
{
	return (struct ms_batch){
		.count = count, .first_event = b->first_event + first, .kind = b->kind + first, .time_ns = b->time_ns + first,
		.thread = b->thread + first, .size_bytes = b->size_bytes + first, .block = b->block + first,
		.stack = b->stack + first, .birth_stack = b->birth_stack + first, .birth_thread = b->birth_thread + first,
		.birth_ns = b->birth_ns + first, .birth_kind = b->birth_kind + first,
		.address = b->address ? b->address + first : NULL, .arg = b->arg ? b->arg + first : NULL,
	};
}

static int feed_part(struct replay *r, const struct ms_batch *b, uint32_t first, uint32_t count, struct ms_error *err)
{
	struct ms_batch part = part_of(b, first, count);

	return count ? feed_batch(r, &part, err) : MS_OK;
}

static int start_window(struct replay *r, const struct ms_report_window *window, struct ms_error *err)
{
	int rc = ms_steps_window(r->steps, window->from_ns, err);

	return rc ? rc : feed_batch(r, NULL, err);
}

/* ---- beginning midway ---------------------------------------------------------------------------------------------- */

/* Where the replay starts and what it knows then. */
struct beginning {
	struct ms_checkpoint checkpoint; /* when has_checkpoint */
	bool has_checkpoint;
	struct ms_start start;
	uint64_t *evidence;
	bool midway;                     /* blocks lived before the first event */
};

/* The nearest checkpoint before the window, when the trace has an index. A wider window for temporary blocks needs more than those know. */
static int find_beginning(struct beginning *b, const struct ms_analysis_context *context, uint64_t from, struct ms_error *err)
{
	struct ms_error why;
	int rc = MS_OK;

	if (from == 0 || context->temporary_window > 1 || context->from_start)
		return MS_OK;
	rc = ms_trace_checkpoint_before(context->trace, from, &b->checkpoint, &b->has_checkpoint, err);
	if (rc || !b->has_checkpoint)
		return rc;
	rc = ms_trace_evidence_before(context->trace, b->checkpoint.event, &b->evidence, &b->start.evidence_count, &why);
	b->has_checkpoint = rc == MS_OK;
	if (rc == MS_E_NOMEM)
		return ms_fail(err, rc, why.offset, "%s", why.message);
	if (rc == MS_OK)
		b->start = (struct ms_start){b->checkpoint.event, &b->checkpoint, b->evidence, b->start.evidence_count};
	return MS_OK;
}

/* Before any thread of analyses runs: steps and analyses as they are where the cursor stands. */
static int begin(struct replay *r, struct beginning *b, struct ms_cursor *cursor, const struct ms_stack_map *stacks,
                 uint32_t columns, struct ms_error *err)
{
	const struct ms_live_block *live;
	uint64_t bytes = 0, blocks = 0;
	size_t n;
	int rc = ms_cursor_live(cursor, &live, &n, err);

	b->midway = rc == MS_OK && (b->has_checkpoint || n);
	if (rc || !b->midway)
		return rc;
	if (b->has_checkpoint)
		rc = ms_steps_restore(r->steps, &b->checkpoint, err);
	for (size_t i = 0; rc == MS_OK && i < n; i += MS_VIEW_EVENTS) {
		struct ms_view view;

		ms_live_view(&view, r->room, r->steps, stacks, live + i, n - i < MS_VIEW_EVENTS ? (uint32_t)(n - i) : MS_VIEW_EVENTS,
		             columns & MS_COLUMN_ADDRESS, &bytes, &blocks);
		rc = feed(r, &view, err);
	}
	if (rc == MS_OK && ms_steps_level(r->steps, bytes, blocks, n ? live[n - 1].block : 0, n ? live[n - 1].birth_ns : 0))
		rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "a checkpoint of the index has not the live blocks that it says");
	for (size_t i = 0; rc == MS_OK && i < r->count; i++)
		if (r->list[i]->restore)
			rc = r->list[i]->restore(r->states[i], &b->start, err);
	return rc;
}

/* No batch reaches across this moment. */
static int hand_over_live(struct ms_cursor *cursor, struct ms_reconciler *to, struct ms_error *err)
{
	int rc = ms_cursor_walk_live(cursor, ms_reconciler_live, to, err);

	if (rc == MS_OK)
		ms_reconciler_had_live(to);
	return rc;
}

static int feed_trace(struct replay *r, struct ms_cursor *cursor, const struct beginning *beginning,
                      const struct ms_report_window *window, const struct ms_report_options *options, struct ms_error *err)
{
	const uint64_t from = window->from_event, to = window->to_event;
	bool started = from == 0 && !beginning->midway;
	uint64_t done = beginning->start.event;
	int rc;

	for (;;) {
		struct ms_batch batch;

		if (done == r->live_event && (rc = hand_over_live(cursor, r->reconciler, err)) != MS_OK)
			return rc;
		rc = ms_cancelled(options->cancel, err);
		if (rc == MS_OK)
			rc = ms_cursor_next(cursor, &batch, err);
		if (rc)
			return rc;
		if (batch.count == 0 || done >= to)
			break;
		/* Of the batch [0, cut) lies before the window, [cut, end) in it. */
		uint32_t end = batch.count < to - done ? batch.count : (uint32_t)(to - done);
		uint32_t cut = from <= done ? 0 : end < from - done ? end : (uint32_t)(from - done);

		rc = feed_part(r, &batch, 0, cut, err);
		if (rc == MS_OK && !started && done + cut == from) {
			rc = start_window(r, window, err);
			started = true;
		}
		if (rc == MS_OK)
			rc = feed_part(r, &batch, cut, end - cut, err);
		if (rc)
			return rc;
		done += end;
		if (options->progress)
			options->progress(options->progress_arg, done, to);
	}
	rc = started ? MS_OK : start_window(r, window, err);
	if (rc == MS_OK)
		rc = ms_steps_end(r->steps, err);
	return rc ? rc : feed_batch(r, NULL, err);
}

static int open_queue(struct replay *r, struct ms_error *err)
{
	int rc = ms_view_queue_open(&r->queue, feed, r, err);

	return rc == MS_E_UNSUPPORTED ? MS_OK : rc; /* no thread to be had: without */
}

int ms_replay(const struct ms_analysis_ops *const *list, size_t count, const struct ms_analysis_context *context,
              const struct ms_report_options *options, struct ms_report *report, struct ms_error *err)
{
	const struct ms_trace *trace = context->trace;
	const bool worth_it = ms_trace_event_count(trace) >= EVENTS_FOR_THREADS && sysconf(_SC_NPROCESSORS_ONLN) > 1;
	unsigned threads = options->threads ? options->threads : worth_it ? 3 : 1;
	struct replay r = {.list = list, .count = count, .reconciler = context->reconciler, .live_event = UINT64_MAX};
	struct beginning beginning = {0};
	struct ms_cursor *cursor = NULL;
	uint32_t columns = 0;
	int rc, queue_rc;

	if (r.reconciler && ms_reconciler_event(r.reconciler) <= report->window.to_event)
		r.live_event = ms_reconciler_event(r.reconciler);
	r.states = calloc(count + 1, sizeof *r.states);
	r.room = malloc(sizeof *r.room);
	rc = r.states && r.room ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to replay the trace");
	for (size_t i = 0; rc == MS_OK && i < count; i++) {
		columns |= list[i]->columns;
		rc = list[i]->create(&r.states[i], context, err);
	}
	if (rc == MS_OK)
		rc = ms_steps_open(&r.steps, context->stacks, ms_trace_thread_count(trace), context->temporary_window, err);
	if (rc == MS_OK && columns & MS_COLUMN_FROM)
		ms_steps_tell_from(r.steps);
	columns &= ~MS_COLUMN_FROM;
	if (rc == MS_OK)
		rc = find_beginning(&beginning, context, report->window.from_event, err);
	if (rc == MS_OK && beginning.has_checkpoint && r.reconciler) {
		ms_reconciler_midway(r.reconciler);
		if (r.live_event <= beginning.start.event)
			r.live_event = UINT64_MAX;
	}
	if (rc == MS_OK)
		rc = ms_cursor_open_live(&cursor, trace, columns, beginning.start.event, r.live_event, threads, err);
	if (rc == MS_OK)
		rc = begin(&r, &beginning, cursor, context->stacks, columns, err);
	if (rc == MS_OK && threads > 2)
		rc = open_queue(&r, err);
	if (rc == MS_OK)
		rc = feed_trace(&r, cursor, &beginning, &report->window, options, err);
	queue_rc = ms_view_queue_close(r.queue, rc == MS_OK, rc == MS_OK ? err : NULL);
	if (rc == MS_OK)
		rc = queue_rc;
	for (size_t i = 0; rc == MS_OK && i < count; i++)
		rc = list[i]->finish(r.states[i], report, err);
	ms_cursor_close(cursor);
	ms_steps_close(r.steps);
	for (size_t i = 0; r.states && i < count; i++)
		list[i]->destroy(r.states[i]);
	ms_checkpoint_free(&beginning.checkpoint);
	free(beginning.evidence);
	free(r.states);
	free(r.room);
	return rc;
}
