/* Levels that make snapshots: thresholds, names, arming again; and how the options are written. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/snapshot_triggers.h"

#define MIB (UINT64_C(1) << 20)

static void rises(struct snapshot_level *l, uint64_t value, const char *expected)
{
	char name[SNAPSHOT_NAME] = "";

	assert_true(snapshot_level_rose(l, value, name));
	assert_string_equal(name, expected);
	assert_true(l->next > value);
	assert_false(snapshot_level_rose(l, value, name));
}

static void doubles(void **context)
{
	struct snapshot_level l;
	char name[SNAPSHOT_NAME];

	(void)context;
	snapshot_level_init(&l, "heap", 64 * MIB);
	assert_false(snapshot_level_rose(&l, 64 * MIB - 1, name));
	rises(&l, 64 * MIB, "heap-64MiB");
	assert_false(snapshot_level_rose(&l, 128 * MIB - 1, name));
	rises(&l, 128 * MIB + 5, "heap-128MiB");
	rises(&l, 1025 * MIB, "heap-1GiB"); /* 256 and 512 were passed in one go */
	snapshot_level_init(&l, "rss", 1000);
	rises(&l, 1500, "rss-1000B");
}

static void is_armed_again(void **context)
{
	struct snapshot_level l;
	char name[SNAPSHOT_NAME];

	(void)context;
	snapshot_level_init(&l, "heap", 1000 * 1024);
	snapshot_level_fell(&l, 0); /* it never rose: the first round goes on */
	rises(&l, 1000 * 1024, "heap-1000KiB");
	snapshot_level_fell(&l, 750 * 1024);
	assert_false(snapshot_level_rose(&l, 1100 * 1024, name));
	snapshot_level_fell(&l, 750 * 1024 - 1);
	rises(&l, 2100 * 1024, "heap-2000KiB-2");
	snapshot_level_fell(&l, 0);
	snapshot_level_fell(&l, 0);
	rises(&l, 1000 * 1024, "heap-1000KiB-3");
}

static void extremes(void **context)
{
	struct snapshot_level l;
	char name[SNAPSHOT_NAME];

	(void)context;
	snapshot_level_init(&l, "heap", 0);
	assert_false(snapshot_level_rose(&l, UINT64_MAX, name));
	snapshot_level_fell(&l, 0);
	assert_false(snapshot_level_rose(&l, UINT64_MAX, name));
	snapshot_level_init(&l, "heap", 1);
	assert_true(snapshot_level_rose(&l, UINT64_MAX, name));
	assert_string_equal(name, "heap-8EiB");
	assert_int_equal(l.next, UINT64_MAX);
	assert_false(snapshot_level_rose(&l, UINT64_MAX, name));
}

static void times(void **context)
{
	static const struct { const char *text; uint64_t ns; } good[] = {
		{"1s", 1000000000}, {"50ms", 50000000}, {"2.5s", 2500000000}, {"3", 3000000000}, {"5min", 300000000000}, {"1h", 3600000000000},
	};
	static const char *const wrong[] = {"", "s", "0", "49ms", "1us", "-1s", "1 s", "inf", "nan", "1e300h", "10sec"};
	char reason[160];
	uint64_t ns;

	(void)context;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(snapshot_parse_every(&ns, good[i].text, reason, sizeof reason));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(snapshot_parse_every(&ns, wrong[i], reason, sizeof reason));
}

static void signals_(void **context)
{
	static const char *const wrong[] = {"INT", "TERM", "SIGCHLD", "KILL", "WINCH", "CONT", "0", "nothing", "SEGV"};
	char reason[160];
	uint8_t number = 0;

	(void)context;
	assert_true(snapshot_parse_signal(&number, "usr1", reason, sizeof reason));
	assert_int_equal(number, SIGUSR1);
	assert_true(snapshot_parse_signal(&number, "40", reason, sizeof reason));
	assert_int_equal(number, 40);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(snapshot_parse_signal(&number, wrong[i], reason, sizeof reason));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles), cmocka_unit_test(is_armed_again), cmocka_unit_test(extremes), cmocka_unit_test(times),
		cmocka_unit_test(signals_),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
