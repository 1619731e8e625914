/*
 * tool_options.h - what the options of memscope-analyze and memscope-diff have in common.
 *
 * Functions with a `state` are for parsers of argp: what is wrong with an argument is said as argp does, and the program ends with status 2,
 * or 4 without memory. Ownership: as said at each. Errors else: enum ms_status. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_TOOL_OPTIONS_H
#define MS_TOOLS_TOOL_OPTIONS_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/gate.h"
#include "analyze/report.h"

struct ms_suppressions;

/* Exit statuses. USAGE also: a condition that the trace cannot answer, a moment that it does not have. */
enum tool_status { STATUS_FINE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_UNREADABLE = 3, STATUS_UNWRITTEN = 4 };

/* The number of --option, low .. high. */
uint64_t tool_number(struct argp_state *state, const char *option, const char *text, uint64_t low, uint64_t high);

/* The list with room for one entry more; count: entries in it. Free with free(). */
void *tool_one_more(struct argp_state *state, void *list, size_t count, size_t size);

/* --option MOMENT: is it one? */
void tool_check_moment(struct argp_state *state, const char *option, const char *text);

/* --option MOMENT:MOMENT, one of them may be left out. */
struct tool_window {
	char *text;                      /* owned; cut between the moments; NULL = not given */
	const char *from, *to;           /* moments, point into it or to constants */
};
void tool_window_parse(struct argp_state *state, const char *option, const char *text, struct tool_window *out);
void tool_window_free(struct tool_window *w);

/* --fail-on: appends a condition; parse: ms_gate_parse or ms_gate_parse_change. Free *gates with free(). */
void tool_add_gate(struct argp_state *state, struct ms_gate **gates, size_t *count, const char *text,
                   int (*parse)(struct ms_gate *, const char *, struct ms_error *));

/* Suppresses what the user's files (in s already) and the program itself (added to s) name. file NULL: not said in messages. */
int tool_suppress(const char *tool, const char *file, struct ms_suppressions *s, struct ms_report *report, const struct ms_trace *trace,
                  struct ms_error *err);

/* "TOOL: FILE: what (offset n)" on standard error. */
void tool_say(const char *tool, const char *file, const struct ms_error *err);

#endif
