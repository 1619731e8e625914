/*
 * cull_sums.h - what is known of culled blocks: sums by the stack of their birth, over a period.
 *
 * Ownership: rows belong to the sums until cull_sums_free; cull_sums_list lends them.
 * Errors: cull_sums_add false without memory, when nothing was added.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_CULL_SUMS_H
#define MS_RECORD_CULL_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/trace_types.h"

struct cull_sums {
	struct ms_culled_row *rows;      /* in no order; allocations and reallocations 0: not used */
	size_t capacity, count;          /* capacity: a power of two, or 0 */
};

/* Room for one more stack, so that the next cull_sums_add cannot fail. */
bool cull_sums_reserve(struct cull_sums *s);
/* One block under a stack. */
bool cull_sums_add(struct cull_sums *s, uint32_t stack, bool reallocated, uint64_t bytes, uint64_t lifetime_ns);
/* The rows by ascending stack, until cull_sums_clear, which must come next. */
const struct ms_culled_row *cull_sums_list(struct cull_sums *s, size_t *count);
void cull_sums_clear(struct cull_sums *s);
void cull_sums_free(struct cull_sums *s);

#endif
