/*
 * tick_clock.h - the clock of the recording: raw ticks in the rings to nanoseconds since the start.
 *
 * Source: the time stamp counter when CPUID says that it is invariant (80000007H EDX bit 8) and the kernel does not
 * distrust it (its clock source is the TSC or a hypervisor's clock on top of it); else CLOCK_MONOTONIC, where a tick is a
 * nanosecond. The TSC's rate is measured against CLOCK_MONOTONIC, from the start to now; each time the measured
 * interval has doubled, the rate is refined and the line continues from the present point with the new slope. So the
 * error of the rate shrinks with the length of the recording, and time never jumps.
 *
 * Thread-safety: one thread at a time; tick_clock_now is safe everywhere.
 */
#ifndef MS_RECORD_TICK_CLOCK_H
#define MS_RECORD_TICK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arena_layout.h"

#define TICK_CLOCK_BASELINE_NS UINT64_C(10000000) /* shortest interval that the rate is measured over */
#define TICK_CLOCK_FRACTION 40                    /* fractional bits of mult */

struct tick_clock {
	enum ms_arena_clock source;
	uint64_t start_ticks;            /* t = 0 */
	uint64_t start_mono_ns;
	uint64_t anchor_ticks, anchor_ns; /* a point of the line */
	uint64_t mult;                   /* nanoseconds per tick << TICK_CLOCK_FRACTION; 0 = not calibrated yet */
	uint64_t refine_mono_ns;         /* next refinement */
};

/* One reading of both clocks, as close together as they come. */
struct tick_pair { uint64_t ticks, mono_ns; };

/* Which source this machine allows. clocksource = contents of the kernel's current_clocksource, NULL = unknown. */
enum ms_arena_clock tick_clock_choose(bool invariant_tsc, const char *clocksource);
enum ms_arena_clock tick_clock_detect(void);

uint64_t tick_clock_now(enum ms_arena_clock source);
struct tick_pair tick_clock_pair(enum ms_arena_clock source);

void tick_clock_start(struct tick_clock *c, enum ms_arena_clock source, struct tick_pair start);
/* Feeds a later reading; cheap when nothing is due. After a reading at least TICK_CLOCK_BASELINE_NS behind the start
   (any reading when `force`), tick_clock_ready is true. */
void tick_clock_calibrate(struct tick_clock *c, struct tick_pair now, bool force);
static inline bool tick_clock_ready(const struct tick_clock *c) { return c->mult != 0; }

/* Nanoseconds since the start; 0 for ticks before it. Needs tick_clock_ready. */
uint64_t tick_clock_ns(const struct tick_clock *c, uint64_t ticks);
/* The number of ticks of a duration; needs tick_clock_ready. */
uint64_t tick_clock_ticks(const struct tick_clock *c, uint64_t duration_ns);
/* Ticks per second; needs tick_clock_ready. */
uint64_t tick_clock_hz(const struct tick_clock *c);

#endif
