/* tables_estimates.c - of a sample: what it says about everything, in all and by call path. No rows when everything was recorded. */
#include "query_fields.h"

enum {
	C_SITE, C_BLOCKS, C_BLOCKS_ERROR, C_ALLOCATED, C_ALLOCATED_ERROR, C_LIVE_BLOCKS, C_LIVE_BLOCKS_ERROR, C_LIVE_BYTES, C_LIVE_BYTES_ERROR,
	C_PEAK, COLUMNS
};
static const struct ms_qcolumn columns[COLUMNS] = {
	[C_SITE] = {"site", "INTEGER", MS_PUSH_NONE, false, "call path: sites.id; NULL = all together"},
	[C_BLOCKS] = {"blocks", "REAL", MS_PUSH_NONE, false, "begun, by realloc too"},
	[C_BLOCKS_ERROR] = {"blocks_error", "REAL", MS_PUSH_NONE, false, "standard error of this"},
	[C_ALLOCATED] = {"allocated_bytes", "REAL", MS_PUSH_NONE, false, "of these blocks"},
	[C_ALLOCATED_ERROR] = {"allocated_bytes_error", "REAL", MS_PUSH_NONE, false, "standard error"},
	[C_LIVE_BLOCKS] = {"live_blocks", "REAL", MS_PUSH_NONE, false, "alive at the end"},
	[C_LIVE_BLOCKS_ERROR] = {"live_blocks_error", "REAL", MS_PUSH_NONE, false, "standard error"},
	[C_LIVE_BYTES] = {"live_bytes", "REAL", MS_PUSH_NONE, false, "alive at the end"},
	[C_LIVE_BYTES_ERROR] = {"live_bytes_error", "REAL", MS_PUSH_NONE, false, "standard error"},
	[C_PEAK] = {"peak_bytes", "REAL", MS_PUSH_NONE, false, "the largest estimate at any time, and shares in it; without an error"},
};

static int rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	bool sample = ms_is_sample(ms_trace_process(c->query->trace));
	int rc = sample ? ms_query_report(c->query, err) : MS_OK;

	*count = sample && rc == MS_OK ? c->query->report.site_count + 1 : 0;
	return rc;
}

static int value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_report *r = &c->query->report;
	const struct ms_totals_estimate *all = &r->estimate;
	const struct ms_report_site *site = c->row ? &r->sites[c->row - 1] : NULL;
	struct ms_path_estimate e;

	(void)err;
	if (site) {
		e = site->estimate;
	} else { /* allocations and reallocations share no block */
		e = (struct ms_path_estimate){.allocated_bytes = all->allocated_bytes, .live_blocks = all->live_blocks,
		                              .live_bytes = all->live_bytes, .peak_bytes = all->peak_bytes};
		ms_path_estimate_add(&e, &(struct ms_path_estimate){.blocks = all->allocations});
		ms_path_estimate_add(&e, &(struct ms_path_estimate){.blocks = all->reallocations});
	}
	const double values[COLUMNS] = {
		[C_BLOCKS] = e.blocks.value, [C_BLOCKS_ERROR] = e.blocks.error, [C_ALLOCATED] = e.allocated_bytes.value,
		[C_ALLOCATED_ERROR] = e.allocated_bytes.error, [C_LIVE_BLOCKS] = e.live_blocks.value, [C_LIVE_BLOCKS_ERROR] = e.live_blocks.error,
		[C_LIVE_BYTES] = e.live_bytes.value, [C_LIVE_BYTES_ERROR] = e.live_bytes.error, [C_PEAK] = e.peak_bytes,
	};
	if (column != C_SITE)
		sqlite3_result_double(out, values[column]);
	else if (site)
		ms_q_uint(out, site->node);
	return MS_OK;
}

static double estimate(const struct ms_query *q)
{
	return ms_is_sample(ms_trace_process(q->trace)) ? (double)ms_trace_stack_count(q->trace) : 1;
}

const struct ms_qtable ms_qtable_estimates = {
	.name = "estimates", .summary = "of a sample: estimates of everything, with their standard errors", .columns = columns, .count = COLUMNS,
	.rows = rows, .value = value, .estimate = estimate, .row_cost = 1, .seek_cost = 1,
};
