/*
 * annotation_pass.h - finds what belongs to the annotations of a program (annotations.h) by a replay of its own.
 *
 * Of its own, because it keeps a number per live block, and few programs are annotated: a trace without annotations costs nothing.
 * Reads all events from the first one on, also for a window with an index: checkpoints do not know who was in which task.
 *
 * Memory: rows of the result, and up to 8 bytes per live block that belongs to one; with variables or pools 32 per live block.
 * Errors: MS_E_NOMEM, and those of reading events. Thread-safety: one report, one thread.
 */
#ifndef MS_ANALYZE_ANNOTATION_PASS_H
#define MS_ANALYZE_ANNOTATION_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis.h"

/* Blocks of the last heap graph that nothing leads to, and when they were alive. */
struct ms_lost_block {
	uint64_t block, size_bytes;      /* id as recorded */
	bool definite;                   /* else indirectly lost */
};
struct ms_lost_blocks {
	struct ms_lost_block *list;
	size_t count;
	uint64_t event;                  /* the graph was taken before this one */
};

/* True when the program said anything that makes the pass worth its time. */
bool ms_annotated(const struct ms_report *report);
/*
 * After the replay of all analyses and the heap graph: fills report->tasks, scopes, variables and pools. context and options: those of
 * that replay. lost: may have no blocks.
 */
int ms_annotations_find(struct ms_report *report, const struct ms_analysis_context *context, const struct ms_report_options *options,
                        const struct ms_lost_blocks *lost, struct ms_error *err);

/* The analyses of the pass. */
extern const struct ms_analysis_ops ms_analysis_tasks, ms_analysis_scopes, ms_analysis_variables, ms_analysis_pools;

#endif
