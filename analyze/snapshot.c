/* snapshot.c - a cursor that goes from instant to instant, and beside it, when counts are wanted, the steps and analyses of a report. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "format/container.h"
#include "format/trace_index.h"
#include "live_view.h"
#include "snapshot_internal.h"

extern const struct ms_analysis_ops ms_analysis_totals, ms_analysis_thread_ledgers;
static const struct ms_analysis_ops *const counting[MS_SNAPSHOT_ANALYSES] = {&ms_analysis_totals, &ms_analysis_thread_ledgers};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a snapshot");
}

/* ---- counting ----------------------------------------------------------------------------------------------------- */

/* Keeps what a realloc takes; when many are over, those are dropped first. */
static int keep_move(struct ms_snapshots *s, const struct ms_live_block *b)
{
	if (s->move_count == s->move_capacity) {
		size_t kept = 0, capacity;
		struct ms_live_block *grown;

		for (size_t i = 0; i < s->move_count; i++)
			if (ms_steps_waits(s->steps, s->moves[i].block))
				s->moves[kept++] = s->moves[i];
		s->move_count = kept;
		capacity = kept * 2 + 1024;
		grown = capacity > s->move_capacity ? realloc(s->moves, capacity * sizeof *grown) : s->moves;
		if (!grown)
			return MS_E_NOMEM;
		s->moves = grown;
		if (capacity > s->move_capacity)
			s->move_capacity = capacity;
	}
	s->moves[s->move_count++] = *b;
	return MS_OK;
}

static int note_moves(struct ms_snapshots *s, const struct ms_view *v, struct ms_error *err)
{
	if (!v->birth_kind || !v->address)
		return MS_OK;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct ms_live_block b = {
			.block = v->block[i], .address = v->address[i], .size_bytes = v->size_bytes[i], .birth_ns = v->birth_ns[i],
			.stack = v->birth_stack[i], .thread = v->birth_thread[i], .kind = v->birth_kind[i],
		};

		if (v->step[i] == MS_STEP_MOVE && keep_move(s, &b))
			return no_memory(err);
	}
	return MS_OK;
}

static int feed(struct ms_snapshots *s, const struct ms_batch *batch, struct ms_error *err)
{
	uint32_t position = 0;

	for (;;) {
		struct ms_view view;
		bool produced;
		int rc = ms_steps_next(s->steps, batch, &position, s->room, &view, &produced, err);

		if (rc || !produced)
			return rc;
		if (!s->counts)
			continue;
		rc = note_moves(s, &view, err);
		for (size_t i = 0; rc == MS_OK && i < MS_SNAPSHOT_ANALYSES; i++)
			rc = counting[i]->view(s->states[i], &view, err);
		if (rc)
			return rc;
	}
}

int ms_snapshots_map(struct ms_snapshots *s, struct ms_error *err)
{
	int rc = s->has_map ? MS_OK : ms_stack_map_build(&s->map, s->trace, err);

	s->has_map |= rc == MS_OK;
	return rc;
}

static int start_counting(struct ms_snapshots *s, struct ms_error *err)
{
	const struct ms_analysis_context context = {
		.trace = s->trace, .stacks = &s->map, .from_ns = 0, .to_ns = ms_trace_last_time_ns(s->trace), .temporary_window = 1,
		.timeline_buckets = 1,
	};
	int rc = ms_snapshots_map(s, err);

	if (rc == MS_OK)
		rc = ms_steps_open(&s->steps, &s->map, ms_trace_thread_count(s->trace), 1, err);
	for (size_t i = 0; rc == MS_OK && i < MS_SNAPSHOT_ANALYSES; i++)
		rc = counting[i]->create(&s->states[i], &context, err);
	return rc;
}

static void stop(struct ms_snapshots *s)
{
	ms_cursor_close(s->cursor);
	s->cursor = NULL;
	ms_steps_close(s->steps);
	s->steps = NULL;
	for (size_t i = 0; i < MS_SNAPSHOT_ANALYSES; i++) {
		counting[i]->destroy(s->states[i]);
		s->states[i] = NULL;
	}
	s->move_count = 0;
	s->position = 0;
	s->midway = false;
}

/* ---- going -------------------------------------------------------------------------------------------------------- */

