/* The map from the program's numbers to ours, against a plain array: keys that collide, removals in the middle of runs, growth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/id_map.h"

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

enum { KEYS = 512 };

static void test_as_an_array(void **unused)
{
	static uint64_t keys[KEYS], values[KEYS];
	struct id_map m = {0};
	size_t live = 0;

	(void)unused;
	for (size_t i = 0; i < KEYS; i++) /* small numbers, addresses, anything: all different */
		keys[i] = i < 200 ? i : i < 400 ? 0x7f0000000000 + 16 * i : next_random() | 1ull << 60;
	keys[0] = UINT64_MAX;
	keys[1] = 0;
	for (int step = 0; step < 200000; step++) {
		size_t k = next_random() % KEYS;

		assert_int_equal(id_map_get(&m, keys[k]), values[k]);
		if (next_random() % 5 < (step / 20000 % 2 ? 1u : 3u)) {
			uint64_t value = next_random() | 1;

			assert_true(id_map_put(&m, keys[k], value));
			live += values[k] == 0;
			values[k] = value;
		} else {
			id_map_remove(&m, keys[k]);
			live -= values[k] != 0;
			values[k] = 0;
		}
		assert_int_equal(m.count, live);
		if (step % 1000 == 0)
			for (size_t i = 0; i < KEYS; i++)
				assert_int_equal(id_map_get(&m, keys[i]), values[i]);
	}
	assert_true(m.capacity <= 1024); /* it holds 512 at most */
	id_map_clear(&m);
	for (size_t i = 0; i < KEYS; i++)
		assert_int_equal(id_map_get(&m, keys[i]), 0);
	assert_true(id_map_put(&m, 3, 4));
	assert_int_equal(id_map_get(&m, 3), 4);
	id_map_free(&m);
	assert_int_equal(id_map_get(&m, 3), 0);
	id_map_remove(&m, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_an_array),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
