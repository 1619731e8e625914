/* timeline.c - live bytes and blocks over time, in a fixed number of buckets of equal length. */
#include <stdlib.h>

#include "analysis.h"

struct timeline {
	struct ms_report_bucket *buckets;
	size_t count, now;
	uint64_t from_ns;
	uint64_t length_ns;              /* of the whole timeline: that of the window + 1, so that its last instant is inside */
	uint64_t next_ns;                /* start of the bucket after `now` */
	uint64_t live_bytes, live_blocks;
};

/* Start of bucket i, rounded up: event at t is in the last bucket whose start is <= t. */
static uint64_t start_of(const struct timeline *t, size_t i)
{
	return t->from_ns + (uint64_t)(((unsigned __int128)t->length_ns * i + t->count - 1) / t->count);
}

static void open_bucket(struct timeline *t, size_t i)
{
	t->now = i;
	t->next_ns = i + 1 < t->count ? start_of(t, i + 1) : UINT64_MAX;
	t->buckets[i] = (struct ms_report_bucket){
		.start_ns = start_of(t, i),
		.min_live_bytes = t->live_bytes, .max_live_bytes = t->live_bytes, .last_live_bytes = t->live_bytes,
		.max_live_blocks = t->live_blocks, .last_live_blocks = t->live_blocks,
	};
}

static void close_bucket(struct timeline *t)
{
	t->buckets[t->now].last_live_bytes = t->live_bytes;
	t->buckets[t->now].last_live_blocks = t->live_blocks;
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct timeline *t = calloc(1, sizeof *t);

	*state = t;
	if (t) {
		uint64_t duration_ns = context->to_ns - context->from_ns;

		t->from_ns = context->from_ns;
		t->length_ns = duration_ns + (duration_ns < UINT64_MAX);
		t->count = context->timeline_buckets;
		if (t->count > t->length_ns)
			t->count = (size_t)t->length_ns;
		t->buckets = calloc(t->count, sizeof *t->buckets);
	}
	if (!t || !t->buckets)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the timeline");
	open_bucket(t, 0);
	return MS_OK;
}

static void destroy(void *state)
{
	struct timeline *t = state;

	if (t)
		free(t->buckets);
	free(t);
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct timeline *t = state;
	uint32_t i = 0;

	(void)err;
	if (v->step[0] == MS_STEP_WINDOW) { /* all before it fell into the first bucket */
		t->live_bytes = v->live_bytes[0];
		t->live_blocks = v->live_blocks[0];
		open_bucket(t, 0);
		return MS_OK;
	}
	while (i < v->count) {
		struct ms_report_bucket *b = &t->buckets[t->now];
		uint64_t low = b->min_live_bytes, high = b->max_live_bytes, most = b->max_live_blocks;
		uint64_t began = 0, ended = 0;
		uint32_t first = i;

		for (; i < v->count && v->time_ns[i] < t->next_ns; i++) {
			uint64_t bytes = v->live_bytes[i], blocks = v->live_blocks[i];

			low = bytes < low ? bytes : low;
			high = bytes > high ? bytes : high;
			most = blocks > most ? blocks : most;
			began += ms_step_begins(v->step[i]);
			ended += ms_step_ends(v->step[i]);
		}
		if (i > first) {
			t->live_bytes = v->live_bytes[i - 1];
			t->live_blocks = v->live_blocks[i - 1];
		}
		b->min_live_bytes = low;
		b->max_live_bytes = high;
		b->max_live_blocks = most;
		b->allocations += began;
		b->frees += ended;
		if (i < v->count) {
			close_bucket(t);
			open_bucket(t, t->now + 1);
		}
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct timeline *t = state;

	(void)err;
	while (t->now + 1 < t->count) {
		close_bucket(t);
		open_bucket(t, t->now + 1);
	}
	close_bucket(t);
	report->timeline = t->buckets;
	report->timeline_count = t->count;
	t->buckets = NULL;
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_timeline = {
	.name = "timeline",
	.summary = "live bytes and blocks over time",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
