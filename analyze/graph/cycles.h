/*
 * cycles.h - cycles among some nodes of a graph: strongly connected components, and one shortest cycle through a node.
 *
 * Errors: MS_E_NOMEM. Time: linear in nodes and edges; no recursion. Thread-safety: pure functions.
 * Source of the algorithm: Tarjan, "Depth-first search and linear graph algorithms", 1972.
 */
#ifndef MS_ANALYZE_GRAPH_CYCLES_H
#define MS_ANALYZE_GRAPH_CYCLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dominators.h"

/*
 * size_of[i] = nodes of the component of i that lie on cycles with it (itself among them); 1 for a node with an edge to itself
 * alone; 0 for a node on no cycle, and for one without wanted[i]. component[i]: number of its component, from 0.
 */
int ms_cycles(const struct ms_flow *flow, const bool *wanted, uint32_t *component, uint32_t *size_of, struct ms_error *err);

/* Room for many searches on one graph. */
struct ms_cycle_search {
	const struct ms_flow *flow;
	const uint32_t *component;       /* of ms_cycles */
	uint32_t *via, *source, *queue;
};

int ms_cycle_search_open(struct ms_cycle_search *s, const struct ms_flow *flow, const uint32_t *component, struct ms_error *err);
void ms_cycle_search_close(struct ms_cycle_search *s); /* allowed after open failed, or on all zero */

/*
 * A shortest cycle from node over edges within its component, back to it: its length, 0 = there is none. The first `most` of its
 * edges are stored in edges, as indexes into flow->target; the source of edges[0] is node.
 */
size_t ms_cycle_through(struct ms_cycle_search *s, uint32_t node, uint32_t *edges, size_t most);

#endif
