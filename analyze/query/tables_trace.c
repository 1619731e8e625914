/* tables_trace.c - side tables of the trace as they are: stacks, frames, modules; and facts about the trace itself. */
#include <string.h>

#include "query_fields.h"

/* ---- stacks ------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn stack_columns[] = {
	{"id", "INTEGER", MS_PUSH_KEY, true, "stack"},
	{"parent", "INTEGER", MS_PUSH_NONE, false, "stack of the caller; NULL = outermost"},
	{"frame", "INTEGER", MS_PUSH_NONE, false, "innermost frame: frames.id"},
	{"depth", "INTEGER", MS_PUSH_NONE, false, "frames"},
	{"site", "INTEGER", MS_PUSH_NONE, false, "call path: sites.id, paths.node"},
	{"path", "TEXT", MS_PUSH_NONE, false, "all functions, innermost first"},
};

static int stack_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	*count = ms_trace_stack_count(c->query->trace);
	return ms_query_map(c->query, err);
}

static int stack_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_trace *t = c->query->trace;
	uint32_t id = (uint32_t)c->row + 1, depth = 0;
	const struct ms_stack *s = ms_trace_stack(t, id);

	(void)err;
	switch (column) {
	case 0:
		ms_q_uint(out, id);
		break;
	case 1:
		ms_q_id(out, s->parent);
		break;
	case 2:
		ms_q_id(out, s->frame);
		break;
	case 3:
		for (uint32_t i = id; i; i = ms_trace_stack(t, i)->parent)
			depth++;
		ms_q_uint(out, depth);
		break;
	case 4:
		ms_q_uint(out, c->query->map.node_of_stack[id]);
		break;
	default:
		ms_q_node_path(c->query, c->query->map.node_of_stack[id], out);
		break;
	}
	return MS_OK;
}

static double stack_estimate(const struct ms_query *q)
{
	return (double)ms_trace_stack_count(q->trace);
}

const struct ms_qtable ms_qtable_stacks = {
	.name = "stacks", .summary = "stacks as recorded, by return addresses", .columns = stack_columns,
	.count = MS_QUERY_COUNT(stack_columns), .rows = stack_rows, .value = stack_value, .estimate = stack_estimate, .row_cost = 1,
	.seek_cost = 1,
};

/* ---- frames ------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn frame_columns[] = {
	{"id", "INTEGER", MS_PUSH_KEY, true, "frame"},
	{"address", "INTEGER", MS_PUSH_NONE, false, "return address"},
	{"module", "INTEGER", MS_PUSH_NONE, false, "modules.id"},
	{"function", "TEXT", MS_PUSH_NONE, false, "innermost function inlined there, or the function itself"},
	{"file", "TEXT", MS_PUSH_NONE, false, "its source file"},
	{"line", "INTEGER", MS_PUSH_NONE, false, "its line"},
	{"outer_function", "TEXT", MS_PUSH_NONE, false, "the function that the code belongs to, when others are inlined into it"},
	{"levels", "INTEGER", MS_PUSH_NONE, false, "functions at this address: 1 + inlined ones; 0 = no symbol"},
};

static int frame_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ms_trace_frame_count(c->query->trace);
	return MS_OK;
}

static int frame_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_trace *t = c->query->trace;
	uint32_t id = (uint32_t)c->row + 1;
	const struct ms_frame *f = ms_trace_frame(t, id);
	size_t n = 0;
	const struct ms_symbol *s = ms_trace_symbols(t, id, &n);

	(void)err;
	if (column == 0)
		ms_q_uint(out, id);
	else if (column == 1)
		ms_q_uint(out, f->address);
	else if (column == 2)
		ms_q_id(out, f->module);
	else if (column == 7)
		ms_q_uint(out, n);
	else if (n && column == 3)
		ms_q_text(out, ms_trace_string(t, s[0].function));
	else if (n && column == 4)
		ms_q_text(out, ms_trace_string(t, s[0].file));
	else if (n && column == 5)
		ms_q_id(out, s[0].line);
	else if (n > 1 && column == 6)
		ms_q_text(out, ms_trace_string(t, s[n - 1].function));
	return MS_OK;
}

static double frame_estimate(const struct ms_query *q)
{
	return (double)ms_trace_frame_count(q->trace);
}

const struct ms_qtable ms_qtable_frames = {
	.name = "frames", .summary = "return addresses and their symbols", .columns = frame_columns,
	.count = MS_QUERY_COUNT(frame_columns), .rows = frame_rows, .value = frame_value, .estimate = frame_estimate, .row_cost = 1,
	.seek_cost = 1,
};

/* ---- modules ------------------------------------------------------------------------------------------------------ */

