/*
 * group_rows.h - rows that belong to something, sorted by the number of what they belong to: where those of one thing begin.
 *
 * rows: count structs of row_bytes each, whose first member is that number (uint32_t), in ascending order of it; borrowed. No errors.
 * Thread-safety: any thread.
 */
#ifndef MS_RENDER_GROUP_ROWS_H
#define MS_RENDER_GROUP_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Position of the first row of `of`, or of where it would stand. */
static inline size_t ms_group_begin(const void *rows, size_t count, size_t row_bytes, uint32_t of)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (*(const uint32_t *)((const char *)rows + middle * row_bytes) < of)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
