/* trace_blocks.c - the list of the blocks of a file: from its Index block, or from their headers; see trace_internal.h. */
#include <string.h>

#include "trace_fb.h"
#include "trace_internal.h"

void ms_trace_damaged(struct ms_trace *t, const struct ms_error *why)
{
	if (t->damage.code == MS_OK)
		t->damage = *why;
}

static int add_block(struct ms_buffer *blocks, const struct ms_block_info *info, struct ms_error *err)
{
	if (ms_buffer_append(blocks, info, sizeof(*info)) != 0)
		return ms_fail(err, MS_E_NOMEM, info->offset, "no memory for the list of blocks");
	return MS_OK;
}

static struct ms_block_info info_of(const struct ms_block_header *h, uint64_t offset)
{
	return (struct ms_block_info){
		.offset = offset,
		.stored_bytes = h->stored_bytes,
		.raw_bytes = h->raw_bytes,
		.first_time_ns = h->first_time_ns,
		.last_time_ns = h->last_time_ns,
		.first_event = h->first_event,
		.count = h->count,
		.kind = h->kind,
	};
}

int ms_listed_block_header(const struct ms_source *source, const struct ms_block_info *info, struct ms_block_header *header,
			   struct ms_error *err)
{
	struct ms_block_info again;
	int rc = ms_block_load(header, source, info->offset, err);

	if (rc != MS_OK)
		return rc;
	again = info_of(header, info->offset);
	if (again.stored_bytes != info->stored_bytes || again.raw_bytes != info->raw_bytes ||
	    again.first_time_ns != info->first_time_ns || again.last_time_ns != info->last_time_ns ||
	    again.first_event != info->first_event || again.count != info->count || again.kind != info->kind)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the block is not the one that the index describes");
	return MS_OK;
}

int ms_trace_block_header(const struct ms_trace *t, const struct ms_block_info *info, struct ms_block_header *header,
			  struct ms_error *err)
{
	return ms_listed_block_header(&t->source, info, header, err);
}

int ms_read_block_list(struct ms_buffer *blocks, const struct ms_source *source, struct ms_unpacker *u, struct ms_error *err)
{
	struct ms_buffer buffer = {0};
	struct ms_block_header header;
	struct ms_fb_vector entries;
	uint64_t index_offset, expected = MS_FILE_HEADER_BYTES;
	const uint8_t *bytes, *body;
	int rc;

	if (source->size < MS_FILE_HEADER_BYTES + MS_FOOTER_BYTES)
		return ms_fail(err, MS_E_NOT_FOUND, source->size, "the file is too short for an index");
	bytes = ms_source_read(source, source->size - MS_FOOTER_BYTES, MS_FOOTER_BYTES, &buffer, err);
	rc = bytes != NULL ? ms_footer_load(&index_offset, bytes, source->size, err) : MS_E_IO;
	ms_buffer_free(&buffer);
	if (rc != MS_OK)
		return rc;
	rc = ms_block_load(&header, source, index_offset, err);
	if (rc == MS_OK && header.kind != MS_BLOCK_INDEX)
		rc = ms_fail(err, MS_E_CORRUPT, index_offset, "the footer points to a %s block",
			     ms_block_kind_name(header.kind));
	if (rc == MS_OK)
		rc = ms_block_unpack(u, source, index_offset, &header, NULL, &body, err);
	if (rc != MS_OK)
		return rc;
	entries = fb_index_entries((struct fb_index){body});
	for (uint32_t i = 0; i < entries.count; i++) {
		struct fb_index_entry e;
		struct ms_block_info info;

		memcpy(&e, entries.data + i * sizeof(e), sizeof(e));
		info = (struct ms_block_info){
			.offset = e.offset,
			.stored_bytes = e.stored_bytes,
			.raw_bytes = e.raw_bytes,
			.first_time_ns = e.first_time_ns,
			.last_time_ns = e.last_time_ns,
			.first_event = e.first_event,
			.count = e.count,
			.kind = e.kind,
		};
		if (e.offset != expected || e.stored_bytes > MS_MAX_STORED_BYTES || e.raw_bytes > MS_MAX_RAW_BYTES ||
		    e.first_time_ns > e.last_time_ns || e.kind == MS_BLOCK_INDEX)
			return ms_fail(err, MS_E_CORRUPT, index_offset, "entry %u of the index is not valid", i);
		expected += MS_BLOCK_HEADER_BYTES + e.stored_bytes;
		rc = add_block(blocks, &info, err);
		if (rc != MS_OK)
			return rc;
	}
	if (expected != index_offset)
		return ms_fail(err, MS_E_CORRUPT, index_offset, "the index does not describe the whole file");
	return MS_OK;
}

int ms_scan_blocks(struct ms_trace *t, struct ms_error *err)
{
	struct ms_buffer *blocks = &t->blocks;
	uint64_t offset = MS_FILE_HEADER_BYTES;

	t->blocks.size = 0;
	while (offset < t->source.size) {
		struct ms_block_header header;
		struct ms_block_info info;
		struct ms_error why;
		int rc = ms_block_load(&header, &t->source, offset, &why);

		if (rc != MS_OK) {
			ms_trace_damaged(t, &why);
			break;
		}
		info = info_of(&header, offset);
		if (header.kind == MS_BLOCK_INDEX) {
			ms_fail(&why, MS_E_CORRUPT, offset, "there is an index, but no valid footer points to it");
			ms_trace_damaged(t, &why);
			break;
		}
		rc = add_block(blocks, &info, err);
		if (rc != MS_OK)
			return rc;
		offset += MS_BLOCK_HEADER_BYTES + header.stored_bytes;
	}
	return MS_OK;
}
