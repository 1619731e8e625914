/* Ticks to nanoseconds: choice of the source, calibration, continuity, range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/tick_clock.h"

#define S UINT64_C(1000000000)

static void source_is_the_tsc_only_where_it_can_be_trusted(void **context)
{
	(void)context;
	assert_int_equal(tick_clock_choose(true, "tsc"), MS_CLOCK_TSC);
	assert_int_equal(tick_clock_choose(true, "kvm-clock"), MS_CLOCK_TSC);
	assert_int_equal(tick_clock_choose(true, "hyperv_clocksource_tsc_page"), MS_CLOCK_TSC);
	assert_int_equal(tick_clock_choose(true, NULL), MS_CLOCK_TSC);
	assert_int_equal(tick_clock_choose(true, "hpet"), MS_CLOCK_MONOTONIC);
	assert_int_equal(tick_clock_choose(true, "acpi_pm"), MS_CLOCK_MONOTONIC);
	assert_int_equal(tick_clock_choose(true, "tsc-early"), MS_CLOCK_MONOTONIC);
	assert_int_equal(tick_clock_choose(false, "tsc"), MS_CLOCK_MONOTONIC);
	assert_int_equal(tick_clock_choose(false, NULL), MS_CLOCK_MONOTONIC);
}

static void monotonic_needs_no_calibration(void **context)
{
	struct tick_clock c;

	(void)context;
	tick_clock_start(&c, MS_CLOCK_MONOTONIC, (struct tick_pair){5 * S, 5 * S});
	assert_true(tick_clock_ready(&c));
	assert_int_equal(tick_clock_ns(&c, 5 * S), 0);
	assert_int_equal(tick_clock_ns(&c, 5 * S + 123456789), 123456789);
	assert_int_equal(tick_clock_ns(&c, 4 * S), 0);
	assert_int_equal(tick_clock_hz(&c), S);
	assert_int_equal(tick_clock_ticks(&c, 777), 777);
}

static void calibrates_from_the_start(void **context)
{
	struct tick_clock c;

	(void)context;
	tick_clock_start(&c, MS_CLOCK_TSC, (struct tick_pair){1000, 50});
	assert_false(tick_clock_ready(&c));
	/* 9 ms are too short ... */
	tick_clock_calibrate(&c, (struct tick_pair){1000 + 27000000, 50 + 9000000}, false);
	assert_false(tick_clock_ready(&c));
	/* ... 10 ms are not: 3 GHz */
	tick_clock_calibrate(&c, (struct tick_pair){1000 + 30000000, 50 + 10000000}, false);
	assert_true(tick_clock_ready(&c));
	assert_in_range(tick_clock_hz(&c), 3 * S - 3, 3 * S + 3);
	assert_int_equal(tick_clock_ns(&c, 1000), 0);
	assert_in_range(tick_clock_ns(&c, 1000 + 3 * S), S - 2, S + 2);
	assert_in_range(tick_clock_ticks(&c, 1000000), 2999999, 3000001);
}

static void can_be_forced_after_a_short_life(void **context)
{
	struct tick_clock c;

	(void)context;
	tick_clock_start(&c, MS_CLOCK_TSC, (struct tick_pair){0, 0});
	tick_clock_calibrate(&c, (struct tick_pair){2400000, 1000000}, true);
	assert_true(tick_clock_ready(&c));
	assert_in_range(tick_clock_ns(&c, 1200000), 499999, 500001);
	/* a reading without progress is no calibration */
	tick_clock_start(&c, MS_CLOCK_TSC, (struct tick_pair){7, 7});
	tick_clock_calibrate(&c, (struct tick_pair){7, 7}, true);
	assert_false(tick_clock_ready(&c));
}

/* A first measurement that is wrong by 50 ppm: later ones must pull the rate right without a jump in time. */
static void refinement_is_continuous_and_converges(void **context)
{
	struct tick_clock c;
	uint64_t hz = 2112000000, last = 0;

	(void)context;
	tick_clock_start(&c, MS_CLOCK_TSC, (struct tick_pair){0, 0});
	for (uint64_t ms = 1; ms <= 100000; ms++) {
		struct tick_pair now = {hz / 1000 * ms, ms * 1000000 + (ms <= 10 ? 500 : 50)};

		if (tick_clock_ready(&c)) {
			uint64_t before = tick_clock_ns(&c, now.ticks), after;

			tick_clock_calibrate(&c, now, false);
			after = tick_clock_ns(&c, now.ticks);
			assert_in_range(after, before - 1, before + 1);
			assert_true(after > last);
			last = after;
		} else {
			tick_clock_calibrate(&c, now, false);
		}
	}
	assert_in_range(tick_clock_hz(&c), hz - 4, hz + 4);
	/* 100 s later the error is that of the first intervals, not 5 ms */
	assert_in_range(last, 100 * S - 2000, 100 * S + 2000);
}

static void hour_and_year_do_not_overflow(void **context)
{
	struct tick_clock c;
	uint64_t hz = 3 * S, year_s = 366 * 24 * 3600ull;

	(void)context;
	tick_clock_start(&c, MS_CLOCK_TSC, (struct tick_pair){UINT64_C(1) << 62, 0});
	tick_clock_calibrate(&c, (struct tick_pair){(UINT64_C(1) << 62) + hz, S}, false);
	assert_in_range(tick_clock_ns(&c, (UINT64_C(1) << 62) + hz * 3600), 3600 * S - 4000, 3600 * S + 4000);
	assert_in_range(tick_clock_ns(&c, (UINT64_C(1) << 62) + hz * year_s), year_s * S - 100000000, year_s * S + 100000000);
}

static void real_clocks_agree(void **context)
{
	enum ms_arena_clock source = tick_clock_detect();
	struct tick_clock c;
	struct tick_pair now;
	uint64_t start;

	(void)context;
	tick_clock_start(&c, source, tick_clock_pair(source));
	start = c.start_mono_ns;
	do {
		now = tick_clock_pair(source);
		tick_clock_calibrate(&c, now, false);
	} while (now.mono_ns - start < 30000000);
	/* Both clocks measured the same interval; readings lie microseconds apart, not 1 %. */
	assert_in_range(tick_clock_ns(&c, now.ticks), (now.mono_ns - start) * 99 / 100, (now.mono_ns - start) * 101 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_is_the_tsc_only_where_it_can_be_trusted),
		cmocka_unit_test(monotonic_needs_no_calibration),
		cmocka_unit_test(calibrates_from_the_start),
		cmocka_unit_test(can_be_forced_after_a_short_life),
		cmocka_unit_test(refinement_is_continuous_and_converges),
		cmocka_unit_test(hour_and_year_do_not_overflow),
		cmocka_unit_test(real_clocks_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
