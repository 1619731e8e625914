/*
 * address_json.h - the key address_space of the JSON report; null when it was not asked for.
 *
 * Errors: the writer's. Thread-safety: one report, one thread.
 */
#ifndef MS_RENDER_ADDRESS_JSON_H
#define MS_RENDER_ADDRESS_JSON_H

#include "analyze/report.h"
#include "json_writer.h"

void ms_json_address_space(struct ms_json *j, const struct ms_report *r);

#endif
