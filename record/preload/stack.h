/*
 * stack.h - the caller's stack as one 32-bit number: a node of the trie in the arena.
 *
 * ms_stack_capture walks the stack of the calling thread from the given frame outwards and returns the trie node of the
 * innermost frame; its chain of parents is the whole stack. Walking never starts from nothing:
 *   1. each thread remembers the frames of its last walk (sp, pc, fp, trie node), outermost first;
 *   2. an inner frame that is not remembered costs one lookup in the row cache (pc -> how to find the caller), which is
 *      filled from .eh_frame by cfi_rows.c;
 *   3. as soon as (sp, pc, fp) equals a remembered frame, the frames outside it are proved unchanged by re-reading
 *      exactly the stack slots that they were computed from (return address, saved frame pointer). Unwinding is a
 *      function of pc, sp, fp and those slots, so this is exact, not a guess. fp takes part only where the frames
 *      outside depend on it: in code without frame pointers it is a common variable.
 * Steps of another shape (signal frames, realigned frames, switched stacks, frames whose rules need more registers:
 * cfi_full.c) are taken again to prove them.
 *
 * Safety: async-signal-safe, no locks, no malloc, no errno change; memory comes from mmap only. Never reads outside the
 * bounds of the stack that sp points into. A walker belongs to one thread; the trie is lock-free and shared.
 */
#ifndef MS_PRELOAD_STACK_H
#define MS_PRELOAD_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "record/arena_layout.h"

/* The trie as this process sees it. Filled once by ms_trie_attach, constant afterwards (but for image). */
struct ms_trie {
	struct ms_arena_header *header;
	struct ms_node *nodes;
	_Atomic uint64_t *hash[MS_HASH_LEVELS];
	uint64_t line_mask[MS_HASH_LEVELS]; /* (slot_count / MS_HASH_LINE) - 1 */
	uint32_t capacity;
	uint32_t image;
};

/* base = where the arena is mapped; image = number of this process image. */
void ms_trie_attach(struct ms_trie *trie, void *base, uint32_t image);
/* Child of parent (0: a root) for this return address; creates it. 0 when the trie is full (counted in the header). */
uint32_t ms_trie_child(struct ms_trie *trie, uint32_t parent, uint64_t pc_flags);
/* After a module was unloaded: nodes with a pc in [start, end) are never found again; +1 on header.unload_epoch. */
void ms_trie_retire(struct ms_trie *trie, uint64_t start, uint64_t end);

struct ms_walker; /* private memory of one thread: remembered frames, a small cache of trie children */

/* One walker per thread (and one more for signal handlers). NULL when mmap fails. */
struct ms_walker *ms_walker_create(struct ms_trie *trie);
/* Unmaps. NULL allowed. The owner must be gone or not capturing. */
void ms_walker_destroy(struct ms_walker *walker);

/* Forgets everything that was remembered: the next capture walks anew. By the owner only; also when a walker gets a new
   owner, whose stack may be where that of the old one was. */
void ms_walker_forget(struct ms_walker *walker);

/*
 * The stack whose innermost frame returns to pc, with stack pointer sp after that return and frame pointer fp (rbp) in
 * that caller. depth_limit: keep the leaf-most frames only, 0 = all; the same in every call, or the walker forgets.
 * Returns a node; 0 when sp is no stack or the trie is full (counted in header.lost_stacks). A walk that meets a frame
 * that cannot be left gives the frames up to it and counts header.unwind_stops.
 */
uint32_t ms_stack_capture(struct ms_walker *walker, uint64_t pc, uint64_t sp, uint64_t fp, uint32_t depth_limit);

/* Forgets the rows of code in [start, end); call before ms_trie_retire. */
void ms_rows_forget(uint64_t start, uint64_t end);

/* Called by the row cache the first time that a walk meets code of a module: bounds and link map as found by
   _dl_find_object. Implemented by modules.c; must not lock or allocate. */
void ms_module_seen(uint64_t map_start, uint64_t map_end, const void *link_map);

#endif
