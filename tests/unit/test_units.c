/* test_units.c - numbers for people, at the edges where rounding changes the unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "render/units.h"

static void test_bytes(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{0, "0 B"}, {1, "1 B"}, {1023, "1,023 B"}, {1024, "1.00 KiB"}, {1029, "1.00 KiB"}, {1030, "1.01 KiB"},
		{10 * 1024 - 6, "9.99 KiB"}, {10 * 1024 - 5, "10.0 KiB"}, {100 * 1024, "100 KiB"}, {1023 * 1024, "1023 KiB"},
		{1024 * 1024 - 513, "1023 KiB"}, {1024 * 1024 - 512, "1.00 MiB"}, {1024 * 1024, "1.00 MiB"},
		{25006419, "23.8 MiB"}, {1ull << 30, "1.00 GiB"}, {1ull << 40, "1.00 TiB"}, {1ull << 50, "1.00 PiB"},
		{1ull << 60, "1.00 EiB"}, {UINT64_MAX, "16.0 EiB"},
	};
	char text[MS_UNIT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(ms_unit_bytes(text, cases[i].value, false), cases[i].text);
	assert_string_equal(ms_unit_bytes(text, 25006419, true), "25,006,419 B");
	assert_string_equal(ms_unit_bytes(text, UINT64_MAX, true), "18,446,744,073,709,551,615 B");
}

static void test_counts(void **state)
{
	char text[MS_UNIT_TEXT];

	(void)state;
	assert_string_equal(ms_unit_count(text, 0), "0");
	assert_string_equal(ms_unit_count(text, 999), "999");
	assert_string_equal(ms_unit_count(text, 1000), "1,000");
	assert_string_equal(ms_unit_count(text, 1234567), "1,234,567");
}

static void test_durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0 ns"}, {999, "999 ns"}, {1000, "1.00 us"}, {999499, "999 us"}, {999500, "1.00 ms"},
		{999499999, "999 ms"}, {999500000, "1.00 s"}, {59900000000, "59.9 s"}, {119000000000, "119 s"},
		{200000000000, "3 min 20 s"}, {18720000000000, "5 h 12 min"}, {UINT64_MAX, "5124095 h 34 min"},
	};
	char text[MS_UNIT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(ms_unit_duration(text, cases[i].ns), cases[i].text);
}

static void test_shares(void **state)
{
	char text[MS_UNIT_TEXT];

	(void)state;
	assert_string_equal(ms_unit_share(text, 1, 0), "-");
	assert_string_equal(ms_unit_share(text, 0, 7), "0.0 %");
	assert_string_equal(ms_unit_share(text, 1, 100000), "< 0.1 %");
	assert_string_equal(ms_unit_share(text, 1, 3), "33.3 %");
	assert_string_equal(ms_unit_share(text, 99999, 100000), "99.9 %"); /* all but one is not all */
	assert_string_equal(ms_unit_share(text, 7, 7), "100 %");
	assert_string_equal(ms_unit_share(text, UINT64_MAX - 1, UINT64_MAX), "99.9 %");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
