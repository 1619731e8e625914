/* test_ingest_threads.c - whose events these are: rows of threads, handlers in a thread, another program after an exec, losses. */
#include "ingest_fixture.h"

static void threads_handlers_and_names(void **context)
{
	struct rig r;
	struct fake_thread main_thread, handler, other;
	uint64_t text[3] = {11, 0, 0};
	struct flat *e;
	size_t n;

	(void)context;
	rig_open(&r, &small_blocks);
	fake_thread_start(&main_thread, &r.arena, PID, 0, false);
	fake_thread_start(&handler, &r.arena, PID, 0, true);
	fake_thread_start(&other, &r.arena, 9001, 0, false); /* dead at the first sweep */
	fake_alloc(&main_thread, 1000, MS_EV_MALLOC, 16, 1, 0);
	fake_alloc(&handler, 1001, MS_EV_MALLOC, 32, 2, 0);
	fake_alloc(&other, 1002, MS_EV_MALLOC, 48, 3, 0);
	memcpy(&text[1], "pool worker", 11);
	fake_publish(&other, 1003, MS_EV_THREAD_NAME, 0, 3, text);
	poll_at(&r, 1000000);
	poll_at(&r, 2000000);
	poll_at(&r, 3000000);
	fake_free(&main_thread, 4000000, MS_EV_FREE, 48);
	rig_finish(&r, 5000000);

	e = read_events(&r, 0, &n);
	assert_int_equal(ms_trace_thread_count(r.trace), 2);
	assert_int_equal(count(e, n, MS_EV_THREAD_START), 2);
	assert_int_equal(count(e, n, MS_EV_THREAD_END), 2);
	assert_true(ms_trace_thread(r.trace, 1)->is_main);
	assert_false(ms_trace_thread(r.trace, 2)->is_main);
	assert_int_equal(ms_trace_thread(r.trace, 2)->tid, 9001);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 0)->thread, 1);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 1)->thread, 1);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 2)->thread, 2);
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)find(e, n, MS_EV_THREAD_NAME, 0)->arg), "fake");
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)find(e, n, MS_EV_THREAD_NAME, 2)->arg), "pool worker");
	assert_int_equal(find(e, n, MS_EV_THREAD_END, 0)->thread, 2);
	assert_true(find(e, n, MS_EV_THREAD_END, 0) < find(e, n, MS_EV_FREE, 0));
	assert_int_equal(find(e, n, MS_EV_FREE, 0)->block, 3); /* a block survives its thread */
	free(e);
	close_rig(&r);
}

static void exec_begins_a_new_life(void **context)
{
	struct rig r;
	struct fake_thread old, new;
	struct flat *e;
	size_t n;
	uint64_t text[2] = {8, 0};

	(void)context;
	rig_open(&r, &small_blocks);
	fake_module(&r.arena, "/bin/old", 0x1000, 0x2000, 0);
	fake_thread_start(&old, &r.arena, PID, 0, false);
	fake_alloc(&old, 1000, MS_EV_MALLOC, 16, 100, fake_node(&r.arena, 0, 0x1100, 0));
	fake_alloc(&old, 1001, MS_EV_MALLOC, 32, 200, 0);
	memcpy(&text[1], "/bin/new", 8);
	fake_publish(&old, 1002, MS_EV_EXEC, 0, 2, text);
	poll_at(&r, 2000000);
	fake_module(&r.arena, "/bin/new", 0x1000, 0x2000, 1);
	atomic_store(&r.arena.header->images, 2);
	fake_thread_start(&new, &r.arena, PID, 1, false);
	fake_free(&new, 3000000, MS_EV_FREE, 32); /* an address of the image before: not its block */
	fake_alloc(&new, 3000001, MS_EV_MALLOC, 16, 50, fake_node(&r.arena, 0, 0x1100, 1));
	poll_at(&r, 4000000);
	poll_at(&r, 5000000);
	rig_finish(&r, 6000000);

	e = read_events(&r, 0, &n);
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)find(e, n, MS_EV_EXEC, 0)->arg), "/bin/new");
	assert_int_equal(count(e, n, MS_EV_IMAGE_START), 1);
	assert_int_equal(find(e, n, MS_EV_IMAGE_START, 0)->arg, 1);
	assert_true(find(e, n, MS_EV_THREAD_END, 0) < find(e, n, MS_EV_IMAGE_START, 0));
	assert_true(find(e, n, MS_EV_IMAGE_START, 0) < find(e, n, MS_EV_FREE, 0));
	assert_int_equal(find(e, n, MS_EV_FREE, 0)->block, 0);
	assert_int_equal(r.ingest.unmatched_frees, 1);
	assert_int_equal(r.ingest.overlapping, 0);
	assert_int_equal(r.ingest.live_bytes, 50);
	assert_int_equal(r.ingest.peak_bytes, 300);
	assert_int_equal(ms_trace_thread_count(r.trace), 2);
	assert_int_equal(ms_trace_thread(r.trace, 2)->image, 1);
	assert_string_equal(ms_trace_module(r.trace, ms_trace_frame(r.trace, ms_trace_stack(r.trace,
	                    find(e, n, MS_EV_MALLOC, 2)->stack)->frame)->module)->path, "/bin/new");
	free(e);
	close_rig(&r);
}

