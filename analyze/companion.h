/*
 * companion.h - one report of two runs: the findings of the other run's trace join those of this one.
 *
 * memscope-record --guard-side=both runs a command twice, once with the guard page behind each block and once before it; each
 * trace is whole in itself, the first names the second (struct ms_process.companion). Findings with the same fingerprint are one,
 * seen in both runs. Damage in one run and an access of the same kind to a block of the same allocation stack in the other are one,
 * too: the access says who did the damage. Everything else in the report is that of the first run.
 *
 * Errors: MS_E_NOMEM. A companion that is missing or unreadable is no error: report->findings.companion_problem says why.
 * Ownership: *other must stay open until ms_report_free; close it after that (NULL when there is none).
 * Thread-safety: as ms_report_build.
 */
#ifndef MS_ANALYZE_COMPANION_H
#define MS_ANALYZE_COMPANION_H

#include "report.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

/* path: of this report's trace; the other one lies beside it. */
int ms_report_merge_companion(struct ms_report *report, const char *path, const struct ms_report_options *options,
                              struct ms_trace **other, struct ms_error *err);

#pragma GCC visibility pop

#endif
