/* test_scopes.c - scopes of traces worked out by hand: paths of names, ends that skip one, and more paths than have rows. */
#include "annotations_fixture.h"

/* Two paths of the same name, one inside the other thread's; an end that skips one; an end too many. */
static void test_scopes_by_hand(void **state)
{
	const struct ms_scope *outer, *inner, *alone;
	uint32_t parse, read;
	uint64_t x;

	(void)state;
	parse = text_id("parse");
	read = text_id("read");
	tell(MS_EV_SCOPE_BEGIN, 1, parse, 0);                  /* 10 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 100);        /* 20 */
	tell(MS_EV_SCOPE_BEGIN, 1, read, 0);                   /* 30 */
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 10);     /* 40 */
	tell(MS_EV_SCOPE_BEGIN, 2, parse, 0);                  /* 50 */
	small_trace_alloc(&t, MS_EV_MALLOC, 2, 1, 1000);       /* 60 */
	small_trace_free_block(&t, MS_EV_FREE, 2, x);          /* 70 */
	tell(MS_EV_SCOPE_END, 1, parse, 0);                    /* 80: read was left without an end */
	tell(MS_EV_SCOPE_END, 1, parse, 0);                    /* 90: nothing is open */
	tell(MS_EV_SCOPE_BEGIN, 1, read, 0);                   /* 100 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 5);          /* 110 */
	tell(MS_EV_SCOPE_END, 1, 0, 0);                        /* 120: the innermost */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 2);          /* 130 */
	finish();                                              /* 140 */
	assert_int_equal(report.scopes.count, 3);
	outer = &report.scopes.list[0];
	inner = &report.scopes.list[1];
	alone = &report.scopes.list[2];
	assert_string_equal(outer->name, "parse");
	assert_string_equal(inner->name, "read");
	assert_string_equal(alone->name, "read");
	assert_int_equal(inner->parent, 1);
	assert_int_equal(inner->depth, 2);
	assert_int_equal(alone->parent, 0);
	assert_int_equal(outer->calls, 2);
	assert_int_equal(outer->threads, 2);
	assert_int_equal(outer->inside, 1);
	assert_int_equal(outer->inside_ns, 70 + 90);
	assert_int_equal(outer->longest_ns, 90);
	assert_int_equal(outer->own.live_bytes, 1100);
	assert_int_equal(outer->sum.live_bytes, 1100);
	assert_int_equal(outer->sum.allocated_bytes, 1110);
	assert_int_equal(inner->own.peak_bytes, 10);
	assert_int_equal(inner->own.live_bytes, 0);
	assert_int_equal(inner->inside_ns, 50);
	assert_int_equal(alone->own.live_bytes, 5);
	assert_int_equal(report.scopes.outside.live_bytes, 2);
	assert_int_equal(report.scopes.unbalanced, 2);
	assert_int_equal(report.scopes.thread_count, 4);
	assert_int_equal(report.scopes.threads[1].scope, 1);
	assert_int_equal(report.scopes.threads[1].thread, 2);
	assert_int_equal(report.scopes.threads[1].own.peak_bytes, 1000);
	assert_null(report.tasks.list);
}

/* Recursion that makes more paths than have rows: what is begun there belongs to the last one that has. */
static void test_scope_limit(void **state)
{
	uint32_t name;

	(void)state;
	name = text_id("down");
	for (unsigned i = 0; i < MS_SCOPES_MAX + 10; i++)
		tell(MS_EV_SCOPE_BEGIN, 1, name, 0);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 100);
	for (unsigned i = 0; i < 11; i++)
		tell(MS_EV_SCOPE_END, 1, name, 0);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 3);
	finish();
	assert_int_equal(report.scopes.count, MS_SCOPES_MAX);
	assert_int_equal(report.scopes.omitted_calls, 10);
	assert_int_equal(report.scopes.unbalanced, 0);
	assert_int_equal(report.scopes.list[MS_SCOPES_MAX - 1].own.live_bytes, 100);
	assert_int_equal(report.scopes.list[MS_SCOPES_MAX - 2].own.live_bytes, 3);
	assert_int_equal(report.scopes.list[0].sum.live_bytes, 103);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_scopes_by_hand), TEST(test_scope_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
