/* site_order.c - see site_order.h. */
#include "site_order.h"

#include <stdlib.h>
#include <string.h>

/* In a sample the order is that of the estimates. */
#define ESTIMATED(field, own) site->estimate.given ? ms_estimate_round(site->estimate.field) : own
#define KEYS(X)                                                            \
	X(peak, "share of the peak", true, ESTIMATED(peak_bytes, site->peak_bytes))  \
	X(live, "alive at the end", true, ESTIMATED(live_bytes.value, site->live_bytes)) \
	X(allocated, "bytes allocated", true, ESTIMATED(allocated_bytes.value, site->allocated_bytes)) \
	X(allocations, "blocks begun", false, ESTIMATED(blocks.value, site->allocations + site->reallocations)) \
	X(temporary, "temporary blocks", false, site->temporary_allocations)

#define X(name, title, bytes, expression)                                  \
	static uint64_t value_##name(const struct ms_report_site *site) \
	{                                                               \
		return expression;                                          \
	}
KEYS(X)
#undef X

const struct ms_site_key ms_site_keys[] = {
#define X(name, title, bytes, expression) {#name, title, bytes, value_##name},
	KEYS(X)
#undef X
};
const size_t ms_site_key_count = sizeof ms_site_keys / sizeof *ms_site_keys;

const struct ms_site_key *ms_site_key_find(const char *name)
{
	for (size_t i = 0; i < ms_site_key_count; i++)
		if (strcmp(ms_site_keys[i].name, name) == 0)
			return &ms_site_keys[i];
	return NULL;
}

struct ranked {
	uint64_t value;
	uint32_t index;                  /* sites stand in the order of their nodes */
};

static int compare(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return (a->index > b->index) - (a->index < b->index);
}

static uint32_t *rank(const struct ms_report *report, const struct ms_site_key *key, const bool *only, bool zeros,
                      size_t limit, size_t *count)
{
	struct ranked *all = malloc((report->site_count + 1) * sizeof *all);
	uint32_t *out = malloc((report->site_count + 1) * sizeof *out);
	size_t n = 0;

	if (!all || !out) {
		free(all);
		free(out);
		return NULL;
	}
	for (size_t i = 0; i < report->site_count; i++) {
		uint64_t value = key->value(&report->sites[i]);

		if ((only ? only[i] : true) && (value || zeros))
			all[n++] = (struct ranked){value, (uint32_t)i};
	}
	qsort(all, n, sizeof *all, compare);
	if (limit && n > limit)
		n = limit;
	for (size_t i = 0; i < n; i++)
		out[i] = all[i].index;
	free(all);
	*count = n;
	return out;
}

uint32_t *ms_site_rank(const struct ms_report *report, const struct ms_site_key *key, size_t limit, size_t *count)
{
	return rank(report, key, NULL, false, limit, count);
}

uint32_t *ms_site_select(const struct ms_report *report, const struct ms_site_key *key, size_t limit, size_t *count)
{
	bool *chosen = calloc(report->site_count + 1, sizeof *chosen);
	uint32_t *out = NULL;

	if (!chosen)
		return NULL;
	if (limit == 0 || limit >= report->site_count) {
		memset(chosen, true, report->site_count);
	} else {
		for (size_t k = 0; k < ms_site_key_count; k++) {
			size_t n;
			uint32_t *first = rank(report, &ms_site_keys[k], NULL, false, limit, &n);

			if (!first)
				goto done;
			for (size_t i = 0; i < n; i++)
				chosen[first[i]] = true;
			free(first);
		}
	}
	out = rank(report, key, chosen, true, 0, count);
done:
	free(chosen);
	return out;
}
