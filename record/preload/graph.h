/*
 * graph.h - the heap graph of this process: all threads stop, the collector says which blocks live, the scan says who points
 * to them, the threads go on.
 *
 *   graph_threads.c  stops the others, notes their registers      graph_maps.c    the address space
 *   graph_roots.c    what is read besides the blocks              graph_stack.c   frames
 *   graph_index.c    which block an address lies in               graph_memory.c  reads without faults
 *   graph_scan.c     words to edges                               graph_sink.c    edges to the ring
 *
 * No ptrace, no reading through /proc/PID/mem: signals, /proc/thread-self/maps and loads. Nothing happens unless it is asked for: at exit
 * (header.graph_at_exit), by a signal (header.graph_signal), by the program (memscope.h), by a guard at a fatal signal.
 *
 * Errors: false when there is no graph (not recording, another one is on, no collector, no memory, no /proc); then nothing of it
 * stands in the trace, or a graph that says that it is not complete. Bounded: the collector has 10 s for the blocks, the scan 20 s.
 * Any thread; async-signal-safe; errno is kept.
 */
#ifndef MS_PRELOAD_GRAPH_H
#define MS_PRELOAD_GRAPH_H

#include <stdbool.h>
#include <ucontext.h>

#include "record/arena_layout.h"

/* At attach: what has to be known beforehand, the handler of graph_signal. */
void ms_graph_start(struct ms_arena_header *header);

/* Takes a graph now, seen from the caller of the function that calls this. */
bool ms_graph_take(enum ms_graph_reason reason);
/* The same, seen from an interrupted place of this thread. */
bool ms_graph_take_at(enum ms_graph_reason reason, const ucontext_t *context);

#endif
