/*
 * table_encode.h - collects the records of the side tables (strings, modules, threads, frames, stacks, symbols) until
 * they are written, and makes the body of their blocks.
 *
 * Errors: MS_E_NOMEM. Ownership: everything added is copied. Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_TABLE_ENCODE_H
#define MS_FORMAT_TABLE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "container.h"
#include "fb_build.h"
#include "trace_types.h"

/* A growing vector of 64-bit numbers. */
struct ms_numbers {
	struct ms_buffer buffer;
};

static inline int ms_numbers_add(struct ms_numbers *n, uint64_t v)
{
	return ms_buffer_append(&n->buffer, &v, sizeof(v));
}

static inline uint32_t ms_numbers_count(const struct ms_numbers *n)
{
	return (uint32_t)(n->buffer.size / sizeof(uint64_t));
}

/* Records that wait to be written: one row of columns for each kind of table. */
#define MS_PENDING_COLUMNS 8
struct ms_pending {
	uint32_t first_id;               /* of the records that wait */
	uint32_t count;
	struct ms_numbers column[MS_PENDING_COLUMNS];
	struct ms_buffer bytes;          /* strings; build-ids of modules */
};

/* Indexed by enum ms_block_kind, MS_BLOCK_STRINGS .. MS_BLOCK_SYMBOLS. */
struct ms_pending_tables {
	struct ms_pending table[MS_BLOCK_SYMBOLS + 1];
};

void ms_pending_init(struct ms_pending_tables *p);
void ms_pending_free(struct ms_pending_tables *p);

int ms_pending_string(struct ms_pending_tables *p, const char *bytes, size_t length);
int ms_pending_module(struct ms_pending_tables *p, uint32_t path, const struct ms_module *module);
int ms_pending_thread(struct ms_pending_tables *p, const struct ms_thread *thread);
int ms_pending_frame(struct ms_pending_tables *p, uint64_t address, uint32_t module);
int ms_pending_stack(struct ms_pending_tables *p, uint32_t parent, uint32_t frame);
int ms_pending_symbol(struct ms_pending_tables *p, const struct ms_symbol *symbol);

/* About how many bytes wait in a table. */
size_t ms_pending_bytes(const struct ms_pending *p);
/* The body of a block with all records of the table that wait, 0 on error; ms_pending_clear then forgets them. */
ms_fb_ref ms_pending_build(const struct ms_pending_tables *p, unsigned kind, struct ms_fb_builder *b);
void ms_pending_clear(struct ms_pending *p);

/* A Column of these values; 0 on error. */
ms_fb_ref ms_build_column(struct ms_fb_builder *b, uint8_t codec, const uint64_t *values, uint32_t count);

#endif
