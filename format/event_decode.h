/*
 * event_decode.h - turns the columns of one Events block back into arrays.
 *
 * ms_events_decode checks and decodes everything that does not need the live blocks; what does (sizes and addresses of
 * freed blocks) is left to the cursor, which owns the block table. Needs only the body of the block, so it can run on
 * another thread, ahead of the cursor.
 * Errors: MS_E_CORRUPT with the offset that the caller gives, MS_E_NOMEM from create.
 * Ownership: arrays belong to the struct ms_decoded and are overwritten by the next decode.
 * Thread-safety: one thread at a time for each struct ms_decoded. Not signal-safe.
 */
#ifndef MS_FORMAT_EVENT_DECODE_H
#define MS_FORMAT_EVENT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"
#include "events.h"
#include "predict.h"

/* Valid ids are 1 .. the number here (0 = none). */
struct ms_id_limits {
	uint32_t strings, modules, threads, stacks, evidence, variables;
};

struct ms_decoded {
	uint32_t count;
	uint32_t allocs, maps;           /* number of ALLOC and MAP events */
	bool has_addresses;              /* the columns of addresses were asked for, or are needed for those of MAP events */
	uint64_t first_event, first_block;
	uint64_t address_sum;
	/* One element per event. */
	uint8_t *kind;
	uint64_t *time_ns;
	uint32_t *thread;
	uint32_t *stack;
	uint64_t *size_bytes;            /* FREE and OTHER: 0 */
	uint64_t *block;                 /* ALLOC: its id; FREE: the block it ends or 0; else 0 */
	uint64_t (*arg)[2];              /* only with MS_COLUMN_ARGS, else not valid */
	/* Only with has_addresses: codes of allocations; raw addresses of unmatched frees and mappings. */
	uint64_t *address_code;
	uint64_t *raw_address;
	/* Private. */
	void *memory;
	uint64_t *codes[4];
	struct ms_stack_predictor stack_predictor;
	struct ms_size_predictor size_predictor;
	struct ms_free_predictor free_predictor;
};

int ms_decoded_create(struct ms_decoded **out, uint32_t columns, struct ms_error *err);
void ms_decoded_destroy(struct ms_decoded *d); /* NULL allowed */

/* body: a verified Events table. columns: enum ms_columns. offset: for errors. */
int ms_events_decode(struct ms_decoded *d, const uint8_t *body, const struct ms_id_limits *limits, uint32_t columns,
		     uint64_t offset, struct ms_error *err);

#endif
