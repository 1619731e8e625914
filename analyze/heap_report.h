/*
 * heap_report.h - leaks and holders of a report, from the last heap graph of its trace.
 *
 * Fills report->leaks and report->holders; to be called after the replay, when totals and trace facts are there. Without a usable
 * graph both say so, with the reason; that is no error. Errors: MS_E_NOMEM, MS_E_IO. Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_HEAP_REPORT_H
#define MS_ANALYZE_HEAP_REPORT_H

#include "graph/heap_graph.h"
#include "report.h"
#include "stack_map.h"

struct ms_lost_blocks;
/* lost: optional, zero-initialised; gets the lost blocks of the graph (annotation_pass.h); the caller frees its list, also after an error. */
int ms_heap_report(struct ms_report *report, const struct ms_trace *trace, const struct ms_stack_map *stacks,
                   struct ms_lost_blocks *lost, struct ms_error *err);

/* After the findings were suppressed: marks their leaks, and sums them up. Errors: MS_E_NOMEM. */
int ms_leaks_note_suppressed(struct ms_report *report, struct ms_error *err);

/* The parts; each fills its own field from a solved graph. node_count: of call paths. */
int ms_group_leaks(struct ms_report_leaks *out, const struct ms_heap_graph *g, size_t node_count, struct ms_error *err);
/* place_of_node: what the blocks of a holder are summed up by; NULL = by call path. */
int ms_collect_holders(struct ms_report_holders *out, const struct ms_heap_graph *g, size_t node_count, const uint32_t *place_of_node,
                       struct ms_error *err);
void ms_report_leaks_free(struct ms_report_leaks *leaks);
void ms_report_holders_free(struct ms_report_holders *holders);

#endif