int ms_snapshots_advance(struct ms_snapshots *s, uint64_t event, struct ms_error *err)
{
	int rc = MS_OK;

	ms_cursor_limit(s->cursor, event);
	while (rc == MS_OK && s->position < event) {
		struct ms_batch batch;

		rc = ms_cursor_next(s->cursor, &batch, err);
		if (rc == MS_OK && batch.count == 0)
			rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "the trace ends after %llu events, %llu are expected",
			             (unsigned long long)s->position, (unsigned long long)event);
		if (rc == MS_OK && s->steps)
			rc = feed(s, &batch, err);
		s->position += batch.count;
	}
	if (rc)
		stop(s);
	return rc;
}

/* Counting goes on where a checkpoint stopped. */
static int resume(struct ms_snapshots *s, const struct ms_checkpoint *from, struct ms_error *err)
{
	const struct ms_start start = {.event = from->event, .checkpoint = from};
	int rc = ms_steps_restore(s->steps, from, err);

	for (size_t i = 0; rc == MS_OK && i < MS_SNAPSHOT_ANALYSES; i++)
		rc = counting[i]->restore(s->states[i], &start, err);
	s->midway = true;
	return rc;
}

/* Where counting for this event can begin: a checkpoint, or the beginning. */
static int open_counting(struct ms_snapshots *s, uint64_t event, bool from_start, struct ms_error *err)
{
	struct ms_checkpoint from = {0};
	bool found = false;
	int rc = start_counting(s, err);

	if (rc == MS_OK && !from_start)
		rc = ms_trace_checkpoint_before(s->trace, event, &from, &found, err);
	if (rc == MS_OK)
		rc = ms_cursor_open(&s->cursor, s->trace, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, found ? from.event : 0, 1, err);
	if (rc == MS_OK && found)
		rc = resume(s, &from, err);
	else if (rc == MS_OK)
		rc = ms_live_begin(s->steps, &s->map, s->room, s->cursor, s->trace, counting, s->states, MS_SNAPSHOT_ANALYSES, err);
	s->position = found ? from.event : 0;
	ms_checkpoint_free(&from);
	return rc;
}

uint64_t ms_nearest_start(const struct ms_trace *t, uint64_t event)
{
	uint64_t nearest = ms_trace_start_before(t, event);

	for (size_t i = 0; i < ms_trace_block_count(t); i++) {
		const struct ms_block_info *b = ms_trace_block(t, i);

		if (b->kind == MS_BLOCK_KEYFRAME && b->first_event <= event && b->first_event > nearest)
			nearest = b->first_event;
	}
	return nearest;
}

/* The same with counts: keyframes have none. */
static uint64_t nearest_start(const struct ms_snapshots *s, uint64_t event)
{
	return s->counts ? ms_trace_start_before(s->trace, event) : ms_nearest_start(s->trace, event);
}

static bool knows_moves(const struct ms_snapshots *s)
{
	size_t known = 0;

	for (size_t i = 0; i < s->move_count; i++)
		known += ms_steps_waits(s->steps, s->moves[i].block);
	return known == ms_steps_waiting(s->steps);
}

int ms_snapshots_seek(struct ms_snapshots *s, const struct ms_instant *at, struct ms_error *err)
{
	int rc = MS_OK;

	if (at->event > ms_trace_event_count(s->trace))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "event %llu is behind the last one", (unsigned long long)at->event);
	if (s->cursor && (at->event < s->position || nearest_start(s, at->event) > s->position))
		stop(s);
	if (!s->cursor) {
		uint64_t first = nearest_start(s, at->event);

		if (s->counts) {
			rc = open_counting(s, at->event, false, err);
		} else {
			rc = ms_cursor_open(&s->cursor, s->trace, MS_COLUMN_ADDRESS, first, 1, err);
			s->position = first;
		}
		if (rc) {
			stop(s);
			return rc;
		}
	}
	rc = ms_snapshots_advance(s, at->event, err);
	/* Of what a realloc had taken at the checkpoint and still has, the checkpoint does not know all. */
	if (rc == MS_OK && s->midway && !knows_moves(s)) {
		stop(s);
		rc = open_counting(s, at->event, true, err);
		if (rc == MS_OK)
			rc = ms_snapshots_advance(s, at->event, err);
		else
			stop(s);
	}
	s->at = *at;
	return rc;
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

static int by_id(const void *a, const void *b)
{
	const struct ms_live_block *x = a, *y = b;

	return (x->block > y->block) - (x->block < y->block);
}

