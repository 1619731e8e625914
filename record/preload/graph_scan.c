/* graph_scan.c - see graph_scan.h. */
#include "graph_scan.h"

#include "clock.h"
#include "graph_memory.h"
#include "raw.h"

#define CHUNK_FLAGS UINT64_C(7)
#define BLOCKS_PER_LOOK 4096u /* at the clock */
#define PAGES_PER_LOOK 4096u

/* ---- heuristics -------------------------------------------------------------------------------------------------- */

/* Does the address look like a table of virtual functions: in a part of a module that is not written to, with code in it? */
static bool is_vtable(const struct ms_maps *maps, uint64_t address)
{
	const struct ms_region *region = ms_maps_find(maps, address), *code;
	uint64_t function;

	if (address % 8 != 0 || region == NULL || region->inode == 0 ||
	    (region->flags & (MS_REGION_READ | MS_REGION_WRITE)) != MS_REGION_READ)
		return false;
	for (unsigned i = 0; i < 2; i++) { /* the first functions may be those of an abstract class: 0 */
		if (!ms_memory_word(address + i * 8, &function))
			return false;
		code = ms_maps_find(maps, function);
		if (code != NULL && (code->flags & MS_REGION_EXEC) != 0)
			return true;
	}
	return false;
}

uint8_t ms_scan_heuristics(const struct ms_maps *maps, const struct ms_graph_block *block, uint64_t offset)
{
	uint64_t first, second, size = block->size_bytes;
	uint8_t flags = 0;

	if (size < 16 || !ms_memory_word(block->address, &first))
		return 0;
	if (offset == 8) {
		if (first == size - 8)
			flags |= MS_EDGE_LENGTH64;
		if (first > 0 && first <= size - 8 && (size - 8) % first == 0)
			flags |= MS_EDGE_NEWARRAY;
	}
	/* Length, capacity, number of owners, then the characters and a 0. */
	if (offset == 24 && ms_memory_word(block->address + 8, &second) && first <= second && size >= 25 && second == size - 25)
		flags |= MS_EDGE_STDSTRING;
	/* The start of the block first: it is in the cache more often than its middle. */
	if (offset % 8 == 0 && offset + 8 <= size && is_vtable(maps, first) &&
	    ms_memory_word(block->address + offset, &second) && is_vtable(maps, second))
		flags |= MS_EDGE_MULTIPLE_INHERITANCE;
	return flags;
}

/*
 * The same for a target that many pointers lead into: an arena of the program's own has thousands, and to look at its first word
 * for each is a memory access for each. Only two offsets mean something without a vtable there.
 */
enum { START_UNKNOWN = 0, START_PLAIN, START_VTABLE };

