/* trace_copy.c - ms_writer_copy of trace_writer.h: one trace's blocks become the beginning of another. */
#include <string.h>
#include <xxhash.h>

#include "stream.h"
#include "trace_fb.h"
#include "trace_internal.h"
#include "version.h"
#include "writer_internal.h"

static int fail(struct ms_writer *w, int code, const struct ms_error *why, struct ms_error *err)
{
	w->error = *why;
	w->status = code;
	if (err != NULL)
		*err = *why;
	return code;
}

static int copy_block(struct ms_writer *w, const struct ms_trace *from, const struct ms_block_info *info,
                      struct ms_buffer *buffer, struct ms_error *err)
{
	size_t size = MS_BLOCK_HEADER_BYTES + info->stored_bytes;
	struct fb_index_entry entry = {
	        .offset = w->stream->position,
	        .first_time_ns = info->first_time_ns,
	        .last_time_ns = info->last_time_ns,
	        .first_event = info->first_event,
	        .stored_bytes = (uint32_t)info->stored_bytes,
	        .raw_bytes = (uint32_t)info->raw_bytes,
	        .count = info->count,
	        .kind = info->kind,
	};
	struct ms_block_header header;
	const uint8_t *bytes;
	int rc = ms_trace_block_header(from, info, &header, err);

	if (rc != MS_OK)
		return rc;
	bytes = ms_source_read(&from->source, info->offset, size, buffer, err);
	if (bytes == NULL)
		return MS_E_IO;
	if (XXH3_64bits(bytes + MS_BLOCK_HEADER_BYTES, info->stored_bytes) != header.payload_hash)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the %s block does not match its checksum",
		               ms_block_kind_name(info->kind));
	rc = ms_stream_write(w->stream, bytes, size, err);
	if (rc == MS_OK && ms_buffer_append(&w->index, &entry, sizeof entry) != 0)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the index");
	return rc;
}

/* New strings get the ids behind the copied ones, and a string that is there already its old id. */
static int adopt_strings(struct ms_writer *w, const struct ms_trace *from, struct ms_error *err)
{
	uint32_t n = ms_trace_string_count(from);

	for (uint32_t id = 1; id <= n; id++) {
		const char *s = ms_trace_string(from, id);
		bool is_new;

		if (ms_intern(&w->strings, s, strlen(s), &is_new) == 0)
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u strings", n);
		/* another writer may have stored one string twice: ids count the stored ones */
		w->strings.count = id;
	}
	return MS_OK;
}

int ms_writer_copy(struct ms_writer *w, const struct ms_trace *from, bool (*take)(void *, const struct ms_block_info *),
                   void *context, struct ms_error *err)
{
	const struct ms_block_info *blocks = ms_trace_blocks(from);
	struct ms_buffer buffer = {0};
	uint64_t events = 0;
	struct ms_error why = {.code = MS_OK, .offset = MS_NO_OFFSET};
	int rc = MS_OK;

	if (w->status != MS_OK || w->process_written)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "a trace is copied into an empty one");
	if (ms_trace_is_part(from) != w->options.part)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "a part is copied into a part");
	if (from->header.format_version > MS_FORMAT_VERSION)
		rc = ms_fail(&why, MS_E_UNSUPPORTED, MS_NO_OFFSET, "the trace has format version %u, a copy would have %u",
		             from->header.format_version, MS_FORMAT_VERSION);
	for (size_t i = 0; i < ms_trace_block_count(from) && rc == MS_OK; i++) {
		if (blocks[i].kind == MS_BLOCK_END || blocks[i].kind == MS_BLOCK_INDEX || (take && !take(context, &blocks[i])))
			continue;
		rc = copy_block(w, from, &blocks[i], &buffer, &why);
		if (blocks[i].kind == MS_BLOCK_EVENTS)
			events += blocks[i].count;
	}
	if (rc == MS_OK)
		rc = adopt_strings(w, from, &why);
	ms_buffer_free(&buffer);
	if (rc != MS_OK)
		return fail(w, rc, &why, err);
	w->process_written = w->copied = true;
	w->modules = ms_trace_module_count(from);
	w->threads = ms_trace_thread_count(from);
	w->frames = ms_trace_frame_count(from);
	w->stacks = ms_trace_stack_count(from);
	w->evidence = ms_trace_evidence_count(from);
	w->variables = ms_trace_variable_count(from);
	w->events = w->events_written = events;
	w->blocks = w->blocks_written = from->has_end ? from->end.blocks : 0;
	w->last_time_ns = ms_trace_last_time_ns(from);
	w->pending.table[MS_BLOCK_STRINGS].first_id = w->strings.count + 1;
	return MS_OK;
}
