/* tables_annotations.c - what the program said of itself: tasks, scopes, variables with biographies, pools; with the report's figures. */
#include "query_fields.h"

/* A table whose rows are an array of the report, its columns fields of a row. X(name, SQL type, summary, type of the field, field). */
#define COLUMN(name, sql, summary, type, field) {name, sql, MS_PUSH_NONE, false, summary},
#define FIELD(name, sql, summary, type, field) MS_FIELD_OF_##type(field)
#define MS_FIELD_OF_NONE(field) {0, MS_FIELD_NONE},
#define MS_FIELD_OF_U64(field) MS_QFIELD(U64, ROW, field),
#define MS_FIELD_OF_U32(field) MS_QFIELD(U32, ROW, field),
#define MS_FIELD_OF_U64_ID(field) MS_QFIELD(U64_ID, ROW, field),
#define MS_FIELD_OF_U32_ID(field) MS_QFIELD(U32_ID, ROW, field),
#define MS_FIELD_OF_BOOL(field) MS_QFIELD(BOOL, ROW, field),
#define MS_FIELD_OF_TEXT(field) MS_QFIELD(TEXT, ROW, field),
#define ROWS(function, number)                                                                     \
	static int function(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)               \
	{                                                                                              \
		int rc = ms_query_report(c->query, err);                                                   \
		const struct ms_report *r = &c->query->report;                                             \
	                                                                                               \
		*count = rc ? 0 : r->number;                                                               \
		return rc;                                                                                 \
	}
#define TABLE(table, what, columns_of, rows_of, value_of)                                          \
	const struct ms_qtable ms_qtable_##table = {                                                   \
		.name = #table, .summary = what, .columns = columns_of, .count = MS_QUERY_COUNT(columns_of), .rows = rows_of, .value = value_of, \
		.estimate = few, .row_cost = 1, .seek_cost = 1,                                            \
	}

static double few(const struct ms_query *q)
{
	(void)q;
	return 1000;
}

/* Columns of struct ms_owned, behind those of the row itself. */
#define OWNED(X)                                                                                  \
	X("allocations", "INTEGER", "blocks begun in it by allocation calls", U64, own.allocations)    \
	X("reallocations", "INTEGER", "blocks begun in it by realloc", U64, own.reallocations)         \
	X("allocated_bytes", "INTEGER", "by both", U64, own.allocated_bytes)                           \
	X("frees", "INTEGER", "of its blocks, whoever freed them", U64, own.frees)                     \
	X("freed_bytes", "INTEGER", "of its blocks; a realloc frees the old one", U64, own.freed_bytes) \
	X("live_blocks", "INTEGER", "alive at the end", U64, own.live_blocks)                          \
	X("live_bytes", "INTEGER", "alive at the end", U64, own.live_bytes)                            \
	X("peak_bytes", "INTEGER", "most of its own that lived at once", U64, own.peak_bytes)          \
	X("peak_ns", "INTEGER", "when", U64, own.peak_ns)                                              \
	X("temporary", "INTEGER", "temporary blocks", U64, own.temporary_allocations)                  \
	X("efficiency", "REAL", "freed_bytes of allocated_bytes, 0 to 1", NONE, own)                   \
	X("definite_bytes", "INTEGER", "definitely lost by the last heap graph; NULL = there is none to tell", NONE, own) \
	X("indirect_bytes", "INTEGER", "indirectly lost, likewise", NONE, own)                         \
	X("all_allocated_bytes", "INTEGER", "with all below it", U64, sum.allocated_bytes)             \
	X("all_live_bytes", "INTEGER", "with all below it", U64, sum.live_bytes)
enum { O_EFFICIENCY = 10, O_DEFINITE, O_INDIRECT };

/* column: of OWNED. false: it is a plain field. */
static bool owned_value(const struct ms_query *q, const struct ms_owned *o, unsigned column, sqlite3_context *out)
{
	if (column == O_EFFICIENCY) {
		if (ms_owned_available(o))
			sqlite3_result_double(out, (double)o->freed_bytes / (double)ms_owned_available(o));
		return true;
	}
	if (column != O_DEFINITE && column != O_INDIRECT)
		return false;
	if (q->report.leaks.observable)
		ms_q_uint(out, column == O_DEFINITE ? o->definite_bytes : o->indirect_bytes);
	return true;
}

/* ---- tasks ----------------------------------------------------------------------------------------------------------- */

