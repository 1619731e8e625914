/* annotation_rank.c - see annotation_rank.h. */
#include "annotation_rank.h"

#include <stdlib.h>

static int compare(const void *pa, const void *pb)
{
	const struct ms_rank *a = pa, *b = pb;

	if (a->live_bytes != b->live_bytes)
		return a->live_bytes < b->live_bytes ? 1 : -1;
	if (a->peak_bytes != b->peak_bytes)
		return a->peak_bytes < b->peak_bytes ? 1 : -1;
	if (a->third != b->third)
		return a->third < b->third ? 1 : -1;
	return (a->index > b->index) - (a->index < b->index);
}

/* rank(i): the keys of row i. */
#define RANK(count, keys)                                                         \
	struct ms_rank *order = calloc((count) + 1, sizeof *order);                   \
	                                                                              \
	for (size_t i = 0; order && i < (count); i++)                                 \
		order[i] = (struct ms_rank)keys;                                          \
	if (order)                                                                    \
		qsort(order, (count), sizeof *order, compare);                            \
	return order
#define KEYS(a, b, c) {a, b, c, i}

struct ms_rank *ms_rank_tasks(const struct ms_report *r)
{
	const struct ms_task *t = r->tasks.list;

	RANK(r->tasks.count, KEYS(t[i].own.live_bytes, t[i].own.peak_bytes, t[i].own.allocated_bytes));
}

struct ms_rank *ms_rank_scopes(const struct ms_report *r)
{
	const struct ms_scope *s = r->scopes.list;

	RANK(r->scopes.count, KEYS(s[i].own.live_bytes, s[i].own.peak_bytes, s[i].own.allocated_bytes));
}

struct ms_rank *ms_rank_variables(const struct ms_report *r)
{
	const struct ms_tracked *v = r->variables.list;

	RANK(r->variables.count, KEYS(v[i].live_bytes, v[i].peak_bytes, v[i].blocks));
}

struct ms_rank *ms_rank_pools(const struct ms_report *r)
{
	const struct ms_pool *p = r->pools.list;

	RANK(r->pools.count, KEYS(p[i].live_bytes, p[i].peak_bytes, p[i].allocated_bytes));
}

struct ms_rank *ms_rank_biographies(const struct ms_report *r)
{
	const struct ms_biography *b = r->variables.biographies;

	RANK(r->variables.biography_count, KEYS(b[i].variable > 0, b[i].size_bytes, b[i].event_count));
}
