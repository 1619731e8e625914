/*
 * clock.h - the time stamp of an event: ticks of the clock that the arena's header names.
 *
 * The TSC is read without a serialising instruction, which would cost as much again: a stamp may be some ten
 * nanoseconds early. The collector knows (record/merge.c). Async-signal-safe, no system call where the vDSO works.
 */
#ifndef MS_PRELOAD_CLOCK_H
#define MS_PRELOAD_CLOCK_H

#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

#include "record/arena_layout.h"

/* enum ms_arena_clock. Written once by ms_process_start before any thread has a ring; constant afterwards. */
extern uint32_t ms_clock;

static inline uint64_t ms_ticks(void)
{
	struct timespec now;

	if (__builtin_expect(ms_clock == MS_CLOCK_TSC, 1))
		return __rdtsc();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
