/* What malloc's rounding makes of requests, beside what malloc itself says; and for which processes the rule is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>

#include "analyze/usable.h"
#include "format/evidence.h"
#include "format/trace_types.h"

static void test_rule(void **state)
{
	static const struct {
		uint64_t requested, usable;
	} cases[] = {
		{0, 24}, {1, 24}, {24, 24}, {25, 40}, {40, 40}, {41, 56}, {100, 104}, {4096, 4104}, {UINT64_MAX - 25, UINT64_MAX - 23},
		{UINT64_MAX - 24, UINT64_MAX - 24}, {UINT64_MAX, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(ms_usable_bytes(cases[i].requested), cases[i].usable);
}

/* The referee: this process's own malloc, where it is glibc's. */
static void test_malloc_agrees(void **state)
{
	void *p = malloc(1);
	size_t least = malloc_usable_size(p);

	(void)state;
	free(p);
	if (least != 24)
		skip(); /* a sanitizer's malloc */
	for (size_t n = 0; n < 20000; n++) {
		void *block = malloc(n);
		size_t usable = malloc_usable_size(block);

		free(block);
		assert_in_range(usable, ms_usable_bytes(n), ms_usable_bytes(n) + 16);
	}
}

static void test_known(void **state)
{
	struct ms_process p = {.allocator = "libc.so.6", .architecture = "x86_64"};

	(void)state;
	assert_true(ms_usable_known(&p));
	assert_non_null(ms_usable_rule(&p));
	p.allocator = "libc-2.31.so";
	assert_true(ms_usable_known(&p));
	p.guard = MS_GUARD_CANARY;
	assert_false(ms_usable_known(&p));
	p.guard = MS_GUARD_OFF;
	p.architecture = "i686";
	assert_false(ms_usable_known(&p));
	assert_null(ms_usable_rule(&p));
	p.architecture = NULL;
	assert_false(ms_usable_known(&p));
	p.architecture = "aarch64";
	p.allocator = "libjemalloc.so.2";
	assert_false(ms_usable_known(&p));
	p.allocator = NULL;
	assert_false(ms_usable_known(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule), cmocka_unit_test(test_malloc_agrees), cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
