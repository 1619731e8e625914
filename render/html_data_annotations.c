/* html_data_annotations.c - what the program said of itself, for the HTML page: tasks, scopes, variables with biographies, pools. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "html_tables.h"
#include "report_names.h"

#define TEXT_OF(name, expression)                                                                                        \
	static const char *name(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])                  \
	{                                                                                                                    \
		(void)r, (void)row, (void)room;                                                                                  \
		return expression;                                                                                               \
	}

/* Of struct ms_owned inside a row. */
#define OWNED(type)                                                                                                      \
	MS_COLUMN(type, "allocations", own.allocations), MS_COLUMN(type, "reallocations", own.reallocations), MS_COLUMN(type, "frees", own.frees), \
	MS_COLUMN(type, "allocated_bytes", own.allocated_bytes), MS_COLUMN(type, "freed_bytes", own.freed_bytes),             \
	MS_COLUMN(type, "start_bytes", own.start_bytes), MS_COLUMN(type, "temporary_allocations", own.temporary_allocations), \
	MS_COLUMN(type, "live_blocks", own.live_blocks), MS_COLUMN(type, "live_bytes", own.live_bytes),                        \
	MS_COLUMN(type, "peak_bytes", own.peak_bytes), MS_COLUMN(type, "peak_ns", own.peak_ns),                                \
	MS_COLUMN(type, "definite_bytes", own.definite_bytes), MS_COLUMN(type, "indirect_bytes", own.indirect_bytes)
#define SUM(type)                                                                                                        \
	MS_COLUMN(type, "members", sum.members), MS_COLUMN(type, "all_allocated_bytes", sum.allocated_bytes),                  \
	MS_COLUMN(type, "all_live_bytes", sum.live_bytes)

/* ---- what holds for all of them ---------------------------------------------------------------------------------------- */

#define A(name, field) MS_COLUMN(struct ms_report, name, field)
MS_HTML_ROWS(annotation_row, r, 1)
static const struct ms_html_column annotation_columns[] = {
	A("tasks_unbalanced", tasks.unbalanced), A("tasks_outside_allocated_bytes", tasks.outside.allocated_bytes),
	A("tasks_outside_live_bytes", tasks.outside.live_bytes), A("tasks_beyond_limit", tasks.omitted_tasks),
	A("scopes_unbalanced", scopes.unbalanced), A("scopes_outside_allocated_bytes", scopes.outside.allocated_bytes),
	A("scopes_outside_live_bytes", scopes.outside.live_bytes), A("scopes_beyond_limit_calls", scopes.omitted_calls),
	A("biographies_omitted", variables.omitted), A("unknown_blocks", variables.unknown), A("leaks_observable", leaks.observable),
	A("pools_beyond_limit_events", pools.omitted),
};

/* ---- tasks ------------------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(task_rows, r->tasks.list, r->tasks.count)
#define T(field) MS_COLUMN(struct ms_task, #field, field)
static const struct ms_html_column task_columns[] = {
	T(name), T(key), T(has_key), T(parent), T(spawned), T(ended), T(spawn_ns), T(spawn_thread), T(first_enter_ns), T(last_leave_ns), T(end_ns), T(enters),
	T(inside), T(inside_ns), T(threads), T(end_live_blocks), T(end_live_bytes), OWNED(struct ms_task), SUM(struct ms_task),
};
MS_HTML_ROWS(task_thread_rows, r->tasks.threads, r->tasks.thread_count)
#define H(field) MS_COLUMN(struct ms_task_thread, #field, field)
static const struct ms_html_column task_thread_columns[] = {H(task), H(thread), H(enters), H(inside_ns)};

/* ---- scopes ------------------------------------------------------------------------------------------------------------ */

MS_HTML_ROWS(scope_rows, r->scopes.list, r->scopes.count)
#define S(field) MS_COLUMN(struct ms_scope, #field, field)
static const struct ms_html_column scope_columns[] = {
	S(name), S(parent), S(depth), S(threads), S(inside), S(calls), S(inside_ns), S(longest_ns), S(first_ns), S(last_ns), OWNED(struct ms_scope),
	SUM(struct ms_scope),
};
MS_HTML_ROWS(scope_thread_rows, r->scopes.threads, r->scopes.thread_count)
#define C(field) MS_COLUMN(struct ms_scope_thread, #field, field)
static const struct ms_html_column scope_thread_columns[] = {C(scope), C(thread), C(calls), C(inside_ns), OWNED(struct ms_scope_thread)};

