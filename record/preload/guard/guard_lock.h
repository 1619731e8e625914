/*
 * guard_lock.h - a spin lock whose wait is bounded, for sections of some hundred instructions.
 *
 * guard_lock: false when the holder does not come back: it was killed, left with longjmp, or is another thread of the process
 * that we were forked from. The caller then does without. Zero-initialised. Not for a signal handler that may have
 * interrupted the holder on the same thread: callers mark themselves busy (slab_supply.c). No errno.
 */
#ifndef MS_PRELOAD_GUARD_LOCK_H
#define MS_PRELOAD_GUARD_LOCK_H

#include <emmintrin.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "record/preload/raw.h"

#define GUARD_LOCK_SPINS 200000u

static inline bool guard_lock(_Atomic uint32_t *lock)
{
	for (unsigned spins = 0; spins < GUARD_LOCK_SPINS; spins++) {
		if (atomic_load_explicit(lock, memory_order_relaxed) == 0 &&
		    atomic_exchange_explicit(lock, 1, memory_order_acquire) == 0)
			return true;
		if (spins % 64 == 63)
			ms_raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		else
			_mm_pause();
	}
	return false;
}

static inline void guard_unlock(_Atomic uint32_t *lock)
{
	atomic_store_explicit(lock, 0, memory_order_release);
}

#endif
