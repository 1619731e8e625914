/*
 * block_marks.h - a number per live block, by its id, in memory that follows the number of blocks that have one.
 *
 * Ids are dense and grow: root[id >> 12] -> page of 64 -> numbers. 0 = none. Ids come in any order (unlike format/block_table.h).
 * Errors: MS_E_NOMEM of ms_block_marks_set. Ownership: ms_block_marks_free. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_BLOCK_MARKS_H
#define MS_ANALYZE_BLOCK_MARKS_H

#include <stddef.h>
#include <stdint.h>

struct ms_block_marks_page {
	uint32_t used;                   /* of values that are not 0 */
	uint32_t value[64];
};
struct ms_block_marks_node {
	uint32_t used;                   /* pages */
	struct ms_block_marks_page *page[64];
};

/* Zero-initialised is empty. */
struct ms_block_marks {
	struct ms_block_marks_node **roots;
	size_t root_count;
};

int ms_block_marks_set(struct ms_block_marks *m, uint64_t block, uint32_t value);
/* The number of a block, which has none any more. */
uint32_t ms_block_marks_take(struct ms_block_marks *m, uint64_t block);
/* All of them. */
void ms_block_marks_free(struct ms_block_marks *m);

static inline uint32_t ms_block_marks_get(const struct ms_block_marks *m, uint64_t block)
{
	uint64_t root = block >> 12;
	const struct ms_block_marks_page *page;

	if (root >= m->root_count || !m->roots[root])
		return 0;
	page = m->roots[root]->page[block >> 6 & 63];
	return page ? page->value[block & 63] : 0;
}

#endif