static const struct ms_qcolumn module_columns[] = {
	{"id", "INTEGER", MS_PUSH_KEY, true, "module"},
	{"path", "TEXT", MS_PUSH_NONE, false, "file"},
	{"build_id", "TEXT", MS_PUSH_NONE, false, "in hexadecimal"},
	{"load_bias", "INTEGER", MS_PUSH_NONE, false, "address in memory minus address in the file"},
	{"start", "INTEGER", MS_PUSH_NONE, false, "first address"},
	{"end", "INTEGER", MS_PUSH_NONE, false, "one past the last address"},
	{"image", "INTEGER", MS_PUSH_NONE, false, "process image: 0, and one more by each exec"},
};
static const struct ms_qfield module_fields[] = {
	{0, 0}, MS_QFIELD(TEXT, ms_module, path), {0, 0}, MS_QFIELD(U64, ms_module, load_bias), MS_QFIELD(U64, ms_module, start),
	MS_QFIELD(U64, ms_module, end), MS_QFIELD(U32, ms_module, image),
};

static int module_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ms_trace_module_count(c->query->trace);
	return MS_OK;
}

static int module_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_module *m = ms_trace_module(c->query->trace, (uint32_t)c->row + 1);
	char hex[2 * 64 + 1];

	(void)err;
	if (column == 0) {
		ms_q_uint(out, c->row + 1);
	} else if (column == 2) {
		for (size_t i = 0; i < m->build_id_bytes; i++)
			sqlite3_snprintf(3, hex + 2 * i, "%02x", m->build_id[i]);
		if (m->build_id_bytes)
			sqlite3_result_text(out, hex, (int)(2 * m->build_id_bytes), SQLITE_TRANSIENT);
	} else {
		ms_q_field(out, m, &module_fields[column]);
	}
	return MS_OK;
}

static double module_estimate(const struct ms_query *q)
{
	return (double)ms_trace_module_count(q->trace);
}

const struct ms_qtable ms_qtable_modules = {
	.name = "modules", .summary = "executable and libraries", .columns = module_columns, .count = MS_QUERY_COUNT(module_columns),
	.rows = module_rows, .value = module_value, .estimate = module_estimate, .row_cost = 1, .seek_cost = 1,
};

