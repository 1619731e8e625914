/* period.c - see period.h. */
#include "period.h"

#define STEPS_LEAST 6u                   /* of a period */
#define STEPS_MOST (MS_PERIOD_STEPS / 3)

void ms_curve_start(struct ms_curve *c, uint64_t start_ns, uint64_t step_ns)
{
	*c = (struct ms_curve){.start_ns = start_ns, .step_ns = step_ns, .changed_ns = start_ns};
}

/* Up to a moment the level stayed. */
static void stay(struct ms_curve *c, uint64_t time_ns)
{
	uint64_t end_ns = c->start_ns + (c->step + 1) * c->step_ns;

	while (c->step < MS_PERIOD_STEPS && time_ns >= end_ns) {
		c->area += (double)c->level * (double)(end_ns - c->changed_ns);
		c->mean[c->step++] = (float)(c->area / (double)c->step_ns);
		c->area = 0;
		c->changed_ns = end_ns;
		end_ns += c->step_ns;
	}
	if (c->step < MS_PERIOD_STEPS) {
		c->area += (double)c->level * (double)(time_ns - c->changed_ns);
		c->changed_ns = time_ns;
	}
}

void ms_curve_change(struct ms_curve *c, uint64_t time_ns, int64_t level)
{
	if (time_ns > c->changed_ns)
		stay(c, time_ns);
	c->level = level;
	c->low = level < c->low ? level : c->low;
	c->high = level > c->high ? level : c->high;
}

/* Of the first n - lag pairs; x has mean 0. */
static double correlation(const double *x, unsigned lag)
{
	double sum = 0;

	for (unsigned i = 0; i + lag < MS_PERIOD_STEPS; i++)
		sum += x[i] * x[i + lag];
	return sum / (MS_PERIOD_STEPS - lag);
}

/* How often it goes through its mean. */
static unsigned crossings(const double *x)
{
	unsigned n = 0;

	for (unsigned i = 1; i < MS_PERIOD_STEPS; i++)
		n += (x[i] < 0) != (x[i - 1] < 0);
	return n;
}

bool ms_curve_period(struct ms_curve *c, struct ms_period *out)
{
	double x[MS_PERIOD_STEPS], mean = 0, low, high, power, before, here, after;
	unsigned lag = 1;

	stay(c, c->start_ns + MS_PERIOD_STEPS * c->step_ns);
	low = high = (double)c->mean[0];
	for (unsigned i = 0; i < MS_PERIOD_STEPS; i++) {
		x[i] = (double)c->mean[i];
		mean += x[i] / MS_PERIOD_STEPS;
		low = x[i] < low ? x[i] : low;
		high = x[i] > high ? x[i] : high;
	}
	if (high - low < (double)(c->high - c->low) / 2)
		return false;
	for (unsigned i = 0; i < MS_PERIOD_STEPS; i++)
		x[i] -= mean;
	power = correlation(x, 0);
	if (power <= 0)
		return false;
	while (lag <= STEPS_MOST && correlation(x, lag) >= 0)
		lag++;
	before = correlation(x, lag - 1);
	here = correlation(x, lag);
	for (; lag <= STEPS_MOST; lag++, before = here, here = after) {
		after = correlation(x, lag + 1);
		if (lag < STEPS_LEAST || here < before || here < after || here * 100 < power * MS_PERIOD_LEAST_PERCENT)
			continue;
		double bend = before - 2 * here + after, shift = bend < 0 ? (before - after) / (2 * bend) : 0;
		double share = here / power;

		out->steps = lag + shift;
		/* One rise and one fall in a period are two crossings; more: the lag is a multiple of a period too short to be told. */
		if (crossings(x) * out->steps > 3.0 * MS_PERIOD_STEPS)
			return false;
		out->correlation_percent = share >= 1 ? 100 : (uint32_t)(share * 100);
		return correlation(x, (unsigned)(2 * out->steps + 0.5)) * 100 >= power * MS_PERIOD_TWICE_PERCENT;
	}
	return false;
}
