/*
 * diff_order.h - the rows of a comparison that changed, ranked; and the words that renderers share.
 *
 * ms_diff_rank allocates its result: the caller frees it with free(); NULL: no memory. ms_diff_place, ms_diff_was: the caller
 * frees; NULL: no memory. Pure functions; thread-safe.
 */
#ifndef MS_RENDER_DIFF_ORDER_H
#define MS_RENDER_DIFF_ORDER_H

#include "analyze/diff.h"
#include "units.h"

struct ms_diff_ranked {
	uint32_t row;
	uint8_t metric;                  /* enum ms_diff_metric that it is ranked by */
	uint8_t change;                  /* of the row in this metric */
	uint64_t share;                  /* of the change in the total of the metric, in parts of 2^32 */
	uint64_t amount;                 /* of the change */
};

/* Changed rows, the most important first; metric: enum ms_diff_metric, MS_DIFF_METRIC_COUNT = by impact. *count = how many. */
struct ms_diff_ranked *ms_diff_rank(const struct ms_diff *diff, unsigned metric, size_t *count);

const char *ms_diff_change_name(uint8_t change);   /* "same", "grown", "shrunk", "new", "gone", "noise" */
const char *ms_diff_pairing_name(uint8_t pairing); /* "exact", "fuzzy", "merged", "unpaired" */
const struct ms_diff_total *ms_diff_total_of(const struct ms_diff *diff, const char *name); /* never NULL for a metric's name */

/* "+1.50 KiB", "-3", "0" */
#define MS_DIFF_TEXT (MS_UNIT_TEXT + 2)
const char *ms_diff_amount(char text[MS_DIFF_TEXT], uint64_t old, uint64_t new, bool bytes, bool exact);
/* "+5.0 %", "-12.3 %", "x 12" from 10 times on, "new" of 0 */
const char *ms_diff_percent(char text[MS_DIFF_TEXT], uint64_t old, uint64_t new);

/* Where a row is, in one line, escaped, with "(was ...)" when it is called otherwise on the old side. */
char *ms_diff_place(const struct ms_diff *diff, const struct ms_diff_row *row);
/* The side that an example is shown of: the new one, else the old one. */
const struct ms_report *ms_diff_example(const struct ms_diff *diff, const struct ms_diff_row *row, uint32_t *node);

#endif
