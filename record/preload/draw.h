/*
 * draw.h - which allocations are in a sample: a point falls on each unit of what is allocated with the same small probability, and an
 * allocation is in when a point falls on it.
 *
 * Sampled by rate an allocation is a unit, and each MS_SAMPLE_UNIT_BYTES of it are one more; sampled by bytes a unit is a byte (an
 * allocation of 0 bytes counts as one byte, else it could never be in). Either way the distance from one point to the next has the geometric distribution, so what is kept
 * is the number of units until the next point: an allocation that is not in costs one subtraction. P(in) = 1 - (1 - R)^units by
 * rate, 1 - exp(-size / N) by bytes, and no allocation knows of another.
 *
 * struct ms_draw is private to one thread; a signal handler that draws in the middle of a draw costs one of the two, nothing else.
 * distance: mean distance of points in units, as ms_draw_distance gives it. All zero is a generator that was not seeded yet.
 *
 * Errors: none. Async-signal-safe: arithmetic only, no libm.
 * Source: inversion of the exponential distribution; SplitMix64 (Steele, Lea, Flood 2014) for the random numbers.
 */
#ifndef MS_PRELOAD_DRAW_H
#define MS_PRELOAD_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Units; no distance is longer. */
#define MS_DRAW_LONGEST (UINT64_C(1) << 47)

struct ms_draw {
	uint64_t left;                 /* units up to and with the next point; 0 = not seeded */
	uint64_t random;
};

static inline uint64_t ms_draw_mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* -ln(u), 0 < u <= 1, to 1e-15: the exponent, and the series of 2 artanh for the rest. */
static inline double ms_draw_minus_ln(double u)
{
	uint64_t bits;
	double m, z, square, power, sum = 0;
	int exponent;

	memcpy(&bits, &u, sizeof bits);
	exponent = (int)(bits >> 52 & 0x7ff) - 1023;
	bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1023) << 52;
	memcpy(&m, &bits, sizeof m);
	if (m > 1.4142135623730951) {
		m *= 0.5;
		exponent++;
	}
	z = (m - 1) / (m + 1);
	square = z * z;
	power = z;
	for (int k = 1; k < 24; k += 2) {
		sum += power / k;
		power *= square;
	}
	return -(2 * sum + exponent * 0.69314718055994530942);
}

/* Of a sample by rate with probability per_billion / 10^9 < 1. */
static inline double ms_draw_distance(uint32_t per_billion)
{
	double p = per_billion / 1e9;

	/* 1 - p loses digits of a small p. */
	return 1 / (p < 1e-4 ? p + p * p / 2 + p * p * p / 3 : ms_draw_minus_ln(1 - p));
}

static inline void ms_draw_next(struct ms_draw *d, double distance)
{
	double units;
	uint64_t left;

	d->random += UINT64_C(0x9e3779b97f4a7c15);
	units = ms_draw_minus_ln((double)((ms_draw_mix(d->random) >> 11) + 1) * 0x1p-53) * distance;
	left = (uint64_t)units;
	left += (double)left < units || left == 0;
	d->left = left < MS_DRAW_LONGEST ? left : MS_DRAW_LONGEST;
}

/* Of the thread that has slot number `slot` of process image number `image` first. */
static inline void ms_draw_seed(struct ms_draw *d, double distance, uint64_t seed, uint32_t slot, uint32_t image)
{
	d->random = ms_draw_mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ ms_draw_mix(((uint64_t)image << 32 | slot) + 1);
	ms_draw_next(d, distance);
}

/* Is an allocation of so many units in? */
static inline bool ms_draw_takes(struct ms_draw *d, double distance, uint64_t units)
{
	if (__builtin_expect(d->left > units, 1)) {
		d->left -= units;
		return false;
	}
	ms_draw_next(d, distance);
	return true;
}

#endif
