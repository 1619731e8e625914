/* tables_sites.c - call paths with the report's figures, their lines of source, and threads. */
#include "query_fields.h"

static double stack_estimate(const struct ms_query *q)
{
	return (double)ms_trace_stack_count(q->trace);
}

/* ---- sites -------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn site_columns[] = {
	{"id", "INTEGER", MS_PUSH_KEY, true, "call path; the number that reports print as #N"},
	{"function", "TEXT", MS_PUSH_NONE, false, "innermost function that is no allocator wrapper"},
	{"file", "TEXT", MS_PUSH_NONE, false, "its source file"},
	{"line", "INTEGER", MS_PUSH_NONE, false, "its line"},
	{"module", "TEXT", MS_PUSH_NONE, false, "its module"},
	{"path", "TEXT", MS_PUSH_NONE, false, "all functions, innermost first: 'a < b < main'"},
	{"allocations", "INTEGER", MS_PUSH_NONE, false, "blocks begun by allocation calls"},
	{"reallocations", "INTEGER", MS_PUSH_NONE, false, "blocks begun by realloc"},
	{"allocated_bytes", "INTEGER", MS_PUSH_NONE, false, "by both"},
	{"frees", "INTEGER", MS_PUSH_NONE, false, "its blocks that were freed"},
	{"live_blocks", "INTEGER", MS_PUSH_NONE, false, "alive at the end"},
	{"live_bytes", "INTEGER", MS_PUSH_NONE, false, "alive at the end"},
	{"peak_blocks", "INTEGER", MS_PUSH_NONE, false, "its share of the peak"},
	{"peak_bytes", "INTEGER", MS_PUSH_NONE, false, "its share of the peak"},
	{"own_peak_bytes", "INTEGER", MS_PUSH_NONE, false, "the most that lived of this path alone"},
	{"temporary", "INTEGER", MS_PUSH_NONE, false, "temporary blocks"},
	{"ended_blocks", "INTEGER", MS_PUSH_NONE, false, "freed or reallocated"},
	{"mean_lifetime_ns", "INTEGER", MS_PUSH_NONE, false, "of these"},
	{"culled_blocks", "INTEGER", MS_PUSH_NONE, false, "left out by --cull-temporary: in no other figure"},
	{"culled_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
};
#define SITE(type, field) MS_QFIELD(type, ms_report_site, field)
static const struct ms_qfield site_fields[] = {
	SITE(U32, node), {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, SITE(U64, allocations), SITE(U64, reallocations),
	SITE(U64, allocated_bytes), SITE(U64, frees), SITE(U64, live_blocks), SITE(U64, live_bytes), SITE(U64, peak_blocks),
	SITE(U64, peak_bytes), SITE(U64, own_peak_bytes), SITE(U64, temporary_allocations), SITE(U64, ended_blocks),
	SITE(U64, mean_lifetime_ns), SITE(U64, culled_blocks), SITE(U64, culled_bytes),
};

static int site_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	int rc = ms_query_map(c->query, err);

	if (rc == MS_OK)
		rc = ms_query_report(c->query, err);
	if (rc == MS_OK)
		*count = c->query->report.site_count;
	return rc;
}

static uint64_t site_key(const struct ms_qcursor *c, uint64_t row)
{
	return c->query->report.sites[row].node;
}

static int site_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_report_site *s = &c->query->report.sites[c->row];

	(void)err;
	if (column >= 1 && column <= 4)
		ms_q_headline_value(c->query, s->node, column - 1, out);
	else if (column == 5)
		ms_q_node_path(c->query, s->node, out);
	else
		ms_q_field(out, s, &site_fields[column]);
	return MS_OK;
}

const struct ms_qtable ms_qtable_sites = {
	.name = "sites", .summary = "call paths under which blocks began, with the figures of the report", .columns = site_columns,
	.count = MS_QUERY_COUNT(site_columns), .rows = site_rows, .key = site_key, .value = site_value, .estimate = stack_estimate,
	.row_cost = 1, .seek_cost = 1,
};

/* ---- site_frames -------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn frame_columns[] = {
	{"node", "INTEGER", MS_PUSH_KEY, true, "call path: every site is one, and every caller of a site"},
	{"caller", "INTEGER", MS_PUSH_NONE, false, "node of the path without its innermost frame; NULL = outermost"},
	{"depth", "INTEGER", MS_PUSH_NONE, false, "frames of the path"},
	{"function", "TEXT", MS_PUSH_NONE, false, "innermost frame of the path (its innermost inlined function)"},
	{"file", "TEXT", MS_PUSH_NONE, false, "source file"},
	{"line", "INTEGER", MS_PUSH_NONE, false, "line"},
	{"module", "TEXT", MS_PUSH_NONE, false, "module"},
	{"offset", "INTEGER", MS_PUSH_NONE, false, "return address in the module"},
	{"path", "TEXT", MS_PUSH_NONE, false, "all functions, innermost first"},
};

static int node_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	int rc = ms_query_map(c->query, err);

	if (rc == MS_OK)
		*count = c->query->map.node_count - 1;
	return rc;
}

static int node_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_stack_map *map = &c->query->map;
	uint32_t node = (uint32_t)c->row + 1, depth = 0;
	const struct ms_report_node *n = &map->nodes[node];
	const struct ms_report_line *l = n->line_count ? &map->lines[n->first_line] : NULL;

	(void)err;
	switch (column) {
	case 0:
		ms_q_uint(out, node);
		break;
	case 1:
		ms_q_id(out, n->parent);
		break;
	case 2:
		for (uint32_t i = node; i; i = map->nodes[i].parent)
			depth++;
		ms_q_uint(out, depth);
		break;
	case 3:
		ms_q_text(out, l ? l->function : NULL);
		break;
	case 4:
		ms_q_text(out, l ? l->file : NULL);
		break;
	case 5:
		ms_q_id(out, l ? l->line : 0);
		break;
	case 6:
		ms_q_text(out, l ? l->module : NULL);
		break;
	case 7:
		if (l)
			ms_q_uint(out, l->offset);
		break;
	default:
		ms_q_node_path(c->query, node, out);
		break;
	}
	return MS_OK;
}

const struct ms_qtable ms_qtable_paths = {
	.name = "paths", .summary = "call paths as a tree: what sites.id and its callers read like", .columns = frame_columns,
	.count = MS_QUERY_COUNT(frame_columns), .rows = node_rows, .value = node_value, .estimate = stack_estimate, .row_cost = 1,
	.seek_cost = 1,
};

/* ---- threads ------------------------------------------------------------------------------------------------------ */

