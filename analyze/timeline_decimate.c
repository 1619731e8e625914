/* timeline_decimate.c - fewer buckets, with everything that was least and most in them: timeline.h. */
#include "timeline.h"

/* The first old bucket of new bucket i. */
static size_t first_of(size_t i, size_t n, size_t count)
{
	return (size_t)(((unsigned __int128)i * count + n - 1) / n);
}

size_t ms_timeline_decimate(struct ms_report_bucket *out, size_t n, const struct ms_report_bucket *in, size_t count)
{
	if (n > count)
		n = count;
	for (size_t i = 0; i < n; i++) {
		size_t end = first_of(i + 1, n, count);
		struct ms_report_bucket b = in[first_of(i, n, count)];

		for (size_t k = first_of(i, n, count) + 1; k < end; k++) {
			b.min_live_bytes = in[k].min_live_bytes < b.min_live_bytes ? in[k].min_live_bytes : b.min_live_bytes;
			b.max_live_bytes = in[k].max_live_bytes > b.max_live_bytes ? in[k].max_live_bytes : b.max_live_bytes;
			b.max_live_blocks = in[k].max_live_blocks > b.max_live_blocks ? in[k].max_live_blocks : b.max_live_blocks;
			b.allocations += in[k].allocations;
			b.frees += in[k].frees;
			b.allocated_bytes += in[k].allocated_bytes;
			b.freed_bytes += in[k].freed_bytes;
		}
		b.last_live_bytes = in[end - 1].last_live_bytes;
		b.last_live_blocks = in[end - 1].last_live_blocks;
		out[i] = b;
	}
	return n;
}

static uint32_t sum_at_most(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

size_t ms_timeline_decimate_cells(struct ms_timeline_cell *out, size_t n, size_t count, const struct ms_timeline_cell *cells,
                                  size_t cell_count)
{
	size_t made = 0;

	if (n > count)
		n = count;
	for (size_t i = 0; i < cell_count; i++) {
		struct ms_timeline_cell c = cells[i];
		struct ms_timeline_cell *last = made ? &out[made - 1] : NULL;

		c.bucket = (uint32_t)((unsigned __int128)c.bucket * n / count);
		if (!last || last->bucket != c.bucket) {
			out[made++] = c;
			continue;
		}
		/* The level between them is the last one of the first: in its range already. */
		last->min_live_bytes = c.min_live_bytes < last->min_live_bytes ? c.min_live_bytes : last->min_live_bytes;
		last->max_live_bytes = c.max_live_bytes > last->max_live_bytes ? c.max_live_bytes : last->max_live_bytes;
		last->last_live_bytes = c.last_live_bytes;
		last->last_live_blocks = c.last_live_blocks;
		last->allocations = sum_at_most(last->allocations, c.allocations);
		last->frees = sum_at_most(last->frees, c.frees);
		last->allocated_bytes += c.allocated_bytes;
		last->freed_bytes += c.freed_bytes;
	}
	return made;
}
