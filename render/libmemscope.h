/*
 * libmemscope.h - the library: open a trace, read its events, build its report, render it.
 *
 *   ms_trace_open ... ms_cursor_next     format/trace_reader.h    tables and events of a trace
 *   ms_report_build, ms_report_free      analyze/report.h         everything that memscope-analyze knows, as structs
 *   struct ms_cancel                     format/cancel.h          to stop a report, or the search for a moment
 *   ms_moment_find                       analyze/moment.h         a moment of a trace from text
 *   ms_snapshot_at, ms_snapshot_diff_build   analyze/snapshot.h  what was alive at an instant; what changed between two
 *   ms_player_step, ms_player_run        analyze/player.h         event by event, from any instant, until something happens
 *   ms_render_text, ms_render_json       render/text.h, json.h    the report as memscope-analyze prints it
 *   ms_block_steps                       analyze/block_steps.h    what happened to blocks in the window of a report, step by step
 *   ms_exports, ms_export_find           render/export/export.h   the same in the formats of other tools
 *   ms_plots, ms_diff_plots              render/plot/plot.h       figures of both: data and scripts for gnuplot
 *   ms_render_html                       render/html.h            the same as one HTML file
 *   ms_diff_build, ms_diff_gate          analyze/diff.h, diff/diff_gate.h   what changed between reports; conditions on that
 *   ms_render_diff_text, _json, _markdown   render/diff_render.h  the comparison as memscope-diff prints it
 *   ms_query_open, ms_query_step         analyze/query/query.h    SQL over a trace
 *   ms_query_largest, ms_query_grouped    analyze/query/query_blocks.h   the same without SQL: blocks by size, address, thread, call,
 *                                                                 call path, moment and time alive, which compose; largest first, or sums
 *   ms_why_build, ms_render_why_text     analyze/holders.h, render/why.h   why a block is still there
 *
 * For C11 and C++11. Errors, ownership and threads: as said in each header. Link with the flags of `pkg-config memscope`.
 */
#ifndef MS_LIBMEMSCOPE_H
#define MS_LIBMEMSCOPE_H

#ifdef __cplusplus
extern "C" {
#endif

#include "analyze/baseline.h"
#include "analyze/block_steps.h"
#include "analyze/companion.h"
#include "analyze/diff.h"
#include "analyze/diff_paths.h"
#include "analyze/diff/diff_gate.h"
#include "analyze/gate.h"
#include "analyze/moment.h"
#include "analyze/player.h"
#include "analyze/query/query.h"
#include "analyze/query/query_blocks.h"
#include "analyze/report.h"
#include "analyze/snapshot.h"
#include "analyze/suppressions.h"
#include "format/cancel.h"
#include "format/trace_index.h"
#include "format/trace_reader.h"
#include "render/diff_render.h"
#include "render/export/export.h"
#include "render/html.h"
#include "render/json.h"
#include "render/plot/plot.h"
#include "render/suppression_file.h"
#include "render/text.h"
#include "render/why.h"

#ifdef __cplusplus
}
#endif

#endif
