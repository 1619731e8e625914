#include "block.h"

#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "bytes.h"
#define FB_SCHEMA
#include "trace_fb.h"

#define X(number, id, name) _Static_assert((int)MS_BLOCK_##id == (int)FB_BODY_##id, "kinds are union members");
MS_BLOCK_KINDS(X)
#undef X

/* ---- header: offsets --------------------------------------------------------------------------------------------- */

enum {
	BLOCK_MAGIC = 0,
	BLOCK_KIND = 4,
	BLOCK_CODEC = 6,
	BLOCK_RESERVED0 = 7,
	BLOCK_STORED_BYTES = 8,
	BLOCK_RAW_BYTES = 12,
	BLOCK_FIRST_TIME = 16,
	BLOCK_LAST_TIME = 24,
	BLOCK_FIRST_EVENT = 32,
	BLOCK_COUNT = 40,
	BLOCK_RESERVED1 = 44,
	BLOCK_PAYLOAD_HASH = 48,
	BLOCK_HEADER_HASH = 56,
};

void ms_block_header_store(uint8_t bytes[MS_BLOCK_HEADER_BYTES], const struct ms_block_header *h)
{
	memset(bytes, 0, MS_BLOCK_HEADER_BYTES);
	ms_store32(bytes + BLOCK_MAGIC, MS_BLOCK_MAGIC);
	ms_store16(bytes + BLOCK_KIND, h->kind);
	bytes[BLOCK_CODEC] = h->codec;
	ms_store32(bytes + BLOCK_STORED_BYTES, h->stored_bytes);
	ms_store32(bytes + BLOCK_RAW_BYTES, h->raw_bytes);
	ms_store64(bytes + BLOCK_FIRST_TIME, h->first_time_ns);
	ms_store64(bytes + BLOCK_LAST_TIME, h->last_time_ns);
	ms_store64(bytes + BLOCK_FIRST_EVENT, h->first_event);
	ms_store32(bytes + BLOCK_COUNT, h->count);
	ms_store64(bytes + BLOCK_PAYLOAD_HASH, h->payload_hash);
	ms_store64(bytes + BLOCK_HEADER_HASH, XXH3_64bits(bytes, BLOCK_HEADER_HASH));
}

