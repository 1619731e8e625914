/* The table of live blocks against a plain array, and what it promises about memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/block_table.h"

#define IDS 40000

static bool live[IDS];

static void set(struct ms_block_table *t, uint64_t id)
{
	struct ms_block_entry *e = ms_block_table_insert(t, id);

	assert_non_null(e);
	*e = (struct ms_block_entry){.size_bytes = id * 3, .birth = ms_block_birth(id * 5, (uint8_t)id), .stack = (uint32_t)id + 1,
				     .thread = (uint32_t)id + 2};
	if (t->addresses)
		*ms_block_table_address(t, id) = id * 7;
}

static void check(const struct ms_block_table *t, uint64_t id)
{
	const struct ms_block_entry *e = ms_block_table_find(t, id);

	if (!live[id]) {
		assert_null(e);
		return;
	}
	assert_non_null(e);
	assert_int_equal(e->size_bytes, id * 3);
	assert_int_equal(e->birth >> 8, id * 5);
	assert_int_equal((uint8_t)e->birth, (uint8_t)id);
	assert_int_equal(e->stack, id + 1);
	assert_int_equal(e->thread, id + 2);
	if (t->addresses)
		assert_int_equal(*ms_block_table_address(t, id), id * 7);
}

struct walk {
	uint64_t last, count;
};

static bool step(void *context, uint64_t id, const struct ms_block_entry *entry)
{
	struct walk *w = context;

	assert_true(id > w->last);
	assert_true(live[id]);
	assert_int_equal(entry->size_bytes, id * 3);
	w->last = id;
	w->count++;
	return true;
}

/* Allocates in order, frees at random: mostly young blocks, some never. */
static void against_an_array(void **state)
{
	struct gen g = {.state = 3};

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct ms_block_table t = {.addresses = round == 1};
		uint64_t next = 1, count = 0;
		struct walk w = {0};

		memset(live, 0, sizeof(live));
		while (next < IDS) {
			uint64_t r = gen_random(&g), id = r % 3 ? next - 1 - r / 8 % (next < 200 ? next : 200) : r / 8 % next;

			if (r >> 60 < 8 || next < 2) {
				/* A keyframe has gaps. */
				uint64_t gap = r >> 50 & 63;

				next += gap == 0 ? 1 + (r >> 40 & 255) : 1;
				if (next >= IDS)
					break;
				set(&t, next);
				live[next] = true;
				count++;
				next++;
			} else if (live[id]) {
				check(&t, id);
				ms_block_table_remove(&t, id);
				live[id] = false;
				count--;
			} else {
				check(&t, id);
			}
			assert_int_equal(t.live, count);
		}
		for (uint64_t id = 0; id < IDS; id++)
			check(&t, id);
		assert_true(ms_block_table_walk(&t, step, &w));
		assert_int_equal(w.count, count);
		ms_block_table_clear(&t);
		assert_int_equal(t.live, 0);
		memset(live, 0, sizeof(live));
		for (uint64_t id = 0; id < IDS; id++)
			check(&t, id);
		/* Works on after a clear, also in the page that was the newest. */
		set(&t, next + 1);
		assert_int_equal(t.live, 1);
		assert_non_null(ms_block_table_find(&t, next + 1));
		assert_null(ms_block_table_find(&t, next + 2));
		ms_block_table_free(&t);
	}
}

static size_t chunks(const struct ms_block_table *t)
{
	size_t n = 0;

	for (void *const *c = t->chunks; c != NULL; c = *c)
		n++;
	return n;
}

/* Ten million blocks, ten thousand alive at a time, some of them for ever: memory follows these. */
static void bounded_memory(void **state)
{
	struct ms_block_table t = {0};
	const uint64_t window = 10000, n = 10000000;

	(void)state;
	for (uint64_t id = 1; id <= n; id++) {
		assert_non_null(ms_block_table_insert(&t, id));
		/* Every thousandth is never freed. */
		if (id > window && (id - window) % 1000 != 0)
			ms_block_table_remove(&t, id - window);
	}
	assert_int_equal(t.live, window + (n - window) / 1000);
	/* 20,000 blocks. Nodes dominate: one for each 4096 ids, because everywhere some blocks stay. */
	assert_true(chunks(&t) <= 8);
	ms_block_table_free(&t);
}

static void unknown_ids(void **state)
{
	struct ms_block_table t = {0};

	(void)state;
	assert_null(ms_block_table_find(&t, 0));
	assert_null(ms_block_table_find(&t, UINT64_MAX));
	assert_non_null(ms_block_table_insert(&t, 100));
	assert_null(ms_block_table_find(&t, 99));
	assert_null(ms_block_table_find(&t, 101));
	assert_null(ms_block_table_find(&t, UINT64_MAX));
	ms_block_table_prefetch_page(&t, UINT64_MAX);
	ms_block_table_prefetch(&t, UINT64_MAX);
	ms_block_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_an_array),
		cmocka_unit_test(bounded_memory),
		cmocka_unit_test(unknown_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
