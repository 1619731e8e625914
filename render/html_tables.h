/*
 * html_tables.h - which parts of a report the HTML page gets: the tables, in html_data*.c, one list per area.
 *
 * Adding a part: a row in one of these lists (or a new list here and in html.c). Pure data; thread-safe.
 */
#ifndef MS_RENDER_HTML_TABLES_H
#define MS_RENDER_HTML_TABLES_H

#include "html_columns.h"

struct ms_html_list {
	const struct ms_html_table *tables;
	size_t count;
};

extern const struct ms_html_list ms_html_trace_tables;   /* html_data.c: trace, window, totals, quality, verdict */
extern const struct ms_html_list ms_html_site_tables;    /* html_data_sites.c: stacks, sites, places, functions, modules, threads */
extern const struct ms_html_list ms_html_time_tables;    /* html_data_time.c: timeline, system, address space */
extern const struct ms_html_list ms_html_series_tables;  /* html_series.c: series by key */
extern const struct ms_html_list ms_html_detail_tables;  /* html_data_detail.c: what single views show besides: modules, dominator tree, words */
extern const struct ms_html_list ms_html_heap_tables;    /* html_data_heap.c: findings, leaks, holders, growth, safety */
extern const struct ms_html_list ms_html_annotation_tables; /* html_data_annotations.c: tasks, scopes, variables, pools */

/* Helpers for the lists. */
#define MS_HTML_LIST(list) {list, sizeof(list) / sizeof *(list)}
#define MS_HTML_ROWS(function, pointer, number)                                                                          \
	static void *function(const struct ms_report *r, size_t *count, bool *owned)                                         \
	{                                                                                                                    \
		(void)owned;                                                                                                     \
		*count = (number);                                                                                               \
		return (void *)(pointer);                                                                                        \
	}
#define MS_HTML_TABLE(name, type, rows, columns) {name, sizeof(type), rows, columns, sizeof(columns) / sizeof *(columns)}

#endif
