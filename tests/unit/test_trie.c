/* test_trie.c - the stack trie: identity of stacks, sharing between threads, what happens when it is full, retirement. */
#include <pthread.h>

#include "tests/unit/stack_fixture.h"

static uint32_t nodes_used(const struct test_arena *arena)
{
	return atomic_load(&arena->header->node_count) - 1;
}

static void same_child_same_node(void **state)
{
	struct test_arena arena = arena_create(1000, 16);
	uint32_t a, b, c;

	(void)state;
	a = ms_trie_child(&arena.trie, 0, 0x1000);
	b = ms_trie_child(&arena.trie, a, 0x1000);
	c = ms_trie_child(&arena.trie, 0, 0x2000);
	assert_int_not_equal(a, 0);
	assert_true(a != b && b != c && a != c);
	assert_int_equal(ms_trie_child(&arena.trie, 0, 0x1000), a);
	assert_int_equal(ms_trie_child(&arena.trie, a, 0x1000), b);
	assert_int_equal(ms_trie_child(&arena.trie, 0, 0x2000), c);
	assert_int_not_equal(ms_trie_child(&arena.trie, 0, 0x1000 | MS_NODE_INFERRED), a);
	assert_int_equal(nodes_used(&arena), 4);
	assert_int_equal(arena.trie.nodes[b].parent, a);
	assert_int_equal(atomic_load(&arena.trie.nodes[b].pc_flags), 0x1000);
	assert_int_equal(arena.trie.nodes[b].image, 1);
	arena_destroy(&arena);
}

static void images_do_not_mix(void **state)
{
	struct test_arena arena = arena_create(1000, 16);
	struct ms_trie other;
	uint32_t a, b;

	(void)state;
	ms_trie_attach(&other, arena.header, 2);
	a = ms_trie_child(&arena.trie, 0, 0x1000);
	b = ms_trie_child(&other, 0, 0x1000);
	assert_int_not_equal(a, b);
	assert_int_equal(ms_trie_child(&arena.trie, 0, 0x1000), a);
	assert_int_equal(ms_trie_child(&other, 0, 0x1000), b);
	arena_destroy(&arena);
}

/* Far more children than level 0 has slots: they overflow into the other levels and are all found again. */
static void levels_overflow(void **state)
{
	enum { COUNT = 180 }; /* levels: 16 + 8 + 4 + 2 + 1 lines of 8 = 248 slots */
	struct test_arena arena = arena_create(1000, 16);
	uint32_t nodes[COUNT], beyond_first = 0, got = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		nodes[i] = ms_trie_child(&arena.trie, 0, 0x400000 + i * 5);
	for (uint32_t i = 0; i < COUNT; i++) {
		if (nodes[i] == 0)
			continue;
		got++;
		assert_int_equal(ms_trie_child(&arena.trie, 0, 0x400000 + i * 5), nodes[i]);
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(nodes[j], nodes[i]);
	}
	for (unsigned level = 1; level < MS_HASH_LEVELS; level++)
		for (uint64_t i = 0; i < arena.header->hash[level].slot_count; i++)
			beyond_first += atomic_load(&arena.trie.hash[level][i]) != 0;
	assert_true(beyond_first > 0);
	assert_int_equal(got, nodes_used(&arena));
	assert_int_equal(atomic_load(&arena.header->lost_stacks), COUNT - got);
	arena_destroy(&arena);
}

static void hash_full(void **state)
{
	struct test_arena arena = arena_create(1000, 1); /* 5 levels of one line */
	uint32_t nodes[40];

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		nodes[i] = ms_trie_child(&arena.trie, 0, 0x1000 + i);
		assert_int_equal(nodes[i], i + 1);
	}
	assert_int_equal(ms_trie_child(&arena.trie, 0, 0x5000), 0);
	assert_int_equal(atomic_load(&arena.header->lost_stacks), 1);
	assert_int_equal(nodes_used(&arena), 40);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(ms_trie_child(&arena.trie, 0, 0x1000 + i), nodes[i]);
	arena_destroy(&arena);
}

static void nodes_full(void **state)
{
	struct test_arena arena = arena_create(10, 16);
	uint32_t parent = 0;

	(void)state;
	for (uint32_t i = 1; i < 10; i++) {
		parent = ms_trie_child(&arena.trie, parent, 0x1000 + i);
		assert_int_equal(parent, i);
	}
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(ms_trie_child(&arena.trie, parent, 0x2000 + i), 0);
	assert_int_equal(atomic_load(&arena.header->lost_stacks), 100);
	assert_int_equal(atomic_load(&arena.header->node_count), 10); /* asking does not count it up */
	assert_int_equal(ms_trie_child(&arena.trie, 8, 0x1009), 9);
	arena_destroy(&arena);
}