static uint8_t heuristics(struct ms_scan *scan, uint32_t target, uint64_t into)
{
	const struct ms_graph_block *block = &scan->index->blocks[target];

	if (scan->starts != NULL && into != 8 && into != 24) {
		uint8_t *start = &scan->starts[target];
		uint64_t first;

		if (*start == START_UNKNOWN)
			*start = block->size_bytes >= 16 && ms_memory_word(block->address, &first) && is_vtable(scan->maps, first)
					 ? START_VTABLE
					 : START_PLAIN;
		if (*start == START_PLAIN)
			return 0;
	}
	return ms_scan_heuristics(scan->maps, block, into);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

static bool in_module(const struct ms_scan *scan, uint64_t address)
{
	uint32_t low = 0, high = scan->module_count;

	if (high == 0 || address < scan->modules[0].start || address >= scan->modules[high - 1].end)
		return false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (scan->modules[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return scan->modules[low].start <= address;
}

/* The allocator's lists and its top name chunks by their headers, which begin in the last 8 bytes of the block before. */
static bool is_chunk_after(const struct ms_graph_block *block, uint64_t address)
{
	uint64_t size;

	return address % 16 == 0 && ms_memory_word(block->address - 8, &size) &&
	       block->address - 16 + (size & ~CHUNK_FLAGS) == address;
}

/*
 * One pointer of a block to another one says that it holds it; a second one adds nothing, and a program's own arenas have thousands.
 * So of each block the first pointer to the start of another one is kept, and the first into its middle if it stands before that.
 * (A root is a whole segment: there each pointer is another global's.) `seen` has for each target the turn of the source that
 * was seen last, and whether its pointer was a strong one: to the start, or as good as that.
 */
static inline bool is_repeated(const struct ms_scan *scan, uint32_t target, bool strong)
{
	uint32_t seen = scan->seen[target];

	return seen >> 1 == scan->turn && ((seen & 1) != 0 || !strong);
}

/* allocators: the word stands in the allocator's own data. */
static inline void word(struct ms_scan *scan, uint32_t source, uint64_t offset, uint64_t value, bool allocators)
{
	const struct ms_graph_block *block;
	uint64_t into;
	uint32_t target;
	uint8_t flags;
	bool strong;

	if (__builtin_expect(value - scan->index->low >= scan->index->span, 1))
		return;
	target = ms_index_find(scan->index, value);
	if (target == MS_NO_BLOCK)
		return;
	block = &scan->index->blocks[target];
	into = value - block->address;
	if (into != 0 && allocators && scan->glibc && is_chunk_after(block, value))
		return;
	if (scan->turn == 0) { /* a root, or no memory for `seen` */
		ms_sink_edge(scan->sink, source, offset, target, into, into == 0 ? 0 : heuristics(scan, target, into));
		return;
	}
	if (is_repeated(scan, target, true))
		return;
	flags = into == 0 ? 0 : heuristics(scan, target, into);
	strong = into == 0 || flags != 0;
	if (is_repeated(scan, target, strong))
		return;
	scan->seen[target] = scan->turn << 1 | strong;
	ms_sink_edge(scan->sink, source, offset, target, into, flags);
}

static bool late(struct ms_scan *scan)
{
	scan->out_of_time |= ms_ticks_monotonic() > scan->deadline_ns;
	return scan->out_of_time;
}

/* The aligned words of [start, end), which belong to the source whose offset 0 is base. */
static void range(struct ms_scan *scan, uint32_t source, uint64_t base, uint64_t start, uint64_t end, bool allocators)
{
	uint64_t faulted = 0, fault_start = 0;

	start = (start + 7) & ~UINT64_C(7);
	end &= ~UINT64_C(7);
	while (start < end) {
		if (++scan->pages % PAGES_PER_LOOK == 0 && late(scan))
			return;
		uint64_t page = start & ~(MS_PAGE - 1), stop = end < page + MS_PAGE ? end : page + MS_PAGE;
		enum ms_page_state state;
		const uint64_t *words = ms_memory_page(page, &state);

		if (words == NULL) {
			if (state == MS_PAGE_FAULT) {
				fault_start = faulted == 0 ? start : fault_start;
				faulted += stop - start;
			}
		} else {
			words += (start - page) / 8;
			for (uint64_t at = start; at < stop; at += 8)
				word(scan, source, at - base, *words++, allocators);
		}
		start = stop;
	}
	if (faulted > 0)
		ms_sink_unscanned(scan->sink, MS_UNSCANNED_RANGE, fault_start, faulted);
}

/*
 * A block that a guard has put at the very end of its page: the program's pointers in it are aligned as the program would have
 * it, from the start of the block. Such a block is in memory as a whole.
 */
static void crooked_block(struct ms_scan *scan, uint32_t position)
{
	static uint64_t words[MS_PAGE_WORDS];
	const struct ms_graph_block *b = &scan->index->blocks[position];
	uint64_t total = b->size_bytes / 8;

	for (uint64_t done = 0; done < total;) {
		uint64_t wanted = total - done < MS_PAGE_WORDS ? total - done : MS_PAGE_WORDS;
		uint64_t n = ms_memory_read(words, b->address + done * 8, wanted);

		for (uint64_t i = 0; i < n; i++)
			word(scan, position, (done + i) * 8, words[i], false);
		if (n < wanted) {
			ms_sink_unscanned(scan->sink, MS_UNSCANNED_RANGE, b->address + (done + n) * 8, (total - done - n) * 8);
			return;
		}
		done += n;
	}
}

static void first_word(struct ms_scan *scan, uint32_t position)
{
	const struct ms_graph_block *block = &scan->index->blocks[position];
	enum ms_page_state state;
	const uint64_t *words;
	uint64_t value;

	if (block->size_bytes < 8)
		return;
	if (block->address % 8 != 0) {
		if (!ms_memory_word(block->address, &value))
			return;
	} else {
		words = ms_memory_page(block->address & ~(MS_PAGE - 1), &state);
		if (words == NULL)
			return;
		value = words[block->address % MS_PAGE / 8];
	}
	if (in_module(scan, value))
		ms_sink_word(scan->sink, position, value);
}

/* ---- blocks and roots -------------------------------------------------------------------------------------------- */

static bool blocks(struct ms_scan *scan)
{
	const struct ms_maps *maps = scan->maps;
	size_t region = 0;

	for (uint32_t i = 0; i < scan->index->count; i++) {
		const struct ms_graph_block *b = &scan->index->blocks[i];
		uint64_t at = b->address, end = b->address + b->size_bytes;

		if (i % BLOCKS_PER_LOOK == 0 && late(scan))
			return false;
		scan->turn = scan->seen != NULL ? i + 1 : 0;
		while (region < maps->count && maps->regions[region].end <= at)
			region++;
		if (at % 8 != 0) {
			first_word(scan, i);
			crooked_block(scan, i);
			continue;
		}
		for (size_t r = region; at < end; r++) { /* a block may lie in several mappings */
			uint64_t stop;

			if (r == maps->count || maps->regions[r].start >= end || (maps->regions[r].flags & MS_REGION_READ) == 0) {
				ms_sink_unscanned(scan->sink, MS_UNSCANNED_RANGE, at, end - at);
				break;
			}
			if (maps->regions[r].start > at)
				at = maps->regions[r].start;
			stop = maps->regions[r].end < end ? maps->regions[r].end : end;
			if (at == b->address)
				first_word(scan, i);
			range(scan, i, b->address, at, stop, false);
			at = stop;
		}
	}
	return true;
}

/* Without the live blocks in it. */
static void around_blocks(struct ms_scan *scan, uint32_t source, const struct ms_graph_root_range *r, bool allocators)
{
	uint64_t at = r->start;
	uint32_t i = ms_index_from(scan->index, at);

	if (i > 0 && scan->index->blocks[i - 1].address + scan->index->blocks[i - 1].size_bytes > at)
		at = scan->index->blocks[i - 1].address + scan->index->blocks[i - 1].size_bytes;
	for (; i < scan->index->count && scan->index->blocks[i].address < r->end; i++) {
		const struct ms_graph_block *b = &scan->index->blocks[i];

		if (b->address > at)
			range(scan, source, r->start, at, b->address, allocators);
		if (b->address + b->size_bytes > at)
			at = b->address + b->size_bytes;
	}
	if (at < r->end)
		range(scan, source, r->start, at, r->end, allocators);
}

static void root(struct ms_scan *scan, uint32_t number)
{
	const struct ms_graph_root_range *r = &scan->roots[number];
	uint32_t source = MS_GRAPH_ROOT_BIT | number;

	switch (r->kind) {
	case MS_ROOT_REGISTERS:
		for (uint64_t i = 0; i < MS_EVIDENCE_REGISTERS - 2; i++) /* not rip and eflags */
			word(scan, source, i * 8, r->registers[i], false);
		break;
	case MS_ROOT_DATA:
		around_blocks(scan, source, r, r->start >= scan->allocator.start && r->start < scan->allocator.end);
		break;
	case MS_ROOT_MAPPING:
		around_blocks(scan, source, r, false);
		break;
	default:
		range(scan, source, r->start, r->start, r->end, false);
		break;
	}
}

bool ms_scan_run(struct ms_scan *scan)
{
	size_t count = scan->index->count, bytes = count * (sizeof(*scan->seen) + sizeof(*scan->starts));
	bool in_time;

	scan->seen = bytes > 0 ? ms_raw_memory(bytes) : NULL;
	scan->starts = scan->seen != NULL ? (uint8_t *)(scan->seen + count) : NULL;
	in_time = scan->index->count == 0 || (blocks(scan) && !scan->out_of_time);
	scan->turn = 0;
	for (uint32_t i = 0; in_time && scan->index->count > 0 && i < scan->root_count; i++) {
		root(scan, i);
		in_time = !late(scan);
	}
	if (!in_time)
		ms_sink_unscanned(scan->sink, MS_UNSCANNED_TIME, 0, 0);
	if (scan->seen != NULL)
		ms_raw_munmap(scan->seen, bytes);
	scan->seen = NULL;
	scan->starts = NULL;
	return in_time;
}