int ms_block_load(struct ms_block_header *h, const struct ms_source *source, uint64_t offset, struct ms_error *err)
{
	struct ms_buffer buffer = {0};
	struct ms_error inner;
	const uint8_t *bytes = ms_source_read(source, offset, MS_BLOCK_HEADER_BYTES, &buffer, &inner);
	int rc = MS_OK;

	if (bytes == NULL) {
		ms_buffer_free(&buffer);
		return ms_fail(err, inner.code, inner.offset, "%s", inner.message);
	}
	if (ms_load32(bytes + BLOCK_MAGIC) != MS_BLOCK_MAGIC) {
		rc = ms_fail(err, MS_E_CORRUPT, offset, "no block starts here");
	} else if (ms_load64(bytes + BLOCK_HEADER_HASH) != XXH3_64bits(bytes, BLOCK_HEADER_HASH)) {
		rc = ms_fail(err, MS_E_CORRUPT, offset, "the block header does not match its checksum");
	} else {
		*h = (struct ms_block_header){
			.kind = ms_load16(bytes + BLOCK_KIND),
			.codec = bytes[BLOCK_CODEC],
			.stored_bytes = ms_load32(bytes + BLOCK_STORED_BYTES),
			.raw_bytes = ms_load32(bytes + BLOCK_RAW_BYTES),
			.first_time_ns = ms_load64(bytes + BLOCK_FIRST_TIME),
			.last_time_ns = ms_load64(bytes + BLOCK_LAST_TIME),
			.first_event = ms_load64(bytes + BLOCK_FIRST_EVENT),
			.count = ms_load32(bytes + BLOCK_COUNT),
			.payload_hash = ms_load64(bytes + BLOCK_PAYLOAD_HASH),
		};
		if (bytes[BLOCK_RESERVED0] != 0 || ms_load32(bytes + BLOCK_RESERVED1) != 0)
			rc = ms_fail(err, MS_E_CORRUPT, offset, "reserved bytes of the block header are not zero");
		else if (h->codec > MS_CODEC_ZSTD)
			rc = ms_fail(err, MS_E_CORRUPT, offset, "the block is compressed with unknown codec %u", h->codec);
		else if (h->raw_bytes > MS_MAX_RAW_BYTES || h->stored_bytes > MS_MAX_STORED_BYTES)
			rc = ms_fail(err, MS_E_LIMIT, offset, "a block of %u bytes, %u uncompressed, is too large",
				     h->stored_bytes, h->raw_bytes);
		else if (h->first_time_ns > h->last_time_ns)
			rc = ms_fail(err, MS_E_CORRUPT, offset, "the block ends before it begins");
		else if (h->stored_bytes > source->size - offset - MS_BLOCK_HEADER_BYTES)
			rc = ms_fail(err, MS_E_TRUNCATED, source->size,
				     "the file ends inside the %s block at %llu: %u bytes are expected, %llu are there",
				     ms_block_kind_name(h->kind), (unsigned long long)offset, h->stored_bytes,
				     (unsigned long long)(source->size - offset - MS_BLOCK_HEADER_BYTES));
	}
	ms_buffer_free(&buffer);
	return rc;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

int ms_packer_init(struct ms_packer *p, int level, struct ms_error *err)
{
	/*
	 * At level 3 zstd's own tables are 768 KiB, which would have to share the cache with the program that is being
	 * recorded. Tables of 96 KiB cost 0.5 % in size and are faster.
	 */
	const struct {
		ZSTD_cParameter parameter;
		int value;
	} parameters[] = {
		{ZSTD_c_compressionLevel, level},
		{ZSTD_c_contentSizeFlag, 1},
		{ZSTD_c_hashLog, level == 3 ? 14 : 0},
		{ZSTD_c_chainLog, level == 3 ? 13 : 0},
	};
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	*p = (struct ms_packer){.zstd = zstd};
	if (zstd == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a compressor");
	if (level < ZSTD_minCLevel() || level > ZSTD_maxCLevel())
		goto fail;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(zstd, parameters[i].parameter, parameters[i].value)))
			goto fail;
	}
	return MS_OK;

fail:
	ms_packer_free(p);
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "zstd does not take level %d", level);
}

void ms_packer_free(struct ms_packer *p)
{
	ZSTD_freeCCtx(p->zstd);
	p->zstd = NULL;
	ms_buffer_free(&p->out);
}

int ms_pack(struct ms_packer *p, struct ms_block_header *header, const uint8_t *raw, size_t raw_bytes,
	    struct ms_error *err)
{
	size_t bound = ZSTD_compressBound(raw_bytes), stored;
	uint8_t *out;

	if (raw_bytes > MS_MAX_RAW_BYTES)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "a %s block of %zu bytes is too large",
			       ms_block_kind_name(header->kind), raw_bytes);
	p->out.size = 0;
	out = ms_buffer_room(&p->out, MS_BLOCK_HEADER_BYTES + bound);
	if (out == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a block of %zu bytes", bound);
	stored = ZSTD_compress2(p->zstd, out + MS_BLOCK_HEADER_BYTES, bound, raw, raw_bytes);
	if (ZSTD_isError(stored))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "cannot compress: %s", ZSTD_getErrorName(stored));
	header->codec = MS_CODEC_ZSTD;
	header->raw_bytes = (uint32_t)raw_bytes;
	header->stored_bytes = (uint32_t)stored;
	header->payload_hash = XXH3_64bits(out + MS_BLOCK_HEADER_BYTES, stored);
	ms_block_header_store(out, header);
	p->out.size = MS_BLOCK_HEADER_BYTES + stored;
	return MS_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

