/*
 * compare.h - the parts of a comparison that are not about call paths; each fills its part of *diff.
 *
 * Inside analyze/diff/ only. Errors: MS_E_NOMEM. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_COMPARE_H
#define MS_ANALYZE_COMPARE_H

#include "analyze/diff.h"

int ms_diff_totals(struct ms_diff *diff, struct ms_error *err);
int ms_diff_findings(struct ms_diff *diff, struct ms_error *err);
int ms_diff_threads(struct ms_diff *diff, struct ms_error *err);

/* The report of run i, those of the old side first. */
static inline const struct ms_report *ms_diff_run(const struct ms_diff *d, size_t i)
{
	return i < d->before.count ? d->before.reports[i] : d->after.reports[i - d->before.count];
}

#endif
