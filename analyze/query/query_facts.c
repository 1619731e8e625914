/* query_facts.c - what tables share and is made once, when first needed: report, call paths, where events stand; and values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/usable.h"
#include "format/container.h"
#include "query_internal.h"

int ms_query_report(struct ms_query *q, struct ms_error *err)
{
	struct ms_report_options options = {.file = q->options.file, .cancel = &q->cancel};
	int rc;

	if (q->has_report)
		return MS_OK;
	rc = ms_query_should_stop(q, err);
	if (rc == MS_OK)
		rc = ms_report_build(&q->report, q->trace, &options, err);
	q->has_report = rc == MS_OK;
	return rc == MS_E_CANCELLED ? ms_query_should_stop(q, err) : rc;
}

int ms_query_moment(struct ms_query *q, const char *text, struct ms_instant *out, struct ms_error *err)
{
	bool peak = strcmp(text, "peak") == 0;
	int rc = ms_query_should_stop(q, err);

	if (rc)
		return rc;
	if (peak && q->has_peak) {
		*out = q->peak;
		return MS_OK;
	}
	rc = ms_moment_find_or_cancel(out, text, q->trace, &q->cancel, err);
	if (rc)
		return rc == MS_E_CANCELLED ? ms_query_should_stop(q, err) : rc;
	if (peak)
		q->peak = *out;
	q->has_peak |= peak;
	return MS_OK;
}

int ms_query_map(struct ms_query *q, struct ms_error *err)
{
	int rc;

	if (q->has_map)
		return MS_OK;
	rc = ms_stack_map_build(&q->map, q->trace, err);
	if (rc)
		return rc;
	q->has_map = true;
	q->names = (struct ms_report){
		.nodes = q->map.nodes, .node_count = q->map.node_count, .lines = q->map.lines, .line_count = q->map.line_count,
	};
	return MS_OK;
}

int ms_query_event_blocks(struct ms_query *q, struct ms_error *err)
{
	size_t count = ms_trace_block_count(q->trace);

	if (q->has_event_blocks)
		return MS_OK;
	q->event_blocks = malloc((count + 1) * sizeof *q->event_blocks);
	if (!q->event_blocks)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	for (size_t i = 0; i < count; i++)
		if (ms_trace_block(q->trace, i)->kind == MS_BLOCK_EVENTS)
			q->event_blocks[q->event_block_count++] = (uint32_t)i;
	q->has_event_blocks = true;
	return MS_OK;
}

/* Times never fall from one Events block to the next. */
void ms_query_events_between(const struct ms_query *q, uint64_t low_ns, uint64_t high_ns, uint64_t *first, uint64_t *end)
{
	size_t low = 0, high = q->event_block_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ms_trace_block(q->trace, q->event_blocks[middle])->last_time_ns < low_ns)
			low = middle + 1;
		else
			high = middle;
	}
	*first = *end = ms_trace_event_count(q->trace);
	if (low < q->event_block_count)
		*first = ms_trace_block(q->trace, q->event_blocks[low])->first_event;
	for (high = q->event_block_count; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (ms_trace_block(q->trace, q->event_blocks[middle])->first_time_ns <= high_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < q->event_block_count)
		*end = ms_trace_block(q->trace, q->event_blocks[low])->first_event;
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

void ms_q_uint(sqlite3_context *out, uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX) {
		sqlite3_result_int64(out, (sqlite3_int64)value);
		return;
	}
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	sqlite3_result_text(out, text, -1, SQLITE_TRANSIENT);
}

void ms_q_id(sqlite3_context *out, uint64_t value)
{
	if (value)
		ms_q_uint(out, value);
}

void ms_q_text(sqlite3_context *out, const char *text)
{
	if (text && *text)
		sqlite3_result_text(out, text, -1, SQLITE_STATIC);
}

void ms_q_usable(const struct ms_query *q, uint64_t requested, sqlite3_context *out)
{
	if (q->usable_known)
		ms_q_uint(out, ms_usable_bytes(requested));
}

const struct ms_report_line *ms_q_headline(const struct ms_query *q, uint32_t node)
{
	return q->has_map && node < q->map.node_count ? ms_report_headline(&q->names, node) : NULL;
}

/* A line of source by its function, else by module and offset. */
static void append_line(sqlite3_str *s, const struct ms_report_line *l)
{
	const char *slash;

	if (*l->function) {
		sqlite3_str_appendall(s, l->function);
		return;
	}
	slash = strrchr(l->module, '/');
	sqlite3_str_appendf(s, "%s+0x%llx", *l->module ? slash ? slash + 1 : l->module : "?", (unsigned long long)l->offset);
}

void ms_q_node_path(struct ms_query *q, uint32_t node, sqlite3_context *out)
{
	sqlite3_str *s = sqlite3_str_new(q->db);
	char *text;
	int length;

	for (uint32_t n = node; n && n < q->map.node_count; n = q->map.nodes[n].parent)
		for (uint32_t l = 0; l < q->map.nodes[n].line_count; l++) {
			if (sqlite3_str_length(s))
				sqlite3_str_appendall(s, " < ");
			append_line(s, &q->map.lines[q->map.nodes[n].first_line + l]);
		}
	length = sqlite3_str_length(s);
	text = sqlite3_str_finish(s);
	if (text)
		sqlite3_result_text(out, text, length, sqlite3_free);
	else if (length)
		sqlite3_result_error_nomem(out);
}

void ms_q_headline_value(struct ms_query *q, uint32_t node, unsigned what, sqlite3_context *out)
{
	const struct ms_report_line *l = ms_q_headline(q, node);

	if (!l)
		return;
	if (what == 0)
		ms_q_text(out, l->function);
	else if (what == 1)
		ms_q_text(out, l->file);
	else if (what == 2)
		ms_q_id(out, l->line);
	else
		ms_q_text(out, l->module);
}
