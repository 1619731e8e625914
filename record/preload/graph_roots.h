/*
 * graph_roots.h - where pointers into the heap may stand outside of it: the ranges that a scan reads before all blocks.
 *
 * Everything that is readable and writable is a root, but
 *   - the heap: the brk heap, glibc's other arenas and mapped chunks (by their own headers, where glibc is the allocator), else
 *     the anonymous mappings in which blocks live, and the pools of a guard: there, what is no live block is free memory
 *     with stale pointers, or the allocator's own; but not where blocks live that were not recorded: what they point to is held, and
 *     so is, with them, what free memory points to;
 *   - what is ours: the arena, own_memory.h, this library's data;
 *   - dead stack: below the stack pointer of a thread, and the stacks that libc keeps for threads to come (but for the pointer to
 *     the vector of thread-local storage that libc keeps with them);
 *   - devices and other files that are no memory: noted as unscanned.
 * Live blocks inside a root's range are the scan's to leave out. Data of a module is one range per mapped segment; a stack is
 * one per frame, a thread's control block and static thread-local storage another (our own thread-local part is left out).
 *
 * Ownership: ranges belong to the struct until ms_roots_free; names are borrowed from maps. Errors: false when there is no
 * memory. Async-signal-safe, no errno, one user at a time.
 */
#ifndef MS_PRELOAD_GRAPH_ROOTS_H
#define MS_PRELOAD_GRAPH_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph_index.h"
#include "graph_maps.h"
#include "graph_sink.h"
#include "graph_threads.h"

struct ms_roots_input {
	const struct ms_maps *maps;
	const struct ms_index *index;
	const struct ms_held_threads *threads;
	const uint64_t *self_registers; /* evidence order, of the calling thread */
	bool self_called;              /* they are those of a frame that has made a call */
	uint32_t self_tid;
	bool unseen;                   /* blocks may live that are not in the index */
	bool glibc;                    /* the program's allocator is glibc's */
	uint64_t arena_start, arena_end;
	uint64_t pools_start, pools_end; /* of the guard; equal: none */
	uint64_t own_start, own_end;   /* this library's module; equal: it is no module of its own */
	struct ms_sink *sink;          /* for what is not scanned */
};

struct ms_roots {
	struct ms_graph_root_range *at;
	uint32_t count, capacity;
	size_t bytes;
	bool full;                     /* something had no place: the graph is not whole */
};

bool ms_roots_make(struct ms_roots *roots, const struct ms_roots_input *input);
void ms_roots_free(struct ms_roots *roots);

#endif
