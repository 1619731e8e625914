/* tables_heap.c - what detectors found, leaks, and the heap graph: its roots and pointers. */
#include <stdlib.h>

#include "query_fields.h"

static double few(const struct ms_query *q)
{
	(void)q;
	return 1000;
}

static const char *pick(const char *const *names, size_t count, unsigned number)
{
	return number < count ? names[number] : NULL;
}

/* ---- findings ----------------------------------------------------------------------------------------------------- */

enum {
	F_ID, F_KIND, F_CWE, F_SEVERITY, F_CERTAINTY, F_MESSAGE, F_COUNT, F_TIME, F_THREAD, F_ADDRESS, F_BLOCK, F_BLOCK_ADDRESS, F_BLOCK_SIZE,
	F_LEAKED_BLOCKS, F_LEAKED_BYTES, F_ALLOCATION_SITE, F_FREE_SITE, F_ERROR_SITE, F_FINGERPRINT, F_COLUMNS
};
static const struct ms_qcolumn finding_columns[] = {
	[F_ID] = {"id", "INTEGER", MS_PUSH_KEY, true, "finding"},
	[F_KIND] = {"kind", "TEXT", MS_PUSH_NONE, false, "double-free, use-after-free, heap-overflow, leak-definite, ..."},
	[F_CWE] = {"cwe", "INTEGER", MS_PUSH_NONE, false, "number of the weakness"},
	[F_SEVERITY] = {"severity", "TEXT", MS_PUSH_NONE, false, "error, warning"},
	[F_CERTAINTY] = {"certainty", "TEXT", MS_PUSH_NONE, false, "certain, observed, inferred"},
	[F_MESSAGE] = {"message", "TEXT", MS_PUSH_NONE, false, "in one line"},
	[F_COUNT] = {"count", "INTEGER", MS_PUSH_NONE, false, "occurrences"},
	[F_TIME] = {"time_ns", "INTEGER", MS_PUSH_NONE, false, "of the first one"},
	[F_THREAD] = {"thread", "INTEGER", MS_PUSH_NONE, false, "of the first one"},
	[F_ADDRESS] = {"address", "INTEGER", MS_PUSH_NONE, false, "freed, accessed or changed"},
	[F_BLOCK] = {"block", "INTEGER", MS_PUSH_NONE, false, "blocks.id"},
	[F_BLOCK_ADDRESS] = {"block_address", "INTEGER", MS_PUSH_NONE, false, "of the block"},
	[F_BLOCK_SIZE] = {"block_size", "INTEGER", MS_PUSH_NONE, false, "of the block"},
	[F_LEAKED_BLOCKS] = {"leaked_blocks", "INTEGER", MS_PUSH_NONE, false, "leaks: how many"},
	[F_LEAKED_BYTES] = {"leaked_bytes", "INTEGER", MS_PUSH_NONE, false, "leaks: how much"},
	[F_ALLOCATION_SITE] = {"allocation_site", "INTEGER", MS_PUSH_NONE, false, "paths.node"},
	[F_FREE_SITE] = {"free_site", "INTEGER", MS_PUSH_NONE, false, "paths.node"},
	[F_ERROR_SITE] = {"error_site", "INTEGER", MS_PUSH_NONE, false, "paths.node"},
	[F_FINGERPRINT] = {"fingerprint", "TEXT", MS_PUSH_NONE, false, "the same in the next run"},
};
#define FINDING(type, field) MS_QFIELD(type, ms_finding, field)
static const struct ms_qfield finding_fields[] = {
	FINDING(U32, id), {0, 0}, FINDING(U16, cwe), {0, 0}, {0, 0}, FINDING(TEXT, message), FINDING(U64, count), FINDING(U64, time_ns),
	FINDING(U32_ID, thread), FINDING(U64_ID, address), FINDING(U64_ID, block.id), FINDING(U64_ID, block.address),
	FINDING(U64, block.size_bytes), FINDING(U64, leaked_blocks), FINDING(U64, leaked_bytes), FINDING(U32_ID, allocation_node),
	FINDING(U32_ID, free_node), FINDING(U32_ID, error_node), {0, 0},
};

static int finding_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	int rc = ms_query_report(c->query, err);

	*count = rc ? 0 : c->query->report.findings.count;
	return rc;
}

static int finding_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	static const char *const severities[] = {[MS_SEVERITY_ERROR] = "error", [MS_SEVERITY_WARNING] = "warning"};
	static const char *const certainties[] = {[MS_CERTAIN] = "certain", [MS_OBSERVED] = "observed", [MS_INFERRED] = "inferred"};
	const struct ms_finding *f = &c->query->report.findings.list[c->row];

	(void)err;
	if (column == F_KIND)
		ms_q_text(out, f->kind < MS_FINDING_KIND_COUNT ? ms_finding_kinds[f->kind].name : NULL);
	else if (column == F_SEVERITY)
		ms_q_text(out, pick(severities, MS_QUERY_COUNT(severities), f->severity));
	else if (column == F_CERTAINTY)
		ms_q_text(out, pick(certainties, MS_QUERY_COUNT(certainties), f->certainty));
	else if (column == F_FINGERPRINT)
		ms_q_text(out, f->fingerprint);
	else if (f->block.known || column < F_BLOCK || column > F_BLOCK_SIZE)
		ms_q_field(out, f, &finding_fields[column]);
	return MS_OK;
}

