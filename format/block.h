/*
 * block.h - one block of a trace: a header of 64 bytes and a payload, which is one zstd frame of one FlatBuffer.
 *
 * ms_packer makes the bytes of a block; ms_block_load and ms_block_unpack take them apart and verify everything:
 * checksums of header and payload, sizes (before anything is allocated), decompression, FlatBuffers structure, and that
 * the body is what the header says.
 * Errors: MS_E_CORRUPT, MS_E_LIMIT, MS_E_NOMEM, with the file offset of the block.
 * Thread-safety: a packer and an unpacker belong to one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_BLOCK_H
#define MS_FORMAT_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "container.h"
#include "errors.h"
#include "limits.h"

#define MS_BLOCK_HEADER_BYTES 64
#define MS_BLOCK_MAGIC UINT32_C(0x4b42534d)  /* "MSBK" */

enum ms_block_codec { MS_CODEC_NONE = 0, MS_CODEC_ZSTD = 1 };

struct ms_block_header {
	uint16_t kind;                       /* enum ms_block_kind */
	uint8_t codec;                       /* enum ms_block_codec */
	uint32_t stored_bytes, raw_bytes;
	uint64_t first_time_ns, last_time_ns;
	uint64_t first_event;                /* ordinal; Events and Keyframe, else 0 */
	uint32_t count;                      /* events or entries */
	uint64_t payload_hash;               /* XXH3-64 of the stored payload */
};

void ms_block_header_store(uint8_t bytes[MS_BLOCK_HEADER_BYTES], const struct ms_block_header *header);
/* Reads and checks the header of the block at `offset`; its payload must lie inside the source. */
int ms_block_load(struct ms_block_header *header, const struct ms_source *source, uint64_t offset, struct ms_error *err);

/* ---- writing ---------------------------------------------------------------------------------------------------- */

struct ms_packer {
	void *zstd;                          /* ZSTD_CCtx */
	struct ms_buffer out;
};

int ms_packer_init(struct ms_packer *p, int level, struct ms_error *err);
void ms_packer_free(struct ms_packer *p);
/* Header and payload of raw_bytes at raw, in p->out until the next call. Fills codec, sizes and hash of *header. */
int ms_pack(struct ms_packer *p, struct ms_block_header *header, const uint8_t *raw, size_t raw_bytes,
	    struct ms_error *err);

/* ---- reading ---------------------------------------------------------------------------------------------------- */

struct ms_unpacker {
	void *zstd;                          /* ZSTD_DCtx, made at first use */
	struct ms_buffer stored, raw;
};

void ms_unpacker_free(struct ms_unpacker *u);
/*
 * Reads, checks and decompresses the payload of the block at `offset`, whose header is *header. *body is the table in
 * the union, of the type that header->kind names; it points into *raw (u->raw, if raw is NULL), which is overwritten.
 */
int ms_block_unpack(struct ms_unpacker *u, const struct ms_source *source, uint64_t offset,
		    const struct ms_block_header *header, struct ms_buffer *raw, const uint8_t **body,
		    struct ms_error *err);
/* The same for a FlatBuffer that is already in memory. */
int ms_block_body(const uint8_t *raw, size_t raw_bytes, unsigned kind, const uint8_t **body, struct ms_error *err);

#endif
