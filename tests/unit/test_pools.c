/* test_pools.c - pools of traces worked out by hand: blocks cut out of others, resets, and what is alive in them. */
#include "annotations_fixture.h"

static void give(uint64_t pool, uint64_t address, uint64_t size)
{
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_POOL_ALLOC, .thread = 1, .stack = 2, .address = address, .size_bytes = size,
	                                         .arg = {pool}});
}

static void take_back(uint64_t pool, uint64_t address)
{
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_POOL_FREE, .thread = 1, .address = address, .arg = {pool}});
}

static void test_pools_by_hand(void **state)
{
	const struct ms_pool *p;
	uint64_t parent, base;

	(void)state;
	parent = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 1000);   /* 10 */
	base = 0x10000 * parent;
	tell(MS_EV_POOL_CREATE, 1, 1, parent);                      /* 20 */
	tell(MS_EV_POOL_NAME, 1, 1, text_id("arena"));
	give(1, base, 100);                                         /* 40 */
	give(1, base + 100, 200);                                   /* 50 */
	take_back(1, base);                                         /* 60 */
	take_back(1, base + 8);                                     /* 70: none of its own */
	give(1, base + 100, 50);                                    /* 80: given out again without a free */
	give(1, base + 990, 20);                                    /* 90: over the end */
	tell(MS_EV_POOL_RESET, 1, 1, 0);                            /* 100 */
	give(1, base, 30);                                          /* 110 */
	tell(MS_EV_POOL_CREATE, 1, 2, 0);                           /* 120: not in a block */
	give(2, base, 5);                                           /* 130 */
	small_trace_free_block(&t, MS_EV_FREE, 1, parent);          /* 140 */
	tell(MS_EV_POOL_DESTROY, 1, 1, 0);                          /* 150 */
	finish();
	assert_int_equal(report.totals.allocated_bytes, 1000); /* never part of the totals */
	assert_int_equal(report.pools.count, 2);
	p = &report.pools.list[0];
	assert_string_equal(p->name, "arena");
	assert_true(p->created && p->destroyed);
	assert_int_equal(p->create_ns, 20);
	assert_int_equal(p->destroy_ns, 150);
	assert_int_equal(p->parent_block, parent);
	assert_int_equal(p->parent_bytes, 1000);
	assert_int_equal(p->parent_end_ns, 140);
	assert_int_equal(p->allocations, 5);
	assert_int_equal(p->allocated_bytes, 400);
	assert_int_equal(p->frees, 2);
	assert_int_equal(p->freed_bytes, 300);
	assert_int_equal(p->replaced, 1);
	assert_int_equal(p->resets, 1);
	assert_int_equal(p->reset_blocks, 2);
	assert_int_equal(p->reset_bytes, 70);
	assert_int_equal(p->destroyed_blocks, 1);
	assert_int_equal(p->destroyed_bytes, 30);
	assert_int_equal(p->live_bytes, 0);
	assert_int_equal(p->peak_bytes, 300);
	assert_int_equal(p->peak_blocks, 2);
	assert_int_equal(p->peak_ns, 50);
	assert_int_equal(p->unmatched_frees, 1);
	assert_int_equal(p->outside, 1);
	assert_int_equal(report.pools.list[1].live_bytes, 5);
	assert_int_equal(report.pools.list[1].parent_block, 0);
	assert_int_equal(report.pools.site_count, 2);
	assert_int_equal(report.pools.sites[0].pool, 1);
	assert_int_equal(report.pools.sites[0].allocations, 5);
	assert_string_equal(ms_report_headline(&report, report.pools.sites[0].node)->function, "grow");
}

/* Many blocks by address, freed in another order: what is left is what was not freed. */
static void test_pool_blocks(void **state)
{
	uint64_t live = 0;

	(void)state;
	tell(MS_EV_POOL_CREATE, 1, 1, 0);
	for (uint64_t i = 0; i < 3000; i++)
		give(1, 0x100000 + 16 * i, i);
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t k = i * 1237 % 3000;

		if (k % 3)
			take_back(1, 0x100000 + 16 * k);
		else
			live += k;
	}
	finish();
	assert_int_equal(report.pools.list[0].live_blocks, 1000);
	assert_int_equal(report.pools.list[0].live_bytes, live);
	assert_int_equal(report.pools.list[0].unmatched_frees, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pools_by_hand), TEST(test_pool_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
