/*
 * annotate.h - what a program tells about its variables, scopes, tasks and pools (record/include/memscope.h), as entries in the thread's ring.
 *
 * what: enum memscope_what; a, b, c: its arguments as listed there (addresses, ids, bytes). caller: the frame of the exported function.
 * Texts and places are borrowed for the call; *place->known is written. Returns what the request returns: the pool for POOL_CREATE, else 0.
 *
 * Hot ones (a place, a block or an id) take the straight way of ring.h; those with a text made at run time the slow one. A place is described (PLACE)
 * by whoever finds that nobody has done so in this arena; its `known` then is the arena's start, so that after a fork
 * or an exec it is described again.
 *
 * Errors: none are reported; what has no room is counted as lost. Nothing happens when nothing is being recorded.
 * Async-signal-safe; no lock, no allocation, no errno change. Any thread.
 */
#ifndef MS_PRELOAD_ANNOTATE_H
#define MS_PRELOAD_ANNOTATE_H

#include <stdint.h>

#include "ring.h"

uint64_t ms_annotate(unsigned what, uint64_t a, uint64_t b, uint64_t c, const struct ms_caller *caller);

#endif
