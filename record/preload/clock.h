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
/* The vDSO's clock_gettime, NULL where there is none; written with ms_clock. Not libc's: programs replace that one. */
extern int (*ms_clock_vdso)(clockid_t, struct timespec *);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t ms_ticks_monotonic(void) __attribute__((noinline));

static inline uint64_t ms_ticks(void)
{
	return __builtin_expect(ms_clock == MS_CLOCK_TSC, 1) ? __rdtsc() : ms_ticks_monotonic();
}

#endif
