/*
 * system_json.h - the keys system, system_reason and reconciliation of the JSON report.
 *
 * top: rows of the list of mappings, 0 = all. Errors: the writer's. Thread-safety: one report, one thread.
 */
#ifndef MS_RENDER_SYSTEM_JSON_H
#define MS_RENDER_SYSTEM_JSON_H

#include <stddef.h>

#include "analyze/report.h"
#include "json_writer.h"

void ms_json_system(struct ms_json *j, const struct ms_report *r);
void ms_json_reconciliation(struct ms_json *j, const struct ms_report *r, size_t top);

#endif
