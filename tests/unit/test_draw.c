/*
 * What hooks draw, against what reports take for granted.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "analyze/report.h"
#include "record/preload/draw.h"
#include "render/estimate_words.h"

static void test_logarithms_are_those_of_libm(void **state)
{
	(void)state;
	for (double u = 1; u > 1e-16; u *= 0.7)
		assert_true(fabs(ms_draw_minus_ln(u) + log(u)) <= 1e-14 * fmax(1, fabs(log(u))));
	assert_true(fabs(ms_draw_distance(500000000) - 1 / log(2)) < 1e-12);
	assert_true(fabs(ms_draw_distance(1) / 1e9 - 1) < 1e-8);
}

/* Of n draws of so many units, how many are in, in standard deviations from what ms_sample_probability says. */
static double deviation(const struct ms_capture *c, uint64_t size, unsigned n)
{
	bool by_bytes = c->sampling == MS_SAMPLING_PER_BYTE;
	double distance = by_bytes ? (double)c->sample_bytes : ms_draw_distance(c->sample_per_billion);
	double p = ms_sample_probability(c, size);
	struct ms_draw d;
	unsigned in = 0;

	ms_draw_seed(&d, distance, c->sample_seed, 3, 0);
	for (unsigned i = 0; i < n; i++)
		in += ms_draw_takes(&d, distance, by_bytes ? size + (size == 0) : MS_SAMPLE_UNITS(size));
	return (in - n * p) / sqrt(n * p * (1 - p) + 1);
}

static void test_as_many_are_drawn_as_reports_take_for_granted(void **state)
{
	static const uint32_t rates[] = {1000000, 10000000, 100000000, 500000000, 999000000};
	static const uint64_t sizes[] = {0, 1, 16, 100, 1000, 4096, 20000};

	(void)state;
	for (uint64_t seed = 0; seed < 4; seed++) {
		for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
			for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
				assert_true(fabs(deviation(&(struct ms_capture){.sampling = MS_SAMPLING_PER_UNIT, .sample_per_billion = rates[i],
				                                               .sample_seed = seed}, sizes[k], 200000)) < 4.5);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			assert_true(fabs(deviation(&(struct ms_capture){.sampling = MS_SAMPLING_PER_BYTE, .sample_bytes = 4096, .sample_seed = seed},
			                           sizes[i], 200000)) < 4.5);
	}
}

/* As traces before PER_UNIT have it. */
static void test_probabilities_of_older_traces(void **state)
{
	const struct ms_capture c = {.sampling = MS_SAMPLING_PER_ALLOCATION, .sample_per_billion = 10000000};
	char words[MS_SAMPLE_TEXT];

	(void)state;
	assert_true(ms_sample_probability(&c, 4095) == 0.01);
	assert_true(ms_sample_probability(&c, 4096) == 1);
	assert_string_equal(ms_sample_words(words, &c), "1 % of the allocations below 4 KiB and all others, seed 0");
}

static void test_threads_and_seeds_draw_differently(void **state)
{
	struct ms_draw d[3];

	(void)state;
	ms_draw_seed(&d[0], 1000, 1, 0, 0);
	ms_draw_seed(&d[1], 1000, 1, 1, 0);
	ms_draw_seed(&d[2], 1000, 2, 0, 0);
	assert_int_not_equal(d[0].random, d[1].random);
	assert_int_not_equal(d[0].random, d[2].random);
	ms_draw_seed(&d[1], 1000, 1, 0, 0);
	assert_memory_equal(&d[0], &d[1], sizeof d[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logarithms_are_those_of_libm),
		cmocka_unit_test(test_as_many_are_drawn_as_reports_take_for_granted),
		cmocka_unit_test(test_probabilities_of_older_traces),
		cmocka_unit_test(test_threads_and_seeds_draw_differently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
