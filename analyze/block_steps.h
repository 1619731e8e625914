/*
 * block_steps.h - what happened to blocks in the window of a report, step by step, with the meaning and the call paths that the report
 * has: for formats that hold events or levels over time.
 *
 * Reads the events of the trace once more. In order:
 *   START        `blocks` blocks of size_bytes each are alive when the window begins (first of all, none in a whole recording)
 *   ALLOCATE     a block begins; REALLOCATE: as the new block of a realloc
 *   FREE         a block ends; MOVE: as the old block of a realloc
 *   RETURN       the MOVE of this block is taken back (the realloc failed, or was not seen to end). When nothing came between the two,
 *                neither is told
 *   EXEC         every block ends with the process image
 * Counts and levels are those of the report: as many ALLOCATE as report->totals.allocations, REALLOCATE as reallocations, FREE with
 * `temporary` as temporary_allocations; the last live_bytes is totals.live_bytes, the largest one the peak.
 *
 * Parameters: report and trace as ms_report_build made and took them. Ownership: nothing is kept; the step is valid during the call.
 * Memory: 40 bytes per distinct pair of call path and size before the window, none for events.
 * Errors: those of reading events, MS_E_NOMEM, and what visit returned, which ends it. Thread-safety: visit is called from one thread at a
 * time, perhaps another one than the caller's; when it returned, all of it is visible to the caller.
 */
#ifndef MS_ANALYZE_BLOCK_STEPS_H
#define MS_ANALYZE_BLOCK_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "format/errors.h"

struct ms_report;
struct ms_trace;

enum ms_block_step_kind { MS_BLOCKS_START, MS_BLOCKS_ALLOCATE, MS_BLOCKS_REALLOCATE, MS_BLOCKS_FREE, MS_BLOCKS_MOVE, MS_BLOCKS_RETURN, MS_BLOCKS_EXEC };

struct ms_block_step {
	uint8_t kind;                    /* enum ms_block_step_kind */
	bool temporary;                  /* FREE */
	uint32_t node;                   /* call path under which the block began; EXEC: 0 */
	uint32_t thread;                 /* that did it; START: 0 */
	uint64_t time_ns;
	uint64_t size_bytes;
	uint64_t blocks;                 /* START: how many; else 1 */
	uint64_t live_bytes, live_blocks; /* after it */
};

typedef int ms_block_visit(void *context, const struct ms_block_step *step, struct ms_error *err);

#pragma GCC visibility push(default) /* part of libmemscope.so */
int ms_block_steps(const struct ms_report *report, const struct ms_trace *trace, ms_block_visit *visit, void *context, struct ms_error *err);
#pragma GCC visibility pop

#endif
