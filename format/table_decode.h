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
#include "trace_fb.h"
#include "trace_types.h"

/* table_samples.c: what was measured of the process. */
struct ms_sample_tables {
	uint32_t count;                  /* of series */
	uint64_t time_ns, footprint_ns;  /* of the last sample and footprint, until finished */
	struct ms_buffer series;         /* struct ms_series[] */
	struct ms_buffer points;         /* struct ms_sample[], by series once finished */
	struct ms_buffer point_series;   /* uint32_t[], until finished */
	struct ms_buffer starts;         /* uint64_t[count + 2]: index of the first point of a series */
	struct ms_buffer footprints;     /* struct ms_footprint[] */
	struct ms_buffer regions;        /* struct ms_region[] */
};

/* table_culled.c: sums over blocks that are no events. */
struct ms_culled_tables {
	struct ms_buffer periods;        /* struct ms_culled[] */
	struct ms_buffer rows;           /* struct ms_culled_row[] */
	struct ms_culled_row sum;        /* of all of them */
	uint64_t early_events;           /* likewise */
	uint64_t to_ns;                  /* of the last one */
};

struct ms_tables {
	uint64_t budget;                 /* bytes of memory that may still be taken */
	uint32_t string_count, module_count, thread_count, frame_count, stack_count, evidence_count, variable_count;
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
	struct ms_buffer evidence;       /* struct ms_evidence[] */
	struct ms_buffer evidence_bytes;
	struct ms_buffer evidence_registers; /* uint64_t[] */
	struct ms_buffer variables;      /* struct ms_variable[] */
	struct ms_buffer data_symbols;   /* struct ms_data_symbol[], once finished by module and address */
	struct ms_sample_tables samples;
	struct ms_culled_tables culled;
};

void ms_tables_free(struct ms_tables *t);
/* kind: enum ms_block_kind; kinds that are no side table are ignored. */
int ms_tables_add(struct ms_tables *t, unsigned kind, const uint8_t *body, uint64_t offset, struct ms_error *err);
int ms_tables_finish(struct ms_tables *t, struct ms_error *err);

/* ---- for the files that decode tables: table_decode.c, table_*.c, graph_decode.c ---- */

/* Room for `bytes` more in a table, taken from the budget. NULL on error. */
void *ms_tables_take(struct ms_tables *t, struct ms_buffer *table, uint64_t bytes, uint64_t offset, struct ms_error *err);
/* Decodes a column into scratch memory that the caller frees; NULL on error. */
uint64_t *ms_tables_column(struct ms_tables *t, struct fb_column c, uint32_t count, const char *what, uint64_t offset,
			   struct ms_error *err);
int ms_tables_check_first(uint32_t first_id, uint32_t have, uint32_t count, const char *what, uint64_t offset,
			  struct ms_error *err);
/* table_evidence.c */
int ms_tables_add_evidence(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err);
int ms_tables_add_data_symbols(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err);
void ms_tables_finish_evidence(struct ms_tables *t);
/* table_variables.c */
int ms_tables_add_variables(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err);
/* table_samples.c */
int ms_tables_add_samples(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err);
int ms_tables_finish_samples(struct ms_tables *t, struct ms_error *err);
void ms_tables_free_samples(struct ms_tables *t);
/* table_culled.c */
int ms_tables_add_culled(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err);
void ms_tables_finish_culled(struct ms_tables *t);

#endif