#define ROW ms_task
#define TASK(X)                                                                                   \
	X("name", "TEXT", "as the program named it", TEXT, name)                                       \
	X("key", "INTEGER", "the program's own id of it", NONE, key)                                   \
	X("parent", "INTEGER", "tasks.id", U32_ID, parent)                                             \
	X("spawn_ns", "INTEGER", "when it was spawned; NULL = not seen", U64_ID, spawn_ns)             \
	X("spawn_thread", "INTEGER", "threads.id", U32_ID, spawn_thread)                               \
	X("first_enter_ns", "INTEGER", "when a thread first worked for it", U64_ID, first_enter_ns)    \
	X("last_leave_ns", "INTEGER", "when one last stopped to", U64_ID, last_leave_ns)               \
	X("end_ns", "INTEGER", "when it ended; NULL = not seen", U64_ID, end_ns)                       \
	X("end_live_bytes", "INTEGER", "of its blocks, alive when it ended", NONE, end_live_bytes)     \
	X("enters", "INTEGER", "times that a thread entered it", U64, enters)                          \
	X("inside_ns", "INTEGER", "from each enter to its leave", U64, inside_ns)                      \
	X("threads", "INTEGER", "that entered it", U32, threads)
static const struct ms_qcolumn task_columns[] = {{"id", "INTEGER", MS_PUSH_KEY, true, "task, in the order of spawns"}, TASK(COLUMN) OWNED(COLUMN)};
static const struct ms_qfield task_fields[] = {{0, 0}, TASK(FIELD) OWNED(FIELD)};
enum { T_KEY = 2, T_END_LIVE = 9, T_OWNED = 13 };
#undef ROW

ROWS(task_rows, tasks.count)

static int task_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_task *t = &c->query->report.tasks.list[c->row];

	(void)err;
	if (column == 0)
		ms_q_uint(out, c->row + 1);
	else if (column == T_KEY && t->has_key)
		ms_q_uint(out, t->key);
	else if (column == T_END_LIVE && t->ended)
		ms_q_uint(out, t->end_live_bytes);
	else if (column < T_OWNED || !owned_value(c->query, &t->own, column - T_OWNED, out))
		ms_q_field(out, t, &task_fields[column]);
	return MS_OK;
}

TABLE(tasks, "tasks that the program names, with the blocks begun for them", task_columns, task_rows, task_value);

#define ROW ms_task_thread
#define TASK_THREAD(X)                                                 \
	X("task", "INTEGER", "tasks.id", U32, task)                         \
	X("thread", "INTEGER", "threads.id", U32, thread)                   \
	X("enters", "INTEGER", "times that it entered it", U64, enters)     \
	X("inside_ns", "INTEGER", "from each enter to its leave", U64, inside_ns)
static const struct ms_qcolumn task_thread_columns[] = {TASK_THREAD(COLUMN)};
static const struct ms_qfield task_thread_fields[] = {TASK_THREAD(FIELD)};
#undef ROW

ROWS(task_thread_rows, tasks.thread_count)

static int task_thread_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	ms_q_field(out, &c->query->report.tasks.threads[c->row], &task_thread_fields[column]);
	return MS_OK;
}

TABLE(task_threads, "which threads worked for which tasks", task_thread_columns, task_thread_rows, task_thread_value);

/* ---- scopes ---------------------------------------------------------------------------------------------------------- */

#define ROW ms_scope
#define SCOPE(X)                                                                                  \
	X("name", "TEXT", "as the program named it", TEXT, name)                                       \
	X("parent", "INTEGER", "scopes.id of the scope around it", U32_ID, parent)                     \
	X("depth", "INTEGER", "1 = outermost", U32, depth)                                             \
	X("path", "TEXT", "names from the outermost one in: 'parse / read'", NONE, name)               \
	X("calls", "INTEGER", "times that it was begun", U64, calls)                                   \
	X("inside_ns", "INTEGER", "time in it, over all calls", U64, inside_ns)                        \
	X("longest_ns", "INTEGER", "of one call", U64, longest_ns)                                     \
	X("first_ns", "INTEGER", "begin of the first call", U64_ID, first_ns)                          \
	X("last_ns", "INTEGER", "end of the last one that ended", U64_ID, last_ns)                     \
	X("threads", "INTEGER", "that were in it", U32, threads)
static const struct ms_qcolumn scope_columns[] = {{"id", "INTEGER", MS_PUSH_KEY, true, "path of scopes, in the order of first calls"},
                                                  SCOPE(COLUMN) OWNED(COLUMN)};
static const struct ms_qfield scope_fields[] = {{0, 0}, SCOPE(FIELD) OWNED(FIELD)};
enum { S_PATH = 4, S_OWNED = 11 };
#undef ROW

#define PATH_NAMES 64u                   /* deeper ones have no path */

ROWS(scope_rows, scopes.count)

