/* graph_index.c - see graph_index.h. */
#include "graph_index.h"

#include "raw.h"

#define GRANULE_SHIFT 9u
#define GAP_BYTES (UINT64_C(1) << 20)
#define LARGE_BYTES (UINT64_C(1) << 20)
#define NO_GRANULES UINT32_MAX
#define OVERLAP_STEPS 16u /* blocks looked at backwards where blocks overlap */

static uint64_t end_of(const struct ms_graph_block *b)
{
	return b->address + (b->size_bytes > 0 ? b->size_bytes : 1);
}

/* Cuts the blocks into extents; extents NULL: only counts. */
static uint32_t cut(struct ms_index *index, struct ms_extent *extents, uint64_t *granules)
{
	uint32_t n = 0;
	uint64_t end = 0;
	bool single = true;

	*granules = 0;
	for (uint32_t i = 0; i < index->count; i++) {
		const struct ms_graph_block *b = &index->blocks[i];
		bool large = b->size_bytes >= LARGE_BYTES;

		index->overlaps |= i > 0 && b->address < end;
		if (i == 0 || single || large || b->address > end + GAP_BYTES) {
			n++;
			single = large;
			if (extents != NULL)
				extents[n - 1] = (struct ms_extent){.start = b->address, .first = i, .granules = NO_GRANULES};
		}
		if (end < end_of(b))
			end = end_of(b);
		if (extents != NULL) {
			extents[n - 1].count++;
			if (extents[n - 1].end < end_of(b))
				extents[n - 1].end = end_of(b);
		}
	}
	for (uint32_t i = 0; extents != NULL && i < n; i++) {
		if (extents[i].count < 4)
			continue;
		extents[i].granules = *granules < NO_GRANULES / 2 ? (uint32_t)*granules : NO_GRANULES;
		*granules += ((extents[i].end - extents[i].start) >> GRANULE_SHIFT) + 2;
	}
	return n;
}

/* granules[g]: position of the first block that starts at start + g * granule or behind it. */
static void fill(const struct ms_index *index, const struct ms_extent *e)
{
	uint32_t *granules = index->granules + e->granules;
	uint64_t next = 0, last = ((e->end - e->start) >> GRANULE_SHIFT) + 1;

	for (uint32_t i = e->first; i < e->first + e->count; i++) {
		uint64_t at = (index->blocks[i].address - e->start) >> GRANULE_SHIFT;

		/* Granules that begin above the block before and not above this one. */
		for (; next <= at && next <= last; next++)
			granules[next] = i;
	}
	for (; next <= last; next++)
		granules[next] = e->first + e->count;
}

bool ms_index_make(struct ms_index *index, const struct ms_graph_block *blocks, uint32_t count)
{
	uint64_t granules;

	*index = (struct ms_index){.blocks = blocks, .count = count};
	if (count == 0)
		return true;
	index->extent_count = cut(index, NULL, &granules);
	index->extents_bytes = index->extent_count * sizeof(*index->extents);
	index->extents = ms_raw_memory(index->extents_bytes);
	if (index->extents == NULL)
		return false;
	cut(index, index->extents, &granules);
	index->low = blocks[0].address;
	for (uint32_t i = 0; i < index->extent_count; i++)
		if (index->span < index->extents[i].end - index->low)
			index->span = index->extents[i].end - index->low;
	index->granules_bytes = granules * sizeof(*index->granules);
	index->granules = granules > 0 && granules < NO_GRANULES / 2 ? ms_raw_memory(index->granules_bytes) : NULL;
	for (uint32_t i = 0; i < index->extent_count; i++) {
		if (index->granules == NULL)
			index->extents[i].granules = NO_GRANULES;
		else if (index->extents[i].granules != NO_GRANULES)
			fill(index, &index->extents[i]);
	}
	return true;
}

void ms_index_free(struct ms_index *index)
{
	if (index->granules != NULL)
		ms_raw_munmap(index->granules, index->granules_bytes);
	if (index->extents != NULL)
		ms_raw_munmap(index->extents, index->extents_bytes);
	*index = (struct ms_index){0};
}

/* Position of the last block in [from, to) that starts at the address or below it; from - 1 when there is none. */
static uint32_t last_below(const struct ms_index *index, uint32_t from, uint32_t to, uint64_t address)
{
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (index->blocks[middle].address <= address)
			from = middle + 1;
		else
			to = middle;
	}
	return from - 1;
}

uint32_t ms_index_from(const struct ms_index *index, uint64_t address)
{
	return address == 0 ? 0 : last_below(index, 0, index->count, address - 1) + 1;
}

static const struct ms_extent *extent_of(struct ms_index *index, uint64_t address)
{
	uint32_t low = 0, high = index->extent_count;
	const struct ms_extent *e = &index->extents[index->last];

	if (address - e->start < e->end - e->start)
		return e;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index->extents[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	e = &index->extents[low - 1];
	if (address >= e->end && !index->overlaps)
		return NULL;
	index->last = low - 1;
	return e;
}

uint32_t ms_index_find(struct ms_index *index, uint64_t address)
{
	const struct ms_extent *e;
	uint32_t at;

	if (address - index->low >= index->span)
		return MS_NO_BLOCK;
	e = extent_of(index, address);
	if (e == NULL)
		return MS_NO_BLOCK;
	if (e->granules != NO_GRANULES && address < e->end) {
		const uint32_t *g = index->granules + e->granules + ((address - e->start) >> GRANULE_SHIFT);

		at = last_below(index, g[0], g[1], address);
	} else {
		at = last_below(index, e->first, e->first + e->count, address);
	}
	for (uint32_t steps = 0; at != UINT32_MAX && steps < OVERLAP_STEPS; at--, steps++) {
		if (address - index->blocks[at].address < end_of(&index->blocks[at]) - index->blocks[at].address)
			return at;
		if (!index->overlaps)
			break;
	}
	return MS_NO_BLOCK;
}
