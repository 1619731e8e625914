/*
 * report_fixture.h - a trace written by hand and its report, new for every test: t and report.
 *
 * setup (of TEST) starts the trace, restart starts another one in its place; a test adds events (small_trace.h), calls finish, and reads
 * report. window makes the report of a part of the finished trace instead. Both are freed by teardown, also when a test fails; a test that
 * finishes twice frees the first report itself. For one file per test program.
 */
#ifndef MS_TESTS_REPORT_FIXTURE_H
#define MS_TESTS_REPORT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "small_trace.h"

static struct small_trace t;
static struct ms_report report;

static inline int setup(void **state)
{
	(void)state;
	memset(&report, 0, sizeof report);
	small_trace_start(&t);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	ms_report_free(&report);
	small_trace_free(&t);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static inline void restart(const struct ms_process *facts)
{
	small_trace_free(&t);
	small_trace_start_as(&t, facts);
}

static inline void finish(void)
{
	small_trace_report(&t, &small_trace_exited, &report);
}

/* NULL: from the start, to the end. */
static inline void window(const char *from, const char *to)
{
	struct ms_error err;

	if (!t.trace)
		small_trace_open(&t, &small_trace_exited);
	ms_report_free(&report);
	if (ms_report_build(&report, t.trace, &(struct ms_report_options){.from = from, .to = to, .threads = 1}, &err))
		fail_msg("%s", err.message);
}

#endif
