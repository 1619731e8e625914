/*
 * findings_json.h - the parts of the JSON report about heap errors: verdict, detectors, findings.
 *
 * Errors: none, see json_writer.h. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_FINDINGS_JSON_H
#define MS_RENDER_FINDINGS_JSON_H

#include "analyze/report.h"
#include "json_writer.h"

/* "verdict", "detectors" */
void ms_json_detectors(struct ms_json *j, const struct ms_report *report);
/* "findings", "suppressions" */
void ms_json_findings(struct ms_json *j, const struct ms_report *report);

#endif
