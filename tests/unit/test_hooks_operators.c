/* The hooks of C++ operators against made-up ones: one event whatever they call, also when they try again, throw, or have an allocator of their own. */
#include "hooks_made_up.h"

static void test_new_through_malloc_is_one_event(void **state)
{
	uint64_t pc;

	(void)state;
	attach(0, 0);
	exported_new(40);
	exported_new(0);
	ms_hook_new_array_m(&real, HERE, 50, 0, NULL);
	ms_hook_new_ma(&real, HERE, 50, 64, NULL);
	ms_hook_new_array_ma(&real, HERE, 64, 64, NULL);
	ms_hook_new_mt(&real, HERE, 60, 0, memory);
	exported_malloc(40);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_NEW, BLOCK, 40, 0, 0);
	assert_int_equal(mini_stack(&arena, entries.at[0].stack, &pc, 1), 1);
	assert_true(pc > (uintptr_t)test_new_through_malloc_is_one_event);
	assert_true(pc < (uintptr_t)test_new_through_malloc_is_one_event + 4096);
	assert_entry(1, MS_EV_NEW, BLOCK, 0, 0, 0);
	assert_entry(2, MS_EV_NEW_ARRAY, BLOCK, 50, 0, 0);
	assert_entry(3, MS_EV_NEW_ALIGNED, BLOCK, 50, 6, 0);
	assert_entry(4, MS_EV_NEW_ARRAY_ALIGNED, BLOCK, 64, 6, 0);
	assert_entry(5, MS_EV_NEW, BLOCK, 60, 0, 0);
	assert_entry(6, MS_EV_MALLOC, BLOCK, 40, 0, 0);
	detach();
}

static void test_new_of_another_allocator_is_one_event(void **state)
{
	(void)state;
	attach(0, 0);
	real.new_m = pool_new;
	real.delete_p = pool_delete;
	exported_new(40);
	exported_delete(memory + 64);
	exported_malloc(40);
	exported_free(memory + 64);
	drain();
	assert_int_equal(entries.count, 4);
	assert_entry(0, MS_EV_NEW, BLOCK, 40, 0, 0);
	assert_entry(1, MS_EV_DELETE, BLOCK, 0, 0, 0);
	assert_entry(2, MS_EV_MALLOC, BLOCK, 40, 0, 0);
	assert_entry(3, MS_EV_FREE, BLOCK, 0, 0, 0);
	detach();
}

static void test_delete_is_one_event_before_the_call(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	exported_delete(memory + 64);
	assert_int_equal(head_at_free, head + 2);
	exported_delete(NULL);
	ms_hook_delete_array_p(&real, HERE, memory + 64, 0, 0, NULL);
	ms_hook_delete_pm(&real, HERE, memory + 64, 8, 0, NULL);
	ms_hook_delete_array_pm(&real, HERE, memory + 64, 16, 0, NULL);
	ms_hook_delete_pa(&real, HERE, memory + 64, 0, 64, NULL);
	ms_hook_delete_array_pma(&real, HERE, memory + 64, 24, 32, NULL);
	exported_free(memory + 64);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_DELETE, BLOCK, 0, 0, 0);
	assert_entry(1, MS_EV_DELETE_ARRAY, BLOCK, 0, 0, 0);
	assert_entry(2, MS_EV_DELETE_SIZED, BLOCK, 0, 8, 0);
	assert_entry(3, MS_EV_DELETE_ARRAY_SIZED, BLOCK, 0, 16, 0);
	assert_entry(4, MS_EV_DELETE_ALIGNED, BLOCK, 0, 6, 0);
	assert_entry(5, MS_EV_DELETE_ARRAY_SIZED_ALIGNED, BLOCK, 0, 24, 5);
	assert_entry(6, MS_EV_FREE, BLOCK, 0, 0, 0);
	detach();
}

static void *handler_allocates(void)
{
	exported_malloc(7);
	return exported_new(9);
}

static void test_new_that_retries_after_a_handler(void **state)
{
	(void)state;
	attach(0, 0);
	new_retries = 1;
	new_handler_does = handler_allocates;
	fail_calls = 1;
	assert_ptr_equal(exported_new(40), memory + 64);
	drain();
	assert_int_equal(entries.count, 4);
	assert_entry(0, MS_EV_ALLOC_FAILED, 0, 40, MS_EV_NEW, 0);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 7, 0, 0);
	assert_entry(2, MS_EV_NEW, BLOCK, 9, 0, 0);
	assert_entry(3, MS_EV_NEW, BLOCK, 40, 0, 0);
	detach();
}

static void test_nothing_is_left_behind_by_a_throw(void **state)
{
	jmp_buf here;

	(void)state;
	attach(0, 0);
	fail_calls = 1;
	new_throws = &here;
	if (setjmp(here) == 0)
		exported_new(40);
	/* Same size as the one that failed: still a malloc. */
	exported_malloc(40);
	exported_new(40);
	fail_calls = 1;
	assert_null(ms_hook_new_mt(&real, HERE, 40, 0, memory));
	drain();
	assert_int_equal(entries.count, 4);
	assert_entry(0, MS_EV_ALLOC_FAILED, 0, 40, MS_EV_NEW, 0);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 40, 0, 0);
	assert_entry(2, MS_EV_NEW, BLOCK, 40, 0, 0);
	assert_entry(3, MS_EV_ALLOC_FAILED, 0, 40, MS_EV_NEW, 0);
	detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_through_malloc_is_one_event),
		cmocka_unit_test(test_new_of_another_allocator_is_one_event),
		cmocka_unit_test(test_delete_is_one_event_before_the_call),
		cmocka_unit_test(test_new_that_retries_after_a_handler),
		cmocka_unit_test(test_nothing_is_left_behind_by_a_throw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
