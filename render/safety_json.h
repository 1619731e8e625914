/*
 * safety_json.h - "safety" of the JSON report. top: rows of each list, 0 = all.
 *
 * Errors: none, see json_writer.h. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_SAFETY_JSON_H
#define MS_RENDER_SAFETY_JSON_H

#include "analyze/report.h"
#include "json_writer.h"

void ms_json_safety(struct ms_json *j, const struct ms_report *report, size_t top);

#endif
