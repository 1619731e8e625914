/* verify_trace.c - see verify_trace.h. */
#include "verify_trace.h"

#include <inttypes.h>
#include <string.h>

#include "format/container.h"

struct work {
	const struct ms_trace *trace;
	struct verify_result *result;
	size_t block;                    /* index of the first block that is not compared yet */
	uint64_t live_bytes, peak_bytes;
};

static bool same_block(const struct ms_live_block *a, const struct ms_live_block *b)
{
	return a->block == b->block && a->address == b->address && a->size_bytes == b->size_bytes && a->birth_ns == b->birth_ns &&
	       a->stack == b->stack && a->thread == b->thread && a->kind == b->kind;
}

/* The live set that the events lead to, and the one that a reader starts with at this keyframe. */
static int compare_keyframe(struct ms_cursor *cursor, const struct ms_trace *t, const struct ms_block_info *info,
                            struct ms_error *err)
{
	const struct ms_live_block *expected, *found;
	size_t expected_count, found_count;
	struct ms_cursor *start;
	int rc = ms_cursor_open(&start, t, MS_COLUMN_ADDRESS, info->first_event, 1, err);

	if (rc)
		return rc;
	rc = ms_cursor_live(cursor, &expected, &expected_count, err);
	if (!rc)
		rc = ms_cursor_live(start, &found, &found_count, err);
	if (!rc && expected_count != found_count)
		rc = ms_fail(err, MS_E_CORRUPT, info->offset, "the keyframe before event %" PRIu64 " has %zu live blocks, the events leave %zu",
		             info->first_event, found_count, expected_count);
	for (size_t i = 0; !rc && i < found_count; i++)
		if (!same_block(&expected[i], &found[i]))
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "the keyframe before event %" PRIu64 " says other things about block %" PRIu64,
			             info->first_event, found[i].block);
	ms_cursor_close(start);
	return rc;
}

/* Keyframes that stand before event `next`; one may be spread over several blocks. */
static int compare_keyframes(struct work *w, struct ms_cursor *cursor, uint64_t next, struct ms_error *err)
{
	uint64_t done = UINT64_MAX;

	for (; w->block < ms_trace_block_count(w->trace); w->block++) {
		const struct ms_block_info *info = ms_trace_block(w->trace, w->block);
		int rc;

		if (info->kind == MS_BLOCK_EVENTS && info->first_event >= next)
			return MS_OK;
		if (info->kind != MS_BLOCK_KEYFRAME || info->first_event == done || info->first_event != next)
			continue;
		w->result->doing = "comparing a keyframe with the events";
		rc = compare_keyframe(cursor, w->trace, info, err);
		if (rc)
			return rc;
		w->result->keyframes++;
		done = info->first_event;
	}
	return MS_OK;
}

static void count(struct work *w, const struct ms_batch *b)
{
	w->result->events += b->count;
	for (uint32_t i = 0; i < b->count; i++) {
		switch (ms_event_kinds[b->kind[i]].class_) {
		case MS_CLASS_ALLOC:
			w->result->blocks = b->block[i];
			w->live_bytes += b->size_bytes[i];
			if (w->live_bytes > w->peak_bytes)
				w->peak_bytes = w->live_bytes;
			break;
		case MS_CLASS_FREE:
			w->live_bytes -= b->size_bytes[i];
			break;
		}
		if (b->kind[i] == MS_EV_IMAGE_START)
			w->live_bytes = 0;
	}
}

/* Of the Graph block. */
static uint64_t graph_offset(const struct ms_trace *t, size_t index)
{
	for (size_t i = 0; i < ms_trace_block_count(t); i++)
		if (ms_trace_block(t, i)->kind == MS_BLOCK_GRAPH && index-- == 0)
			return ms_trace_block(t, i)->offset;
	return MS_NO_OFFSET;
}

/* Blocks and edges of the heap graphs: reading them is the check; and that a graph names blocks that had been born. */
static int read_graphs(const struct work *w, struct ms_error *err)
{
	w->result->doing = "reading a heap graph";
	w->result->in_graph = true;
	for (size_t i = 0; i < ms_trace_graph_count(w->trace); i++) {
		struct ms_graph_data d;
		uint64_t newest = 0;
		int rc = ms_trace_graph_load(w->trace, i, &d, err);

		if (rc)
			return rc;
		for (uint32_t k = 0; k < d.block_count; k++)
			newest = d.block[k] > newest ? d.block[k] : newest;
		ms_graph_data_free(&d);
		if (newest > w->result->blocks)
			return ms_fail(err, MS_E_CORRUPT, graph_offset(w->trace, i), "a heap graph names block %" PRIu64 " of %" PRIu64,
			               newest, w->result->blocks);
		w->result->graphs++;
	}
	w->result->in_graph = false;
	return MS_OK;
}

static int compare_end(const struct work *w, struct ms_error *err)
{
	const struct ms_end *end = ms_trace_end(w->trace);
	uint64_t offset = MS_NO_OFFSET;

	if (!end)
		return MS_OK;
	for (size_t i = 0; i < ms_trace_block_count(w->trace); i++)
		if (ms_trace_block(w->trace, i)->kind == MS_BLOCK_END)
			offset = ms_trace_block(w->trace, i)->offset;
	w->result->doing = "comparing the end with the events";
	if (end->events != w->result->events || end->blocks != w->result->blocks)
		return ms_fail(err, MS_E_CORRUPT, offset,
		               "the end counts %" PRIu64 " events and %" PRIu64 " blocks, there are %" PRIu64 " and %" PRIu64, end->events,
		               end->blocks, w->result->events, w->result->blocks);
	/* the recorder's peak includes what the trace lost, so they agree only when it lost nothing */
	if (!end->lost_events && !end->size_limit_reached && end->peak_bytes != w->peak_bytes)
		return ms_fail(err, MS_E_CORRUPT, offset, "the end says that the peak was %" PRIu64 " bytes, the events say %" PRIu64,
		               end->peak_bytes, w->peak_bytes);
	return MS_OK;
}

/* What is alive when a part of a trace begins. */
static int begin(struct work *w, struct ms_cursor *cursor, struct ms_error *err)
{
	const struct ms_live_block *live;
	size_t n;
	int rc = ms_cursor_live(cursor, &live, &n, err);

	for (size_t i = 0; !rc && i < n; i++)
		w->live_bytes += live[i].size_bytes;
	w->peak_bytes = w->live_bytes;
	w->result->blocks = ms_cursor_next_block(cursor) - 1;
	return rc;
}

int verify_trace(const struct ms_trace *t, struct verify_result *result, void (*progress)(double done),
                 struct ms_error *err)
{
	struct work w = {.trace = t, .result = result};
	struct ms_cursor *cursor;
	struct ms_batch batch;
	int rc;

	*result = (struct verify_result){.doing = "reading the events"};
	rc = ms_cursor_open(&cursor, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, 1, err);
	if (rc)
		return rc;
	rc = begin(&w, cursor, err);
	while (!rc) {
		rc = compare_keyframes(&w, cursor, result->events, err);
		if (rc)
			break;
		result->doing = "reading the events";
		rc = ms_cursor_next(cursor, &batch, err);
		if (rc)
			break;
		count(&w, &batch);
		if (progress && ms_trace_event_count(t))
			progress((double)result->events / (double)ms_trace_event_count(t));
		if (!batch.count)
			break;
	}
	ms_cursor_close(cursor);
	if (!rc)
		rc = compare_end(&w, err);
	return rc ? rc : read_graphs(&w, err);
}
