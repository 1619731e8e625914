/*
 * heap_graph.h - a heap graph of a trace in memory, with what the trace knows about its blocks.
 *
 * Nodes of `flow`: the blocks by position, then the holders (what holds pointers outside the heap: a global, a function's frames in a
 * thread, ...: several roots or parts of one), then one root over all holders and all definitely lost blocks.
 *
 * Ownership: ms_heap_graph_free; strings belong to the trace, which must stay open. Errors: MS_E_NOMEM; MS_E_LIMIT: more than 2^32
 * edges; those of ms_trace_graph_load and the cursor. Memory: about 200 bytes per block and 45 per edge at its highest.
 * Thread-safety: one thread while it is made, then read-only.
 */
#ifndef MS_ANALYZE_GRAPH_HEAP_GRAPH_H
#define MS_ANALYZE_GRAPH_HEAP_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/holders.h"
#include "analyze/leaks.h"
#include "dominators.h"
#include "format/errors.h"
#include "format/trace_types.h"

struct ms_trace;

struct ms_heap_block {
	uint64_t address, size_bytes, birth_ns;
	uint32_t node, thread;           /* call path; thread id */
	uint8_t birth_kind;              /* enum ms_event_kind, 0 = the trace does not know the block */
};

struct ms_heap_graph {
	const struct ms_trace *trace;
	const struct ms_graph *facts;
	struct ms_graph_data data;
	uint32_t block_count, root_count, holder_count;
	uint32_t *first;                 /* edges of source i of data: first[i] .. first[i + 1] - 1; roots follow the blocks */
	struct ms_heap_block *blocks;    /* by position */
	const char **type;               /* by position: C++ class by its vtable; NULL = not known; the array may be NULL */
	uint64_t live_blocks, live_bytes; /* alive when it was taken, by the events */
	uint64_t missing_blocks;         /* of these, not in the graph */
	uint64_t unknown_blocks;         /* in the graph, not alive by the events */

	struct ms_holder *holders;
	uint32_t *holder_of_edge;        /* of the edges from roots: [edge - first[block_count]] */

	uint8_t *kind;                   /* by position, enum ms_leak_kind */
	uint32_t *head;                  /* by position: the definite block that a lost one hangs on, else UINT32_MAX */
	struct ms_flow flow;
	uint32_t *flow_first, *flow_target;
	struct ms_dominators dominators;
	uint64_t *retained_bytes, *retained_blocks; /* by node of flow */
	uint32_t *component, *cycle_size; /* by position: cycles of lost blocks (cycles.h) */
};

/* Graph `index` of the trace. node_of_stack: stack id -> call path. */
int ms_heap_graph_open(struct ms_heap_graph *g, const struct ms_trace *trace, size_t index, const uint32_t *node_of_stack,
                       struct ms_error *err);
void ms_heap_graph_free(struct ms_heap_graph *g); /* leaves it all zero */

/*
 * The steps of open, each on its own for tests: data and blocks are given (data.first_word, data.block may be NULL).
 * ms_heap_graph_index fills first; _solve everything from kind on.
 */
int ms_heap_graph_index(struct ms_heap_graph *g, struct ms_error *err);
int ms_heap_graph_solve(struct ms_heap_graph *g, struct ms_error *err);

/* C++ class of the block by its first word; NULL = not known. */
static inline const char *ms_heap_type(const struct ms_heap_graph *g, uint32_t position)
{
	return g->type ? g->type[position] : NULL;
}
/* What reports say about a block. */
struct ms_held_block ms_heap_describe(const struct ms_heap_graph *g, uint32_t position);
/* Position of the block with this id, or that covers this address; UINT32_MAX = none. */
uint32_t ms_heap_find_id(const struct ms_heap_graph *g, uint64_t id);
uint32_t ms_heap_find_address(const struct ms_heap_graph *g, uint64_t address);

#endif
