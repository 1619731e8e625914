/*
 * root_holders.h - from the roots of a heap graph to what people call them: a global, a function's frames in a thread, a thread's
 * registers, its thread-local storage, a mapping.
 *
 * A root of kind DATA is the data segment of a module: each of its edges belongs to the global whose symbol covers the place of the
 * pointer (all places without a symbol in one module are one holder). Frames of one function in one thread are one holder.
 * Fills holders, holder_count and holder_of_edge of the graph. Errors: MS_E_NOMEM. Thread-safety: one graph, one thread.
 */
#ifndef MS_ANALYZE_GRAPH_ROOT_HOLDERS_H
#define MS_ANALYZE_GRAPH_ROOT_HOLDERS_H

#include "heap_graph.h"

int ms_name_holders(struct ms_heap_graph *g, struct ms_error *err);

#endif
