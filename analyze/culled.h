/*
 * culled.h - sums over blocks that a recording left out because they were freed soon (memscope-record --cull-temporary).
 *
 * ms_culled_by_node    adds up the sums of a trace that reach into [from_ns, to_ns], whole, by call path: out[node_count] of the stack map; every = of all of them.
 *                      *out is NULL when there are none; the caller frees it.
 *                      MS_E_NOMEM.
 * Sums of a trace can be added up in 64 bits (trace_reader.h).
 * Thread-safety: reentrant. Not signal-safe.
 */
#ifndef MS_ANALYZE_CULLED_H
#define MS_ANALYZE_CULLED_H

#include "format/trace_reader.h"
#include "report.h"
#include "stack_map.h"

int ms_culled_by_node(struct ms_culled_row **out, struct ms_report_culled *every, const struct ms_trace *trace, const struct ms_stack_map *stacks,
                      uint64_t from_ns, uint64_t to_ns, struct ms_error *err);

#endif
