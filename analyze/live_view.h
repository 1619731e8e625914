/*
 * live_view.h - the blocks that are alive where reading begins, as steps: what struct ms_start of analysis.h promises to analyses.
 *
 * live: n blocks by id, at most MS_VIEW_EVENTS. *bytes, *blocks: alive before and after. addresses: those of the blocks are known.
 * Ownership: the view points into room. No errors. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_LIVE_VIEW_H
#define MS_ANALYZE_LIVE_VIEW_H

#include "steps.h"

/* A view of ALLOCATE steps. */
void ms_live_view(struct ms_view *view, struct ms_view_room *room, const struct ms_steps *steps, const struct ms_stack_map *stacks,
                  const struct ms_live_block *live, uint32_t n, bool addresses, uint64_t *bytes, uint64_t *blocks);

/*
 * At the beginning of a part of a trace: steps know the levels, and each analysis of the list (may be empty) what is alive; nothing else was
 * counted. cursor stands at event 0. Nothing happens when the trace is no part. Errors: those of the cursor and of the analyses.
 */
int ms_live_begin(struct ms_steps *steps, const struct ms_stack_map *stacks, struct ms_view_room *room, struct ms_cursor *cursor,
                  const struct ms_trace *trace, const struct ms_analysis_ops *const *list, void *const *states, size_t count, struct ms_error *err);

#endif
