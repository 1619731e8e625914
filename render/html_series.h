/*
 * html_series.h - series by call path, thread, ... for the page: two tables per group, and which keys share a series in large reports.
 *
 * The cells of series are most of a large report. So that the page stays small enough to open and to send (20 MB), call paths keep at most
 * MS_HTML_SITE_CELLS cells and every other group MS_HTML_GROUP_CELLS: keys are taken in turn from those with the highest level of their own and from those that allocated most, until
 * the next one does not fit; all others are added up in one series with the key MS_HTML_SERIES_REST. Nothing is lost by it but who it was: at
 * every step levels, blocks and bytes of all series still add up to those of the whole.
 *
 * ms_html_series_pick: the series of the page, for ms_html_series_free; cells of kept keys are borrowed from the group.
 * ms_html_series_merged: how many keys share a series (0: every key has its own); without memory to find out, all of them.
 * Errors: MS_E_NOMEM. Thread-safety: pure functions of their arguments.
 */
#ifndef MS_RENDER_HTML_SERIES_H
#define MS_RENDER_HTML_SERIES_H

#include "analyze/timeline.h"
#include "format/errors.h"

#define MS_HTML_SITE_CELLS 2000000u
#define MS_HTML_GROUP_CELLS 250000u
#define MS_HTML_SERIES_REST UINT32_MAX

struct ms_html_series {
	uint32_t key;
	size_t cell_count;
	const struct ms_timeline_cell *cells;
};
struct ms_html_series_list {
	struct ms_html_series *series;   /* by key, the merged one last */
	size_t count, cell_count;
	struct ms_timeline_cell *rest;   /* cells of the merged one; least and largest levels are those of the ends of the steps */
	size_t merged;                   /* keys in it */
};

static inline size_t ms_html_cells_max(enum ms_timeline_group group)
{
	return group == MS_TIMELINE_SITE ? MS_HTML_SITE_CELLS : MS_HTML_GROUP_CELLS;
}

int ms_html_series_pick(struct ms_html_series_list *out, const struct ms_timeline_group_series *group, size_t cells_max);
void ms_html_series_free(struct ms_html_series_list *list);
size_t ms_html_series_merged(const struct ms_timeline_group_series *group, size_t cells_max);

#endif
