/*
 * graph_blocks.c - the live table sorted by address: a radix sort, least significant digit first, of as many digits as the
 * addresses differ in.
 */
#include <stdlib.h>
#include <string.h>

#include "graph_ingest.h"

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

struct key {
	uint64_t address;
	uint64_t entry;                  /* number in the pool */
};

static void sort_digit(const struct key *from, struct key *to, size_t n, uint64_t base, unsigned shift)
{
	size_t starts[DIGITS] = {0}, at = 0;

	for (size_t i = 0; i < n; i++)
		starts[(from[i].address - base) >> shift & (DIGITS - 1)]++;
	for (unsigned d = 0; d < DIGITS; d++) {
		size_t count = starts[d];

		starts[d] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++)
		to[starts[(from[i].address - base) >> shift & (DIGITS - 1)]++] = from[i];
}

size_t graph_sort_blocks(const struct live_table *live, struct ms_graph_block *blocks, uint64_t *ids, size_t capacity)
{
	struct key *keys = malloc((live->count + 1) * sizeof *keys), *other = malloc((live->count + 1) * sizeof *other);
	uint64_t low = UINT64_MAX, high = 0;
	size_t n = 0;

	if (!keys || !other) {
		n = SIZE_MAX;
		goto done;
	}
	for (size_t i = 1; i < live->pool_used && n < live->count; i++) {
		uint64_t address = live->pool[i].address_thread & LIVE_ENTRY_MASK;

		if (address == 0)
			continue;
		keys[n++] = (struct key){address, i};
		low = address < low ? address : low;
		high = address > high ? address : high;
	}
	for (unsigned shift = 0; n > 1 && shift < 64 && (high - low) >> shift != 0; shift += DIGIT_BITS) {
		struct key *sorted = other;

		sort_digit(keys, other, n, low, shift);
		other = keys;
		keys = sorted;
	}
	n = n < capacity ? n : capacity;
	for (size_t i = 0; i < n; i++) {
		const struct live_entry *e = &live->pool[keys[i].entry];

		if (i + 8 < n)
			__builtin_prefetch(&live->pool[keys[i + 8].entry]);
		blocks[i] = (struct ms_graph_block){keys[i].address, live_entry_size(live, e)};
		ids[i] = live_entry_block(e);
	}
done:
	free(keys);
	free(other);
	return n;
}
