/* tables_address.c - fragmentation and occupancy: where in the address space live blocks lay, at some moments of the recording. */
#include "analyze/address_moments.h"
#include "query_fields.h"

/* Made once for both tables; reads the trace with all addresses. */
static int load(struct ms_qcursor *c, struct ms_error *err)
{
	struct ms_query *q = c->query;
	const struct ms_end *end = ms_trace_end(q->trace);
	struct ms_report report = {.window = {.to_event = ms_trace_event_count(q->trace), .to_ns = ms_trace_last_time_ns(q->trace)}};
	int rc;

	if (q->has_space)
		return MS_OK;
	if (end && end->time_ns > report.window.to_ns)
		report.window.to_ns = end->time_ns;
	rc = ms_query_should_stop(q, err);
	if (rc == MS_OK)
		rc = ms_address_space_collect(&report, q->trace, 2, err);
	if (rc) {
		ms_address_space_free(&report.address_space);
		return rc;
	}
	q->space = report.address_space;
	q->has_space = true;
	return MS_OK;
}

/* ---- fragmentation ------------------------------------------------------------------------------------------------- */

enum { M_MOMENT, M_TIME, M_EVENT, M_BLOCKS, M_BYTES, M_USABLE, M_PAGES, M_HEAP, M_HOLE, M_COLUMNS };
static const struct ms_qcolumn moment_columns[M_COLUMNS] = {
	[M_MOMENT] = {"moment", "INTEGER", MS_PUSH_NONE, true, "1, 2, ..."},
	[M_TIME] = {"time_ns", "INTEGER", MS_PUSH_NONE, true, "nanoseconds since the start of the recording"},
	[M_EVENT] = {"event", "INTEGER", MS_PUSH_NONE, true, "so many events have happened"},
	[M_BLOCKS] = {"live_blocks", "INTEGER", MS_PUSH_NONE, false, "blocks alive"},
	[M_BYTES] = {"live_bytes", "INTEGER", MS_PUSH_NONE, false, "of these, as requested"},
	[M_USABLE] = {"usable_bytes", "INTEGER", MS_PUSH_NONE, false, "what the allocator's rounding makes of them (derived); NULL: its rule is not known"},
	[M_PAGES] = {"occupied_pages", "INTEGER", MS_PUSH_NONE, false, "pages of 4096 bytes with a byte of a live block"},
	[M_HEAP] = {"heap_pages", "INTEGER", MS_PUSH_NONE, false, "pages that were occupied at this moment or one before it"},
	[M_HOLE] = {"largest_hole", "INTEGER", MS_PUSH_NONE, false, "bytes of the longest run of heap pages without a live byte"},
};
#define MOMENT(column, field) [column] = MS_QFIELD(U64, ms_address_moment, field)
static const struct ms_qfield moment_fields[M_COLUMNS] = {
	MOMENT(M_TIME, time_ns), MOMENT(M_EVENT, event), MOMENT(M_BLOCKS, live_blocks), MOMENT(M_BYTES, live_bytes),
	MOMENT(M_USABLE, usable_bytes), MOMENT(M_PAGES, occupied_pages), MOMENT(M_HEAP, heap_pages), MOMENT(M_HOLE, largest_hole_bytes),
};

static int moment_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = c->query->space.moment_count;
	return MS_OK;
}

static int moment_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	if (column == M_MOMENT)
		ms_q_uint(out, c->row + 1);
	else if (column != M_USABLE || c->query->space.usable_rule) /* else NULL */
		ms_q_field(out, &c->query->space.moments[c->row], &moment_fields[column]);
	return MS_OK;
}

static double moment_estimate(const struct ms_query *q)
{
	(void)q;
	return MS_ADDRESS_MOMENTS;
}

const struct ms_qtable ms_qtable_fragmentation = {
	.name = "fragmentation", .summary = "pages with and without live blocks, at moments evenly spread over the recording", .columns = moment_columns,
	.count = M_COLUMNS, .load = load, .rows = moment_rows, .value = moment_value, .estimate = moment_estimate, .row_cost = 1, .seek_cost = 1e7,
};

/* ---- occupancy ----------------------------------------------------------------------------------------------------- */

enum { O_MOMENT, O_TIME, O_START, O_END, O_NAME, O_LIVE, O_COLUMNS };
static const struct ms_qcolumn bin_columns[O_COLUMNS] = {
	[O_MOMENT] = {"moment", "INTEGER", MS_PUSH_NONE, true, "fragmentation.moment"},
	[O_TIME] = {"time_ns", "INTEGER", MS_PUSH_NONE, true, "nanoseconds since the start of the recording"},
	[O_START] = {"start", "INTEGER", MS_PUSH_NONE, false, "addresses [start, end): whole pages"},
	[O_END] = {"end", "INTEGER", MS_PUSH_NONE, false, "its end"},
	[O_NAME] = {"name", "TEXT", MS_PUSH_NONE, false, "of the mapping, NULL = without a name"},
	[O_LIVE] = {"live_bytes", "INTEGER", MS_PUSH_NONE, false, "bytes of live blocks in it"},
};

static int bin_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = (uint64_t)c->query->space.moment_count * c->query->space.bin_count;
	return MS_OK;
}

static int bin_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_report_address_space *a = &c->query->space;
	const uint32_t bin = (uint32_t)(c->row % a->bin_count);
	const size_t moment = c->row / a->bin_count;
	const struct ms_address_region *r = a->regions;
	uint64_t start;

	(void)err;
	while (bin >= r->first_bin + r->bin_count)
		r++;
	start = r->start + (bin - r->first_bin) * r->bin_bytes;
	switch (column) {
	case O_MOMENT:
		ms_q_uint(out, moment + 1);
		break;
	case O_TIME:
		ms_q_uint(out, a->moments[moment].time_ns);
		break;
	case O_START:
		ms_q_uint(out, start);
		break;
	case O_END:
		ms_q_uint(out, r->end - start < r->bin_bytes ? r->end : start + r->bin_bytes);
		break;
	case O_NAME:
		ms_q_text(out, r->name);
		break;
	default:
		ms_q_uint(out, a->occupancy[c->row]);
		break;
	}
	return MS_OK;
}

static double bin_estimate(const struct ms_query *q)
{
	(void)q;
	return MS_ADDRESS_MOMENTS * 1000.0;
}

const struct ms_qtable ms_qtable_occupancy = {
	.name = "occupancy", .summary = "live bytes in each stretch of addresses, at the moments of fragmentation", .columns = bin_columns,
	.count = O_COLUMNS, .load = load, .rows = bin_rows, .value = bin_value, .estimate = bin_estimate, .row_cost = 1, .seek_cost = 1e7,
};