const struct ms_qtable ms_qtable_findings = {
	.name = "findings", .summary = "what the detectors found: heap errors and leaks", .columns = finding_columns,
	.count = F_COLUMNS, .rows = finding_rows, .value = finding_value, .estimate = few, .row_cost = 1, .seek_cost = 1,
};

/* ---- leaks -------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn leak_columns[] = {
	{"kind", "TEXT", MS_PUSH_NONE, false, "definite, possible, indirect, reachable"},
	{"site", "INTEGER", MS_PUSH_NONE, false, "call path of the blocks: sites.id"},
	{"blocks", "INTEGER", MS_PUSH_NONE, false, "how many"},
	{"bytes", "INTEGER", MS_PUSH_NONE, false, "how much"},
	{"indirect_blocks", "INTEGER", MS_PUSH_NONE, false, "definite: lost blocks that hang on them"},
	{"indirect_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	{"in_cycle_blocks", "INTEGER", MS_PUSH_NONE, false, "of them, on a cycle of lost blocks"},
	{"first_ns", "INTEGER", MS_PUSH_NONE, false, "birth of the oldest"},
	{"last_ns", "INTEGER", MS_PUSH_NONE, false, "birth of the newest"},
	{"example", "INTEGER", MS_PUSH_NONE, false, "one of them, the one that retains most: blocks.id"},
};
#define LEAK(type, field) MS_QFIELD(type, ms_leak, field)
static const struct ms_qfield leak_fields[] = {
	{0, 0}, LEAK(U32, node), LEAK(U64, blocks), LEAK(U64, bytes), LEAK(U64, indirect_blocks), LEAK(U64, indirect_bytes),
	LEAK(U64, in_cycle_blocks), LEAK(U64, first_ns), LEAK(U64, last_ns), LEAK(U64, example_block),
};

static int leak_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	int rc = ms_query_report(c->query, err);

	*count = rc ? 0 : c->query->report.leaks.leak_count;
	return rc;
}

static int leak_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	static const char *const kinds[] = {
		[MS_LEAK_DEFINITE] = "definite", [MS_LEAK_POSSIBLE] = "possible", [MS_LEAK_INDIRECT] = "indirect", [MS_LEAK_REACHABLE] = "reachable",
	};
	const struct ms_leak *l = &c->query->report.leaks.leaks[c->row];

	(void)err;
	if (column == 0)
		ms_q_text(out, pick(kinds, MS_QUERY_COUNT(kinds), l->kind));
	else
		ms_q_field(out, l, &leak_fields[column]);
	return MS_OK;
}

const struct ms_qtable ms_qtable_leaks = {
	.name = "leaks", .summary = "leaked and reachable blocks of the last heap graph, by call path (needs a trace with a heap graph)",
	.columns = leak_columns, .count = MS_QUERY_COUNT(leak_columns), .rows = leak_rows, .value = leak_value, .estimate = few,
	.row_cost = 1, .seek_cost = 1,
};

/* ---- roots -------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn root_columns[] = {
	{"graph", "INTEGER", MS_PUSH_NONE, false, "heap graph, from 1"},
	{"root", "INTEGER", MS_PUSH_NONE, false, "root of this graph, from 1"},
	{"kind", "TEXT", MS_PUSH_NONE, false, "global, stack, registers, tls, mapping"},
	{"module", "INTEGER", MS_PUSH_NONE, false, "modules.id"},
	{"thread", "INTEGER", MS_PUSH_NONE, false, "threads.id"},
	{"tid", "INTEGER", MS_PUSH_NONE, false, "of the system"},
	{"frame", "INTEGER", MS_PUSH_NONE, false, "of a stack: frames.id"},
	{"name", "TEXT", MS_PUSH_NONE, false, "of a mapping"},
	{"start", "INTEGER", MS_PUSH_NONE, false, "first address"},
	{"end", "INTEGER", MS_PUSH_NONE, false, "one past the last address"},
};
#define ROOT(type, field) MS_QFIELD(type, ms_graph_root, field)
static const struct ms_qfield root_fields[] = {
	{0, 0}, {0, 0}, {0, 0}, ROOT(U32_ID, module), ROOT(U32_ID, thread), ROOT(U32_ID, tid), ROOT(U32_ID, frame), {0, 0},
	ROOT(U64, start), ROOT(U64, end),
};

static int root_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = 0;
	for (size_t g = 0; g < ms_trace_graph_count(c->query->trace); g++)
		*count += ms_trace_graph(c->query->trace, g)->root_count;
	return MS_OK;
}

static int root_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	static const char *const kinds[] = {
		[MS_ROOT_DATA] = "global", [MS_ROOT_STACK] = "stack", [MS_ROOT_REGISTERS] = "registers", [MS_ROOT_TLS] = "tls",
		[MS_ROOT_MAPPING] = "mapping",
	};
	const struct ms_trace *t = c->query->trace;
	uint64_t i = c->row;
	size_t g = 0;
	const struct ms_graph_root *r;

	(void)err;
	while (i >= ms_trace_graph(t, g)->root_count)
		i -= ms_trace_graph(t, g++)->root_count;
	r = &ms_trace_graph(t, g)->roots[i];
	if (column < 2)
		ms_q_uint(out, column ? i + 1 : g + 1);
	else if (column == 2)
		ms_q_text(out, pick(kinds, MS_QUERY_COUNT(kinds), r->kind));
	else if (column == 7)
		ms_q_text(out, ms_trace_string(t, r->name));
	else
		ms_q_field(out, r, &root_fields[column]);
	return MS_OK;
}

const struct ms_qtable ms_qtable_roots = {
	.name = "roots", .summary = "what pointers into the heap were searched in: roots of the heap graphs", .columns = root_columns,
	.count = MS_QUERY_COUNT(root_columns), .rows = root_rows, .value = root_value, .estimate = few, .row_cost = 1, .seek_cost = 1,
};

/* ---- edges -------------------------------------------------------------------------------------------------------- */

