/* totals.c - the sums over the window, and the peak. */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

struct totals {
	uint64_t steps[MS_STEP_COUNT], step_bytes[MS_STEP_COUNT];
	uint64_t temporary, zero_size;
	uint64_t kinds[2][256];          /* two, so that runs of one kind do not wait for their own last store */
	uint64_t live_bytes, live_blocks;
	uint64_t peak_bytes, peak_ns, peak_blocks, most_blocks;
	struct ms_report_amount exec_ended;
	uint64_t lost_marks;
	uint32_t window;
	uint32_t images;
	uint64_t image_start_ns;
	struct ms_report_amount start;   /* alive at the start of the window */
	bool kinds_before[256];          /* seen before the window */
};

static void start_window(struct totals *t, const struct ms_view *v)
{
	uint64_t live_bytes = v->live_bytes[0], live_blocks = v->live_blocks[0];
	const struct totals before = *t;

	*t = (struct totals){
		.live_bytes = live_bytes, .live_blocks = live_blocks,
		.peak_bytes = live_bytes, .peak_ns = v->time_ns[0], .peak_blocks = live_blocks, .most_blocks = live_blocks,
		.window = t->window, .images = t->images, .image_start_ns = t->image_start_ns,
		.start = {live_blocks, live_bytes},
	};
	for (unsigned k = 0; k < 256; k++)
		t->kinds_before[k] = before.kinds[0][k] + before.kinds[1][k] > 0;
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct totals *t = calloc(1, sizeof *t);

	if (!t)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for totals");
	t->window = context->temporary_window;
	t->images = 1;
	*state = t;
	return MS_OK;
}

static int copy(void **state, const void *from, struct ms_error *err)
{
	*state = malloc(sizeof(struct totals));
	if (!*state)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for totals");
	memcpy(*state, from, sizeof(struct totals));
	return MS_OK;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct totals *t = state;
	uint64_t peak = t->peak_bytes, most = t->most_blocks, temporary = 0, zero_size = 0, lost;
	uint32_t peak_at = UINT32_MAX;

	(void)err;
	if (v->step[0] == MS_STEP_WINDOW) {
		start_window(t, v);
		return MS_OK;
	}
	if (v->step[0] == MS_STEP_IMAGE) {
		t->exec_ended.blocks += t->live_blocks;
		t->exec_ended.bytes += t->live_bytes;
		t->images++;
		t->image_start_ns = v->time_ns[0];
	}
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i] & (MS_STEP_TEMPORARY - 1);

		t->steps[step]++;
		t->step_bytes[step] += v->size_bytes[i];
		temporary += v->step[i] / MS_STEP_TEMPORARY;
		zero_size += (step == MS_STEP_ALLOCATE) & (v->size_bytes[i] == 0);
		if (v->live_bytes[i] > peak) {
			peak = v->live_bytes[i];
			peak_at = i;
		}
		if (v->live_blocks[i] > most)
			most = v->live_blocks[i];
	}
	lost = t->kinds[0][MS_EV_LOST] + t->kinds[1][MS_EV_LOST];
	for (uint32_t i = 0; i < v->count; i++)
		t->kinds[i & 1][v->kind[i]]++;
	lost = t->kinds[0][MS_EV_LOST] + t->kinds[1][MS_EV_LOST] - lost;
	if (peak_at != UINT32_MAX) {
		t->peak_bytes = peak;
		t->peak_ns = v->time_ns[peak_at];
		t->peak_blocks = v->live_blocks[peak_at];
	}
	if (lost && v->arg)
		for (uint32_t i = 0; i < v->count; i++)
			if (v->kind[i] == MS_EV_LOST)
				t->lost_marks += v->arg[i][0];
	t->most_blocks = most;
	t->temporary += temporary;
	t->zero_size += zero_size;
	t->live_bytes = v->live_bytes[v->count - 1];
	t->live_blocks = v->live_blocks[v->count - 1];
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct totals *t = state;
	const uint64_t *n = t->steps, *bytes = t->step_bytes;

	(void)err;
	report->totals = (struct ms_report_totals){
		.allocations = n[MS_STEP_ALLOCATE],
		.frees = n[MS_STEP_FREE] + n[MS_STEP_LOSE],
		.reallocations = n[MS_STEP_REALLOCATE],
		.allocated_bytes = bytes[MS_STEP_ALLOCATE] + bytes[MS_STEP_REALLOCATE],
		.freed_bytes = bytes[MS_STEP_FREE] + bytes[MS_STEP_MOVE] + bytes[MS_STEP_RESUME] - bytes[MS_STEP_RETURN],
		.live_blocks = t->live_blocks,
		.live_bytes = t->live_bytes,
		.peak_bytes = t->peak_bytes,
		.peak_time_ns = t->peak_ns,
		.peak_blocks = t->peak_blocks,
		.most_blocks = t->most_blocks,
		.unmatched_frees = n[MS_STEP_UNMATCHED],
		.temporary_allocations = t->temporary,
		.zero_size_allocations = t->zero_size,
		.failed_allocations = n[MS_STEP_FAIL] + t->kinds[0][MS_EV_REALLOC_FAILED] + t->kinds[1][MS_EV_REALLOC_FAILED],
		.ended_by_exec = t->exec_ended,
		.temporary_window = t->window,
	};
	for (unsigned k = 1; k < 256; k++) {
		report->totals.events_of_kind[k] = t->kinds[0][k] + t->kinds[1][k];
		report->trace.events += t->kinds[0][k] + t->kinds[1][k];
		report->trace.has_kind[k] = t->kinds_before[k] || report->totals.events_of_kind[k];
	}
	report->window.start_blocks = t->start.blocks;
	report->window.start_bytes = t->start.bytes;
	report->trace.lost_marks = t->lost_marks;
	report->trace.images = t->images;
	report->trace.image_start_ns = t->image_start_ns;
	report->trace.unmatched_frees = n[MS_STEP_UNMATCHED];
	return MS_OK;
}

