/*
 * export_metrics.h - what formats of weighted call paths can show: one table of metrics, each a number per call path.
 *
 * A format's list of metrics (ms_export.metrics) names rows of this table. Sums over all call paths equal the report's own: peak and
 * peak-blocks those of totals, live..., allocated..., temporary likewise, allocations those of totals with its reallocations (each begins
 * a block); leaked is what is lost definitely or indirectly, possibly-leaked what is lost possibly, both without what is suppressed.
 *
 * Ownership: the caller frees the list with free(). Errors: MS_E_NOMEM; MS_E_ARGUMENT: no such metric; MS_E_UNSUPPORTED with the reason:
 * the trace does not show it. Thread-safety: pure functions.
 */
#ifndef MS_EXPORT_METRICS_H
#define MS_EXPORT_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/report.h"

struct ms_weight {
	uint32_t node;                   /* call path */
	uint64_t value;                  /* not 0 */
};

struct ms_export_metric {
	const char *name;
	const char *title;               /* for people */
	bool bytes;                      /* the unit; else it counts blocks */
	uint64_t (*of_site)(const struct ms_report_site *site); /* NULL: it is one of leaks */
	uint64_t (*of_leak)(const struct ms_leak *leak);
};

extern const struct ms_export_metric ms_export_metrics[];
extern const size_t ms_export_metric_count;
/* All of them, as a list for ms_export.metrics; the first is peak. */
extern const char *const ms_export_metric_names[];

/* name NULL: the first. */
int ms_export_metric_find(const struct ms_export_metric **out, const char *name, struct ms_error *err);
/* By node, each node once. */
int ms_export_weights(struct ms_weight **out, size_t *count, const struct ms_report *report, const struct ms_export_metric *metric,
                      struct ms_error *err);

#endif
