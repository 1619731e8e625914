/* write_index.c - the writing part of trace_index.h: Keyframe and Checkpoint blocks as they come, TraceIndex, Index, footer. */
#include <stdlib.h>

#include "checkpoint.h"
#include "stream.h"
#include "trace_fb.h"
#include "trace_index.h"
#include "trace_internal.h"
#include "version.h"
#include "writer_internal.h"

struct ms_index_writer {
	struct ms_stream *stream;
	struct ms_packer packer;
	struct ms_fb_builder builder;
	struct ms_buffer entries;        /* struct fb_index_entry[] */
	struct ms_buffer peaks, most;    /* uint64_t[] */
};

int ms_index_writer_open(struct ms_index_writer **out, struct ms_stream *stream, struct ms_error *err)
{
	const struct ms_file_header header = {.format_version = MS_FORMAT_VERSION, .min_reader_version = MS_FORMAT_MIN_READER,
					      .must_understand = MS_FEATURE_INDEX_FILE};
	struct ms_index_writer *w = calloc(1, sizeof(*w));
	uint8_t bytes[MS_FILE_HEADER_BYTES];
	int rc;

	if (w == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to write an index");
	w->stream = stream;
	rc = ms_packer_init(&w->packer, 3, err);
	ms_file_header_store(bytes, &header);
	if (rc == MS_OK)
		rc = ms_stream_write(stream, bytes, sizeof(bytes), err);
	if (rc != MS_OK) {
		ms_index_writer_close(w);
		return rc;
	}
	*out = w;
	return MS_OK;
}

static int pack(struct ms_index_writer *w, struct ms_block_header *header, ms_fb_ref body, struct ms_error *err)
{
	struct ms_fb_builder *b = &w->builder;
	const uint8_t *raw;
	size_t raw_bytes;
	ms_fb_ref root;

	fb_start_block(b);
	fb_block_set_body(b, body);
	fb_block_set_body_type(b, (uint8_t)header->kind);
	root = fb_finish_block(b);
	raw = body != 0 ? ms_fb_finish(b, root, FB_IDENTIFIER, &raw_bytes) : NULL;
	if (raw == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to write an index");
	if (raw_bytes > MS_MAX_RAW_BYTES)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "a block of the index would have %zu bytes", raw_bytes);
	return ms_pack(&w->packer, header, raw, raw_bytes, err);
}

static int put_block(struct ms_index_writer *w, struct ms_block_header header, ms_fb_ref body, struct ms_error *err)
{
	struct fb_index_entry entry;
	int rc = pack(w, &header, body, err);

	if (rc != MS_OK)
		return rc;
	entry = (struct fb_index_entry){
		.offset = w->stream->position,
		.first_time_ns = header.first_time_ns,
		.last_time_ns = header.last_time_ns,
		.first_event = header.first_event,
		.stored_bytes = header.stored_bytes,
		.raw_bytes = header.raw_bytes,
		.count = header.count,
		.kind = header.kind,
	};
	rc = ms_stream_write(w->stream, w->packer.out.data, w->packer.out.size, err);
	if (rc == MS_OK && ms_buffer_append(&w->entries, &entry, sizeof(entry)) != 0)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to write an index");
	return rc;
}

int ms_index_writer_add(struct ms_index_writer *w, const struct ms_checkpoint *c, const struct ms_live_block *blocks, size_t n,
			struct ms_error *err)
{
	const struct ms_keyframe_facts facts = {c->event, c->time_ns, c->next_block, n};
	struct ms_block_header header = {.kind = MS_BLOCK_KEYFRAME, .first_event = c->event, .first_time_ns = c->time_ns,
					 .last_time_ns = c->time_ns};
	size_t done = 0;
	int rc;

	do {
		header.count = n - done < MS_KEYFRAME_PART ? (uint32_t)(n - done) : MS_KEYFRAME_PART;
		rc = put_block(w, header, ms_keyframe_build(&w->builder, &facts, blocks + done, header.count), err);
		done += header.count;
	} while (rc == MS_OK && done < n);
	header.kind = MS_BLOCK_CHECKPOINT;
	header.count = 1;
	if (rc == MS_OK)
		rc = put_block(w, header, ms_checkpoint_build(c, &w->builder), err);
	if (rc == MS_OK && (ms_buffer_append(&w->peaks, &c->peak_bytes, 8) != 0 || ms_buffer_append(&w->most, &c->most_blocks, 8) != 0))
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to write an index");
	return rc;
}

static ms_fb_ref build_facts(struct ms_index_writer *w, const struct ms_trace *t, uint64_t hash, const struct ms_index_facts *facts)
{
	struct ms_fb_builder *b = &w->builder;
	const uint32_t marks = (uint32_t)facts->mark_count, places = (uint32_t)(w->peaks.size / 8);
	uint64_t *values = malloc(((size_t)marks + 1) * sizeof(*values));
	ms_fb_ref strings, events, times, peaks, most;

	ms_fb_reset(b);
	if (values == NULL) {
		b->failed = true;
		return 0;
	}
	for (uint32_t i = 0; i < marks; i++)
		values[i] = facts->marks[i].string;
	strings = ms_build_column(b, FB_CODEC_VARINT, values, marks);
	for (uint32_t i = 0; i < marks; i++)
		values[i] = facts->marks[i].event;
	events = ms_build_column(b, FB_CODEC_DELTA, values, marks);
	for (uint32_t i = 0; i < marks; i++)
		values[i] = facts->marks[i].time_ns;
	times = ms_build_column(b, FB_CODEC_DELTA, values, marks);
	free(values);
	peaks = ms_build_column(b, FB_CODEC_DELTA, (const uint64_t *)(const void *)w->peaks.data, places);
	most = ms_build_column(b, FB_CODEC_DELTA, (const uint64_t *)(const void *)w->most.data, places);
	fb_start_trace_index(b);
	fb_trace_index_set_trace_bytes(b, t->source.size);
	fb_trace_index_set_trace_hash(b, hash);
	fb_trace_index_set_events(b, t->events);
	fb_trace_index_set_peak_event(b, facts->peak_event);
	fb_trace_index_set_peak_time_ns(b, facts->peak_time_ns);
	fb_trace_index_set_peak_bytes(b, facts->peak_bytes);
	fb_trace_index_set_mark_strings(b, strings);
	fb_trace_index_set_mark_events(b, events);
	fb_trace_index_set_mark_times(b, times);
	fb_trace_index_set_checkpoint_peaks(b, peaks);
	fb_trace_index_set_checkpoint_most_blocks(b, most);
	return fb_finish_trace_index(b);
}

int ms_index_writer_end(struct ms_index_writer *w, const struct ms_trace *t, const struct ms_index_facts *facts, struct ms_error *err)
{
	struct ms_block_header header = {.kind = MS_BLOCK_INDEX};
	uint64_t hash, offset;
	uint8_t *footer;
	int rc = ms_trace_fingerprint(t, &hash, err);

	if (rc == MS_OK)
		rc = put_block(w, (struct ms_block_header){.kind = MS_BLOCK_TRACE_INDEX, .count = 1}, build_facts(w, t, hash, facts), err);
	if (rc != MS_OK)
		return rc;
	header.count = (uint32_t)(w->entries.size / sizeof(struct fb_index_entry));
	offset = w->stream->position;
	rc = pack(w, &header, ms_index_build(&w->builder, &w->entries), err);
	if (rc != MS_OK)
		return rc;
	footer = ms_buffer_room(&w->packer.out, MS_FOOTER_BYTES);
	if (footer == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to write an index");
	ms_footer_store(footer, offset, offset + w->packer.out.size + MS_FOOTER_BYTES);
	return ms_stream_write(w->stream, w->packer.out.data, w->packer.out.size + MS_FOOTER_BYTES, err);
}

void ms_index_writer_close(struct ms_index_writer *w)
{
	if (w == NULL)
		return;
	ms_packer_free(&w->packer);
	ms_fb_free(&w->builder);
	ms_buffer_free(&w->entries);
	ms_buffer_free(&w->peaks);
	ms_buffer_free(&w->most);
	free(w);
}
