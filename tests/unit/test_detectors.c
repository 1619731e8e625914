/* test_detectors.c - the table of detectors, and the names that fingerprints are made of. Each detector: test_detectors_*.c */
#include "analyze/detect/detector.h"
#include "analyze/detect/fingerprint.h"
#include "detectors_fixture.h"

static void test_table(void **state)
{
	struct ms_detector_ops bad = *ms_detectors[0];
	const struct ms_detector_ops *twice[] = {ms_detectors[0], &bad};
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_detector_check(ms_detectors, ms_detector_count, &err), MS_OK);
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
	bad.kinds = 0;
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "double-free"));
	bad.name = "Other";
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
	bad.name = "other";
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_OK);
	bad.run = NULL;
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
}

static void test_normal_names(void **state)
{
	static const char *const names[][2] = {
		{"plain", "plain"}, {"parse.constprop.0", "parse"}, {"f(int) [clone .isra.0]", "f(int)"}, {"hot.cold", "hot"},
		{"core::f::h0123456789abcdef", "core::f"}, {"a.part.3.lto_priv.1", "a"}, {"", ""}, {"@x", "@x"}, {"malloc@plt", "malloc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(ms_normal_name_length(names[i][0]), strlen(names[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table), TEST(test_normal_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
