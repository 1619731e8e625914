/* index_build.c - see index_build.h. */
#include "index_build.h"

#include <stdlib.h>
#include <string.h>

#include "format/container.h"
#include "format/stream.h"
#include "format/checkpoint.h"
#include "format/trace_index.h"
#include "mapped.h"
#include "peak_watch.h"
#include "steps.h"

#define INTERVAL 2000000u
#define EVENTS_PER_BLOCK 8u              /* a checkpoint costs some bytes per live block */
#define SAVING 8u                        /* analyses that have something to save, at most */

struct builder {
	const struct ms_trace *trace;
	struct ms_index_writer *writer;
	struct ms_stack_map stacks;      /* all stacks are one: call paths do not matter here */
	struct ms_report_node node;
	struct ms_steps *steps;
	struct ms_cursor *cursor;
	struct ms_view_room *room;
	const struct ms_analysis_ops *list[SAVING];
	void *states[SAVING];
	size_t count;
	struct ms_peak_watch peak;
	struct ms_checkpoint checkpoint; /* evidence: since the one before */
	struct ms_buffer marks;          /* struct ms_index_mark[] */
	uint8_t *mark_seen;              /* by string id */
	struct ms_mapped mapped;
	uint64_t last_mark;
	size_t checkpoints;
	uint64_t last;                   /* event where one was made, or could not be */
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to index the trace");
}

static int feed(struct builder *b, const struct ms_batch *batch, struct ms_error *err)
{
	uint32_t position = 0;

	for (;;) {
		struct ms_view view;
		bool produced;
		int rc = ms_steps_next(b->steps, batch, &position, b->room, &view, &produced, err);

		if (rc || !produced)
			return rc;
		ms_peak_look(&b->peak, &view);
		for (size_t i = 0; rc == MS_OK && i < b->count; i++)
			rc = b->list[i]->view(b->states[i], &view, err);
		if (rc)
			return rc;
	}
}

/* Marks, evidence and mappings, which are no business of steps. */
static int note(struct builder *b, const struct ms_batch *batch, struct ms_error *err)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		uint64_t arg = batch->arg[i][0];

		if (ms_event_kinds[batch->kind[i]].class_ == MS_CLASS_MAP) {
			ms_mapped_follow(&b->mapped, batch->kind[i], batch->address[i], batch->size_bytes[i], batch->arg[i]);
		} else if (batch->kind[i] == MS_EV_IMAGE_START) {
			ms_mapped_follow(&b->mapped, MS_EV_IMAGE_START, 0, 0, batch->arg[i]);
		} else if (batch->kind[i] == MS_EV_EVIDENCE) {
			if (ms_buffer_append(&b->checkpoint.evidence, &arg, sizeof arg))
				return no_memory(err);
		} else if (batch->kind[i] == MS_EV_MARK) {
			struct ms_index_mark mark = {(uint32_t)arg, batch->first_event + i, batch->time_ns[i]};

			b->last_mark = arg <= ms_trace_string_count(b->trace) ? arg : 0;
			if (!b->last_mark || b->mark_seen[arg])
				continue;
			b->mark_seen[arg] = 1;
			if (ms_buffer_append(&b->marks, &mark, sizeof mark))
				return no_memory(err);
		}
	}
	return MS_OK;
}

/* A checkpoint here, between two Events blocks. Not where the trace contradicts itself about the size of a block: then steps and
   cursor would not agree on what lives. */
static int put_checkpoint(struct builder *b, struct ms_error *err)
{
	struct ms_checkpoint *c = &b->checkpoint;
	struct ms_buffer evidence = c->evidence;
	const struct ms_live_block *live;
	uint64_t bytes = 0;
	size_t n;
	int rc;

	c->evidence = (struct ms_buffer){0};
	ms_checkpoint_clear(c);
	c->evidence = evidence;
	rc = ms_cursor_save(b->cursor, c, err);
	for (size_t i = 0; rc == MS_OK && i < b->count; i++)
		rc = b->list[i]->save(b->states[i], c, err);
	if (rc == MS_OK)
		rc = ms_steps_save(b->steps, c, err);
	c->mapped_cut = b->mapped.cut;
	c->last_mark = b->last_mark;
	if (rc == MS_OK && ms_buffer_append(&c->mapped, b->mapped.ranges, b->mapped.count * sizeof *b->mapped.ranges))
		rc = no_memory(err);
	if (rc == MS_OK)
		rc = ms_cursor_live(b->cursor, &live, &n, err);
	if (rc)
		return rc;
	c->peak_event = b->peak.at.event;
	for (size_t i = 0; i < n; i++)
		bytes += live[i].size_bytes;
	if (n != c->live_blocks || bytes != c->live_bytes) {
		b->last = c->event; /* looking at all that lives is not for every Events block */
		return MS_OK;
	}
	rc = ms_index_writer_add(b->writer, c, live, n, err);
	c->evidence.size = 0;
	b->last = c->event;
	b->checkpoints++;
	return rc;
}

static bool is_due(const struct builder *b, const struct ms_index_options *o, uint64_t done, uint64_t live_blocks)
{
	uint64_t wait = o->interval, by_blocks;

	if (!__builtin_mul_overflow(live_blocks, o->events_per_block, &by_blocks) && by_blocks > wait)
		wait = by_blocks;
	return done - b->last >= wait;
}

