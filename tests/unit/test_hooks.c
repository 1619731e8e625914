/*
 * The hooks against a table of made-up real functions: one event for each call, of the right kind and with the right
 * arguments, at the right moment; result and errno untouched.
 */
#include "hooks_made_up.h"

/* ---- allocation ---- */

static void test_malloc_writes_three_words_after_the_call(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	errno = KEPT_ERRNO;
	assert_ptr_equal(exported_malloc(48), memory + 64);
	assert_int_equal(errno, KEPT_ERRNO);
	assert_int_equal(head_at_malloc, head);
	assert_int_equal(published(), head + 3);
	drain();
	assert_int_equal(entries.count, 1);
	assert_entry(0, MS_EV_MALLOC, BLOCK, 48, 0, 0);
	detach();
}

static void test_the_stack_begins_at_the_caller(void **state)
{
	uint64_t pcs[64];
	size_t depth;

	(void)state;
	attach(0, 0);
	exported_malloc(1);
	exported_malloc(1);
	drain();
	depth = mini_stack(&arena, entries.at[0].stack, pcs, 64);
	assert_true(depth >= 2);
	/* The hook's caller is this function. */
	assert_true(pcs[0] > (uintptr_t)test_the_stack_begins_at_the_caller);
	assert_true(pcs[0] < (uintptr_t)test_the_stack_begins_at_the_caller + 4096);
	/* Two places of one function: same parents. */
	assert_int_not_equal(entries.at[0].stack, entries.at[1].stack);
	assert_int_equal(arena.nodes[entries.at[0].stack].parent, arena.nodes[entries.at[1].stack].parent);
	detach();
}

static void test_sizes_from_zero_to_all_bits(void **state)
{
	static const uint64_t sizes[] = {0, 1, 0xfffffffe, 0xffffffff, 0x100000000, UINT64_MAX};
	size_t count = sizeof(sizes) / sizeof(sizes[0]);

	(void)state;
	attach(0, 0);
	for (size_t i = 0; i < count; i++)
		exported_malloc(sizes[i]);
	drain();
	assert_int_equal(entries.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_entry(i, MS_EV_MALLOC, BLOCK, sizes[i], 0, 0);
		assert_int_equal(entries.at[i].words, sizes[i] >= 0xffffffff ? 4 : 3);
	}
	detach();
}

static void test_every_allocation_call_has_its_kind(void **state)
{
	void *out = NULL;

	(void)state;
	attach(0, 0);
	errno = KEPT_ERRNO;
	ms_hook_calloc(&real, 3, 5, HERE);
	ms_hook_aligned_alloc(&real, 64, 128, HERE);
	ms_hook_memalign(&real, 24, 7, HERE);
	assert_int_equal(ms_hook_posix_memalign(&real, &out, 4096, 9, HERE), 0);
	assert_ptr_equal(out, memory + 64);
	ms_hook_valloc(&real, 10, HERE);
	ms_hook_pvalloc(&real, 11, HERE);
	ms_hook_reallocarray(&real, NULL, 4, 6, HERE);
	assert_int_equal(errno, KEPT_ERRNO);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_CALLOC, BLOCK, 15, 0, 0);
	assert_entry(1, MS_EV_ALIGNED_ALLOC, BLOCK, 128, 6, 0);
	assert_entry(2, MS_EV_MEMALIGN, BLOCK, 7, 5, 0);
	assert_entry(3, MS_EV_POSIX_MEMALIGN, BLOCK, 9, 12, 0);
	assert_entry(4, MS_EV_VALLOC, BLOCK, 10, 0, 0);
	assert_entry(5, MS_EV_PVALLOC, BLOCK, 11, 0, 0);
	assert_entry(6, MS_EV_REALLOC_NEW, BLOCK, 24, 0, 0);
	detach();
}