static void losses_are_events(void **context)
{
	struct rig r;
	struct fake_thread t;
	struct flat *e;
	size_t n;

	(void)context;
	rig_open(&r, &small_blocks);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, 1, 0);
	atomic_store(&t.slot->lost, 3);
	poll_at(&r, 1000000);
	/* the free of it was among them: the address comes back */
	fake_alloc(&t, 2000000, MS_EV_MALLOC, 16, 2, 0);
	fake_free(&t, 2000001, MS_EV_FREE, 16);
	rig_finish(&r, 3000000);
	e = read_events(&r, 0, &n);
	assert_int_equal(find(e, n, MS_EV_LOST, 0)->arg, 3);
	assert_int_equal(find(e, n, MS_EV_LOST, 0)->thread, 1);
	assert_int_equal(r.ingest.lost_events, 3);
	assert_int_equal(r.ingest.overlapping, 1);
	assert_int_equal(find(e, n, MS_EV_FREE, 0)->block, 2); /* the free is that of the newer block */
	assert_int_equal(r.ingest.live_bytes, 1); /* the older one was never seen to end */
	free(e);
	close_rig(&r);
}

/*
 * An unknown block is freed, and its address allocated by another thread. Shortly before: stamps of two processors. A good deal before: the allocation of a
 * block that was stamped late, unless blocks live that nobody saw begin; then it is the next life of the address.
 */
static void unknown_frees_before_births(void **context)
{
	for (unsigned unseen = 0; unseen < 2; unseen++)
		for (unsigned far = 0; far < 2; far++) {
			bool same = !far || !unseen;
			struct rig r;
			struct fake_thread one, other;

			(void)context;
			rig_open(&r, &small_blocks);
			atomic_store(&r.arena.header->births_unseen, unseen);
			fake_thread_start(&one, &r.arena, PID, 0, false);
			fake_thread_start(&other, &r.arena, PID, 0, false);
			fake_free(&one, 1000000, MS_EV_FREE, 16);
			fake_alloc(&other, 1000000 + (far ? MERGE_WINDOW_NS / 2 : MERGE_NEAR_NS / 2), MS_EV_MALLOC, 16, 40, 0);
			rig_finish(&r, 3000000);
			assert_int_equal(r.ingest.unmatched_frees, same ? 0 : 1);
			assert_int_equal(r.ingest.live_bytes, same ? 0 : 40);
			close_rig(&r);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_handlers_and_names),
		cmocka_unit_test(exec_begins_a_new_life),
		cmocka_unit_test(losses_are_events),
		cmocka_unit_test(unknown_frees_before_births),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
