/*
 * table_decode.h - the side tables of a trace in memory, filled block by block.
 *
 * Each function takes the verified body of one block and appends its records, after checking ids (dense, and only
 * referring to records that are there already), column lengths, and that the memory of all tables stays within the
 * budget. ms_tables_finish makes pointers out of offsets; then the tables can be used.
 * Errors: MS_E_CORRUPT, MS_E_LIMIT, MS_E_NOMEM with the offset given. Thread-safety: one thread at a time until
 * finished, read-only afterwards. Not signal-safe.
 */
#ifndef MS_FORMAT_TABLE_DECODE_H
#define MS_FORMAT_TABLE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "errors.h"
#include "trace_types.h"

struct ms_tables {
	uint64_t budget;                 /* bytes of memory that may still be taken */
	uint32_t string_count, module_count, thread_count, frame_count, stack_count;
	struct ms_buffer string_bytes;   /* each with a zero behind it */
	struct ms_buffer string_offsets; /* uint64_t[] */
	struct ms_buffer build_ids;
	struct ms_buffer modules;        /* struct ms_module[] */
	struct ms_buffer module_refs;    /* struct module_ref[], until finished */
	struct ms_buffer threads;        /* struct ms_thread[] */
	struct ms_buffer frames;         /* struct ms_frame[] */
	struct ms_buffer stacks;         /* struct ms_stack[] */
	struct ms_buffer symbols;        /* struct ms_symbol[], by frame */
	struct ms_buffer symbol_starts;  /* uint32_t[frame_count + 1]: index of the first symbol of a frame */
};

void ms_tables_free(struct ms_tables *t);
/* kind: enum ms_block_kind; kinds that are no side table are ignored. */
int ms_tables_add(struct ms_tables *t, unsigned kind, const uint8_t *body, uint64_t offset, struct ms_error *err);
int ms_tables_finish(struct ms_tables *t, struct ms_error *err);

#endif
