/* test_site_order.c - ranking sites: ties, zeros, limits, and what a report of limited length names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/report_names.h"
#include "render/site_order.h"

static struct ms_report_site sites[] = {
	{.node = 1, .peak_bytes = 5, .live_bytes = 0, .allocated_bytes = 100, .allocations = 1},
	{.node = 2, .peak_bytes = 9, .live_bytes = 1, .allocated_bytes = 200, .allocations = 2, .reallocations = 7},
	{.node = 3, .peak_bytes = 5, .live_bytes = 8, .allocated_bytes = 300, .allocations = 3},
	{.node = 4, .peak_bytes = 0, .live_bytes = 0, .allocated_bytes = 50, .allocations = 4, .temporary_allocations = 4},
};
static const struct ms_report report = {.sites = sites, .site_count = 4};

static void expect_rank(const char *key, size_t limit, const char *wanted)
{
	size_t n;
	uint32_t *order = ms_site_rank(&report, ms_site_key_find(key), limit, &n);
	char text[16] = "";

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('0' + sites[order[i]].node);
	assert_string_equal(text, wanted);
	free(order);
}

static void test_rank(void **state)
{
	(void)state;
	expect_rank("peak", 0, "213"); /* ties by node; zeros are left out */
	expect_rank("peak", 2, "21");
	expect_rank("live", 0, "32");
	expect_rank("allocated", 0, "3214");
	expect_rank("allocations", 1, "2");
	expect_rank("temporary", 0, "4");
	assert_null(ms_site_key_find("size"));
}

static void test_select(void **state)
{
	size_t n;
	uint32_t *order = ms_site_select(&report, ms_site_key_find("peak"), 1, &n);

	(void)state;
	/* first by peak: 2; live: 3; allocated: 3; allocations: 2; temporary: 4; all ordered by peak */
	assert_int_equal(n, 3);
	assert_int_equal(sites[order[0]].node, 2);
	assert_int_equal(sites[order[1]].node, 3);
	assert_int_equal(sites[order[2]].node, 4);
	free(order);
	order = ms_site_select(&report, ms_site_key_find("peak"), 0, &n);
	assert_int_equal(n, 4);
	free(order);
}

static void test_sums(void **state)
{
	struct ms_report_site sum = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		ms_site_add(&sum, &sites[i]);
	assert_int_equal(sum.allocations, 10);
	assert_int_equal(sum.allocated_bytes, 650);
	for (int i = 0; i < 4; i++)
		ms_site_subtract(&sum, &sites[i]);
	assert_memory_equal(&sum, &(struct ms_report_site){0}, sizeof sum);
}

static void test_names(void **state)
{
	char text[MS_TIME_TEXT];

	(void)state;
	assert_string_equal(ms_time_text(text, 1767225600123456789), "2026-01-01T00:00:00.123456789Z");
	assert_string_equal(ms_time_text(text, 0), "1970-01-01T00:00:00.000000000Z");
	assert_non_null(ms_time_text(text, UINT64_MAX));
	assert_string_equal(ms_ended_name(MS_REPORT_TRUNCATED), "truncated");
	assert_string_equal(ms_ended_name(MS_REPORT_EXITED), "exited");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
