/*
 * own_memory.h - which memory of the process is the library's: what ms_raw_memory (raw.h) has mapped and nobody has unmapped.
 *
 * The heap graph must not take our tables for roots: they hold addresses of the program's blocks. A fixed list, filled and
 * emptied without locks; what does not fit any more is not listed (and then counts as the program's).
 *
 * Parameters in bytes. No errors. Any thread, and signal handlers.
 */
#ifndef MS_PRELOAD_OWN_MEMORY_H
#define MS_PRELOAD_OWN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

void ms_own_add(uint64_t start, uint64_t bytes);
/* The whole of what was added, or its end. */
void ms_own_remove(uint64_t start, uint64_t bytes);
/* Number i of the list, 0 .. ; false when there is none; an empty place gives start 0. */
bool ms_own_at(uint32_t i, uint64_t *start, uint64_t *end);

#endif
