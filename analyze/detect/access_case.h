/*
 * access_case.h - evidence of accesses, as overflow.c and use_after_free.c share it: which side of which block, and damage
 * that only confirms an access that was seen.
 *
 * Thread-safety: one thread.
 */
#ifndef MS_ANALYZE_ACCESS_CASE_H
#define MS_ANALYZE_ACCESS_CASE_H

#include "detector.h"

/* The kind of finding that a case of evidence makes (HEAP_OVERFLOW, HEAP_UNDERFLOW, USE_AFTER_FREE); MS_FINDING_KIND_COUNT when
   it makes none: refused frees, evidence about no block. */
enum ms_finding_kind ms_access_kind(const struct ms_detector_context *context, const struct ms_case *c);

/* Adds the findings of these kinds (bits), marks damage that an access before it explains. Errors: MS_E_NOMEM. */
int ms_add_accesses(const struct ms_detector_context *context, uint32_t kinds, struct ms_error *err);

/* checked and reason of a detector that depends on a guard. */
int ms_say_guard(const struct ms_detector_context *context, struct ms_detector_result *result);

#endif
