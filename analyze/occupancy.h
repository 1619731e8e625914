/*
 * occupancy.h - from pages at several moments to regions, their bins, and what is live in each bin at each moment.
 *
 * ms_regions_build cuts a set of pages into regions and shares MS_ADDRESS_BINS_MAX bins out: every region gets bins as fine as a page
 * while they last, larger ones as many as each other. Where there would be more than MS_ADDRESS_REGIONS_MAX regions, longer gaps stay inside.
 * ms_occupancy_add sums a map up over the bins; its pages must be in the regions. ms_regions_name takes names from address maps.
 *
 * Ownership: out->regions is the caller's. Errors: MS_E_NOMEM. Thread-safety: pure functions of their arguments.
 */
#ifndef MS_ANALYZE_OCCUPANCY_H
#define MS_ANALYZE_OCCUPANCY_H

#include "page_map.h"

struct ms_trace;

#define MS_ADDRESS_BINS_MAX 4096u
#define MS_ADDRESS_REGIONS_MAX 1024u
#define MS_ADDRESS_GAP_BYTES (UINT64_C(1) << 20)

int ms_regions_build(struct ms_report_address_space *out, const struct ms_page_set *pages);
void ms_regions_name(struct ms_report_address_space *out, const struct ms_trace *trace);
void ms_occupancy_add(uint64_t *bins, const struct ms_report_address_space *space, const struct ms_page_map *m);

#endif