/* ---- totals: one row ---------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn total_columns[] = {
	{"file", "TEXT", MS_PUSH_NONE, false, "path of the trace"},
	{"executable", "TEXT", MS_PUSH_NONE, false, "path of the program"},
	{"pid", "INTEGER", MS_PUSH_NONE, false, "of the program"},
	{"duration_ns", "INTEGER", MS_PUSH_NONE, false, "of the recording"},
	{"complete", "INTEGER", MS_PUSH_NONE, false, "1: the end was recorded, nothing was lost, nothing is damaged"},
	{"events", "INTEGER", MS_PUSH_NONE, false, "that can be read"},
	{"lost_events", "INTEGER", MS_PUSH_NONE, false, "that could not be recorded"},
	{"allocations", "INTEGER", MS_PUSH_NONE, false, "blocks begun by allocation calls"},
	{"frees", "INTEGER", MS_PUSH_NONE, false, "blocks freed"},
	{"reallocations", "INTEGER", MS_PUSH_NONE, false, "blocks begun by realloc"},
	{"allocated_bytes", "INTEGER", MS_PUSH_NONE, false, "by both"},
	{"freed_bytes", "INTEGER", MS_PUSH_NONE, false, "freed, or ended by realloc"},
	{"live_blocks", "INTEGER", MS_PUSH_NONE, false, "alive at the end"},
	{"live_bytes", "INTEGER", MS_PUSH_NONE, false, "alive at the end"},
	{"peak_bytes", "INTEGER", MS_PUSH_NONE, false, "the most that lived at a time"},
	{"peak_time_ns", "INTEGER", MS_PUSH_NONE, false, "when"},
	{"peak_blocks", "INTEGER", MS_PUSH_NONE, false, "live at that moment"},
	{"most_blocks", "INTEGER", MS_PUSH_NONE, false, "the largest number of live blocks at any time"},
	{"unmatched_frees", "INTEGER", MS_PUSH_NONE, false, "frees of blocks that the trace does not know"},
	{"temporary", "INTEGER", MS_PUSH_NONE, false, "temporary blocks"},
	{"zero_size", "INTEGER", MS_PUSH_NONE, false, "allocations of no bytes"},
	{"failed", "INTEGER", MS_PUSH_NONE, false, "calls that returned NULL"},
	{"exec_blocks", "INTEGER", MS_PUSH_NONE, false, "alive when exec replaced the program"},
	{"exec_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	{"culled_within_ns", "INTEGER", MS_PUSH_NONE, false, "blocks freed within that time are left out (--cull-temporary); 0: none are"},
	{"culled_allocations", "INTEGER", MS_PUSH_NONE, false, "allocations that were left out"},
	{"culled_reallocations", "INTEGER", MS_PUSH_NONE, false, "likewise"},
	{"culled_bytes", "INTEGER", MS_PUSH_NONE, false, "of both"},
	{"culled_peak_bytes", "INTEGER", MS_PUSH_NONE, false, "the most that lived at a time, with those left out"},
};
#define TRACE(type, field) MS_QFIELD(type, ms_report, trace.field)
#define TOTAL(field) MS_QFIELD(U64, ms_report, totals.field)
#define CULLED(field) MS_QFIELD(U64, ms_report, culled.field)
static const struct ms_qfield total_fields[] = {
	TRACE(TEXT, file), {0, 0}, {0, 0}, TRACE(U64, duration_ns), TRACE(BOOL, complete), TRACE(U64, events), TRACE(U64, lost_events),
	TOTAL(allocations), TOTAL(frees), TOTAL(reallocations), TOTAL(allocated_bytes), TOTAL(freed_bytes), TOTAL(live_blocks),
	TOTAL(live_bytes), TOTAL(peak_bytes), TOTAL(peak_time_ns), TOTAL(peak_blocks), TOTAL(most_blocks), TOTAL(unmatched_frees),
	TOTAL(temporary_allocations), TOTAL(zero_size_allocations), TOTAL(failed_allocations), TOTAL(ended_by_exec.blocks),
	TOTAL(ended_by_exec.bytes), CULLED(within_ns), CULLED(allocations), CULLED(reallocations), CULLED(bytes), CULLED(peak_bytes),
};

static int total_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	*count = 1;
	return ms_query_report(c->query, err);
}

static int total_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_process *p = ms_trace_process(c->query->trace);

	(void)err;
	if (column == 1)
		ms_q_text(out, p->executable);
	else if (column == 2)
		ms_q_id(out, p->pid);
	else
		ms_q_field(out, &c->query->report, &total_fields[column]);
	return MS_OK;
}

static double total_estimate(const struct ms_query *q)
{
	(void)q;
	return 1;
}

const struct ms_qtable ms_qtable_totals = {
	.name = "totals", .summary = "the totals of the report: one row", .columns = total_columns, .count = MS_QUERY_COUNT(total_columns),
	.rows = total_rows, .value = total_value, .estimate = total_estimate, .row_cost = 1, .seek_cost = 1,
};
