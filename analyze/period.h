/*
 * period.h - a level over time as MS_PERIOD_STEPS mean levels, and whether it repeats itself.
 *
 * Mean levels, weighted by time, because what is faster than a step then nearly disappears instead of looking like something slow.
 * The period is the first peak of the autocorrelation (its mean removed, each lag divided by its number of pairs) behind the first
 * lag at which it is below 0; a parabola through the peak and its neighbours gives the fraction of a step. Thresholds: leaks.h.
 *
 * Times in nanoseconds, levels in any unit. Pure; nothing is allocated. Thread-safety: one curve, one thread.
 */
#ifndef MS_ANALYZE_PERIOD_H
#define MS_ANALYZE_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#include "leaks.h"

struct ms_curve {
	float mean[MS_PERIOD_STEPS];
	double area;                     /* level x time of step `step` so far */
	uint64_t start_ns, step_ns;
	uint64_t changed_ns;             /* the level is `level` since then */
	int64_t level, low, high;
	uint32_t step;
};
struct ms_period {
	double steps;
	uint32_t correlation_percent;
};

/* The level is 0 from start_ns on. step_ns > 0. */
void ms_curve_start(struct ms_curve *c, uint64_t start_ns, uint64_t step_ns);
/* Times never fall; what lies behind the last step counts as its end. */
void ms_curve_change(struct ms_curve *c, uint64_t time_ns, int64_t level);
/* Ends the curve; false: it has no period that can be told. */
bool ms_curve_period(struct ms_curve *c, struct ms_period *out);

#endif
