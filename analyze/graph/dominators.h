/*
 * dominators.h - the dominator tree of a directed graph, and what each node retains.
 *
 * A node is dominated by another when every path from the root to it leads over the other: without that one, it could not
 * be reached. What a node retains is itself and all nodes that it dominates.
 *
 * Ownership: ms_dominators_free frees the arrays. Errors: MS_E_NOMEM. Time: m log n (n nodes, m edges), no recursion; memory
 * while it works: 36 bytes per node and 4 per edge. Thread-safety: pure functions.
 * Source of the algorithm: Lengauer and Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph", 1979, with simple
 * path compression.
 */
#ifndef MS_ANALYZE_GRAPH_DOMINATORS_H
#define MS_ANALYZE_GRAPH_DOMINATORS_H

#include <stdint.h>

#include "format/errors.h"

#define MS_NO_NODE UINT32_MAX

/* Edges of node i: target[first[i] .. first[i + 1] - 1]. */
struct ms_flow {
	uint32_t node_count, root;
	const uint32_t *first;           /* [node_count + 1] */
	const uint32_t *target;
};

struct ms_dominators {
	uint32_t *parent;                /* [node_count] immediate dominator; MS_NO_NODE: the root, and what is not reached */
	uint32_t *order;                 /* [order_count] nodes that are reached, every dominator before what it dominates */
	uint32_t order_count;
};

int ms_dominators(struct ms_dominators *out, const struct ms_flow *flow, struct ms_error *err);
void ms_dominators_free(struct ms_dominators *d); /* leaves it all zero */

/* amount: [node_count] of each node alone; becomes what each one retains. */
void ms_retain(const struct ms_dominators *d, uint64_t *amount);

#endif