static void scope_path(const struct ms_query *q, uint32_t scope, sqlite3_context *out)
{
	const struct ms_report_scopes *s = &q->report.scopes;
	const char *name[PATH_NAMES];
	sqlite3_str *text;
	unsigned n = 0;
	int length;
	char *joined;

	if (s->list[scope - 1].depth > PATH_NAMES)
		return;
	for (; scope && n < PATH_NAMES; scope = s->list[scope - 1].parent)
		name[n++] = s->list[scope - 1].name;
	text = sqlite3_str_new(q->db);
	while (n--)
		sqlite3_str_appendf(text, "%s%s", name[n], n ? " / " : "");
	length = sqlite3_str_length(text);
	joined = sqlite3_str_finish(text);
	if (joined)
		sqlite3_result_text(out, joined, length, sqlite3_free);
	else if (length)
		sqlite3_result_error_nomem(out);
}

static int scope_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_scope *s = &c->query->report.scopes.list[c->row];

	(void)err;
	if (column == 0)
		ms_q_uint(out, c->row + 1);
	else if (column == S_PATH)
		scope_path(c->query, (uint32_t)c->row + 1, out);
	else if (column < S_OWNED || !owned_value(c->query, &s->own, column - S_OWNED, out))
		ms_q_field(out, s, &scope_fields[column]);
	return MS_OK;
}

TABLE(scopes, "scopes that the program names, by path, with the blocks begun in them", scope_columns, scope_rows, scope_value);

#define ROW ms_scope_thread
#define SCOPE_THREAD(X)                                                \
	X("scope", "INTEGER", "scopes.id", U32, scope)                      \
	X("thread", "INTEGER", "threads.id", U32, thread)                   \
	X("calls", "INTEGER", "times that it began it", U64, calls)         \
	X("inside_ns", "INTEGER", "time in it, over all calls", U64, inside_ns) \
	X("allocated_bytes", "INTEGER", "begun in it by this thread", U64, own.allocated_bytes) \
	X("freed_bytes", "INTEGER", "of these blocks, whoever freed them", U64, own.freed_bytes) \
	X("live_blocks", "INTEGER", "of these blocks, at the end", U64, own.live_blocks) \
	X("live_bytes", "INTEGER", "of these blocks, at the end", U64, own.live_bytes) \
	X("peak_bytes", "INTEGER", "most of these that lived at once", U64, own.peak_bytes)
static const struct ms_qcolumn scope_thread_columns[] = {SCOPE_THREAD(COLUMN)};
static const struct ms_qfield scope_thread_fields[] = {SCOPE_THREAD(FIELD)};
#undef ROW

ROWS(scope_thread_rows, scopes.thread_count)

static int scope_thread_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	ms_q_field(out, &c->query->report.scopes.threads[c->row], &scope_thread_fields[column]);
	return MS_OK;
}

TABLE(scope_threads, "scopes by thread", scope_thread_columns, scope_thread_rows, scope_thread_value);

/* ---- variables ------------------------------------------------------------------------------------------------------- */

#define ROW ms_tracked
#define VARIABLE(X)                                                                               \
	X("name", "TEXT", "as it is written there", TEXT, name)                                        \
	X("type", "TEXT", "as given, or from the debug information", TEXT, type)                       \
	X("function", "TEXT", "whose line tracks it", TEXT, function)                                  \
	X("file", "TEXT", "source file", TEXT, file)                                                   \
	X("line", "INTEGER", "line", U32_ID, line)                                                     \
	X("tracks", "INTEGER", "times that it tracked a block", U64, tracks)                           \
	X("untracked", "INTEGER", "of these, what is no block that is known", U64, untracked)          \
	X("blocks", "INTEGER", "that came to belong to it", U64, blocks)                               \
	X("freed", "INTEGER", "of its blocks", U64, freed)                                             \
	X("live_blocks", "INTEGER", "that belong to it at the end", U64, live_blocks)                  \
	X("live_bytes", "INTEGER", "that belong to it at the end", U64, live_bytes)                    \
	X("peak_bytes", "INTEGER", "most that belonged to it at once", U64, peak_bytes)                \
	X("peak_ns", "INTEGER", "when", U64, peak_ns)                                                  \
	X("reallocations", "INTEGER", "of its blocks", U64, reallocations)                             \
	X("clones", "INTEGER", "made of its blocks", U64, clones)                                      \
	X("moves", "INTEGER", "of contents out of its blocks", U64, moves)                             \
	X("borrows", "INTEGER", "of its blocks", U64, borrows)                                         \
	X("returns", "INTEGER", "of its blocks", U64, returns)                                         \
	X("hand_overs", "INTEGER", "another thread than before did something with a block of it", U64, hand_overs)
