/*
 * allocator_frames.h - which functions are wrappers of malloc, so that reports name their caller instead.
 *
 * Pure function of the demangled name; thread-safe. Only headlines and the module of a site depend on it, never a count:
 * stacks are shown whole.
 */
#ifndef MS_ANALYZE_ALLOCATOR_FRAMES_H
#define MS_ANALYZE_ALLOCATOR_FRAMES_H

#include <stdbool.h>

/* function: demangled, "" = unknown (then false). */
bool ms_is_allocator_frame(const char *function);

#endif
