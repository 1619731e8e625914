/*
 * held_tree.h - the dominator tree of a heap graph with the blocks of one place taken together: who holds what, level by level.
 *
 * Fills holders->tree from a solved graph, and `group` of the holdings, which must stand with `group` = number of their holder in
 * the graph. place_of_node: as for ms_collect_holders. Errors: MS_E_NOMEM. Time: linear in blocks, and n log n in groups; no recursion.
 * Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_HELD_TREE_H
#define MS_ANALYZE_HELD_TREE_H

#include "graph/heap_graph.h"

int ms_held_tree_build(struct ms_report_holders *holders, const struct ms_heap_graph *g, size_t node_count,
                       const uint32_t *place_of_node);

#endif
