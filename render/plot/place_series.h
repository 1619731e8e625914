/*
 * place_series.h - live bytes over time of the places that had most alive at once: sites with one headline added up, the largest first.
 *
 * Levels are those at the ends of the steps of the timeline, which add up: those of all places are the heap's. Needs the series by site
 * (ms_report_options.timeline_by). Places are ranked by the largest level that they had at the end of any step, ties by the site.
 *
 * Ownership: ms_place_series_free. Errors: MS_E_NOMEM. Thread-safety: pure.
 */
#ifndef MS_PLOT_PLACE_SERIES_H
#define MS_PLOT_PLACE_SERIES_H

#include "analyze/report.h"

struct ms_place_level {
	const struct ms_report_line *line; /* its headline; NULL = no stack */
	uint32_t node;                   /* the site of it with the smallest number */
	uint64_t *bytes;                 /* [timeline_count] */
	uint64_t most_bytes;
};

struct ms_place_series {
	struct ms_place_level *places;
	size_t count;                    /* at most what was asked for */
	size_t others;                   /* places beside them */
	uint64_t *other_bytes;           /* [timeline_count] of those */
};

int ms_place_series_build(struct ms_place_series *out, const struct ms_report *report, size_t limit, struct ms_error *err);
void ms_place_series_free(struct ms_place_series *series);

#endif
