/*
 * address_moments.h - fills report->address_space: a pass over the window with addresses, with a stop at each moment.
 *
 * What it costs: the pass, and per moment in which something happened a walk over the live blocks, sorted by address; nothing per event. Memory:
 * per live block 32 bytes beside the cursor's table, per moment that of a page map (page_map.h).
 * Call after the replay: report->window is used. threads: like ms_cursor_open's.
 * Errors: MS_E_NOMEM, those of the cursor. Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_ADDRESS_MOMENTS_H
#define MS_ANALYZE_ADDRESS_MOMENTS_H

#include "report.h"

#define MS_ADDRESS_MOMENTS 24u

int ms_address_space_collect(struct ms_report *report, const struct ms_trace *trace, unsigned threads, struct ms_error *err);
void ms_address_space_free(struct ms_report_address_space *space);

#endif
