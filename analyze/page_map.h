/*
 * page_map.h - what a set of blocks covers, page by page, and sets of pages.
 *
 * A map says for each page (number = address / 4096) how many of its bytes lie in a block; a byte in two blocks counts once. Pages without
 * one are not in it. It is made of the blocks sorted by address, so a block of any size costs the same, addresses may be anywhere,
 * and nothing is proportional to the address space: memory is 2 bytes per page that is covered in part, 24 bytes per run.
 * The last page of the address space, where no program has memory, is left out, so that every end is an address.
 *
 * A set of pages is a list of spans, sorted, neither overlapping nor touching.
 *
 * Ownership: the free functions; all zero is empty. Errors: MS_E_NOMEM. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_PAGE_MAP_H
#define MS_ANALYZE_PAGE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "address_space.h"

/* Bytes [start, end). */
struct ms_extent {
	uint64_t start, end;
};

#define MS_PAGES_FULL SIZE_MAX
struct ms_page_run {
	uint64_t page, count;
	size_t at;                       /* into bytes[], one for each page; MS_PAGES_FULL: all of each */
};
struct ms_page_map {
	struct ms_page_run *runs;        /* sorted */
	size_t run_count, run_capacity;
	uint16_t *bytes;
	size_t byte_count, byte_capacity;
	uint64_t pages;
};

struct ms_page_span {
	uint64_t page, count;
};
struct ms_page_set {
	struct ms_page_span *spans;
	size_t count;
};

/* Address and size of a block to an extent that ends within the address space. */
static inline struct ms_extent ms_extent_of(uint64_t address, uint64_t size_bytes)
{
	const uint64_t most = UINT64_MAX - (MS_ADDRESS_PAGE_BYTES - 1);
	uint64_t end;

	if (__builtin_add_overflow(address, size_bytes, &end) || end > most)
		end = most;
	return (struct ms_extent){address, end};
}

/* Sorts the extents; scratch has room for as many. Extents without a byte (end <= start) are passed over. */
int ms_page_map_build(struct ms_page_map *out, struct ms_extent *extents, struct ms_extent *scratch, size_t n);
void ms_page_map_free(struct ms_page_map *m);

/* Adds the pages of the map to the set. */
int ms_page_set_add(struct ms_page_set *set, const struct ms_page_map *m);
/* Adds another set. */
int ms_page_set_join(struct ms_page_set *set, const struct ms_page_set *other);
uint64_t ms_page_set_pages(const struct ms_page_set *set);
/* Pages of the longest run of pages that are in the set, but not in the map. All pages of the map must be in the set. */
uint64_t ms_page_set_hole(const struct ms_page_set *set, const struct ms_page_map *m);
void ms_page_set_free(struct ms_page_set *set);

#endif
