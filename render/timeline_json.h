/*
 * timeline_json.h - the parts of the JSON report about the heap over time: "timeline", "timeline_by", "phases", "pauses", "snapshots".
 *
 * Errors: MS_E_NOMEM. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_TIMELINE_JSON_H
#define MS_RENDER_TIMELINE_JSON_H

#include "analyze/report.h"
#include "json_writer.h"

/* "timeline": columns over the buckets. */
void ms_json_timeline(struct ms_json *j, const struct ms_report *report);
/* "timeline_by": the series that were asked for, those of `top` keys each (0 = all), sparse. */
int ms_json_timeline_by(struct ms_json *j, const struct ms_report *report, size_t top);
/* "phases", all of them */
void ms_json_phases(struct ms_json *j, const struct ms_report *report);
/* "pauses" and "snapshots", those that are kept */
void ms_json_pauses(struct ms_json *j, const struct ms_report *report);
void ms_json_snapshots(struct ms_json *j, const struct ms_report *report);

#endif