static int replay(struct builder *b, const struct ms_index_options *o, struct ms_error *err)
{
	const uint64_t total = ms_trace_event_count(b->trace);
	uint64_t done = 0, boundary = 0, live_blocks = 0;
	size_t next = 0;

	for (;;) {
		const struct ms_block_info *block;
		struct ms_batch batch;
		int rc = MS_OK;

		if (done > 0 && done == boundary && done < total && is_due(b, o, done, live_blocks))
			rc = put_checkpoint(b, err);
		while (done == boundary && (block = ms_trace_block(b->trace, next)) != NULL && ++next)
			if (block->kind == MS_BLOCK_EVENTS)
				boundary = block->first_event + block->count;
		if (rc == MS_OK)
			rc = ms_cursor_next(b->cursor, &batch, err);
		if (rc || batch.count == 0)
			return rc;
		rc = note(b, &batch, err);
		if (rc == MS_OK)
			rc = feed(b, &batch, err);
		if (rc)
			return rc;
		for (uint32_t i = 0; i < batch.count; i++) { /* about, for is_due */
			unsigned class_ = ms_event_kinds[batch.kind[i]].class_;

			live_blocks += class_ == MS_CLASS_ALLOC;
			live_blocks -= class_ == MS_CLASS_FREE && batch.block[i] && live_blocks;
			if (batch.kind[i] == MS_EV_IMAGE_START)
				live_blocks = 0;
		}
		done += batch.count;
		if (o->progress)
			o->progress(o->progress_arg, done, total);
	}
}

static int prepare(struct builder *b, struct ms_error *err)
{
	const struct ms_trace *t = b->trace;
	struct ms_analysis_context context = {.trace = t, .stacks = &b->stacks, .to_ns = ms_trace_last_time_ns(t), .temporary_window = 1,
	                                      .timeline_buckets = 1};
	uint64_t blocks;
	int rc;

	b->room = malloc(sizeof *b->room);
	b->mark_seen = calloc((size_t)ms_trace_string_count(t) + 1, 1);
	b->stacks = (struct ms_stack_map){.stack_count = ms_trace_stack_count(t), .nodes = &b->node, .node_count = 1};
	b->stacks.node_of_stack = calloc((size_t)b->stacks.stack_count + 1, sizeof *b->stacks.node_of_stack);
	if (!b->room || !b->mark_seen || !b->stacks.node_of_stack)
		return no_memory(err);
	rc = ms_mapped_open(&b->mapped, err);
	if (rc == MS_OK)
		rc = ms_steps_open(&b->steps, &b->stacks, ms_trace_thread_count(t), 1, err);
	for (size_t i = 0; rc == MS_OK && i < ms_analysis_count; i++) {
		if (!ms_analyses[i]->save || b->count == SAVING)
			continue;
		b->list[b->count] = ms_analyses[i];
		rc = ms_analyses[i]->create(&b->states[b->count++], &context, err);
	}
	if (rc == MS_OK)
		rc = ms_cursor_open(&b->cursor, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, 2, err);
	return rc ? rc : ms_peak_begin(&b->peak, b->steps, b->cursor, ms_trace_process(t)->part.from_ns, &blocks, err);
}

static void release(struct builder *b)
{
	ms_index_writer_close(b->writer);
	ms_cursor_close(b->cursor);
	ms_steps_close(b->steps);
	for (size_t i = 0; i < b->count; i++)
		b->list[i]->destroy(b->states[i]);
	ms_checkpoint_free(&b->checkpoint);
	ms_buffer_free(&b->marks);
	ms_mapped_close(&b->mapped);
	free(b->mark_seen);
	free(b->stacks.node_of_stack);
	free(b->room);
}

int ms_index_build_file(struct ms_stream *out, const struct ms_trace *trace, const struct ms_index_options *given,
                        struct ms_index_facts *facts, struct ms_error *err)
{
	struct ms_index_options o = given ? *given : (struct ms_index_options){0};
	struct builder b = {.trace = trace};
	struct ms_index_facts result = {0};
	int rc;

	o.interval = o.interval ? o.interval : INTERVAL;
	if (ms_trace_is_part(trace))
		o.interval = UINT64_MAX; /* nothing is counted from before it: no checkpoint could say so */
	o.events_per_block = o.events_per_block ? o.events_per_block : EVENTS_PER_BLOCK;
	rc = prepare(&b, err);
	if (rc == MS_OK)
		rc = ms_index_writer_open(&b.writer, out, err);
	if (rc == MS_OK)
		rc = replay(&b, &o, err);
	if (rc == MS_OK)
		rc = ms_steps_end(b.steps, err);
	if (rc == MS_OK)
		rc = feed(&b, NULL, err);
	result = (struct ms_index_facts){
		.checkpoints = b.checkpoints, .peak_event = b.peak.at.event, .peak_time_ns = b.peak.at.time_ns, .peak_bytes = b.peak.live_bytes,
		.marks = (const struct ms_index_mark *)(const void *)b.marks.data, .mark_count = MS_ROWS(b.marks, struct ms_index_mark),
	};
	if (rc == MS_OK)
		rc = ms_index_writer_end(b.writer, trace, &result, err);
	release(&b);
	result.file_bytes = out->position;
	result.marks = NULL;
	result.mark_count = 0;
	if (facts)
		*facts = result;
	return rc;
}
