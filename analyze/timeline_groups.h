/*
 * timeline_groups.h - what the series by site, thread, ... need after the replay, and how a line of a curve is made shorter.
 *
 * The series are made by an analysis (timeline_groups.c); that of modules can only be keyed when the report's modules stand.
 * Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_TIMELINE_GROUPS_H
#define MS_ANALYZE_TIMELINE_GROUPS_H

#include "report.h"

/*
 * After ms_rollup: turns keys of report->timeline_by[MS_TIMELINE_MODULE], until then a call path of each module, into indexes into
 * report->modules, and sorts them. Does nothing without that series. Errors: MS_E_NOMEM.
 */
int ms_timeline_name_modules(struct ms_report *report, struct ms_error *err);

#endif
