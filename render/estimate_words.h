/*
 * estimate_words.h - estimates and samples in words, the same in all outputs for people.
 *
 * An estimate reads "~3.21 MiB +-102 KiB", with "~" alone when its error is not known: never like something that was counted.
 * Ownership: buffers are the caller's; results point into them. Errors: none. Thread-safety: reentrant.
 */
#ifndef MS_RENDER_ESTIMATE_WORDS_H
#define MS_RENDER_ESTIMATE_WORDS_H

#include <stdbool.h>

#include "analyze/report.h"
#include "units.h"

#define MS_ESTIMATE_TEXT (2 * MS_UNIT_TEXT + 8)

const char *ms_estimate_bytes(char buffer[MS_ESTIMATE_TEXT], const struct ms_estimate *e, bool exact);
const char *ms_estimate_count(char buffer[MS_ESTIMATE_TEXT], const struct ms_estimate *e);
/* What was drawn: "1 % of the allocations below 4 KiB, more of larger ones, seed 0", "one byte in 524,288 and the blocks that they lie in, seed 0".
   Nothing ("") when everything was recorded. */
#define MS_SAMPLE_TEXT 160
const char *ms_sample_words(char buffer[MS_SAMPLE_TEXT], const struct ms_capture *capture);

#endif
