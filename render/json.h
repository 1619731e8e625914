/*
 * json.h - the report as JSON, by the contract in schemas/report.schema.json.
 *
 * Integers are exact; addresses are "0x..." strings, relative to their module; key order is fixed. Sites: those that are
 * among the first `top` by any sort key, the rest summed up in `sites_omitted`.
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_JSON_H
#define MS_RENDER_JSON_H

#include <stdio.h>

#include "analyze/report.h"
#include "site_order.h"

#define MS_REPORT_SCHEMA_VERSION 1

struct ms_json_options {
	const struct ms_site_key *sort;  /* NULL = by share of the peak */
	size_t top;                      /* rows of sites, functions, top_sizes, leaks, holders; 0 = all */
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
int ms_render_json(FILE *out, const struct ms_report *report, const struct ms_json_options *options,
                   struct ms_error *err);

#pragma GCC visibility pop

#endif
