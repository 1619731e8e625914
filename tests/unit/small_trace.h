/*
 * small_trace.h - traces written by hand, a few lines each, for tests of analyses and renderers.
 *
 * A new trace has one module, threads 1 (main) and 2, and the stacks 1 main, 2 main > grow, 3 main > parse > grow,
 * 4 main > operator new (an allocator frame), all with symbols. Events go in one by one; time advances by 10 ns before
 * each. small_trace_open opens the finished trace; everything is freed by small_trace_free.
 */
#ifndef MS_TESTS_SMALL_TRACE_H
#define MS_TESTS_SMALL_TRACE_H

#include <stdint.h>

#include "analyze/report.h"
#include "format/events.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

struct small_trace {
	struct ms_stream stream;
	struct ms_writer *writer;
	uint64_t now_ns, next_block;
	uint64_t size_of[256];           /* by block id */
	uint32_t module;
	struct ms_trace *trace;
};

void small_trace_start(struct small_trace *t);
/* With the guard_*, free_stacks, inherited_heap, companion, monitor_interval_ns, direct and capture of *facts. */
void small_trace_start_as(struct small_trace *t, const struct ms_process *facts);
/* Any event. */
void small_trace_event(struct small_trace *t, const struct ms_event *event);
/* Returns the block id. */
uint64_t small_trace_alloc(struct small_trace *t, uint8_t kind, uint32_t thread, uint32_t stack, uint64_t size);
/* block 0: of a block that nobody knows. */
void small_trace_free_block(struct small_trace *t, uint8_t kind, uint32_t thread, uint64_t block);
/* end NULL: the trace is cut before its end record. */
const struct ms_trace *small_trace_open(struct small_trace *t, const struct ms_end *end);
/* Opens and builds the report; fails the test on errors. */
void small_trace_report(struct small_trace *t, const struct ms_end *end, struct ms_report *report);
void small_trace_free(struct small_trace *t);

extern const struct ms_end small_trace_exited; /* status 0, symbols stored */

#endif
