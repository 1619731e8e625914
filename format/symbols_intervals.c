/* symbols_intervals.c - see symbols_intervals.h. */
#include "format/symbols_intervals.h"

#include <stdlib.h>

#include "format/errors.h"

int symbols_intervals_add(struct symbols_intervals *t, uint64_t low, uint64_t high, uint32_t value, uint32_t rank)
{
	if (low >= high)
		return MS_OK;
	if (t->count == t->capacity) {
		size_t capacity = t->capacity ? t->capacity * 2 : 64;
		struct symbols_interval *grown = realloc(t->ranges, capacity * sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		t->ranges = grown;
		t->capacity = capacity;
	}
	t->ranges[t->count++] = (struct symbols_interval){.low = low, .high = high, .value = value, .rank = rank};
	return MS_OK;
}

/* Outer ranges first; of equal ones the best rank last, because the last one that begins wins. */
static int compare(const void *pa, const void *pb)
{
	const struct symbols_interval *a = pa, *b = pb;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return a->value > b->value ? -1 : a->value < b->value;
}

static void emit(struct symbols_intervals *t, uint64_t start, uint32_t value)
{
	if (t->segment_count && t->segments[t->segment_count - 1].start == start)
		t->segments[t->segment_count - 1].value = value;
	else
		t->segments[t->segment_count++] = (struct symbols_segment){.start = start, .value = value};
}

/* Closes the ranges on the stack that end at or before `limit`; returns the new height. */
static size_t close_until(struct symbols_intervals *t, const uint32_t *stack, size_t height, uint64_t limit)
{
	while (height && t->ranges[stack[height - 1]].high <= limit) {
		uint64_t end = t->ranges[stack[--height]].high;

		/* ranges that overlap without nesting may have ended under it */
		while (height && t->ranges[stack[height - 1]].high <= end)
			height--;
		emit(t, end, height ? t->ranges[stack[height - 1]].value : SYMBOLS_NO_VALUE);
	}
	return height;
}

int symbols_intervals_build(struct symbols_intervals *t)
{
	uint32_t *stack;
	size_t height = 0;

	if (!t->count)
		return MS_OK;
	qsort(t->ranges, t->count, sizeof *t->ranges, compare);
	/* each range opens one segment and closes at most one */
	t->segments = malloc(2 * t->count * sizeof *t->segments);
	stack = malloc(t->count * sizeof *stack);
	if (!t->segments || !stack) {
		free(stack);
		return MS_E_NOMEM;
	}
	for (size_t i = 0; i < t->count; i++) {
		height = close_until(t, stack, height, t->ranges[i].low);
		emit(t, t->ranges[i].low, t->ranges[i].value);
		stack[height++] = (uint32_t)i;
	}
	close_until(t, stack, height, UINT64_MAX);
	free(stack);
	free(t->ranges);
	t->ranges = NULL;
	t->count = t->capacity = 0;
	return MS_OK;
}

uint32_t symbols_intervals_find(const struct symbols_intervals *t, uint64_t address)
{
	size_t low = 0, high = t->segment_count; /* the first segment that starts after the address */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->segments[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? t->segments[low - 1].value : SYMBOLS_NO_VALUE;
}

void symbols_intervals_free(struct symbols_intervals *t)
{
	free(t->ranges);
	free(t->segments);
	*t = (struct symbols_intervals){0};
}
