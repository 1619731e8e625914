/*
 * verdict_words.h - the sentences that sum a report up, for every renderer that prints some: one place, the same words everywhere.
 *
 * Each function writes to `out` without a newline at its end; those of "notes" write lines, each ended by one (names of the trace are escaped
 * by ms_escape_text, so no line holds another). exact: bytes in full. Nothing is written when there is nothing to say.
 * Errors: the stream remembers. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_VERDICT_WORDS_H
#define MS_RENDER_VERDICT_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "analyze/report.h"

/* "complete: every event from start to end is in the trace" and its like. */
const char *ms_quality_words(const struct ms_report_trace *trace);
/* What the numbers are of, when it is not the whole recording: "from 10 s to 20 s, 5 events after the first 3: ...". */
void ms_window_words(FILE *out, const struct ms_report_window *window);
/* What is missing, one line each: "12 events lost". */
void ms_quality_notes(FILE *out, const struct ms_report *report);

/* "none found", "none found where they can be seen"; or "2 errors, 1 warning: 1 double-free, 2 heap-overflow". */
void ms_errors_words(FILE *out, const struct ms_findings *findings);
/* A signal that a damaged heap often ends in, and nobody watched: which recording would tell. One line. */
void ms_crash_notes(FILE *out, const struct ms_report *report);
/* "none found, among 12 frees", "not observable: because". */
void ms_detector_words(FILE *out, const struct ms_detector_result *detector);

/* "definite 1.20 MiB in 34 blocks from 3 call paths", "possible 0"; kind: enum ms_leak_kind. */
void ms_leak_words(FILE *out, const struct ms_report_leaks *leaks, uint8_t kind, bool exact);
/* When and why the heap was looked at, unless it was at the end as usual; what could not be looked at. */
void ms_leak_notes(FILE *out, const struct ms_report_leaks *leaks, bool exact);
/* "not judged: because", "none that rises in most of 16 windows of 1.00 s and falls in none before the last, among 3 call paths", or that there is some. */
void ms_growth_words(FILE *out, const struct ms_report_growth *growth);

/* Why the recording has nothing of what the program says about itself (marks, tasks, scopes, variables, pools); NULL = it would have it. */
const char *ms_unsaid_words(const struct ms_report *report);

/* Name of a family (enum ms_direct_family), and what a state (enum ms_direct_state) means. */
const char *ms_direct_family_word(uint8_t family);
const char *ms_direct_reason(uint8_t state);

#endif
