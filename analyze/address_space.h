/*
 * address_space.h - result structs about where in the address space live blocks lie, over time: occupancy and fragmentation.
 *
 * Part of the report (report.h), filled when ms_report_options.address_space asks for it; what holds there holds here. Taken at
 * `moment_count` moments, evenly spread over the window, the last one at its end. All pages have 4096 bytes here.
 *
 * A region is a run of pages in which there was a live block at one of the moments, cut where 1 MiB and more lies between two such pages (more
 * than that where there would be over 1024 regions). Its name comes from the recording's address maps (footprints), "" when they do not have it.
 *
 * A block is live from its allocation to its free; between the halves of a realloc it is not among the live ones. Bytes that two blocks claim
 * (a free that the recording lost) are in both blocks' live bytes, and once in occupancy. With exec, the pages of an image end with it.
 *
 * What the figures mean (basis: "measured" are live bytes and addresses, "derived" all that follows from them):
 *   occupied pages       pages with at least one byte of a live block
 *   heap pages           pages that were occupied at this moment or at one before it in the window: what the heap has grown to
 *   external             1 - live bytes / bytes of occupied pages: room beside live blocks that keeps pages from being given back
 *   usable bytes         what the allocator's rounding makes of the requests (usable.h); 0 where the allocator's rule is not known
 *   largest hole         longest run of heap pages without a live byte, inside a region
 */
#ifndef MS_ANALYZE_ADDRESS_SPACE_H
#define MS_ANALYZE_ADDRESS_SPACE_H

#include <stddef.h>
#include <stdint.h>

#define MS_ADDRESS_PAGE_BYTES 4096u

struct ms_address_region {
	uint64_t start, end;             /* addresses [start, end), whole pages */
	const char *name;
	uint32_t first_bin, bin_count;
	uint64_t bin_bytes;              /* a multiple of the page; the last bin may be shorter */
};

struct ms_address_moment {
	uint64_t time_ns, event;         /* events before `event` have happened */
	uint64_t live_blocks, live_bytes;
	uint64_t usable_bytes;           /* of the live blocks */
	uint64_t occupied_pages, heap_pages;
	uint64_t largest_hole_bytes;
};

struct ms_report_address_space {
	const char *reason;              /* why there is nothing; NULL = there is */
	const char *usable_rule;         /* "glibc: ..." ; NULL = not known for this allocator */
	struct ms_address_moment *moments;
	size_t moment_count;
	struct ms_address_region *regions; /* by address */
	size_t region_count;
	uint32_t bin_count;              /* of all regions */
	uint64_t *occupancy;             /* [moment * bin_count + bin]: bytes of live blocks in the bin */
};

/* External and internal (rounding) loss in bytes: of occupied_pages, of usable_bytes. 0 where there is nothing, or no rule. */
static inline uint64_t ms_address_external_bytes(const struct ms_address_moment *m)
{
	uint64_t room = m->occupied_pages * MS_ADDRESS_PAGE_BYTES;

	return room > m->live_bytes ? room - m->live_bytes : 0;
}
static inline uint64_t ms_address_internal_bytes(const struct ms_address_moment *m)
{
	return m->usable_bytes > m->live_bytes ? m->usable_bytes - m->live_bytes : 0;
}

#endif
