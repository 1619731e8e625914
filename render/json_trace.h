/*
 * json_trace.h - the parts of the JSON report about the recording itself: "trace" (program, recorder, how complete, guards, sample) and "window".
 *
 * Errors: those of the writer (ms_json_*). Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_JSON_TRACE_H
#define MS_RENDER_JSON_TRACE_H

#include "analyze/report.h"
#include "json_writer.h"

void ms_json_trace(struct ms_json *j, const struct ms_report *report);
void ms_json_window(struct ms_json *j, const struct ms_report *report);

#endif