static const struct ms_qcolumn variable_columns[] = {{"id", "INTEGER", MS_PUSH_KEY, true, "place that tracks a variable"}, VARIABLE(COLUMN)};
static const struct ms_qfield variable_fields[] = {{0, 0}, VARIABLE(FIELD)};
#undef ROW

ROWS(variable_rows, variables.count)

static int variable_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	if (column == 0)
		ms_q_uint(out, c->row + 1);
	else
		ms_q_field(out, &c->query->report.variables.list[c->row], &variable_fields[column]);
	return MS_OK;
}

TABLE(variables, "variables that the program tracks; a block belongs to the one that tracked it last", variable_columns, variable_rows, variable_value);

static const char *event_name(unsigned kind)
{
	static const char *const names[] = {
#define X(id, name) name,
		MS_BIOGRAPHY_EVENT_KINDS(X)
#undef X
	};

	return kind < MS_QUERY_COUNT(names) ? names[kind] : NULL;
}

#define ROW ms_biography
#define BIOGRAPHY(X)                                                                              \
	X("variable", "INTEGER", "variables.id of the one that tracked it last", U32_ID, variable)     \
	X("first_block", "INTEGER", "blocks.id at its birth", U64, first_block)                        \
	X("block", "INTEGER", "blocks.id in the end, after reallocs", U64, block)                      \
	X("address", "INTEGER", "in the end", U64, address)                                            \
	X("size", "INTEGER", "in the end", U64, size_bytes)                                            \
	X("birth_ns", "INTEGER", "when it was allocated", U64, birth_ns)                               \
	X("birth_thread", "INTEGER", "threads.id", U32_ID, birth_thread)                               \
	X("site", "INTEGER", "paths.node of the allocation", U32_ID, node)                             \
	X("ended", "TEXT", "freed, gone by exec, lost; NULL = alive", NONE, end)                       \
	X("end_ns", "INTEGER", "when; NULL = alive", NONE, end_ns)                                     \
	X("end_thread", "INTEGER", "threads.id", U32_ID, end_thread)                                   \
	X("events", "INTEGER", "in variable_events", U64, event_count)                                 \
	X("omitted", "INTEGER", "events that are not kept", U64, omitted)
static const struct ms_qcolumn biography_columns[] = {{"id", "INTEGER", MS_PUSH_KEY, true, "block that annotations speak of"}, BIOGRAPHY(COLUMN)};
static const struct ms_qfield biography_fields[] = {{0, 0}, BIOGRAPHY(FIELD)};
enum { B_ENDED = 9, B_END_NS };
#undef ROW

ROWS(biography_rows, variables.biography_count)

static int biography_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_biography *b = &c->query->report.variables.biographies[c->row];

	(void)err;
	if (column == 0) {
		ms_q_uint(out, c->row + 1);
	} else if (column == B_ENDED || column == B_END_NS) {
		if (b->end != MS_BIO_BORN && column == B_ENDED)
			ms_q_text(out, event_name(b->end));
		else if (b->end != MS_BIO_BORN)
			ms_q_uint(out, b->end_ns);
	} else {
		ms_q_field(out, b, &biography_fields[column]);
	}
	return MS_OK;
}

TABLE(biographies, "blocks that annotations speak of, from birth to free, over reallocs", biography_columns, biography_rows, biography_value);

#define ROW ms_biography_event
#define EVENT(X)                                                                                  \
	X("biography", "INTEGER", "biographies.id", U32, biography)                                    \
	X("time_ns", "INTEGER", "when", U64, time_ns)                                                  \
	X("what", "TEXT", "born, tracked, cloned to, moved from, handed over, reallocated, freed, ...", NONE, kind) \
	X("thread", "INTEGER", "threads.id", U32_ID, thread)                                           \
	X("from_thread", "INTEGER", "handed over: threads.id of the one before", U32_ID, from_thread)  \
	X("variable", "INTEGER", "tracked: variables.id", U32_ID, variable)                            \
	X("other", "INTEGER", "the other block, or the one that goes on: blocks.id", U64_ID, other)    \
	X("bytes", "INTEGER", "born, reallocated: its size; moved: how much, NULL = all", U64_ID, bytes)
static const struct ms_qcolumn event_columns[] = {EVENT(COLUMN)};
static const struct ms_qfield event_fields[] = {EVENT(FIELD)};
enum { E_WHAT = 2 };
#undef ROW

ROWS(variable_event_rows, variables.event_count)