static void list_moving(struct ms_snapshots *s, struct ms_snapshot *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->move_count; i++)
		if (ms_steps_waits(s->steps, s->moves[i].block))
			s->moves[kept++] = s->moves[i];
	s->move_count = kept;
	if (kept)
		qsort(s->moves, kept, sizeof *s->moves, by_id);
	out->moving = s->moves;
	out->moving_count = kept;
}

int ms_snapshot_at(struct ms_snapshots *s, const struct ms_instant *at, struct ms_snapshot *out, struct ms_error *err)
{
	int rc = ms_snapshots_seek(s, at, err);

	*out = (struct ms_snapshot){.at = *at};
	if (rc == MS_OK)
		rc = ms_cursor_live(s->cursor, &out->blocks, &out->count, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < out->count; i++)
		out->bytes += out->blocks[i].size_bytes;
	if (s->counts)
		list_moving(s, out);
	return MS_OK;
}

/* What the report would do at its end, on copies: blocks whose realloc has not ended come back. */
static int finish_copies(struct ms_snapshots *s, void *states[MS_SNAPSHOT_ANALYSES], struct ms_report *report, struct ms_error *err)
{
	uint32_t position = 0;
	int rc = ms_steps_pause(s->steps, err);

	while (rc == MS_OK) {
		struct ms_view view;
		bool produced;

		rc = ms_steps_next(s->steps, NULL, &position, s->room, &view, &produced, err);
		if (rc || !produced)
			break;
		for (size_t i = 0; view.step[0] == MS_STEP_RETURN && rc == MS_OK && i < MS_SNAPSHOT_ANALYSES; i++)
			rc = counting[i]->view(states[i], &view, err);
	}
	for (size_t i = 0; rc == MS_OK && i < MS_SNAPSHOT_ANALYSES; i++)
		rc = counting[i]->finish(states[i], report, err);
	return rc;
}

int ms_snapshot_counts(struct ms_snapshots *s, struct ms_snapshot_counts *out, struct ms_error *err)
{
	void *states[MS_SNAPSHOT_ANALYSES] = {NULL};
	struct ms_report *report;
	int rc = MS_OK;

	*out = (struct ms_snapshot_counts){0};
	if (!s->counts)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the snapshots were opened without counts");
	if (!s->cursor)
		rc = ms_snapshots_seek(s, &(struct ms_instant){0, 0}, err);
	report = calloc(1, sizeof *report);
	if (rc == MS_OK && !report)
		rc = no_memory(err);
	for (size_t i = 0; rc == MS_OK && i < MS_SNAPSHOT_ANALYSES; i++)
		rc = counting[i]->copy(&states[i], s->states[i], err);
	if (rc == MS_OK)
		rc = finish_copies(s, states, report, err);
	if (rc == MS_OK)
		*out = (struct ms_snapshot_counts){.totals = report->totals, .threads = report->threads, .thread_count = report->thread_count};
	else if (report)
		free(report->threads);
	free(report);
	for (size_t i = 0; i < MS_SNAPSHOT_ANALYSES; i++)
		counting[i]->destroy(states[i]);
	return rc;
}

void ms_snapshot_counts_free(struct ms_snapshot_counts *counts)
{
	free(counts->threads);
	*counts = (struct ms_snapshot_counts){0};
}

const struct ms_live_block *ms_snapshot_find(const struct ms_snapshot *snapshot, uint64_t block)
{
	const struct ms_live_block key = {.block = block};

	return snapshot->count ? bsearch(&key, snapshot->blocks, snapshot->count, sizeof key, by_id) : NULL;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

int ms_snapshots_open(struct ms_snapshots **out, const struct ms_trace *trace, unsigned flags, struct ms_error *err)
{
	struct ms_snapshots *s = calloc(1, sizeof *s);

	*out = NULL;
	if (!s)
		return no_memory(err);
	s->room = malloc(sizeof *s->room);
	if (!s->room) {
		free(s);
		return no_memory(err);
	}
	s->trace = trace;
	s->counts = (flags & MS_SNAPSHOT_COUNTS) != 0;
	*out = s;
	return MS_OK;
}

void ms_snapshots_close(struct ms_snapshots *s)
{
	if (!s)
		return;
	stop(s);
	if (s->has_map)
		ms_stack_map_free(&s->map);
	free(s->moves);
	free(s->room);
	free(s);
}
