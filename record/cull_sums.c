#include "cull_sums.h"

#include <stdlib.h>
#include <string.h>

#define INITIAL 256u

static bool used(const struct ms_culled_row *r)
{
	return r->allocations != 0 || r->reallocations != 0;
}

/* The row of a stack, or the empty one that it would get. */
static struct ms_culled_row *find(const struct cull_sums *s, uint32_t stack)
{
	size_t i = (size_t)((stack * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (s->capacity - 1);

	while (used(&s->rows[i]) && s->rows[i].stack != stack)
		i = (i + 1) & (s->capacity - 1);
	return &s->rows[i];
}

bool cull_sums_reserve(struct cull_sums *s)
{
	struct cull_sums bigger = {.capacity = s->capacity ? s->capacity * 2 : INITIAL, .count = s->count};

	if ((s->count + 1) * 2 <= s->capacity)
		return true;
	bigger.rows = calloc(bigger.capacity, sizeof *bigger.rows);
	if (!bigger.rows)
		return s->count + 1 < s->capacity;
	for (size_t i = 0; i < s->capacity; i++)
		if (used(&s->rows[i]))
			*find(&bigger, s->rows[i].stack) = s->rows[i];
	free(s->rows);
	*s = bigger;
	return true;
}

bool cull_sums_add(struct cull_sums *s, uint32_t stack, bool reallocated, uint64_t bytes, uint64_t lifetime_ns)
{
	struct ms_culled_row *r;

	if (!cull_sums_reserve(s))
		return false;
	r = find(s, stack);
	s->count += !used(r);
	r->stack = stack;
	r->allocations += !reallocated;
	r->reallocations += reallocated;
	r->bytes += bytes;
	r->lifetime_ns += lifetime_ns;
	return true;
}

static int by_stack(const void *a, const void *b)
{
	uint32_t x = ((const struct ms_culled_row *)a)->stack, y = ((const struct ms_culled_row *)b)->stack;
	return (x > y) - (x < y);
}

const struct ms_culled_row *cull_sums_list(struct cull_sums *s, size_t *count)
{
	static const struct ms_culled_row none;
	size_t n = 0;

	for (size_t i = 0; i < s->capacity; i++)
		if (used(&s->rows[i]))
			s->rows[n++] = s->rows[i];
	*count = n;
	if (n == 0)
		return &none;
	qsort(s->rows, n, sizeof *s->rows, by_stack);
	return s->rows;
}

void cull_sums_clear(struct cull_sums *s)
{
	if (s->rows)
		memset(s->rows, 0, s->capacity * sizeof *s->rows);
	s->count = 0;
}

void cull_sums_free(struct cull_sums *s)
{
	free(s->rows);
	*s = (struct cull_sums){0};
}
