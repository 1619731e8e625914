/*
 * pages.h - what the page pool does for the handler of faults, and what tests set.
 *
 * Thread-safety: any thread, async-signal-safe, no errno. Errors: as said at each function.
 */
#ifndef MS_PRELOAD_PAGES_H
#define MS_PRELOAD_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "ground.h"
#include "guard.h"

enum page_fault {
	PAGE_FAULT_FOREIGN,            /* no ground of a block */
	PAGE_FAULT_OPENED,             /* the page is open now; nothing to report: reported before, or no error of the program */
	PAGE_FAULT_REPORT,             /* the page is open now; the block tells whose it was */
};
/* The program touched a closed page at address: opens it for good, with what was in it if that is still known. */
enum page_fault guard_pages_fault(uint64_t address, struct guard_block *block);

/* guard_pool.find of this pool. */
bool guard_pages_find(uint64_t address, struct guard_block *block);

/* Blocks of this size come zeroed: a calloc need not touch them. */
bool guard_pages_zeroed(size_t bytes);

/* For tests and measurements: which kind of ground at best, before start. Default: GROUND_MOVED. */
extern enum ground_kind guard_pages_best;

#endif