static void retired_nodes_are_not_found(void **state)
{
	struct test_arena arena = arena_create(1000, 64);
	struct ms_trie *trie = &arena.trie;
	uint32_t a, b, c, end, start, epoch;

	(void)state;
	a = ms_trie_child(trie, 0, 0x5000);
	b = ms_trie_child(trie, a, 0x20010);
	c = ms_trie_child(trie, b, 0x5000);
	end = ms_trie_child(trie, a, 0x21000);   /* a call is the module's last instruction */
	start = ms_trie_child(trie, a, 0x20000); /* the call is outside, right before it */
	epoch = atomic_load(&arena.header->unload_epoch);
	ms_trie_retire(trie, 0x20000, 0x21000);
	assert_int_equal(atomic_load(&arena.header->unload_epoch), epoch + 1);
	assert_int_equal(atomic_load(&trie->nodes[b].pc_flags), 0x20010 | MS_NODE_RETIRED);
	assert_int_equal(atomic_load(&trie->nodes[end].pc_flags), 0x21000 | MS_NODE_RETIRED);
	assert_int_equal(atomic_load(&trie->nodes[start].pc_flags), 0x20000);
	assert_int_equal(ms_trie_child(trie, 0, 0x5000), a);
	assert_int_not_equal(ms_trie_child(trie, a, 0x20010), b);
	assert_int_equal(ms_trie_child(trie, b, 0x5000), c); /* reached through the old parent only */
	arena_destroy(&arena);
}

/* The same module unloaded and loaded at the same address a thousand times: every life gets nodes of its own. */
static void reloaded_for_ever(void **state)
{
	struct test_arena arena = arena_create(100000, 256);
	uint32_t last = 0;

	(void)state;
	for (uint32_t life = 0; life < 1000; life++) {
		uint32_t node = ms_trie_child(&arena.trie, 0, 0x30010);

		assert_int_not_equal(node, 0);
		assert_int_not_equal(node, last);
		last = node;
		ms_trie_retire(&arena.trie, 0x30000, 0x31000);
	}
	assert_int_equal(atomic_load(&arena.header->lost_stacks), 0);
	arena_destroy(&arena);
}

/* ---- four threads insert the same stacks in different orders ------------------------------------------------------- */

enum { THREADS = 4, STACKS = 2000, DEPTH = 6 };

struct inserter {
	struct ms_trie *trie;
	pthread_barrier_t *barrier;
	unsigned number;
	uint32_t nodes[STACKS];
};

static void *insert_all(void *argument)
{
	struct inserter *self = argument;

	pthread_barrier_wait(self->barrier);
	for (uint32_t i = 0; i < STACKS; i++) {
		uint32_t stack = self->number & 1 ? STACKS - 1 - i : i, node = 0;

		for (uint32_t level = 0; level < DEPTH; level++)
			node = ms_trie_child(self->trie, node, 0x1000 + (stack >> 2 * (DEPTH - 1 - level)) * 16 + level);
		self->nodes[stack] = node;
	}
	return NULL;
}

static void threads_agree(void **state)
{
	static struct inserter inserters[THREADS];
	struct test_arena arena = arena_create(1 << 16, 1 << 12);
	pthread_barrier_t barrier;
	pthread_t threads[THREADS];

	(void)state;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		inserters[i] = (struct inserter){.trie = &arena.trie, .barrier = &barrier, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, insert_all, &inserters[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	for (uint32_t stack = 0; stack < STACKS; stack++) {
		uint32_t node = inserters[0].nodes[stack];

		assert_int_not_equal(node, 0);
		for (unsigned i = 1; i < THREADS; i++)
			assert_int_equal(inserters[i].nodes[stack], node);
		for (int level = DEPTH - 1; level >= 0; level--) {
			uint64_t want = 0x1000 + (stack >> 2 * (DEPTH - 1 - (uint32_t)level)) * 16 + (uint32_t)level;

			assert_int_equal(atomic_load(&arena.trie.nodes[node].pc_flags), want);
			node = arena.trie.nodes[node].parent;
		}
		assert_int_equal(node, 0);
	}
	assert_int_equal(atomic_load(&arena.header->lost_stacks), 0);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_child_same_node),
		cmocka_unit_test(images_do_not_mix),
		cmocka_unit_test(levels_overflow),
		cmocka_unit_test(hash_full),
		cmocka_unit_test(nodes_full),
		cmocka_unit_test(retired_nodes_are_not_found),
		cmocka_unit_test(reloaded_for_ever),
		cmocka_unit_test(threads_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
