/* test_tasks.c - tasks of traces worked out by hand: what belongs to each, who was inside of it, and what a window leaves. */
#include "annotations_fixture.h"

/* Two tasks, the second one a child of the first; blocks of one are freed while the other is entered, by the other thread. */
static void test_tasks_by_hand(void **state)
{
	const struct ms_task *a, *b;
	uint64_t x, y;

	(void)state;
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 7);                    /* 10: in no task */
	tell(MS_EV_TASK_SPAWN, 1, 1, 0);                                 /* 20 */
	tell(MS_EV_TASK_NAME, 1, 1, text_id("load"));
	tell(MS_EV_TASK_KEY, 1, 1, 4711);
	tell(MS_EV_TASK_ENTER, 1, 1, 0);                                 /* 50 */
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);              /* 60 */
	tell(MS_EV_TASK_SPAWN, 1, 2, 1);                                 /* 70 */
	tell(MS_EV_TASK_ENTER, 1, 2, 0);                                 /* 80 */
	y = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);               /* 90 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 3);                    /* 100 */
	small_trace_free_block(&t, MS_EV_FREE, 1, x);                    /* 110: of the other task */
	tell(MS_EV_TASK_LEAVE, 1, 2, 0);                                 /* 120 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 20);                   /* 130 */
	tell(MS_EV_TASK_LEAVE, 1, 1, 0);                                 /* 140 */
	tell(MS_EV_TASK_ENTER, 2, 2, 0);                                 /* 150 */
	small_trace_free_block(&t, MS_EV_FREE, 2, y);                    /* 160 */
	small_trace_alloc(&t, MS_EV_MALLOC, 2, 2, 5);                    /* 170 */
	tell(MS_EV_TASK_END, 2, 2, 0);                                   /* 180 */
	tell(MS_EV_TASK_LEAVE, 2, 9, 0);                                 /* 190: of nobody */
	finish();
	assert_int_equal(report.tasks.count, 2);
	a = &report.tasks.list[0];
	b = &report.tasks.list[1];
	assert_string_equal(a->name, "load");
	assert_true(a->has_key && a->key == 4711 && !b->has_key);
	assert_string_equal(b->name, "");
	assert_int_equal(a->parent, 0);
	assert_int_equal(b->parent, 1);
	assert_true(a->spawned && !a->ended && b->ended);
	assert_int_equal(a->spawn_ns, 20);
	assert_int_equal(a->first_enter_ns, 50);
	assert_int_equal(a->last_leave_ns, 140);
	assert_int_equal(a->inside_ns, 90);
	assert_int_equal(b->enters, 2);
	assert_int_equal(b->inside, 1);
	assert_int_equal(b->inside_ns, 40 + 50); /* the second one to the end, 200 */
	assert_int_equal(b->end_ns, 180);
	assert_int_equal(b->end_live_bytes, 8);
	assert_int_equal(a->own.allocations, 2);
	assert_int_equal(a->own.allocated_bytes, 120);
	assert_int_equal(a->own.freed_bytes, 100);
	assert_int_equal(a->own.frees, 1);
	assert_int_equal(a->own.live_bytes, 20);
	assert_int_equal(a->own.peak_bytes, 100);
	assert_int_equal(a->own.peak_ns, 60);
	assert_int_equal(b->own.allocated_bytes, 48);
	assert_int_equal(b->own.live_blocks, 2);
	assert_int_equal(b->own.live_bytes, 8);
	assert_int_equal(b->own.peak_bytes, 43);
	assert_int_equal(a->sum.members, 2);
	assert_int_equal(a->sum.live_bytes, 28);
	assert_int_equal(a->sum.allocated_bytes, 168);
	assert_int_equal(b->sum.members, 1);
	assert_int_equal(report.tasks.outside.live_bytes, 7);
	assert_int_equal(report.tasks.unbalanced, 1);
	assert_int_equal(report.tasks.thread_count, 3);
	assert_int_equal(report.tasks.threads[0].task, 1);
	assert_int_equal(report.tasks.threads[1].task, 2);
	assert_int_equal(report.tasks.threads[1].thread, 1);
	assert_int_equal(report.tasks.threads[1].inside_ns, 40);
	assert_int_equal(report.tasks.threads[2].thread, 2);
	assert_int_equal(a->threads, 1);
	assert_int_equal(b->threads, 2);
	assert_null(report.scopes.list);
}

/* A window forgets what was counted and keeps who is inside of what; an index or none, all events are read. */
static void test_tasks_of_a_window(void **state)
{
	uint64_t x;

	(void)state;
	tell(MS_EV_TASK_SPAWN, 1, 1, 0);
	tell(MS_EV_TASK_ENTER, 1, 1, 0);
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 10);
	small_trace_free_block(&t, MS_EV_FREE, 1, x); /* 50 */
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 30);
	small_trace_free_block(&t, MS_EV_FREE, 2, x); /* 70 */
	tell(MS_EV_TASK_END, 1, 1, 0);
	window("event:4", NULL);
	assert_int_equal(report.tasks.count, 1);
	assert_int_equal(report.tasks.list[0].own.start_bytes, 10);
	assert_int_equal(report.tasks.list[0].own.allocated_bytes, 30);
	assert_int_equal(report.tasks.list[0].own.freed_bytes, 30);
	assert_int_equal(report.tasks.list[0].own.live_bytes, 10);
	assert_int_equal(report.tasks.list[0].own.peak_bytes, 40);
	assert_int_equal(report.tasks.list[0].enters, 1); /* still inside */
	assert_int_equal(report.tasks.list[0].spawn_ns, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tasks_by_hand), TEST(test_tasks_of_a_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
