/*
 * graph_index.h - which live block an address lies in: one lookup per word that could be a pointer.
 *
 * blocks: sorted by address, no two at the same. The index divides the range from the first to the last block into extents
 * (gaps of a megabyte and large blocks end them) and knows for each granule of an extent the first block that starts in it or
 * behind it; what is left is a step or two. Without memory for the granules the lookup is a binary search.
 *
 * A block of size 0 is met at its start only; one past the end is not in a block. Where blocks overlap, the one that starts
 * last is found. Ownership: blocks are borrowed until ms_index_free; tables are our own memory.
 * Errors: false when there is no memory at all. Async-signal-safe; a finished index may be read by any thread.
 */
#ifndef MS_PRELOAD_GRAPH_INDEX_H
#define MS_PRELOAD_GRAPH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/arena_layout.h"

#define MS_NO_BLOCK UINT32_MAX

struct ms_extent {
	uint64_t start, end;           /* addresses: of the first block, behind the last */
	uint32_t first, count;         /* positions */
	uint32_t granules;             /* index of its first granule; UINT32_MAX: none */
};

struct ms_index {
	const struct ms_graph_block *blocks;
	uint32_t count;
	uint64_t low, span;            /* of all blocks; an address outside is no candidate */
	struct ms_extent *extents;
	uint32_t extent_count;
	uint32_t *granules;
	size_t extents_bytes, granules_bytes;
	bool overlaps;
	uint32_t last;                 /* extent of the last hit */
};

bool ms_index_make(struct ms_index *index, const struct ms_graph_block *blocks, uint32_t count);
void ms_index_free(struct ms_index *index);

/* Position of the block that holds the address, MS_NO_BLOCK when there is none. */
uint32_t ms_index_find(struct ms_index *index, uint64_t address);
/* Position of the first block whose start is not below the address; count when there is none. */
uint32_t ms_index_from(const struct ms_index *index, uint64_t address);

#endif
