/*
 * block_scan.h - the lives of blocks, one after the other, from one pass over the events (or over the part that matters).
 *
 * A row per block that an allocation or a realloc began, as the report counts them: it comes when the block ends; blocks that exec
 * ended come then, and those alive at the end of the trace come last. A block whose realloc failed goes by its newest id. A realloc
 * whose second half was lost ended its block by a free; one that was never seen to end leaves its block alive.
 *
 * Where the pass starts and stops follows from the range: blocks begun before it are not asked for, so it starts at the first
 * event that can be of interest and stops when none is left. When only blocks that began long ago are still waited for, it goes
 * on at the last keyframe at which all of them are alive. What a pass that starts in the middle cannot know: that a block was
 * born before its realloc failed, when the first half of that stands before the start (it then counts as born there).
 *
 * Memory: that of the cursor (live blocks), and 64 bytes for each realloc in progress. Ownership: a scan owns all it needs.
 * Errors: those of the cursor; MS_E_LIMIT, MS_E_CANCELLED when the query is to stop. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_BLOCK_SCAN_H
#define MS_ANALYZE_BLOCK_SCAN_H

#include "query_internal.h"

enum ms_block_end { MS_BLOCK_ALIVE, MS_BLOCK_FREED, MS_BLOCK_REALLOCATED, MS_BLOCK_ENDED_BY_EXEC };

struct ms_block_row {
	uint64_t id, address, size_bytes, birth_ns, end_ns;
	uint32_t birth_thread, birth_stack, site, end_thread, end_stack;
	uint8_t birth_kind, end_kind;    /* enum ms_event_kind */
	uint8_t how;                     /* enum ms_block_end */
	bool temporary;
};

/* Both ends inclusive. Blocks outside may come as well. */
struct ms_block_range {
	uint64_t low_id, high_id;
	uint64_t low_birth_ns, high_birth_ns;
	uint64_t low_end_ns, high_end_ns; /* not the whole range: only blocks that ended by free or realloc are asked for */
	bool alive_only;                 /* at the end of the trace */
	bool exact_temporary;            /* the field `temporary` is looked at */
	bool addresses;
};

struct ms_block_scan;

/* The query's map is made. */
int ms_block_scan_open(struct ms_block_scan **out, struct ms_query *q, const struct ms_block_range *range, struct ms_error *err);
/* *row = NULL: there are no more. Valid until the next call. */
int ms_block_scan_next(struct ms_block_scan *s, const struct ms_block_row **row, struct ms_error *err);
void ms_block_scan_close(struct ms_block_scan *s); /* NULL allowed */

#endif
