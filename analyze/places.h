/*
 * places.h - sums the sites of a report up by their headlines.
 *
 * Errors: MS_E_NOMEM. Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_PLACES_H
#define MS_ANALYZE_PLACES_H

#include "report.h"

/* Fills places from sites, nodes and lines. */
int ms_collect_places(struct ms_report *report, struct ms_error *err);
/* After that: place_of_node[site's node] = index of its place; other nodes stay as they are. */
int ms_places_of_nodes(const struct ms_report *report, uint32_t *place_of_node, struct ms_error *err);

#endif
