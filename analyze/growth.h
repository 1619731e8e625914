/*
 * growth.h - what growth.c adds when the replay is over.
 *
 * Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_GROWTH_H
#define MS_ANALYZE_GROWTH_H

#include "report.h"
#include "stack_map.h"

struct ms_trace;

/*
 * Fills first_allocation_ns of the sites in report->growth: reads the trace from its start until each was seen, nothing when there are
 * none. So that the replay need not look at every site's first event. Errors: MS_E_NOMEM, and those of reading events.
 */
int ms_growth_first_seen(struct ms_report *report, const struct ms_trace *trace, const struct ms_stack_map *stacks,
                         struct ms_error *err);

#endif
