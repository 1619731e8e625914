/*
 * noise.h - one number of several runs on each side: its bands, and whether it changed.
 *
 * diff.h has the rule. old, new: one value per run, which are sorted in place; at least one each.
 * Pure; thread-safe.
 */
#ifndef MS_ANALYZE_NOISE_H
#define MS_ANALYZE_NOISE_H

#include "analyze/diff.h"

/* on_old, on_new: what is missing on one side is new or gone, not grown or shrunk. */
struct ms_diff_value ms_noise_value(uint64_t *old, size_t old_count, uint64_t *new, size_t new_count, bool on_old, bool on_new);

/* The values are estimates of samples; variance: of their difference, 0 = they are exact. What is within 2 standard errors is noise. */
void ms_noise_of_samples(struct ms_diff_value *value, double variance);

#endif