static const struct ms_qcolumn edge_columns[] = {
	{"graph", "INTEGER", MS_PUSH_SEEK, true, "heap graph, from 1"},
	{"source_block", "INTEGER", MS_PUSH_NONE, false, "block that the pointer stands in: blocks.id; NULL = a root"},
	{"source_root", "INTEGER", MS_PUSH_NONE, false, "root that the pointer stands in: roots.root; NULL = a block"},
	{"source_offset", "INTEGER", MS_PUSH_NONE, false, "where it stands there"},
	{"target_block", "INTEGER", MS_PUSH_NONE, false, "block that it leads to"},
	{"target_offset", "INTEGER", MS_PUSH_NONE, false, "where it leads to there; 0 = the start"},
};

struct edges {
	size_t graph_count;
	struct ms_graph_data *graphs;
	uint64_t *before;                /* edges of the graphs before each, and of all */
	size_t at;                       /* graph of the row */
};

static int edge_load(struct ms_qcursor *c, struct ms_error *err)
{
	const struct ms_trace *t = c->query->trace;
	struct edges *e = c->state = calloc(1, sizeof *e);
	int rc = MS_OK;

	if (e) {
		e->graph_count = ms_trace_graph_count(t);
		e->graphs = calloc(e->graph_count + 1, sizeof *e->graphs);
		e->before = calloc(e->graph_count + 1, sizeof *e->before);
	}
	if (!e || !e->graphs || !e->before)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	for (size_t g = 0; rc == MS_OK && g < e->graph_count; g++) {
		if (g + 1 >= c->bounds[0].low && g + 1 <= c->bounds[0].high)
			rc = ms_trace_graph_load(t, g, &e->graphs[g], err);
		e->before[g + 1] = e->before[g] + e->graphs[g].edge_count;
	}
	return rc;
}

static int edge_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	const struct edges *e = c->state;

	(void)err;
	*count = e->before[e->graph_count];
	return MS_OK;
}

static size_t graph_of(const struct edges *e, uint64_t row)
{
	size_t g = e->at;

	if (row < e->before[g])
		g = 0;
	while (row >= e->before[g + 1])
		g++;
	return g;
}

static void edge_close(struct ms_qcursor *c)
{
	struct edges *e = c->state;

	if (!e)
		return;
	for (size_t g = 0; e->graphs && g < e->graph_count; g++)
		ms_graph_data_free(&e->graphs[g]);
	free(e->graphs);
	free(e->before);
	free(e);
}

static int edge_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	struct edges *e = c->state;
	size_t g = e->at = graph_of(e, c->row);
	const struct ms_graph_data *d = &e->graphs[g];
	uint64_t i = c->row - e->before[g];
	uint32_t source = d->source[i];

	(void)err;
	switch (column) {
	case 0:
		ms_q_uint(out, g + 1);
		break;
	case 1:
		if (source < d->block_count)
			ms_q_uint(out, d->block[source]);
		break;
	case 2:
		if (source >= d->block_count)
			ms_q_uint(out, source - d->block_count + 1);
		break;
	case 3:
		ms_q_uint(out, d->source_offset[i]);
		break;
	case 4:
		ms_q_uint(out, d->block[d->target[i]]);
		break;
	default:
		ms_q_uint(out, d->target_offset[i]);
		break;
	}
	return MS_OK;
}

static double many(const struct ms_query *q)
{
	double edges = 0;

	for (size_t g = 0; g < ms_trace_graph_count(q->trace); g++)
		edges += (double)ms_trace_graph(q->trace, g)->edges;
	return edges;
}

const struct ms_qtable ms_qtable_edges = {
	.name = "edges", .summary = "pointers into the heap: edges of the heap graphs", .columns = edge_columns,
	.count = MS_QUERY_COUNT(edge_columns), .load = edge_load, .rows = edge_rows, .close = edge_close,
	.value = edge_value, .estimate = many, .row_cost = 1, .seek_cost = 1000,
};
