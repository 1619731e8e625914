/*
 * allocator_frames.h - which functions allocate for their caller, so that reports name the caller instead:
 * wrappers of malloc, and the standard libraries of C++ and Rust.
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
