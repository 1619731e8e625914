/* query_tables.c - the one list of tables and views, and what the help says about them. */
#include "query_internal.h"

#define MS_QTABLES(X) \
	X(totals)         \
	X(events)         \
	X(blocks)         \
	X(snapshot)       \
	X(diff)           \
	X(snapshots)      \
	X(pauses)         \
	X(timeline)       \
	X(series)         \
	X(sites)          \
	X(estimates)      \
	X(paths)          \
	X(stacks)         \
	X(frames)         \
	X(threads)        \
	X(modules)        \
	X(findings)       \
	X(leaks)          \
	X(roots)          \
	X(edges)          \
	X(monitor)        \
	X(samples)        \
	X(footprints)     \
	X(regions)        \
	X(fragmentation)  \
	X(occupancy)      \
	X(tasks)          \
	X(task_threads)   \
	X(scopes)         \
	X(scope_threads)  \
	X(variables)      \
	X(biographies)    \
	X(variable_events) \
	X(pools)          \
	X(pool_sites)

#define X(name) extern const struct ms_qtable ms_qtable_##name;
MS_QTABLES(X)
#undef X

const struct ms_qtable *const ms_qtables[] = {
#define X(name) &ms_qtable_##name,
	MS_QTABLES(X)
#undef X
};
const size_t ms_qtable_count = sizeof ms_qtables / sizeof *ms_qtables;

static const struct ms_qcolumn mapping_columns[] = {
	{"event", "INTEGER", MS_PUSH_NONE, false, "events.event"},
	{"time_ns", "INTEGER", MS_PUSH_NONE, false, "nanoseconds since the start of the recording"},
	{"call", "TEXT", MS_PUSH_NONE, false, "mmap, munmap, mremap, brk, sbrk"},
	{"address", "INTEGER", MS_PUSH_NONE, false, "start; brk: the new break; sbrk: the old one"},
	{"size", "INTEGER", MS_PUSH_NONE, false, "bytes"},
	{"thread", "INTEGER", MS_PUSH_NONE, false, "threads.id"},
	{"stack", "INTEGER", MS_PUSH_NONE, false, "stacks.id"},
	{"arg0", "INTEGER", MS_PUSH_NONE, false, "mmap: protection; mremap: old address"},
	{"arg1", "INTEGER", MS_PUSH_NONE, false, "mmap: flags; mremap: old size"},
};
static const struct ms_qcolumn mark_columns[] = {
	{"event", "INTEGER", MS_PUSH_NONE, false, "events.event"},
	{"time_ns", "INTEGER", MS_PUSH_NONE, false, "nanoseconds since the start of the recording"},
	{"thread", "INTEGER", MS_PUSH_NONE, false, "threads.id"},
	{"text", "TEXT", MS_PUSH_NONE, false, "what the program said"},
};
const struct ms_qview ms_qviews[] = {
	{"mappings", "calls of the program that change its address space, by itself (never part of the totals)",
	 "SELECT event, time_ns, kind AS call, address, size, thread, stack, arg0, arg1 FROM events WHERE class = 'map' AND kind NOT IN ('pool-alloc', 'pool-free')",
	 mapping_columns, MS_QUERY_COUNT(mapping_columns)},
	{"marks", "marks that the program set", "SELECT event, time_ns, thread, text FROM events WHERE kind = 'mark'", mark_columns,
	 MS_QUERY_COUNT(mark_columns)},
};
const size_t ms_qview_count = sizeof ms_qviews / sizeof *ms_qviews;

bool ms_query_table(size_t index, struct ms_query_table *out)
{
	if (index < ms_qtable_count)
		*out = (struct ms_query_table){ms_qtables[index]->name, ms_qtables[index]->summary, ms_qtables[index]->count};
	else if (index < ms_qtable_count + ms_qview_count)
		*out = (struct ms_query_table){ms_qviews[index - ms_qtable_count].name, ms_qviews[index - ms_qtable_count].summary,
		                               ms_qviews[index - ms_qtable_count].count};
	else
		return false;
	return true;
}

bool ms_query_table_column(size_t index, size_t column, struct ms_query_column *out)
{
	const struct ms_qcolumn *c;
	struct ms_query_table t;

	if (!ms_query_table(index, &t) || column >= t.column_count)
		return false;
	c = index < ms_qtable_count ? &ms_qtables[index]->columns[column] : &ms_qviews[index - ms_qtable_count].columns[column];
	*out = (struct ms_query_column){
		c->name, c->type, c->summary,
		index < ms_qtable_count && column >= t.column_count - ms_qtables[index]->arguments,
	};
	return true;
}
