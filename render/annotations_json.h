/*
 * annotations_json.h - the parts of the JSON report about what the program said of itself: "tasks", "scopes", "variables", "pools".
 *
 * Errors: MS_E_NOMEM. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_ANNOTATIONS_JSON_H
#define MS_RENDER_ANNOTATIONS_JSON_H

#include "analyze/report.h"
#include "json_writer.h"

#define MS_SCOPE_PATH_NAMES 64u          /* deeper scopes have no path, only their parent */

/* The first `top` rows of each (0 = all) in the order of annotation_rank.h; how many are left out stands beside them. */
int ms_json_annotations(struct ms_json *j, const struct ms_report *report, size_t top);

#endif
