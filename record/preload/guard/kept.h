/*
 * kept.h - contents of the blocks that were freed last, so that a program that reads a freed block goes on with what it would
 * have read.
 *
 * A ring of KEPT_BYTES; the newest overwrites the oldest. Blocks larger than KEPT_MOST are not kept. Ownership: the ring's.
 * Errors: none; what is no longer there is not found. Thread-safety: any thread, no lock; a copy that was overwritten while
 * it was read is noticed. Async-signal-safe.
 */
#ifndef MS_PRELOAD_KEPT_H
#define MS_PRELOAD_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_BYTES (UINT64_C(4) << 20)
#define KEPT_MOST (UINT64_C(64) << 10)

/* False: no memory; nothing will be kept. */
bool kept_start(void);
/* Keeps the readable bytes at start. Returns the place for kept_restore, 0 when they were not kept. */
uint32_t kept_store(uint64_t start, uint64_t bytes);
/* Writes them back to start. False: no longer there; start may hold other bytes then. */
bool kept_restore(uint32_t place, uint64_t start, uint64_t bytes);

#endif
