/*
 * query_blocks.h - blocks by filters that compose, without writing SQL: largest ones, and sums by call path, function, thread, call, size.
 *
 * Both prepare a statement of the query (query.h); read its rows with ms_query_step and ms_query_value. What the caller gives is bound,
 * never part of the SQL.
 * Ownership: the filter is borrowed during the call. Errors and thread-safety: as ms_query_prepare; MS_E_ARGUMENT for an unknown
 * grouping.
 */
#ifndef MS_ANALYZE_QUERY_BLOCKS_H
#define MS_ANALYZE_QUERY_BLOCKS_H

#include "query.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

/* All of it must hold; a field that is 0 or NULL asks for nothing. */
struct ms_block_filter {
	const char *moment;              /* only blocks that live at this moment (analyze/moment.h); NULL = every block there ever was */
	uint64_t min_bytes, max_bytes;   /* inclusive; max_bytes 0 = no limit */
	uint64_t low_address, high_address; /* its first byte lies in [low, high); high 0 = no limit */
	uint64_t from_ns, to_ns;         /* began in [from, to); to 0 = no limit */
	uint32_t thread;                 /* that began it */
	uint32_t site;                   /* call path */
	const char *family;              /* call that began it: "malloc", "new[]", ... */
	/* Lived so long, inclusive: to its end or, alive, to the end of the trace; at a moment: to that. Of blocks that exec ended it is not known. */
	uint64_t min_alive_ns, max_alive_ns; /* max_alive_ns 0 = no limit */
	const char *path;                /* a pattern (GLOB) for the call path, "innermost < caller < ...": "*parse*" */
};

/* Rows id, address, size, family, thread, alloc_ns, site: the `top` largest (0 = all), the older first of equals. */
int ms_query_largest(struct ms_query *q, const struct ms_block_filter *filter, uint64_t top, struct ms_error *err);

enum ms_query_by { MS_BY_SITE, MS_BY_FUNCTION, MS_BY_THREAD, MS_BY_FAMILY, MS_BY_SIZE };
/* Rows key, blocks, bytes: the `top` groups (0 = all) with most bytes. */
int ms_query_grouped(struct ms_query *q, const struct ms_block_filter *filter, enum ms_query_by by, uint64_t top,
                     struct ms_error *err);

#pragma GCC visibility pop

#endif
