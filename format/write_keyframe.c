/* write_keyframe.c - the keyframe calls of trace_writer.h: when one is due, and the live set as Keyframe blocks. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "trace_fb.h"
#include "writer_internal.h"

/* A keyframe is due again after this many events per live block: it then costs little beside the events. */
#define KEYFRAME_EVENTS_PER_BLOCK 16
/* So many are replayed in a few milliseconds. */
#define KEYFRAME_HELPS_EVENTS 65536

bool ms_writer_wants_keyframe(const struct ms_writer *w, uint64_t live_blocks)
{
	uint64_t events = w->events - w->keyframe_event;
	uint64_t wait = w->options.keyframe_events;

	if (live_blocks > wait / KEYFRAME_EVENTS_PER_BLOCK)
		wait = live_blocks * KEYFRAME_EVENTS_PER_BLOCK;
	/* Rather between two reallocs; but not for ever. */
	return events >= wait && (w->in_realloc_count == 0 || events >= 2 * wait);
}

bool ms_writer_keyframe_helps(const struct ms_writer *w, uint64_t live_blocks)
{
	uint64_t events = w->events - w->keyframe_event;

	return events >= KEYFRAME_HELPS_EVENTS && events >= live_blocks;
}

ms_fb_ref ms_keyframe_build(struct ms_fb_builder *b, const struct ms_keyframe_facts *facts, const struct ms_live_block *blocks,
			    uint32_t count)
{
	uint64_t *values = malloc(((size_t)count + 1) * sizeof(*values));
	ms_fb_ref ids, addresses, sizes, stacks, threads, kinds, times;

	ms_fb_reset(b);
	if (values == NULL) {
		b->failed = true;
		return 0;
	}
#define COLUMN(name, codec, member)                                                                                    \
	for (uint32_t i = 0; i < count; i++)                                                                           \
		values[i] = blocks[i].member;                                                                          \
	name = ms_build_column(b, codec, values, count)
	COLUMN(ids, FB_CODEC_DELTA, block);
	COLUMN(addresses, FB_CODEC_DELTA, address);
	COLUMN(sizes, FB_CODEC_VARINT, size_bytes);
	COLUMN(stacks, FB_CODEC_VARINT, stack);
	COLUMN(threads, FB_CODEC_RUN, thread);
	COLUMN(kinds, FB_CODEC_U8, kind);
	COLUMN(times, FB_CODEC_DELTA, birth_ns);
#undef COLUMN
	free(values);
	fb_start_keyframe(b);
	fb_keyframe_set_event(b, facts->event);
	fb_keyframe_set_time_ns(b, facts->time_ns);
	fb_keyframe_set_live_blocks(b, facts->live_blocks);
	fb_keyframe_set_next_block(b, facts->next_block);
	fb_keyframe_set_blocks(b, ids);
	fb_keyframe_set_addresses(b, addresses);
	fb_keyframe_set_sizes(b, sizes);
	fb_keyframe_set_stacks(b, stacks);
	fb_keyframe_set_threads(b, threads);
	fb_keyframe_set_kinds(b, kinds);
	fb_keyframe_set_times(b, times);
	return fb_finish_keyframe(b);
}

int ms_writer_start(struct ms_writer *w, uint64_t time_ns, const struct ms_live_block *blocks, size_t n, struct ms_error *err)
{
	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (!w->options.part || w->started || w->events > 0)
		return ms_writer_misuse(w, err, "only a part is started, once and before its events");
	if (time_ns > MS_MAX_TIME_NS || (n > 0 && blocks[n - 1].block != n))
		return ms_writer_misuse(w, err, "a part starts at %llu ns with %zu blocks", (unsigned long long)time_ns, n);
	for (size_t i = 0; i < n; i++)
		if (blocks[i].birth_ns > time_ns)
			return ms_writer_misuse(w, err, "block %zu of a part is born after the part begins", i + 1);
	w->started = true;
	w->last_time_ns = time_ns;
	w->blocks = w->blocks_written = n;
	ms_event_encoder_reset(w->encoder, 0, n + 1, w->free_stacks);
	return ms_writer_keyframe(w, blocks, n, err);
}

int ms_writer_keyframe(struct ms_writer *w, const struct ms_live_block *blocks, size_t n, struct ms_error *err)
{
	struct ms_keyframe_facts facts;
	size_t done = 0;
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	for (size_t i = 0; i < n; i++) {
		if (blocks[i].block > w->blocks || blocks[i].block <= (i > 0 ? blocks[i - 1].block : 0) ||
		    blocks[i].stack > w->stacks || blocks[i].thread - 1 >= w->threads ||
		    ms_event_kinds[blocks[i].kind].class_ != MS_CLASS_ALLOC)
			return ms_writer_misuse(w, err, "live block %zu of a keyframe is not valid", i);
	}
	rc = ms_writer_put_events(w, err);
	if (rc == MS_OK)
		rc = ms_writer_put_tables(w, MS_BLOCK_STACKS, err);
	facts = (struct ms_keyframe_facts){w->events, w->last_time_ns, w->blocks + 1, n};
	do {
		size_t left = n - done;
		uint32_t part = left < MS_KEYFRAME_PART ? (uint32_t)left : MS_KEYFRAME_PART;

		if (rc != MS_OK)
			return rc;
		rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_KEYFRAME,
							  .count = part,
							  .first_event = w->events,
							  .first_time_ns = w->last_time_ns,
							  .last_time_ns = w->last_time_ns},
				 ms_keyframe_build(&w->builder, &facts, blocks + done, part), false, err);
		done += part;
	} while (done < n);
	w->keyframe_event = w->events;
	memset(w->in_realloc, 0, sizeof(w->in_realloc));
	w->in_realloc_count = 0;
	return rc;
}
