/* html_data_sites.c - what the HTML page gets about where memory came from: stacks, call paths, places, functions, modules, threads. */
#include <stdio.h>

#include "estimate_words.h"
#include "html_tables.h"

#define NONE UINT32_MAX

static uint64_t line_number(const struct ms_report *r, const struct ms_report_line *line)
{
	return line ? (uint64_t)(line - r->lines) : NONE;
}

MS_HTML_ROWS(node_rows, r->nodes, r->node_count)
#define N(field) MS_COLUMN(struct ms_report_node, #field, field)
static const struct ms_html_column node_columns[] = {N(parent), N(first_line), N(line_count)};

MS_HTML_ROWS(line_rows, r->lines, r->line_count)
#define L(field) MS_COLUMN(struct ms_report_line, #field, field)
static const struct ms_html_column line_columns[] = {
	L(function), L(linkage_name), MS_COLUMN_AS_PATH(struct ms_report_line, "file", file),
	MS_COLUMN_AS_PATH(struct ms_report_line, "module", module), L(offset), L(line), L(inlined), L(allocator),
};

/* The other run's call paths: findings of it name them. */
MS_HTML_ROWS(companion_node_rows, r->companion ? r->companion->nodes : NULL, r->companion ? r->companion->node_count : 0)
MS_HTML_ROWS(companion_line_rows, r->companion ? r->companion->lines : NULL, r->companion ? r->companion->line_count : 0)

static uint64_t site_headline(const struct ms_report *r, const void *row)
{
	return line_number(r, ms_report_headline(r, ((const struct ms_report_site *)row)->node));
}
/* Of samples; 0 in other traces. */
#define ESTIMATE(name, expression)                                             \
	static uint64_t name(const struct ms_report *r, const void *row)       \
	{                                                                      \
		const struct ms_path_estimate *e = &((const struct ms_report_site *)row)->estimate; \
		(void)r;                                                       \
		return ms_estimate_round(e->expression);                       \
	}
ESTIMATE(estimated_peak, peak_bytes)
ESTIMATE(estimated_live, live_bytes.value)
ESTIMATE(error_of_live, live_bytes.error)
ESTIMATE(estimated_allocated, allocated_bytes.value)
ESTIMATE(error_of_allocated, allocated_bytes.error)
ESTIMATE(estimated_blocks, blocks.value)
ESTIMATE(error_of_blocks, blocks.error)
MS_HTML_ROWS(site_rows, r->sites, r->site_count)
#define S(field) MS_COLUMN(struct ms_report_site, #field, field)
static const struct ms_html_column site_columns[] = {
	MS_COLUMN(struct ms_report_site, "id", node), MS_COLUMN_OF_NUMBER("headline", site_headline), S(allocations), S(reallocations),
	S(allocated_bytes), S(frees), S(live_blocks), S(live_bytes), S(peak_blocks), S(peak_bytes), S(own_peak_bytes),
	S(temporary_allocations), S(ended_blocks), S(mean_lifetime_ns), S(culled_blocks), S(culled_bytes), MS_COLUMN_OF_NUMBER("estimated_peak_bytes", estimated_peak),
	MS_COLUMN_OF_NUMBER("estimated_live_bytes", estimated_live), MS_COLUMN_OF_NUMBER("live_bytes_error", error_of_live),
	MS_COLUMN_OF_NUMBER("estimated_allocated_bytes", estimated_allocated), MS_COLUMN_OF_NUMBER("allocated_bytes_error", error_of_allocated),
	MS_COLUMN_OF_NUMBER("estimated_blocks", estimated_blocks), MS_COLUMN_OF_NUMBER("blocks_error", error_of_blocks),
};

/* ---- samples: what the text report says ---- */

MS_HTML_ROWS(estimate_rows, &r->estimate, ms_is_sample(r->trace.process))
#define WORDS(name, ...)                                                                                   \
	static const char *name(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM]) \
	{                                                                                                  \
		const struct ms_totals_estimate *e = row;                                                  \
		char a[MS_ESTIMATE_TEXT];                                                                  \
		(void)r;                                                                                   \
		snprintf(room, MS_COLUMN_TEXT_ROOM, "%s", __VA_ARGS__);                                    \
		return room;                                                                               \
	}
