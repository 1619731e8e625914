/* write_end.c - ms_writer_end of trace_writer.h: the End block, the Index and the footer. */
#include <string.h>

#include "stream.h"
#include "trace_fb.h"
#include "writer_internal.h"

static ms_fb_ref build_end(struct ms_writer *w, const struct ms_end *end)
{
	struct ms_fb_builder *b = &w->builder;

	ms_fb_ref note = 0;

	ms_fb_reset(b);
	if (end->backend_note != NULL && *end->backend_note != 0)
		note = ms_fb_put_string(b, end->backend_note, strlen(end->backend_note));
	fb_start_end(b);
	fb_end_set_backend_note(b, note);
	fb_end_set_time_ns(b, end->time_ns);
	fb_end_set_events(b, w->events_written);
	fb_end_set_blocks(b, w->blocks_written);
	fb_end_set_lost_events(b, end->lost_events);
	fb_end_set_lost_stacks(b, end->lost_stacks);
	fb_end_set_late_events(b, end->late_events);
	fb_end_set_lost_threads(b, end->lost_threads);
	fb_end_set_peak_bytes(b, end->peak_bytes);
	fb_end_set_collector_cpu_ns(b, end->collector_cpu_ns);
	fb_end_set_collector_rss_bytes(b, end->collector_rss_bytes);
	fb_end_set_exit_code(b, end->exit_code);
	fb_end_set_term_signal(b, end->term_signal);
	fb_end_set_ended(b, end->ended);
	fb_end_set_core_dumped(b, end->core_dumped);
	fb_end_set_size_limit_reached(b, end->size_limit_reached || w->status == MS_E_FULL);
	fb_end_set_symbolized(b, end->symbolized);
	fb_end_set_guard_page_blocks(b, end->guard_page_blocks);
	fb_end_set_guard_canary_blocks(b, end->guard_canary_blocks);
	fb_end_set_guard_plain_blocks(b, end->guard_plain_blocks);
	fb_end_set_guard_checks(b, end->guard_checks);
	fb_end_set_guard_calls(b, end->guard_calls);
	fb_end_set_guard_dropped(b, end->guard_dropped);
	return fb_finish_end(b);
}

ms_fb_ref ms_index_build(struct ms_fb_builder *b, const struct ms_buffer *entries)
{
	ms_fb_ref vector;

	ms_fb_reset(b);
	vector = ms_fb_put_vector(b, entries->data, sizeof(struct fb_index_entry), entries->size / sizeof(struct fb_index_entry), 8);
	fb_start_index(b);
	fb_index_set_entries(b, vector);
	return fb_finish_index(b);
}

/* Index and footer in one write: without the footer the index would be of no use. */
static int write_index(struct ms_writer *w, struct ms_error *err)
{
	struct ms_block_header header = {.kind = MS_BLOCK_INDEX,
					 .count = (uint32_t)(w->index.size / sizeof(struct fb_index_entry))};
	const uint64_t offset = w->stream->position;
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref root;
	const uint8_t *raw;
	size_t raw_bytes;
	uint8_t *footer;
	int rc;

	root = ms_index_build(b, &w->index);
	fb_start_block(b);
	fb_block_set_body(b, root);
	fb_block_set_body_type(b, MS_BLOCK_INDEX);
	root = fb_finish_block(b);
	raw = ms_fb_finish(b, root, FB_IDENTIFIER, &raw_bytes);
	if (raw == NULL)
		return ms_writer_no_memory(w, err);
	/* More blocks than an index can hold: readers then scan the headers. */
	if (raw_bytes > MS_MAX_RAW_BYTES)
		return MS_OK;
	rc = ms_pack(&w->packer, &header, raw, raw_bytes, &w->error);
	if (rc == MS_OK) {
		footer = ms_buffer_room(&w->packer.out, MS_FOOTER_BYTES);
		if (footer == NULL)
			return ms_writer_no_memory(w, err);
		ms_footer_store(footer, offset, offset + w->packer.out.size + MS_FOOTER_BYTES);
		rc = ms_stream_write(w->stream, w->packer.out.data, w->packer.out.size + MS_FOOTER_BYTES, &w->error);
	}
	if (rc != MS_OK) {
		ms_writer_stick(w, rc);
		return ms_writer_stuck(w, err);
	}
	return MS_OK;
}

int ms_writer_end(struct ms_writer *w, const struct ms_end *end, struct ms_error *err)
{
	int rc;

	/* A full trace can still be ended: that is what the room was kept for. */
	if (w->status == MS_OK && ms_writer_flush(w, err) != MS_OK && w->status != MS_E_FULL)
		return w->status;
	if (w->status == MS_OK && ms_writer_put_samples(w, 0, err) != MS_OK && w->status != MS_E_FULL)
		return w->status;
	if (w->status != MS_OK && w->status != MS_E_FULL)
		return ms_writer_stuck(w, err);
	if (w->ended)
		return ms_writer_misuse(w, err, "the trace has ended");
	rc = MS_OK;
	w->end_position = w->stream->position;
	if (end != NULL)
		rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_END,
							  .count = 1,
							  .first_time_ns = end->time_ns,
							  .last_time_ns = end->time_ns},
				 build_end(w, end), true, err);
	if (rc == MS_OK)
		rc = write_index(w, err);
	if (rc != MS_OK)
		return rc;
	w->ended = true;
	return MS_OK;
}

int ms_writer_reopen(struct ms_writer *w)
{
	if (!w->ended || w->status != MS_OK || w->index.size < sizeof(struct fb_index_entry))
		return MS_E_ARGUMENT;
	w->ended = false;
	w->index.size -= sizeof(struct fb_index_entry);
	w->stream->position = w->end_position;
	return MS_OK;
}
