/* The table of argument names and the table of event kinds say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/events.h"
#include "render/event_args.h"

static void test_every_argument_has_a_name(void **state)
{
	int named = 0;

	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		for (unsigned i = 0; i < 3; i++) {
			const struct ms_arg_info *a = ms_event_arg((uint8_t)kind, i);

			if ((a->name != NULL) != (i < ms_event_kinds[kind].args))
				fail_msg("kind %u (%s) argument %u: %s", kind, ms_event_kinds[kind].name ? ms_event_kinds[kind].name : "-", i,
				         a->name ? a->name : "no name");
			assert_int_equal(a->type != MS_ARG_NONE, a->name != NULL);
			named += a->name != NULL;
		}
	}
	assert_true(named >= 27);
}

static void test_some_by_hand(void **state)
{
	(void)state;
	assert_string_equal(ms_event_arg(MS_EV_DELETE_SIZED_ALIGNED, 0)->name, "given_size_bytes");
	assert_int_equal(ms_event_arg(MS_EV_DELETE_SIZED_ALIGNED, 1)->type, MS_ARG_LOG2);
	assert_int_equal(ms_event_arg(MS_EV_SBRK, 0)->type, MS_ARG_ZIGZAG);
	assert_int_equal(ms_event_arg(MS_EV_MARK, 0)->type, MS_ARG_STRING);
	assert_int_equal(ms_event_arg(MS_EV_EVIDENCE, 0)->type, MS_ARG_EVIDENCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_argument_has_a_name),
	        cmocka_unit_test(test_some_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