WORDS(words_peak, ms_estimate_bytes(a, &(struct ms_estimate){e->peak_bytes, -1}, false))
WORDS(words_live, ms_estimate_bytes(a, &e->live_bytes, false))
WORDS(words_live_blocks, ms_estimate_count(a, &e->live_blocks))
WORDS(words_allocated, ms_estimate_bytes(a, &e->allocated_bytes, false))
WORDS(words_allocations, ms_estimate_count(a, &e->allocations))
WORDS(words_reallocations, ms_estimate_count(a, &e->reallocations))
WORDS(words_freed, ms_estimate_bytes(a, &e->freed_bytes, false))
WORDS(words_frees, ms_estimate_count(a, &e->frees))
static const char *words_drawn(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	char drawn[MS_SAMPLE_TEXT];

	(void)row;
	snprintf(room, MS_COLUMN_TEXT_ROOM, "%s", ms_sample_words(drawn, &r->trace.process->capture));
	return room;
}
static const struct ms_html_column estimate_columns[] = {
	MS_COLUMN_OF_TEXT("drawn", words_drawn), MS_COLUMN_OF_TEXT("peak", words_peak), MS_COLUMN(struct ms_totals_estimate, "peak_time_ns", peak_time_ns),
	MS_COLUMN_OF_TEXT("live", words_live), MS_COLUMN_OF_TEXT("live_blocks", words_live_blocks), MS_COLUMN_OF_TEXT("allocated", words_allocated),
	MS_COLUMN_OF_TEXT("allocations", words_allocations), MS_COLUMN_OF_TEXT("reallocations", words_reallocations),
	MS_COLUMN_OF_TEXT("freed", words_freed), MS_COLUMN_OF_TEXT("frees", words_frees),
};

static uint64_t place_line(const struct ms_report *r, const void *row)
{
	return line_number(r, ((const struct ms_report_place *)row)->line);
}
static uint64_t place_caller(const struct ms_report *r, const void *row)
{
	return line_number(r, ((const struct ms_report_place *)row)->caller);
}
MS_HTML_ROWS(place_rows, r->places, r->place_count)
#define P(field) MS_COLUMN(struct ms_report_place, #field, field)
static const struct ms_html_column place_columns[] = {
	MS_COLUMN_OF_NUMBER("line", place_line), MS_COLUMN_OF_NUMBER("caller", place_caller), P(node), P(sites), P(allocations),
	P(allocated_bytes), P(live_blocks), P(live_bytes), P(peak_blocks), P(peak_bytes), P(temporary_allocations),
};

MS_HTML_ROWS(function_rows, r->functions, r->function_count)
#define F(field) MS_COLUMN(struct ms_report_function, #field, field)
static const struct ms_html_column function_columns[] = {
	F(function), MS_COLUMN_AS_PATH(struct ms_report_function, "module", module), F(own_allocations), F(own_allocated_bytes),
	F(own_live_bytes), F(own_peak_bytes), F(own_temporary_allocations), F(allocations), F(allocated_bytes), F(live_bytes), F(peak_bytes),
	F(temporary_allocations),
};

MS_HTML_ROWS(module_rows, r->modules, r->module_count)
#define M(field) MS_COLUMN(struct ms_report_module, #field, field)
static const struct ms_html_column module_columns[] = {
	MS_COLUMN_AS_PATH(struct ms_report_module, "module", module), M(sites), M(allocations), M(allocated_bytes), M(live_blocks),
	M(live_bytes), M(peak_bytes), M(temporary_allocations),
};

MS_HTML_ROWS(thread_rows, r->threads, r->thread_count)
#define T(field) MS_COLUMN(struct ms_report_thread, #field, field)
static const struct ms_html_column thread_columns[] = {
	T(id), T(tid), T(image), MS_COLUMN(struct ms_report_thread, "main", is_main), T(name), T(start_ns), T(end_ns), T(ended), T(events),
	T(allocations), T(reallocations), T(allocated_bytes), T(live_blocks), T(live_bytes),
	MS_COLUMN(struct ms_report_thread, "own_peak_bytes", peak_bytes), T(temporary_allocations), T(frees),
	MS_COLUMN(struct ms_report_thread, "ended_own_blocks", ended_own.blocks), MS_COLUMN(struct ms_report_thread, "ended_own_bytes", ended_own.bytes),
	MS_COLUMN(struct ms_report_thread, "ended_others_blocks", ended_others.blocks),
	MS_COLUMN(struct ms_report_thread, "ended_others_bytes", ended_others.bytes), T(unmatched_frees),
};

static const struct ms_html_table tables[] = {
	MS_HTML_TABLE("nodes", struct ms_report_node, node_rows, node_columns),
	MS_HTML_TABLE("lines", struct ms_report_line, line_rows, line_columns),
	MS_HTML_TABLE("companion_nodes", struct ms_report_node, companion_node_rows, node_columns),
	MS_HTML_TABLE("companion_lines", struct ms_report_line, companion_line_rows, line_columns),
	MS_HTML_TABLE("sites", struct ms_report_site, site_rows, site_columns),
	MS_HTML_TABLE("estimate", struct ms_totals_estimate, estimate_rows, estimate_columns),
	MS_HTML_TABLE("places", struct ms_report_place, place_rows, place_columns),
	MS_HTML_TABLE("functions", struct ms_report_function, function_rows, function_columns),
	MS_HTML_TABLE("modules", struct ms_report_module, module_rows, module_columns),
	MS_HTML_TABLE("threads", struct ms_report_thread, thread_rows, thread_columns),
};
const struct ms_html_list ms_html_site_tables = MS_HTML_LIST(tables);
