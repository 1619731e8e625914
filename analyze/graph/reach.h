/*
 * reach.h - which blocks of a heap graph are reachable, possibly lost, definitely lost or indirectly lost.
 *
 * The four kinds as Memcheck reports them, with its heuristics on (its default): an edge to the start of a block, or into
 * its middle with a flag of enum ms_edge_flag, is a start pointer; every other edge is an interior pointer.
 *   reachable  a chain of start pointers leads from a root to the block
 *   possible   chains lead there, but each has an interior pointer in it
 * The blocks that no chain leads to are looked at in order of addresses. The first one is lost, and what it leads to by pointers of
 * either kind hangs on it; then the next one that was not found so far, and so on. One that was such a head and is found by a
 * later one hangs on that, with everything that it has.
 *   definite   the heads that are left (of a cycle alone: the block with the lowest address)
 *   indirect   the others
 * The order matters where a head leads to the middle of what an earlier one found: both stay heads, as Memcheck has it.
 *
 * first: edges of source i are first[i] .. first[i + 1] - 1, for the blocks and then the roots. kind, head: [block_count], the
 * caller's; head = position of the definite block, UINT32_MAX for blocks that are not lost.
 * Errors: MS_E_NOMEM. Time: linear in blocks and edges; no recursion. Thread-safety: pure function.
 * Source of the definitions: Valgrind 3.19 manual, Memcheck, "Memory leak detection"; the order of lost blocks by experiment.
 */
#ifndef MS_ANALYZE_GRAPH_REACH_H
#define MS_ANALYZE_GRAPH_REACH_H

#include <stdint.h>

#include "analyze/leaks.h"
#include "format/errors.h"
#include "format/trace_types.h"

static inline int ms_is_start_edge(const struct ms_graph_data *g, uint64_t edge)
{
	return g->target_offset[edge] == 0 || g->flags[edge] != 0;
}

/* kind: enum ms_leak_kind. */
int ms_reach(const struct ms_graph_data *g, const uint32_t *first, uint32_t root_count, uint8_t *kind, uint32_t *head,
             struct ms_error *err);

#endif
