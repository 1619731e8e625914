/* why_build.c - holders.h, ms_why_build: from what a user writes to a block, and the way to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/trace_reader.h"
#include "graph/heap_graph.h"
#include "graph/paths.h"
#include "report.h"
#include "stack_map.h"

struct wanted {
	enum { BLOCK, ADDRESS, SITE } what;
	uint64_t value;
};

static int parse(struct wanted *w, const char *text, struct ms_error *err)
{
	const char *digits = text;
	int base = 10;
	char *end;

	w->what = BLOCK;
	if (*text == '#' || strncmp(text, "site:", 5) == 0) {
		w->what = SITE;
		digits += *text == '#' ? 1 : 5;
	} else if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0) {
		w->what = ADDRESS;
		base = 16;
		digits += 2;
	} else if (strncmp(text, "block:", 6) == 0) {
		digits += 6;
	}
	errno = 0;
	w->value = strtoull(digits, &end, base);
	if (strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") == 0 || *end || errno)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET,
		               "'%.60s' is neither a block (12, block:12), nor an address (0x5581), nor a site ('#12', site:12)", text);
	return MS_OK;
}

/* The block of the site that retains most; the one born first of equals. */
static uint32_t largest_of_site(const struct ms_heap_graph *g, uint64_t node, uint64_t *blocks)
{
	uint32_t best = UINT32_MAX;

	*blocks = 0;
	for (uint32_t i = 0; i < g->block_count; i++) {
		if (g->blocks[i].node != node)
			continue;
		++*blocks;
		if (best == UINT32_MAX || g->retained_bytes[i] > g->retained_bytes[best] ||
		    (g->retained_bytes[i] == g->retained_bytes[best] && g->data.block[i] < g->data.block[best]))
			best = i;
	}
	return best;
}

static int answer(struct ms_why *out, const struct ms_heap_graph *g, const struct wanted *w, const char *text,
                  size_t node_count, struct ms_error *err)
{
	uint64_t site_blocks = 0;
	uint32_t at;
	int rc;

	if (w->what == SITE && (w->value == 0 || w->value >= node_count))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "no call path has the number '%.60s'", text);
	at = w->what == BLOCK     ? ms_heap_find_id(g, w->value)
	     : w->what == ADDRESS ? ms_heap_find_address(g, w->value)
	                          : largest_of_site(g, w->value, &site_blocks);
	if (at == UINT32_MAX)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET,
		               w->what == BLOCK     ? "block '%.60s' was not alive when the heap graph was taken"
		               : w->what == ADDRESS ? "no block covered the address '%.60s' when the heap graph was taken"
		                                    : "no block of site '%.60s' was alive when the heap graph was taken",
		               text);
	rc = ms_why_position(out, g, at, err);
	if (rc == MS_OK && w->what == SITE) {
		out->site_node = (uint32_t)w->value;
		out->site_blocks = site_blocks;
	}
	return rc;
}

int ms_why_build(struct ms_why *out, const struct ms_report *report, const struct ms_trace *trace, const char *text,
                 struct ms_error *err)
{
	struct ms_stack_map stacks;
	struct ms_heap_graph graph;
	struct wanted w;
	int rc;

	memset(out, 0, sizeof *out);
	rc = parse(&w, text, err);
	if (rc)
		return rc;
	if (!report->leaks.observable)
		return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "who points to a block is not observable in this trace: %s",
		               report->leaks.reason);
	rc = ms_stack_map_build(&stacks, trace, err); /* the same numbers as in the report: the trace decides them */
	if (rc)
		return rc;
	rc = ms_heap_graph_open(&graph, trace, report->leaks.graph_count - 1, stacks.node_of_stack, err);
	if (rc == MS_OK) {
		rc = answer(out, &graph, &w, text, stacks.node_count, err);
		ms_heap_graph_free(&graph);
	}
	ms_stack_map_free(&stacks);
	return rc;
}

void ms_why_free(struct ms_why *why)
{
	free(why->steps);
	memset(why, 0, sizeof *why);
}
