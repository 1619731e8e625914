/*
 * live_births.h - the live blocks with their births, for analyses that are asked about a block between its birth and its end.
 *
 * Hand every step to ms_live_births_step before it is looked at otherwise; what ends is still there then: hand it to
 * ms_live_births_settle afterwards. In an entry, `stack` is the node of the call path. A block that a realloc is taking away is there.
 * Memory: 32 bytes per live block. Errors: MS_E_NOMEM. Ownership: ms_block_table_free. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_LIVE_BIRTHS_H
#define MS_ANALYZE_LIVE_BIRTHS_H

#include "analysis.h"
#include "format/block_table.h"

/* Step i of the view: what begins is there. */
int ms_live_births_step(struct ms_block_table *t, const struct ms_view *v, uint32_t i);
/* The same step again: what has ended is not there any more. */
void ms_live_births_settle(struct ms_block_table *t, const struct ms_view *v, uint32_t i);

#endif