static int save(const void *state, struct ms_checkpoint *c, struct ms_error *err)
{
	const struct totals *t = state;
	struct ms_report *r = calloc(1, sizeof *r); /* large */

	if (!r)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for totals");
	finish((void *)state, r, err);
#define SAVE(name) c->name = r->totals.name
	SAVE(allocations);
	SAVE(frees);
	SAVE(reallocations);
	SAVE(allocated_bytes);
	SAVE(freed_bytes);
	SAVE(peak_bytes);
	SAVE(peak_time_ns);
	SAVE(peak_blocks);
	SAVE(most_blocks);
	SAVE(unmatched_frees);
	SAVE(temporary_allocations);
	SAVE(zero_size_allocations);
	SAVE(failed_allocations);
#undef SAVE
	c->ended_by_exec_blocks = r->totals.ended_by_exec.blocks;
	c->ended_by_exec_bytes = r->totals.ended_by_exec.bytes;
	for (unsigned k = 0; k < 256; k++)
		c->events_of_kind[k] = r->totals.events_of_kind[k];
	c->lost_marks = t->lost_marks;
	c->images = t->images;
	c->image_start_ns = t->image_start_ns;
	free(r);
	return MS_OK;
}

/* The sums, so that all formulas of finish() give what was saved. */
static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	const struct ms_checkpoint *c = start->checkpoint;
	struct totals *t = state;

	(void)err;
	if (!c)
		return MS_OK;
	*t = (struct totals){
		.temporary = c->temporary_allocations, .zero_size = c->zero_size_allocations, .live_bytes = c->live_bytes,
		.live_blocks = c->live_blocks, .peak_bytes = c->peak_bytes, .peak_ns = c->peak_time_ns, .peak_blocks = c->peak_blocks,
		.most_blocks = c->most_blocks, .exec_ended = {c->ended_by_exec_blocks, c->ended_by_exec_bytes},
		.lost_marks = c->lost_marks, .window = t->window, .images = (uint32_t)c->images, .image_start_ns = c->image_start_ns,
	};
	t->steps[MS_STEP_ALLOCATE] = c->allocations;
	t->steps[MS_STEP_FREE] = c->frees;
	t->steps[MS_STEP_REALLOCATE] = c->reallocations;
	t->steps[MS_STEP_UNMATCHED] = c->unmatched_frees;
	t->steps[MS_STEP_FAIL] = c->failed_allocations - c->events_of_kind[MS_EV_REALLOC_FAILED];
	t->step_bytes[MS_STEP_ALLOCATE] = c->allocated_bytes;
	t->step_bytes[MS_STEP_FREE] = c->freed_bytes;
	for (unsigned k = 0; k < 256; k++)
		t->kinds[0][k] = c->events_of_kind[k];
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_totals = {
	.name = "totals",
	.summary = "allocations, frees, live and peak bytes",
	.columns = MS_COLUMN_ARGS,
	.create = create,
	.view = view,
	.finish = finish,
	.copy = copy,
	.save = save,
	.restore = restore,
	.destroy = free,
};
