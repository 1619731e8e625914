/* noise.c - see noise.h. */
#include "noise.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct ms_diff_side_value band(uint64_t *values, size_t count)
{
	if (count > 1)
		qsort(values, count, sizeof *values, ascending);
	return (struct ms_diff_side_value){values[0], values[(count - 1) / 2], values[count - 1]};
}

struct ms_diff_value ms_noise_value(uint64_t *old, size_t old_count, uint64_t *new, size_t new_count, bool on_old, bool on_new)
{
	struct ms_diff_value v = {.before = band(old, old_count), .after = band(new, new_count)};
	uint64_t old_width = v.before.max - v.before.min, new_width = v.after.max - v.after.min;
	uint64_t width = old_width > new_width ? old_width : new_width;
	bool grown = v.after.min > v.before.max && v.after.min - v.before.max > width;
	bool shrunk = v.before.min > v.after.max && v.before.min - v.after.max > width;

	if (grown)
		v.change = on_old ? MS_DIFF_GROWN : MS_DIFF_NEW;
	else if (shrunk)
		v.change = on_new ? MS_DIFF_SHRUNK : MS_DIFF_GONE;
	else if (v.before.min == v.after.max && v.before.max == v.after.min)
		v.change = MS_DIFF_SAME;
	else
		v.change = MS_DIFF_NOISE;
	return v;
}

void ms_noise_of_samples(struct ms_diff_value *v, double variance)
{
	double difference = fabs((double)v->after.median - (double)v->before.median);

	if (v->change != MS_DIFF_SAME && variance > 0 && difference <= 2 * sqrt(variance))
		v->change = MS_DIFF_NOISE;
}
