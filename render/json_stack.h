/*
 * json_stack.h - lines of source and call paths as the JSON report writes them everywhere.
 *
 * Errors: none, see json_writer.h. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_JSON_STACK_H
#define MS_RENDER_JSON_STACK_H

#include "analyze/report.h"
#include "json_writer.h"

/* A line of source; NULL: null. */
void ms_json_frame(struct ms_json *j, const char *key, const struct ms_report_line *line);
/* An array of lines, innermost first; [] for node 0. */
void ms_json_stack(struct ms_json *j, const char *key, const struct ms_report *report, uint32_t node);

#endif
