/* The table of live blocks against a plain map, with random operations on colliding addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/live_table.h"

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* The reference: addresses are drawn from KEYS keys, block 0 = not alive. */
#define KEYS 20000u
struct reference {
	uint64_t block[KEYS];
	size_t count;
};

static uint64_t address_of(unsigned key, unsigned pattern)
{
	switch (pattern) {
	case 0:
		return 0x5555000000 + (uint64_t)key * 32; /* a dense heap */
	case 1:
		return 0x7f0000000010 + (uint64_t)key * 4096; /* large blocks */
	default:
		return 0x7f0000000010 + (uint64_t)key * 65536 * 4096 % 0x7fffffff0000; /* equal low bits */
	}
}

/* Every field depends on the block's number, so that no two can be mixed up; every fourth size needs the escape. */
static struct ms_live_block make_block(uint64_t address, uint64_t number)
{
	return (struct ms_live_block){
		.address = address,
		.block = number * 1000003,
		.size_bytes = number % 4 == 0 ? UINT32_MAX - 3 + number : number * 7,
		.birth_ns = number * UINT64_C(987654321987) & (UINT64_MAX >> 8),
		.stack = (uint32_t)(number * 2654435761u),
		.thread = (uint32_t)(number * 40503),
		.kind = (uint8_t)(16 + number % 14),
	};
}

static void assert_block(const struct live_table *t, const struct live_entry *entry, uint64_t address, uint64_t number)
{
	struct ms_live_block expected = make_block(address, number), found = live_table_unpack(t, entry);

	assert_int_equal(found.address, expected.address);
	assert_int_equal(found.block, expected.block);
	assert_int_equal(live_entry_block(entry), expected.block);
	assert_int_equal(found.size_bytes, expected.size_bytes);
	assert_int_equal(live_entry_size(t, entry), expected.size_bytes);
	assert_int_equal(found.birth_ns, expected.birth_ns);
	assert_int_equal(found.stack, expected.stack);
	assert_int_equal(found.thread, expected.thread);
	assert_int_equal(found.kind, expected.kind);
}

static bool insert(struct live_table *t, uint64_t address, uint64_t number)
{
	struct ms_live_block b = make_block(address, number);

	return live_table_insert(t, &b);
}

static void run_pattern(unsigned pattern, unsigned operations, unsigned alive)
{
	struct reference *r = calloc(1, sizeof *r);
	struct live_table t;
	uint64_t next_block = 1;

	assert_non_null(r);
	assert_int_equal(live_table_init(&t), 0);
	for (unsigned i = 0; i < operations; i++) {
		unsigned key = (unsigned)(next_random() % KEYS);
		uint64_t address = address_of(key, pattern);
		struct live_entry *found = live_table_find(&t, address);

		if (r->block[key] == 0) {
			assert_null(found);
			if (r->count >= alive)
				continue;
			r->block[key] = next_block++;
			assert_true(insert(&t, address, r->block[key]));
			r->count++;
		} else {
			assert_non_null(found);
			assert_block(&t, found, address, r->block[key]);
			live_table_remove(&t, found);
			r->block[key] = 0;
			r->count--;
		}
		assert_int_equal(t.count, r->count);
	}
	for (unsigned key = 0; key < KEYS; key++) {
		struct live_entry *found = live_table_find(&t, address_of(key, pattern));
		if (r->block[key] == 0)
			assert_null(found);
		else
			assert_block(&t, found, address_of(key, pattern), r->block[key]);
	}
	live_table_free(&t);
	free(r);
}

static void random_operations(void **context)
{
	(void)context;
	for (unsigned pattern = 0; pattern < 3; pattern++) {
		run_pattern(pattern, 300000, KEYS);
		run_pattern(pattern, 200000, 3320); /* just below the load at which the first table grows */
	}
}

static void snapshot_is_sorted_and_whole(void **context)
{
	struct live_table t;
	struct ms_live_block *all;
	size_t n;

	(void)context;
	assert_int_equal(live_table_init(&t), 0);
	assert_null(live_table_snapshot(&t, &n));
	assert_int_equal(n, 0);
	for (uint64_t i = 1; i <= 50000; i++)
		assert_true(insert(&t, i * 16, 100000 - i));
	for (uint64_t i = 2; i <= 50000; i += 2)
		live_table_remove(&t, live_table_find(&t, i * 16));
	all = live_table_snapshot(&t, &n);
	assert_non_null(all);
	assert_int_equal(n, 25000);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(all[i].address, (100000 - all[i].block / 1000003) * 16);
		if (i > 0)
			assert_true(all[i - 1].block < all[i].block);
	}
	free(all);
	live_table_free(&t);
}

static void orphans_live_on_without_an_address(void **context)
{
	struct live_table t;
	struct ms_live_block *all;
	struct live_entry *b;
	size_t n;

	(void)context;
	assert_int_equal(live_table_init(&t), 0);
	for (uint64_t block = 1; block <= 200; block++) {
		b = live_table_find(&t, 4096);
		if (b)
			assert_true(live_table_orphan(&t, b));
		assert_null(live_table_find(&t, 4096));
		assert_true(insert(&t, 4096, block));
	}
	assert_int_equal(live_table_blocks(&t), 200);
	assert_int_equal(t.count, 1);
	all = live_table_snapshot(&t, &n);
	assert_int_equal(n, 200);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(all[i].block, (i + 1) * 1000003);
	free(all);
	live_table_clear(&t);
	assert_int_equal(live_table_blocks(&t), 0);
	assert_null(live_table_find(&t, 4096));
	assert_true(insert(&t, 4096, 1));
	assert_int_equal(live_table_blocks(&t), 1);
	live_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(snapshot_is_sorted_and_whole),
		cmocka_unit_test(orphans_live_on_without_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