static int variable_event_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_biography_event *e = &c->query->report.variables.events[c->row];

	(void)err;
	if (column == E_WHAT)
		ms_q_text(out, event_name(e->kind));
	else
		ms_q_field(out, e, &event_fields[column]);
	return MS_OK;
}

TABLE(variable_events, "what happened to these blocks", event_columns, variable_event_rows, variable_event_value);

/* ---- pools ----------------------------------------------------------------------------------------------------------- */

#define ROW ms_pool
#define POOL(X)                                                                                   \
	X("name", "TEXT", "as the program named it", TEXT, name)                                       \
	X("create_ns", "INTEGER", "NULL = not seen", U64_ID, create_ns)                                \
	X("create_thread", "INTEGER", "threads.id", U32_ID, create_thread)                             \
	X("destroy_ns", "INTEGER", "NULL = not seen", U64_ID, destroy_ns)                              \
	X("parent_block", "INTEGER", "blocks.id of the block that it cuts its blocks from; NULL = none that is known", U64_ID, parent_block) \
	X("parent_bytes", "INTEGER", "its size", U64_ID, parent_bytes)                                 \
	X("parent_site", "INTEGER", "paths.node of its allocation", U32_ID, parent_node)               \
	X("parent_end_ns", "INTEGER", "when it was freed before the pool was destroyed", U64_ID, parent_end_ns) \
	X("allocations", "INTEGER", "blocks that it gave out", U64, allocations)                       \
	X("allocated_bytes", "INTEGER", "in bytes", U64, allocated_bytes)                              \
	X("frees", "INTEGER", "blocks that came back", U64, frees)                                     \
	X("freed_bytes", "INTEGER", "in bytes", U64, freed_bytes)                                      \
	X("resets", "INTEGER", "times that all of its blocks became free", U64, resets)                \
	X("reset_blocks", "INTEGER", "alive at resets", U64, reset_blocks)                             \
	X("reset_bytes", "INTEGER", "alive at resets", U64, reset_bytes)                               \
	X("destroyed_blocks", "INTEGER", "alive when it was destroyed", U64, destroyed_blocks)         \
	X("destroyed_bytes", "INTEGER", "alive when it was destroyed", U64, destroyed_bytes)           \
	X("live_blocks", "INTEGER", "alive at the end", U64, live_blocks)                              \
	X("live_bytes", "INTEGER", "alive at the end", U64, live_bytes)                                \
	X("peak_bytes", "INTEGER", "most that lived at once", U64, peak_bytes)                         \
	X("peak_blocks", "INTEGER", "then", U64, peak_blocks)                                          \
	X("peak_ns", "INTEGER", "when", U64, peak_ns)                                                  \
	X("unmatched_frees", "INTEGER", "of what is none of its blocks", U64, unmatched_frees)         \
	X("replaced", "INTEGER", "blocks given out again without a free", U64, replaced)               \
	X("outside", "INTEGER", "blocks that do not lie inside parent_block", U64, outside)
static const struct ms_qcolumn pool_columns[] = {{"id", "INTEGER", MS_PUSH_KEY, true, "pool, in the order of creation"}, POOL(COLUMN)};
static const struct ms_qfield pool_fields[] = {{0, 0}, POOL(FIELD)};
#undef ROW

ROWS(pool_rows, pools.count)

static int pool_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	if (column == 0)
		ms_q_uint(out, c->row + 1);
	else
		ms_q_field(out, &c->query->report.pools.list[c->row], &pool_fields[column]);
	return MS_OK;
}

TABLE(pools, "allocators of the program's own; their blocks are in no total", pool_columns, pool_rows, pool_value);

#define ROW ms_pool_site
#define POOL_SITE(X)                                                   \
	X("pool", "INTEGER", "pools.id", U32, pool)                         \
	X("site", "INTEGER", "paths.node: who asked it for blocks", U32, node) \
	X("allocations", "INTEGER", "blocks given out there", U64, allocations) \
	X("allocated_bytes", "INTEGER", "in bytes", U64, allocated_bytes)   \
	X("live_blocks", "INTEGER", "of these, at the end", U64, live_blocks) \
	X("live_bytes", "INTEGER", "of these, at the end", U64, live_bytes)
static const struct ms_qcolumn pool_site_columns[] = {POOL_SITE(COLUMN)};
static const struct ms_qfield pool_site_fields[] = {POOL_SITE(FIELD)};
#undef ROW

ROWS(pool_site_rows, pools.site_count)

static int pool_site_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	(void)err;
	ms_q_field(out, &c->query->report.pools.sites[c->row], &pool_site_fields[column]);
	return MS_OK;
}

TABLE(pool_sites, "who asked pools for blocks", pool_site_columns, pool_site_rows, pool_site_value);
