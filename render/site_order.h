/*
 * site_order.h - the keys by which sites can be ranked (--sort, and which of them a report names).
 *
 * Pure data and pure functions; thread-safe. ms_site_rank allocates its result: the caller frees it with free().
 */
#ifndef MS_RENDER_SITE_ORDER_H
#define MS_RENDER_SITE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/report.h"

struct ms_site_key {
	const char *name;                /* for --sort */
	const char *title;               /* for people */
	bool bytes;                      /* the value is in bytes; else it counts blocks */
	uint64_t (*value)(const struct ms_report_site *site);
};
extern const struct ms_site_key ms_site_keys[];
extern const size_t ms_site_key_count;

/* NULL when there is no such key. */
const struct ms_site_key *ms_site_key_find(const char *name);

/*
 * Indexes of the sites whose value is not 0, largest first, ties by node; *count = how many. NULL: no memory.
 * limit 0 = all, else at most that many.
 */
uint32_t *ms_site_rank(const struct ms_report *report, const struct ms_site_key *key, size_t limit, size_t *count);

/*
 * Indexes of the sites that are among the first `limit` by any key (0 = all sites), ordered by `key`, then by node.
 * NULL: no memory.
 */
uint32_t *ms_site_select(const struct ms_report *report, const struct ms_site_key *key, size_t limit, size_t *count);

#endif
