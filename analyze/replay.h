/*
 * replay.h - reads a trace once and drives all analyses over it.
 *
 * Ownership: nothing is kept. Errors: those of the cursor and of the analyses; the first one stops the replay.
 * Thread-safety: the trace is only read; with options->threads != 1 the cursor decodes ahead on threads of its own.
 */
#ifndef MS_ANALYZE_REPLAY_H
#define MS_ANALYZE_REPLAY_H

#include <stddef.h>

#include "analysis.h"

/*
 * Creates every analysis of the list, feeds it, lets it finish into *report, and destroys it. The report's fields that
 * no analysis owns are left alone. report->window says which events: those before it are fed, too, then MS_STEP_WINDOW follows.
 */
int ms_replay(const struct ms_analysis_ops *const *list, size_t count, const struct ms_analysis_context *context,
              const struct ms_report_options *options, struct ms_report *report, struct ms_error *err);

#endif