static const struct ms_qcolumn thread_columns[] = {
	{"id", "INTEGER", MS_PUSH_KEY, true, "thread"},
	{"tid", "INTEGER", MS_PUSH_NONE, false, "of the system"},
	{"main", "INTEGER", MS_PUSH_NONE, false, "1: the main thread"},
	{"image", "INTEGER", MS_PUSH_NONE, false, "process image: 0, and one more by each exec"},
	{"name", "TEXT", MS_PUSH_NONE, false, "the last one given"},
	{"start_ns", "INTEGER", MS_PUSH_NONE, false, "its start, or its first event"},
	{"end_ns", "INTEGER", MS_PUSH_NONE, false, "its end, or its last event"},
	{"ended", "INTEGER", MS_PUSH_NONE, false, "1: its end was recorded"},
	{"events", "INTEGER", MS_PUSH_NONE, false, "its events"},
	{"allocations", "INTEGER", MS_PUSH_NONE, false, "blocks it began by allocation calls"},
	{"reallocations", "INTEGER", MS_PUSH_NONE, false, "blocks it began by realloc"},
	{"allocated_bytes", "INTEGER", MS_PUSH_NONE, false, "by both"},
	{"live_blocks", "INTEGER", MS_PUSH_NONE, false, "of these, alive at the end"},
	{"live_bytes", "INTEGER", MS_PUSH_NONE, false, "of these, alive at the end"},
	{"own_peak_bytes", "INTEGER", MS_PUSH_NONE, false, "the most that lived of its blocks"},
	{"temporary", "INTEGER", MS_PUSH_NONE, false, "of its blocks, temporary ones"},
	{"frees", "INTEGER", MS_PUSH_NONE, false, "blocks it freed, whoever began them"},
	{"ended_own_blocks", "INTEGER", MS_PUSH_NONE, false, "own blocks it freed or reallocated"},
	{"ended_others_blocks", "INTEGER", MS_PUSH_NONE, false, "blocks of other threads it freed or reallocated"},
	{"unmatched_frees", "INTEGER", MS_PUSH_NONE, false, "frees of blocks that the trace does not know"},
};
#define THREAD(type, field) MS_QFIELD(type, ms_report_thread, field)
static const struct ms_qfield thread_fields[] = {
	{0, 0}, {0, 0}, {0, 0}, {0, 0}, THREAD(TEXT, name), THREAD(U64, start_ns), THREAD(U64, end_ns), THREAD(BOOL, ended),
	THREAD(U64, events), THREAD(U64, allocations), THREAD(U64, reallocations), THREAD(U64, allocated_bytes),
	THREAD(U64, live_blocks), THREAD(U64, live_bytes), THREAD(U64, peak_bytes), THREAD(U64, temporary_allocations),
	THREAD(U64, frees), THREAD(U64, ended_own.blocks), THREAD(U64, ended_others.blocks), THREAD(U64, unmatched_frees),
};

static int thread_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ms_trace_thread_count(c->query->trace);
	return MS_OK;
}

/* What stands in the trace's table needs no replay. */
static int thread_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	uint32_t id = (uint32_t)c->row + 1;
	const struct ms_thread *t = ms_trace_thread(c->query->trace, id);
	const struct ms_report *r = &c->query->report;
	int rc;

	if (column < 4) {
		ms_q_uint(out, column == 0 ? id : column == 1 ? t->tid : column == 2 ? t->is_main : t->image);
		return MS_OK;
	}
	rc = ms_query_report(c->query, err);
	for (size_t i = 0; rc == MS_OK && i < r->thread_count; i++) {
		size_t at = i == 0 && c->row < r->thread_count && r->threads[c->row].id == id ? (size_t)c->row : i;

		if (r->threads[at].id == id) {
			ms_q_field(out, &r->threads[at], &thread_fields[column]);
			break;
		}
	}
	return rc;
}

static double thread_estimate(const struct ms_query *q)
{
	return (double)ms_trace_thread_count(q->trace);
}

const struct ms_qtable ms_qtable_threads = {
	.name = "threads", .summary = "threads, with both ledgers: what they allocated, and what they freed", .columns = thread_columns,
	.count = MS_QUERY_COUNT(thread_columns), .rows = thread_rows, .value = thread_value, .estimate = thread_estimate, .row_cost = 1,
	.seek_cost = 1,
};
