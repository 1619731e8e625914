/* test_guard_options.c - the options that say what a guard and the heap graph shall do. */
#include <argp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/guard_options.h"
#include "record/options.h"

static char reason[160];

static void test_modes(void **state)
{
	static const struct { const char *text; int mode; uint32_t rate; } good[] = {
		{"off", MS_GUARD_OFF, 0}, {"canary", MS_GUARD_CANARY, 0}, {"full", MS_GUARD_FULL, 0},
		{"sample", MS_GUARD_SAMPLE, 5000}, {"sample=1", MS_GUARD_SAMPLE, 1}, {"sample=1000000000", MS_GUARD_SAMPLE, 1000000000},
	};
	static const char *const bad[] = {"", "Full", "sample=", "sample=0", "sample=-1", "sample=1x", "sample=1000000001",
	                                  "sample=99999999999999999999", "canary "};
	struct guard_options g;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		guard_options_init(&g);
		assert_true(guard_options_mode(&g, good[i].text, reason, sizeof reason));
		assert_int_equal(g.config.mode, good[i].mode);
		assert_int_equal(g.config.sample_rate, good[i].rate);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		guard_options_init(&g);
		reason[0] = '\0';
		assert_false(guard_options_mode(&g, bad[i], reason, sizeof reason));
		assert_true(reason[0] != '\0');
	}
}

static void test_signals(void **state)
{
	static const struct { const char *text; int number; } good[] = {
		{"USR2", SIGUSR2}, {"sigusr1", SIGUSR1}, {"SIGQUIT", SIGQUIT}, {"12", 12}, {"40", 40},
	};
	static const char *const bad[] = {"", "KILL", "SIGSTOP", "0", "-1", "65", "9", "32", "33", "NOSUCH", "USR2 ", "1 2"};
	uint8_t number;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(guard_options_signal(&number, good[i].text, reason, sizeof reason));
		assert_int_equal(number, good[i].number);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(guard_options_signal(&number, bad[i], reason, sizeof reason));
}

static void test_numbers(void **state)
{
	struct guard_options g;

	(void)state;
	guard_options_init(&g);
	assert_true(guard_options_interval(&g, "0.5", reason, sizeof reason));
	assert_int_equal(g.interval_ns, 500000000);
	assert_false(guard_options_interval(&g, "0", reason, sizeof reason));
	assert_false(guard_options_interval(&g, "nan", reason, sizeof reason));
	assert_false(guard_options_interval(&g, "1s", reason, sizeof reason));
	assert_true(guard_options_quarantine(&g, "64M", reason, sizeof reason));
	assert_int_equal(g.config.quarantine_bytes, 64 << 20);
	assert_false(guard_options_quarantine(&g, "much", reason, sizeof reason));
	assert_true(guard_options_align(&g, "8", reason, sizeof reason));
	assert_int_equal(g.config.min_align, 8);
	assert_false(guard_options_align(&g, "3", reason, sizeof reason));
	assert_true(guard_options_graph(&g, "off", reason, sizeof reason));
	assert_false(g.graph_at_exit);
	assert_false(guard_options_graph(&g, "never", reason, sizeof reason));
}

static void test_that_options_must_fit_together(void **state)
{
	struct guard_options g;

	(void)state;
	guard_options_init(&g);
	assert_true(guard_options_check(&g, reason, sizeof reason));
	assert_true(guard_options_side(&g, "both", reason, sizeof reason));
	assert_false(guard_options_check(&g, reason, sizeof reason));
	assert_true(guard_options_mode(&g, "sample", reason, sizeof reason));
	assert_false(guard_options_check(&g, reason, sizeof reason));
	assert_true(guard_options_mode(&g, "full", reason, sizeof reason));
	assert_true(guard_options_check(&g, reason, sizeof reason));
	assert_true(guard_options_side(&g, "start", reason, sizeof reason));
	assert_false(g.both_sides);
	assert_true(guard_options_mode(&g, "canary", reason, sizeof reason));
	assert_false(guard_options_check(&g, reason, sizeof reason));

	guard_options_init(&g);
	assert_true(guard_options_align(&g, "8", reason, sizeof reason));
	assert_false(guard_options_check(&g, reason, sizeof reason));
	assert_non_null(strstr(reason, "--guard-align"));
	assert_true(guard_options_mode(&g, "full", reason, sizeof reason));
	assert_true(guard_options_check(&g, reason, sizeof reason));

	guard_options_init(&g);
	assert_true(guard_options_quarantine(&g, "1M", reason, sizeof reason));
	assert_false(guard_options_check(&g, reason, sizeof reason));
	assert_non_null(strstr(reason, "--guard-quarantine"));
	assert_true(guard_options_mode(&g, "sample", reason, sizeof reason));
	assert_true(guard_options_check(&g, reason, sizeof reason));

	guard_options_init(&g);
	assert_true(guard_options_on_error(&g, "abort", reason, sizeof reason));
	assert_false(guard_options_check(&g, reason, sizeof reason));
	assert_true(guard_options_mode(&g, "canary", reason, sizeof reason));
	assert_true(guard_options_check(&g, reason, sizeof reason));
	g.config.check_signal = g.graph_signal = SIGUSR1;
	assert_false(guard_options_check(&g, reason, sizeof reason));
}

static int parse(struct options *o, const char *option)
{
	char *argv[] = {(char *)(uintptr_t)"memscope-record", (char *)(uintptr_t)option, (char *)(uintptr_t)"prog", NULL};

	return options_parse(3, argv, ARGP_NO_EXIT | ARGP_NO_ERRS, o);
}

static void test_that_findings_get_their_stacks(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--guard=canary"), 0);
	assert_true(o.free_stacks);
	assert_int_equal(parse(&o, "--guard=full"), 0);
	assert_true(o.free_stacks);
	assert_int_equal(parse(&o, "--guard=sample=100"), 0);
	assert_false(o.free_stacks);
	assert_int_equal(parse(&o, "--graph=off"), 0);
	assert_false(o.free_stacks || o.guard.graph_at_exit);
	assert_int_not_equal(parse(&o, "--guard=none"), 0);
	assert_int_not_equal(parse(&o, "--guard-interval=1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_that_options_must_fit_together),
		cmocka_unit_test(test_that_findings_get_their_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
