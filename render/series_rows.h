/*
 * series_rows.h - the series of one group of the timeline as rows: what text and JSON show of each, in one order.
 *
 * By peak, then bytes begun, then key. Times are starts of steps of the timeline: as exact as its steps.
 * Errors: NULL or MS_E_NOMEM. Ownership: the caller frees what is returned. Thread-safety: pure.
 */
#ifndef MS_RENDER_SERIES_ROWS_H
#define MS_RENDER_SERIES_ROWS_H

#include "analyze/report.h"

struct ms_series_row {
	uint32_t key;
	const struct ms_timeline_cell *cells;
	size_t cell_count;
	uint64_t peak_bytes, end_bytes, end_blocks;
	uint64_t blocks_begun, bytes_begun;
	uint64_t first_seen_ns, last_seen_ns; /* the steps in which something happened to it first and last */
};

/* All rows of a group, series_count of them. NULL: no memory. */
struct ms_series_row *ms_series_rows(const struct ms_report *report, enum ms_timeline_group group);
/* The largest level of each step of the timeline. NULL: no memory. */
uint64_t *ms_series_levels(const struct ms_report *report, const struct ms_series_row *row);
/* What a key is called; NULL in *name: unknown (a call path without names, a thread without one). Returns 0 or MS_E_NOMEM. */
int ms_series_name(char **name, const struct ms_report *report, enum ms_timeline_group group, uint32_t key);

#endif