void ms_unpacker_free(struct ms_unpacker *u)
{
	ZSTD_freeDCtx(u->zstd);
	u->zstd = NULL;
	ms_buffer_free(&u->stored);
	ms_buffer_free(&u->raw);
}

static int decompress(struct ms_unpacker *u, const uint8_t *payload, const struct ms_block_header *h,
		      struct ms_buffer *raw, uint64_t offset, struct ms_error *err)
{
	/* What zstd says about the content is compared first: a lying header costs no memory. */
	unsigned long long content = h->codec == MS_CODEC_ZSTD ? ZSTD_getFrameContentSize(payload, h->stored_bytes)
							       : h->stored_bytes;
	size_t n = content;

	if (content != h->raw_bytes)
		return ms_fail(err, MS_E_CORRUPT, offset, "the %s block does not have the %u bytes that its header says",
			       ms_block_kind_name(h->kind), h->raw_bytes);
	raw->size = 0;
	if (ms_buffer_room(raw, h->raw_bytes) == NULL)
		return ms_fail(err, MS_E_NOMEM, offset, "no memory for a block of %u bytes", h->raw_bytes);
	if (h->codec == MS_CODEC_ZSTD) {
		if (u->zstd == NULL)
			u->zstd = ZSTD_createDCtx();
		if (u->zstd == NULL)
			return ms_fail(err, MS_E_NOMEM, offset, "no memory for a decompressor");
		n = ZSTD_decompressDCtx(u->zstd, raw->data, h->raw_bytes, payload, h->stored_bytes);
	} else if (n > 0) {
		memcpy(raw->data, payload, n);
	}
	if (n != h->raw_bytes)
		return ms_fail(err, MS_E_CORRUPT, offset, "the %s block does not decompress: %s",
			       ms_block_kind_name(h->kind), ZSTD_isError(n) ? ZSTD_getErrorName(n) : "wrong length");
	raw->size = n;
	return MS_OK;
}

int ms_block_body(const uint8_t *raw, size_t raw_bytes, unsigned kind, const uint8_t **body, struct ms_error *err)
{
	struct fb_block block;
	int rc = ms_fb_verify(&fb_schema, raw, raw_bytes, err);

	if (rc != MS_OK)
		return rc;
	block.at = ms_fb_root(raw);
	if (fb_block_body_type(block) != kind)
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "its body is of kind %u (%s), its header says %u (%s)",
			       fb_block_body_type(block), ms_block_kind_name(fb_block_body_type(block)), kind,
			       ms_block_kind_name(kind));
	*body = fb_block_body(block);
	if (*body == NULL)
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "it has no body");
	return MS_OK;
}

int ms_block_unpack(struct ms_unpacker *u, const struct ms_source *source, uint64_t offset,
		    const struct ms_block_header *h, struct ms_buffer *raw, const uint8_t **body, struct ms_error *err)
{
	struct ms_error inner;
	const uint8_t *payload =
		ms_source_read(source, offset + MS_BLOCK_HEADER_BYTES, h->stored_bytes, &u->stored, &inner);
	int rc;

	if (raw == NULL)
		raw = &u->raw;
	if (payload == NULL)
		return ms_fail(err, inner.code, inner.offset, "%s", inner.message);
	if (XXH3_64bits(payload, h->stored_bytes) != h->payload_hash)
		return ms_fail(err, MS_E_CORRUPT, offset, "the %s block does not match its checksum",
			       ms_block_kind_name(h->kind));
	rc = decompress(u, payload, h, raw, offset, err);
	if (rc != MS_OK)
		return rc;
	rc = ms_block_body(raw->data, raw->size, h->kind, body, &inner);
	if (rc != MS_OK)
		return ms_fail(err, rc, offset, "%s block: %s", ms_block_kind_name(h->kind), inner.message);
	return MS_OK;
}
