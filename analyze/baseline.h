/*
 * baseline.h - tells new findings from those that a report of before holds.
 *
 * path: a JSON report of memscope-analyze. A finding is known when its fingerprint stands there, suppressed or not.
 * Errors: MS_E_IO (not readable), MS_E_CORRUPT (no such report), MS_E_NOMEM. Ownership: path is borrowed by the report.
 * Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_BASELINE_H
#define MS_ANALYZE_BASELINE_H

#include "report.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

int ms_baseline_apply(struct ms_report *report, const char *path, struct ms_error *err);

#pragma GCC visibility pop

#endif
