/* Predictors: whatever happens, the decoder says what the encoder was told; and what they are there for is predicted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/predict.h"

#define NEW(type, name)                                                                                                \
	type *name = calloc(1, sizeof(type));                                                                          \
	assert_non_null(name)

static void stacks(void **state)
{
	struct gen g = {.state = 1};
	NEW(struct ms_stack_predictor, to);
	NEW(struct ms_stack_predictor, from);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint32_t thread = (uint32_t)(gen_random(&g) % 3 ? 1 : gen_random(&g));
		uint32_t stack = (uint32_t)(gen_random(&g) % 9 ? gen_random(&g) % 50 : gen_random(&g));

		assert_int_equal(ms_stack_decode(from, thread, ms_stack_encode(to, thread, stack)), stack);
	}
	free(to);
	free(from);
}

static void stacks_in_a_loop(void **state)
{
	NEW(struct ms_stack_predictor, p);
	static const uint32_t loop[] = {5, 6, 5, 7};

	(void)state;
	/* 5 is followed by 6 or 7; the stack before it tells which. */
	for (int i = 0; i < 4; i++)
		ms_stack_encode(p, 1, loop[i]);
	for (int i = 0; i < 4; i++)
		ms_stack_encode(p, 1, loop[i]);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ms_stack_encode(p, 1, loop[i % 4]), 0);
	/* New stacks have the next ids. */
	assert_int_equal(ms_stack_encode(p, 1, 8), 2);
	assert_int_equal(ms_stack_encode(p, 1, 9), 2);
	assert_int_equal(ms_stack_encode(p, 1, 11), 4);
	free(p);
}

static void sizes(void **state)
{
	struct gen g = {.state = 2};
	NEW(struct ms_size_predictor, to);
	NEW(struct ms_size_predictor, from);
	static const uint64_t odd[] = {0, 1, 2, 3, UINT64_MAX, UINT64_MAX - 1, 24, 40};

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint32_t stack = (uint32_t)(gen_random(&g) % 5);
		uint64_t size = gen_random(&g) % 4 ? odd[gen_random(&g) % 8] : gen_random(&g) >> gen_random(&g) % 64;

		assert_int_equal(ms_size_decode(from, stack, ms_size_encode(to, stack, size)), size);
	}
	/* Two sizes that take turns. */
	ms_size_encode(to, 99, 24);
	ms_size_encode(to, 99, 40);
	assert_int_equal(ms_size_encode(to, 99, 24), 1);
	assert_int_equal(ms_size_encode(to, 99, 40), 1);
	assert_int_equal(ms_size_encode(to, 99, 40), 0);
	assert_int_equal(ms_size_encode(to, 99, 1000), 1000);
	free(to);
	free(from);
}

static void frees(void **state)
{
	struct gen g = {.state = 3};
	struct ms_free_predictor to = {0}, from = {0};

	(void)state;
	for (uint64_t newest = 0; newest < 100000; newest++) {
		uint64_t r = gen_random(&g), block = r % 4 == 0   ? 0
						     : r % 4 == 1 ? newest - r / 8 % (newest + 1)
						     : r % 4 == 2 ? newest - r / 8 % (newest < 50 ? newest + 1 : 50)
								  : to.cursor[r / 8 % MS_FREE_CURSORS] + (r >> 40) % 40 - 20;

		if (block > newest)
			block = newest;
		assert_int_equal(ms_free_decode(&from, newest, ms_free_encode(&to, newest, block)), block);
	}
	/* Two walks at once. */
	for (uint64_t i = 0; i < 20; i++) {
		uint64_t a = ms_free_encode(&to, 1000000, 5000 + 2 * i), b = ms_free_encode(&to, 1000000, 90000 - i);

		if (i > 1)
			assert_true(a < MS_FREE_ESCAPE && b < MS_FREE_ESCAPE);
	}
	/* The block allocated last. */
	assert_int_equal(ms_free_encode(&to, 1000000, 1000000), 1);
}

static void addresses(void **state)
{
	struct gen g = {.state = 4};
	NEW(struct ms_address_predictor, to);
	NEW(struct ms_address_predictor, from);

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t r = gen_random(&g);
		uint32_t thread = (uint32_t)(r >> 8 & 7);
		uint64_t size = r >> 60 == 0 ? gen_random(&g) : r >> 12 & 2047;
		uint64_t address = r >> 56 & 1 ? 0x5000 + 16 * (r >> 30 & 1023) : r >> 57 & 1 ? gen_random(&g) : 0;

		if (r >> 59 & 1) {
			ms_address_freed(to, thread, size, address);
			ms_address_freed(from, thread, size, address);
		} else {
			uint64_t code = ms_address_encode(to, thread, size, address);

			assert_int_equal(ms_address_decode(from, thread, size, code, code == MS_ADDRESS_RAW ? address : 0), address);
		}
	}
	assert_memory_equal(to, from, sizeof(*to));
	free(to);
	free(from);
}

static void addresses_as_malloc_does(void **state)
{
	NEW(struct ms_address_predictor, p);
	uint64_t a = 0x10000;

	(void)state;
	/* Cut from the end of a piece: only the first address must be told. */
	assert_true(ms_address_encode(p, 1, 24, a) > 3);
	for (int i = 1; i < 12; i++)
		assert_int_equal(ms_address_encode(p, 1, 24, a + 32 * (uint64_t)i), 0);
	/* Twelve are freed: seven go into the small stack, five behind it. What was freed last comes first; when the small
	   stack is empty, one is taken from behind it and the others move over, which turns their order round. */
	for (int i = 0; i < 12; i++)
		ms_address_freed(p, 1, 24, a + 32 * (uint64_t)i);
	static const int order[] = {6, 5, 4, 3, 2, 1, 0, 11, 7, 8, 9, 10};
	for (int i = 0; i < 12; i++)
		assert_int_equal(ms_address_encode(p, 1, 24, a + 32 * (uint64_t)order[i]), 0);
	/* Other sizes of the same chunk share it; other chunks do not. */
	ms_address_freed(p, 1, 24, a);
	assert_int_equal(ms_address_encode(p, 1, 9, a), 0);
	ms_address_freed(p, 1, 24, a);
	assert_int_not_equal(ms_address_encode(p, 1, 25, a), 0);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks),    cmocka_unit_test(stacks_in_a_loop), cmocka_unit_test(sizes),
		cmocka_unit_test(frees),     cmocka_unit_test(addresses),	 cmocka_unit_test(addresses_as_malloc_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
