/*
 * paths.h - a shortest way from a root to a block of a heap graph.
 *
 * A reachable block is reached over start pointers only (its kind says that there is such a way), a possibly lost one over pointers of
 * any kind, a lost one from the definitely lost block that leads to it. Of equally short ways one from a global comes first, then
 * thread-local storage, stacks, mappings, registers.
 *
 * Ownership: ms_why_free. Errors: MS_E_NOMEM; MS_E_ARGUMENT when the position does not exist. Time: linear in blocks and edges.
 * Thread-safety: the graph is only read.
 */
#ifndef MS_ANALYZE_GRAPH_PATHS_H
#define MS_ANALYZE_GRAPH_PATHS_H

#include "heap_graph.h"

int ms_why_position(struct ms_why *out, const struct ms_heap_graph *g, uint32_t position, struct ms_error *err);

#endif