static void test_failures_say_what_was_tried(void **state)
{
	void *out = memory;

	(void)state;
	attach(0, 0);
	fail_calls = 8;
	errno = 0;
	assert_null(exported_malloc(100));
	assert_int_equal(errno, ENOMEM);
	assert_null(ms_hook_calloc(&real, SIZE_MAX, 16, HERE));
	assert_null(ms_hook_aligned_alloc(&real, 8, 5, HERE));
	assert_null(ms_hook_memalign(&real, 8, 5, HERE));
	assert_int_equal(ms_hook_posix_memalign(&real, &out, 16, 5, HERE), ENOMEM);
	assert_ptr_equal(out, memory);
	assert_null(ms_hook_valloc(&real, 5, HERE));
	assert_null(ms_hook_pvalloc(&real, 5, HERE));
	assert_null(ms_hook_realloc(&real, NULL, 6, HERE));
	errno = 0;
	assert_null(ms_hook_reallocarray(&real, NULL, SIZE_MAX, 2, HERE));
	assert_int_equal(errno, ENOMEM);
	drain();
	assert_int_equal(entries.count, 9);
	assert_entry(0, MS_EV_ALLOC_FAILED, 0, 100, MS_EV_MALLOC, 0);
	assert_entry(1, MS_EV_ALLOC_FAILED, 0, UINT64_MAX, MS_EV_CALLOC, 0);
	assert_entry(2, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_ALIGNED_ALLOC, 0);
	assert_entry(3, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_MEMALIGN, 0);
	assert_entry(4, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_POSIX_MEMALIGN, 0);
	assert_entry(5, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_VALLOC, 0);
	assert_entry(6, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_PVALLOC, 0);
	assert_entry(7, MS_EV_ALLOC_FAILED, 0, 6, MS_EV_REALLOC_NEW, 0);
	assert_entry(8, MS_EV_ALLOC_FAILED, 0, UINT64_MAX, MS_EV_REALLOC_NEW, 0);
	detach();
}

/* ---- free and realloc ---- */

static void test_free_is_published_before_the_call(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	exported_free(memory + 64);
	assert_int_equal(head_at_free, head + 2);
	assert_int_equal(errno, KEPT_ERRNO);
	exported_free(NULL);
	assert_int_equal(published(), head + 2);
	ms_hook_free_sized(&real, memory + 64, 77, HERE);
	ms_hook_free_aligned_sized(&real, memory + 64, 32, 78, HERE);
	drain();
	assert_int_equal(entries.count, 3);
	assert_entry(0, MS_EV_FREE, BLOCK, 0, 0, 0);
	assert_int_equal(entries.at[0].stack, 0);
	assert_entry(1, MS_EV_FREE_SIZED, BLOCK, 0, 77, 0);
	assert_entry(2, MS_EV_FREE_ALIGNED_SIZED, BLOCK, 0, 78, 5);
	detach();
}

static void test_frees_carry_stacks_when_asked(void **state)
{
	uint64_t pc;

	(void)state;
	attach(MS_FLAG_FREE_STACKS, 0);
	exported_free(memory + 64);
	ms_hook_delete_pma(&real, HERE, memory + 64, 9, 64, NULL);
	drain();
	assert_int_equal(entries.count, 2);
	assert_int_equal(mini_stack(&arena, entries.at[0].stack, &pc, 1), 1);
	assert_true(pc > (uintptr_t)test_frees_carry_stacks_when_asked);
	assert_entry(1, MS_EV_DELETE_SIZED_ALIGNED, BLOCK, 0, 9, 6);
	assert_int_not_equal(entries.at[1].stack, 0);
	detach();
}

