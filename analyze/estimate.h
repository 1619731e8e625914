/*
 * estimate.h - what a sample says about everything that was allocated.
 *
 * A sampled block stands for 1/p blocks, p its probability to be in the sample: 1 - (1 - R)^u by units, u of MS_SAMPLE_UNITS,
 * 1 - exp(-size / N) by bytes (a block of 0 bytes counts as one of 1). Sums over sampled blocks of x / p are unbiased estimates of the sums of x over all, whatever
 * the blocks are like; allocations are drawn independently of each other, so sum of (1 - p) / p^2 x^2 is an unbiased estimate of
 * the variance. Of few sampled blocks it is a poor one, 0 when there is none or when all are sure to be in; so what one more block adds is
 * added to it. In all that is the average of the sampled blocks, weighted by their bytes: what matters has larger blocks than most. Of a call
 * path it is the average of its own blocks and one such: many blocks of its own say what they are like, few do not. error
 * is the root of that, a standard error on the safe side. Source: D. G. Horvitz, D. J. Thompson, "A generalization of sampling without
 * replacement from a finite universe", 1952.
 *
 * What an error says: the true value lies within 2 of them in about 95 of 100 samples when many blocks were sampled, within 3 when few were. A
 * call path without a sampled block is in no table: what it has is 0 with the errors unseen_blocks and unseen_bytes, which take
 * its blocks to be like the sampled ones of all others.
 *
 * A peak is the largest estimate of what was alive at any time. It has no error (error < 0): the largest of many uncertain
 * values is more likely too large than too small.
 *
 * All zero when everything was recorded. Thread-safety: pure functions of their arguments.
 */
#ifndef MS_ANALYZE_ESTIMATE_H
#define MS_ANALYZE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/trace_types.h"

struct ms_estimate {
	double value, error;             /* error < 0: not known */
};

/* Of a call path, or of several that are summed up. */
struct ms_path_estimate {
	struct ms_estimate blocks;       /* begun, by reallocs, too */
	struct ms_estimate reallocations; /* of these */
	struct ms_estimate allocated_bytes, live_blocks, live_bytes;
	double peak_bytes;               /* share of the estimated peak */
	double level_error;              /* of what was alive at that moment, had somebody else chosen it: for comparisons */
	bool given;                      /* the trace is a sample */
};

struct ms_totals_estimate {
	struct ms_estimate allocations, reallocations, frees, allocated_bytes, freed_bytes, live_blocks, live_bytes;
	double peak_bytes;
	uint64_t peak_time_ns;
	double level_error;              /* as in struct ms_path_estimate */
	double unseen_blocks, unseen_bytes; /* errors of a call path without a sampled block */
};

/* Is the trace a sample? */
static inline bool ms_is_sample(const struct ms_process *process)
{
	return process->capture.sampling != MS_SAMPLING_ALL;
}

#pragma GCC visibility push(default)

/* Probability that an allocation of that size is in the sample: 1 when everything was recorded. */
double ms_sample_probability(const struct ms_capture *capture, uint64_t size_bytes);

/* a += b, for things that share no block. */
void ms_path_estimate_add(struct ms_path_estimate *a, const struct ms_path_estimate *b);

/* Estimates as whole numbers, for orders and shares; 0 for what is below. */
uint64_t ms_estimate_round(double value);

#pragma GCC visibility pop

#endif
