/*
 * diff_words.h - the sentences about a comparison, for every renderer that prints some: one place, the same words everywhere.
 *
 * Each writes to `out` without a newline at its end; those of "notes" write lines, each ended by one (names of the trace are escaped
 * by ms_escape_text, so no line holds another). Nothing is written when there is nothing to say.
 * Errors: the stream remembers. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_DIFF_WORDS_H
#define MS_RENDER_DIFF_WORDS_H

#include <stdio.h>

#include "diff_render.h"

/* "file: command, 12 events, window 1 s to 2 s" */
void ms_diff_run_words(FILE *out, const struct ms_report *run);
/* What makes a run a doubtful witness: not complete, few names. */
void ms_diff_run_notes(FILE *out, const struct ms_report *run);

/* "none: no call path changed", "3 call paths changed in peak"; changed: as ms_diff_rank counts, metric: enum ms_diff_metric or their count. */
void ms_diff_verdict_words(FILE *out, size_t changed, unsigned metric);
/* "5 call paths in the old, 6 in the new, told apart by function names; 3 unchanged" */
void ms_diff_paths_words(FILE *out, const struct ms_diff *diff);
/* How many runs a change rests on, and what counts as one. */
void ms_diff_basis_words(FILE *out, const struct ms_diff *diff);
/* Do some runs leave out short-lived blocks that others have (memscope-record --cull-temporary)? */
/* Is one of the runs a sample? Then its figures are estimates, and each output must say so. */
bool ms_diff_of_samples(const struct ms_diff *diff);
bool ms_diff_culls_differ(const struct ms_diff *diff);
/* What makes the comparison itself doubtful: other programs, the same recording, a limit. */
void ms_diff_notes(FILE *out, const struct ms_diff *diff);
/* "peak>+5% holds: ...": a condition and what became of it. */
void ms_diff_condition_words(FILE *out, const struct ms_diff_condition *condition);

#endif