static void test_realloc_is_a_free_before_and_an_allocation_after(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	ms_hook_realloc(&real, memory + 64, 10, HERE);
	assert_int_equal(head_at_free, head + 2);
	ms_hook_realloc(&real, memory + 64, 0, HERE);
	fail_calls = 1;
	errno = 0;
	assert_null(ms_hook_realloc(&real, memory + 64, 20, HERE));
	assert_int_equal(errno, ENOMEM);
	assert_null(ms_hook_reallocarray(&real, memory + 64, SIZE_MAX, 4, HERE));
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_REALLOC_FREE, BLOCK, 0, 0, 0);
	assert_entry(1, MS_EV_REALLOC, BLOCK, 10, 0, 0);
	assert_entry(2, MS_EV_REALLOC_ZERO, BLOCK, 0, 0, 0);
	assert_entry(3, MS_EV_REALLOC_FREE, BLOCK, 0, 0, 0);
	assert_entry(4, MS_EV_REALLOC_FAILED, BLOCK, 0, 0, 0);
	assert_entry(5, MS_EV_REALLOC_FREE, BLOCK, 0, 0, 0);
	assert_entry(6, MS_EV_REALLOC_FAILED, BLOCK, 0, 0, 0);
	detach();
}

static void *realloc_to_a_minimal_block(void *block, size_t size)
{
	(void)size;
	return block;
}

static void test_realloc_to_zero_that_gives_a_block(void **state)
{
	(void)state;
	attach(0, 0);
	real.realloc = realloc_to_a_minimal_block;
	assert_ptr_equal(ms_hook_realloc(&real, memory + 64, 0, HERE), memory + 64);
	drain();
	assert_int_equal(entries.count, 2);
	assert_entry(0, MS_EV_REALLOC_ZERO, BLOCK, 0, 0, 0);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 0, 0, 0);
	detach();
}

/* ---- address space ---- */

static void test_mappings(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	assert_ptr_equal(ms_hook_mmap(&real, NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0, HERE), memory);
	assert_ptr_equal(ms_hook_mmap(&real, memory, 8192, PROT_READ, MAP_PRIVATE, -1, 0, HERE), MAP_FAILED);
	head = published();
	assert_int_equal(ms_hook_munmap(&real, (void *)0x7000, UINT64_C(0x123456789), HERE), 0);
	assert_int_equal(head_at_free, head + 4);
	munmap_result = -1;
	assert_int_equal(ms_hook_munmap(&real, (void *)0x7001, 4096, HERE), -1);
	assert_int_equal(ms_hook_munmap(&real, (void *)0x7000, 4096, HERE), -1);
	ms_hook_mremap(&real, memory, 10, 20, 0, NULL, HERE);
	assert_int_equal(ms_hook_brk(&real, NULL, HERE), -1);
	assert_int_equal(ms_hook_brk(&real, memory, HERE), 0);
	ms_hook_sbrk(&real, -3, HERE);
	ms_hook_sbrk(&real, 0, HERE);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_MMAP, (uintptr_t)memory, 8192, PROT_READ, MAP_PRIVATE);
	assert_entry(1, MS_EV_MUNMAP, 0x7000, UINT64_C(0x123456789), 0, 0);
	assert_entry(2, MS_EV_MUNMAP, 0x7000, 4096, 0, 0);
	assert_entry(3, MS_EV_MMAP, 0x7000, 4096, 0, 0);
	assert_entry(4, MS_EV_MREMAP, (uintptr_t)(memory + 128), 20, (uintptr_t)memory, 10);
	assert_entry(5, MS_EV_BRK, (uintptr_t)memory, 0, 0, 0);
	assert_entry(6, MS_EV_SBRK, (uintptr_t)memory, 0, 5, 0);
	detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malloc_writes_three_words_after_the_call),
		cmocka_unit_test(test_the_stack_begins_at_the_caller),
		cmocka_unit_test(test_sizes_from_zero_to_all_bits),
		cmocka_unit_test(test_every_allocation_call_has_its_kind),
		cmocka_unit_test(test_failures_say_what_was_tried),
		cmocka_unit_test(test_free_is_published_before_the_call),
		cmocka_unit_test(test_frees_carry_stacks_when_asked),
		cmocka_unit_test(test_realloc_is_a_free_before_and_an_allocation_after),
		cmocka_unit_test(test_realloc_to_zero_that_gives_a_block),
		cmocka_unit_test(test_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