/* ---- variables ----------------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(variable_rows, r->variables.list, r->variables.count)
#define V(field) MS_COLUMN(struct ms_tracked, #field, field)
static const struct ms_html_column variable_columns[] = {
	V(name), V(type), V(function), MS_COLUMN_AS_PATH(struct ms_tracked, "file", file), V(line), V(tracks), V(untracked), V(blocks), V(freed), V(live_blocks),
	V(live_bytes), V(peak_bytes), V(peak_ns), V(reallocations), V(clones), V(moves), V(borrows), V(returns), V(hand_overs),
};
MS_HTML_ROWS(biography_rows, r->variables.biographies, r->variables.biography_count)
#define B(field) MS_COLUMN(struct ms_biography, #field, field)
static const char *biography_address(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	(void)r;
	snprintf(room, MS_COLUMN_TEXT_ROOM, "0x%" PRIx64, ((const struct ms_biography *)row)->address);
	return room;
}
TEXT_OF(biography_end, ((const struct ms_biography *)row)->end == MS_BIO_BORN ? "alive" : ms_biography_event_name(((const struct ms_biography *)row)->end))
static const struct ms_html_column biography_columns[] = {
	B(variable), B(first_block), B(block), MS_COLUMN_OF_TEXT("address", biography_address), B(size_bytes), B(birth_ns), B(birth_thread), B(node),
	MS_COLUMN_OF_TEXT("end", biography_end), B(end_ns), B(end_thread), B(first_event), B(event_count), B(omitted),
};
MS_HTML_ROWS(event_rows, r->variables.events, r->variables.event_count)
#define E(field) MS_COLUMN(struct ms_biography_event, #field, field)
TEXT_OF(event_what, ms_biography_event_name(((const struct ms_biography_event *)row)->kind))
static const struct ms_html_column event_columns[] = {
	E(biography), E(time_ns), MS_COLUMN_OF_TEXT("what", event_what), E(thread), E(from_thread), E(variable), E(other), E(bytes),
};

/* ---- pools ------------------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(pool_rows, r->pools.list, r->pools.count)
#define P(field) MS_COLUMN(struct ms_pool, #field, field)
static const struct ms_html_column pool_columns[] = {
	P(name), P(created), P(destroyed), P(create_ns), P(create_thread), P(destroy_ns), P(parent_block), P(parent_bytes), P(parent_node), P(parent_end_ns),
	P(allocations), P(allocated_bytes), P(frees), P(freed_bytes), P(resets), P(reset_blocks), P(reset_bytes), P(destroyed_blocks), P(destroyed_bytes),
	P(live_blocks), P(live_bytes), P(peak_bytes), P(peak_blocks), P(peak_ns), P(unmatched_frees), P(replaced), P(outside),
};
MS_HTML_ROWS(pool_site_rows, r->pools.sites, r->pools.site_count)
#define Q(field) MS_COLUMN(struct ms_pool_site, #field, field)
static const struct ms_html_column pool_site_columns[] = {Q(pool), Q(node), Q(allocations), Q(allocated_bytes), Q(live_blocks), Q(live_bytes)};

static const struct ms_html_table tables[] = {
	MS_HTML_TABLE("annotations", struct ms_report, annotation_row, annotation_columns),
	MS_HTML_TABLE("tasks", struct ms_task, task_rows, task_columns),
	MS_HTML_TABLE("task_threads", struct ms_task_thread, task_thread_rows, task_thread_columns),
	MS_HTML_TABLE("scopes", struct ms_scope, scope_rows, scope_columns),
	MS_HTML_TABLE("scope_threads", struct ms_scope_thread, scope_thread_rows, scope_thread_columns),
	MS_HTML_TABLE("variables", struct ms_tracked, variable_rows, variable_columns),
	MS_HTML_TABLE("biographies", struct ms_biography, biography_rows, biography_columns),
	MS_HTML_TABLE("variable_events", struct ms_biography_event, event_rows, event_columns),
	MS_HTML_TABLE("pools", struct ms_pool, pool_rows, pool_columns),
	MS_HTML_TABLE("pool_sites", struct ms_pool_site, pool_site_rows, pool_site_columns),
};
const struct ms_html_list ms_html_annotation_tables = MS_HTML_LIST(tables);
