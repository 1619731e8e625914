/*
 * leaks_json.h - the parts of the JSON report about leaks, growth and holders.
 *
 * top: entries per list, 0 = all. Errors: none, see json_writer.h. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_LEAKS_JSON_H
#define MS_RENDER_LEAKS_JSON_H

#include "analyze/report.h"
#include "json_writer.h"

/* "leaks" */
void ms_json_leaks(struct ms_json *j, const struct ms_report *report, size_t top);
/* "growth" */
void ms_json_growth(struct ms_json *j, const struct ms_report *report, size_t top);
/* "holders" */
void ms_json_holders(struct ms_json *j, const struct ms_report *report, size_t top);
/* One holder, as an object under `key`. */
void ms_json_holder(struct ms_json *j, const char *key, const struct ms_holder *holder);
/* The members of a block, into the open object. */
void ms_json_held_block(struct ms_json *j, const struct ms_report *report, const struct ms_held_block *block);

#endif
