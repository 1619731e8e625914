/*
 * annotation_rank.h - in which order renderers show tasks, scopes, variables and pools: most live bytes first, then peak, then allocated,
 * then the order of the report.
 *
 * Ownership: the caller frees what is returned; NULL: no memory. Thread-safety: pure functions over a finished report.
 */
#ifndef MS_RENDER_ANNOTATION_RANK_H
#define MS_RENDER_ANNOTATION_RANK_H

#include "analyze/report.h"

struct ms_rank {
	uint64_t live_bytes, peak_bytes, third;
	size_t index;
};

struct ms_rank *ms_rank_tasks(const struct ms_report *report);
struct ms_rank *ms_rank_scopes(const struct ms_report *report);
struct ms_rank *ms_rank_variables(const struct ms_report *report);
struct ms_rank *ms_rank_pools(const struct ms_report *report);
/* Biographies: those of tracked blocks before others, larger ones before smaller ones. */
struct ms_rank *ms_rank_biographies(const struct ms_report *report);

#endif
