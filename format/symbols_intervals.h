/*
 * symbols_intervals.h - address ranges to values: which compilation unit, function or symbol covers an address.
 *
 * Add ranges in any order, then build once, then look up. Ranges may nest and overlap: an address belongs to the range
 * that begins last before it, of equal ranges to the one with the lowest rank; for properly nested ranges that is the
 * innermost. Building flattens them into disjoint segments, so that a lookup is one binary search whatever the nesting.
 *
 * Ownership: zero-initialise; symbols_intervals_free. Errors: MS_E_NOMEM. Thread-safety: none; lookups only read.
 */
#ifndef MS_FORMAT_SYMBOLS_INTERVALS_H
#define MS_FORMAT_SYMBOLS_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_NO_VALUE UINT32_MAX

struct symbols_interval {
	uint64_t low, high;              /* [low, high) */
	uint32_t value, rank;
};

struct symbols_segment {
	uint64_t start;                  /* up to the start of the next segment */
	uint32_t value;                  /* SYMBOLS_NO_VALUE: nothing here */
};

struct symbols_intervals {
	struct symbols_interval *ranges; /* before building */
	size_t count, capacity;
	struct symbols_segment *segments; /* after building */
	size_t segment_count;
};

/* Empty ranges are ignored. */
int symbols_intervals_add(struct symbols_intervals *t, uint64_t low, uint64_t high, uint32_t value, uint32_t rank);
int symbols_intervals_build(struct symbols_intervals *t);
/* SYMBOLS_NO_VALUE when no range covers the address. */
uint32_t symbols_intervals_find(const struct symbols_intervals *t, uint64_t address);
void symbols_intervals_free(struct symbols_intervals *t);

#endif
