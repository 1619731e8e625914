#include "tick_clock.h"

#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#define NS_PER_SECOND UINT64_C(1000000000)

typedef unsigned __int128 u128;
typedef __int128 i128;

enum ms_arena_clock tick_clock_choose(bool invariant_tsc, const char *clocksource)
{
	static const char *const on_top_of_tsc[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page"};

	if (!invariant_tsc)
		return MS_CLOCK_MONOTONIC;
	if (!clocksource)
		return MS_CLOCK_TSC;
	for (size_t i = 0; i < sizeof on_top_of_tsc / sizeof *on_top_of_tsc; i++)
		if (strcmp(clocksource, on_top_of_tsc[i]) == 0)
			return MS_CLOCK_TSC;
	return MS_CLOCK_MONOTONIC;
}

enum ms_arena_clock tick_clock_detect(void)
{
	unsigned a, b, c, d = 0;
	bool invariant = __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8);
	char name[64];
	bool known = false;
	FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

	if (f) {
		known = fgets(name, sizeof name, f) != NULL;
		fclose(f);
		if (known)
			name[strcspn(name, "\n")] = '\0';
	}
	return tick_clock_choose(invariant, known ? name : NULL);
}

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t tick_clock_now(enum ms_arena_clock source)
{
	return source == MS_CLOCK_TSC ? __rdtsc() : monotonic_ns();
}

struct tick_pair tick_clock_pair(enum ms_arena_clock source)
{
	struct tick_pair best = {0, 0};
	uint64_t best_width = UINT64_MAX;

	if (source == MS_CLOCK_MONOTONIC) {
		best.ticks = best.mono_ns = monotonic_ns();
		return best;
	}
	/* The narrowest of a few brackets: an interrupt in between only widens the others. */
	for (int i = 0; i < 5; i++) {
		uint64_t before = __rdtsc(), mono = monotonic_ns(), width = __rdtsc() - before;
		if (width < best_width) {
			best_width = width;
			best = (struct tick_pair){before + width / 2, mono};
		}
	}
	return best;
}

void tick_clock_start(struct tick_clock *c, enum ms_arena_clock source, struct tick_pair start)
{
	*c = (struct tick_clock){
		.source = source,
		.start_ticks = start.ticks,
		.start_mono_ns = start.mono_ns,
		.anchor_ticks = start.ticks,
		.refine_mono_ns = start.mono_ns + TICK_CLOCK_BASELINE_NS,
	};
	if (source == MS_CLOCK_MONOTONIC) {
		c->mult = UINT64_C(1) << TICK_CLOCK_FRACTION;
		c->refine_mono_ns = UINT64_MAX;
	}
}

void tick_clock_calibrate(struct tick_clock *c, struct tick_pair now, bool force)
{
	uint64_t mult;

	if (now.mono_ns < c->refine_mono_ns && !(force && !tick_clock_ready(c)))
		return;
	if (now.ticks <= c->start_ticks || now.mono_ns <= c->start_mono_ns)
		return;
	mult = (uint64_t)(((u128)(now.mono_ns - c->start_mono_ns) << TICK_CLOCK_FRACTION) / (now.ticks - c->start_ticks));
	if (mult == 0)
		return;
	if (tick_clock_ready(c)) {
		c->anchor_ns = tick_clock_ns(c, now.ticks);
		c->anchor_ticks = now.ticks;
	}
	c->mult = mult;
	c->refine_mono_ns = now.mono_ns + (now.mono_ns - c->start_mono_ns);
}

uint64_t tick_clock_ns(const struct tick_clock *c, uint64_t ticks)
{
	/* Entries stamped just before a refinement are converted after it: the difference may be negative. */
	i128 ns = (i128)c->anchor_ns + (((i128)ticks - c->anchor_ticks) * (i128)c->mult >> TICK_CLOCK_FRACTION);

	return ns > 0 ? (uint64_t)ns : 0;
}

uint64_t tick_clock_ticks(const struct tick_clock *c, uint64_t duration_ns)
{
	return (uint64_t)(((u128)duration_ns << TICK_CLOCK_FRACTION) / c->mult);
}

uint64_t tick_clock_hz(const struct tick_clock *c)
{
	return (uint64_t)(((u128)NS_PER_SECOND << TICK_CLOCK_FRACTION) / c->mult);
}
