/*
 * phase_pass.h - finds the phases of a report (phases.h) by a replay of its own.
 *
 * Of its own, because it needs a counter per call path for every event, and few programs set marks: a trace without them costs
 * nothing. Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_PHASE_PASS_H
#define MS_ANALYZE_PHASE_PASS_H

#include "analysis.h"

/*
 * After the replay of all analyses: fills report->phases when the totals know of marks. context and options: those of that replay.
 * Errors: MS_E_NOMEM, and those of reading events.
 */
int ms_phases_find(struct ms_report *report, const struct ms_analysis_context *context, const struct ms_report_options *options,
                   struct ms_error *err);

#endif
