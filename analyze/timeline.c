/* timeline.c - live bytes and blocks over time, in a fixed number of buckets of equal length. */
#include <stdlib.h>

#include "analysis.h"
#include "timeline_buckets.h"

struct timeline {
	struct ms_report_bucket *buckets;
	struct ms_timeline_buckets time;
	size_t now;
	uint64_t next_ns;                /* start of the bucket after `now` */
	uint64_t live_bytes, live_blocks;
};

static void open_bucket(struct timeline *t, size_t i)
{
	t->now = i;
	t->next_ns = ms_timeline_bucket_end(&t->time, i);
	t->buckets[i] = (struct ms_report_bucket){
		.start_ns = ms_timeline_bucket_start(&t->time, i),
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
		t->time = ms_timeline_buckets_of(context);
		t->buckets = calloc(t->time.count, sizeof *t->buckets);
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

/* What the halves of reallocs do to the traffic, beside the levels. */
static void count_move(struct timeline *t, const struct ms_view *v)
{
	struct ms_report_bucket *b = &t->buckets[0];

	if (v->step[0] == MS_STEP_RESUME) { /* its end falls into the window, which starts with the first bucket */
		b->frees++;
		b->freed_bytes += v->size_bytes[0];
	} else if (v->step[0] == MS_STEP_RETURN) { /* the realloc did not end its block */
		b = &t->buckets[ms_timeline_bucket_at(&t->time, v->moved_ns)];
		b->frees--;
		b->freed_bytes -= v->size_bytes[0];
	}
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
	count_move(t, v);
	while (i < v->count) {
		struct ms_report_bucket *b = &t->buckets[t->now];
		uint64_t low = b->min_live_bytes, high = b->max_live_bytes, most = b->max_live_blocks;
		uint64_t began = 0, ended = 0, began_bytes = 0, ended_bytes = 0;
		uint32_t first = i;

		for (; i < v->count && v->time_ns[i] < t->next_ns; i++) {
			uint64_t bytes = v->live_bytes[i], blocks = v->live_blocks[i], size = v->size_bytes[i];
			uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]);

			low = bytes < low ? bytes : low;
			high = bytes > high ? bytes : high;
			most = blocks > most ? blocks : most;
			began += begins;
			ended += ends;
			began_bytes += size & -begins;
			ended_bytes += size & -ends;
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
		b->allocated_bytes += began_bytes;
		b->freed_bytes += ended_bytes;
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
	while (t->now + 1 < t->time.count) {
		close_bucket(t);
		open_bucket(t, t->now + 1);
	}
	close_bucket(t);
	report->timeline = t->buckets;
	report->timeline_count = t->time.count;
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
