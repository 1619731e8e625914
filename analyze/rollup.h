/*
 * rollup.h - sums the sites of a report up to functions, modules and the share of symbolized frames.
 *
 * Linear in nodes, lines and sites, whatever the depth of stacks. Errors: MS_E_NOMEM. Thread-safety: one report, one
 * thread.
 */
#ifndef MS_ANALYZE_ROLLUP_H
#define MS_ANALYZE_ROLLUP_H

#include "report.h"

/* Fills functions, modules, trace.frame_uses and trace.symbolized_frame_uses from sites, nodes and lines. */
int ms_rollup(struct ms_report *report, struct ms_error *err);

#endif
