/*
 * stack_map.h - from the stacks of a trace to the call paths of a report.
 *
 * Two stacks whose frames read the same (functions, files, lines; without symbols: module path and offset) become one
 * node, so that every number per call path is exact, its own peak included, and so that exec of the same program again
 * does not double its sites. Done once, before the replay: one pass over the stacks, parents first.
 *
 * Ownership: the map owns its arrays; strings are borrowed from the trace. Errors: MS_E_NOMEM.
 * Thread-safety: read-only after it was built.
 */
#ifndef MS_ANALYZE_STACK_MAP_H
#define MS_ANALYZE_STACK_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "format/errors.h"
#include "report.h"

struct ms_trace;

struct ms_stack_map {
	uint32_t *node_of_stack;         /* by stack id, 0 .. stack_count; [0] = 0 */
	uint32_t stack_count;
	struct ms_report_node *nodes;    /* [0] = the empty stack */
	uint32_t *frame_of_node;         /* which distinct frame a node is; [0] = UINT32_MAX */
	size_t node_count;
	struct ms_report_line *lines;
	size_t line_count;
	size_t frame_count;              /* distinct frames */
};

int ms_stack_map_build(struct ms_stack_map *map, const struct ms_trace *trace, struct ms_error *err);
void ms_stack_map_free(struct ms_stack_map *map);

#endif
