/* The collector's part of a heap graph: blocks in order, edges into the trace while other events go on, and nothing that the program
   says is believed without a look. */
#include "ingest_fixture.h"

#define BLOCKS 64u

static void open_rig(struct rig *r)
{
	struct arena_geometry geometry = fake_geometry;

	geometry.graph_blocks = BLOCKS;
	rig_arena(r, &geometry, &rig_clock);
	rig_writer(r, NULL, &(struct ms_writer_options){0});
	rig_collector(r);
	r->now = 1000000;
	rig_threads(r, 2);
}

static void poll_now(struct rig *r)
{
	r->now += 1000000;
	assert_int_equal(ingest_run(&r->ingest, slots_drain(&r->slots, r->now)), MS_OK);
	r->now += 1000000;
}

static void say(struct rig *r, struct fake_thread *t, uint8_t kind, unsigned n, const uint64_t *words)
{
	fake_publish(t, r->now++, kind, 0, n, words);
}
#define SAY(r, t, kind, ...) \
	say(r, t, kind, sizeof((const uint64_t[]){__VA_ARGS__}) / 8, (const uint64_t[]){__VA_ARGS__})

static void finish(struct rig *r)
{
	rig_take_in(r, r->now);
	assert_int_equal(ingest_finish(&r->ingest), MS_OK);
	slots_finish(&r->slots);
	rig_end(r, r->now + 1000000);
}

static void want(struct rig *r)
{
	atomic_store(&r->arena.header->graph_state, MS_GRAPH_WANTED);
	SAY(r, &r->thread[0], MS_ENTRY_GRAPH_BEGIN, MS_GRAPH_API);
}

/* Three blocks, in another order than their addresses: positions 0, 1, 2 are blocks 2, 1, 3. */
static void three_blocks(struct rig *r)
{
	fake_alloc(&r->thread[0], r->now++, MS_EV_MALLOC, 0x5000, 32, 0);
	fake_alloc(&r->thread[0], r->now++, MS_EV_MALLOC, 0x4000, 64, 0);
	fake_alloc(&r->thread[1], r->now++, MS_EV_MALLOC, 0x7f0000000010, 8, 0);
}

#define EDGE(source, offset, target, into, flags) (uint64_t)(source) << 32 | (target), offset, (uint64_t)(into) << 8 | (flags)
#define ROOT(n) (MS_GRAPH_ROOT_BIT | (n))

static void events_go_on_during_a_graph(void **context)
{
	struct rig r;
	const struct ms_graph *g;
	struct ms_graph_data d;
	uint64_t event;

	(void)context;
	open_rig(&r);
	three_blocks(&r);
	want(&r);
	poll_now(&r);
	assert_int_equal(atomic_load(&r.arena.header->graph_state), MS_GRAPH_READY);
	assert_int_equal(r.arena.header->graph_count, 3);
	assert_int_equal(r.arena.header->graph_missing, 0);
	assert_int_equal(r.arena.graph[0].address, 0x4000);
	assert_int_equal(r.arena.graph[0].size_bytes, 64);
	assert_int_equal(r.arena.graph[2].address, 0x7f0000000010);
	event = r.ingest.events;

	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_ROOT, MS_ROOT_MAPPING, 0x9000, 0xa000, 0, 3, 'a' | 'b' << 8 | 'c' << 16);
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_ROOT, MS_ROOT_REGISTERS | (uint64_t)(PID + 1) << 32, 0, 144, 0, 0);
	fake_free(&r.thread[1], r.now++, MS_EV_FREE, 0x4000); /* the other thread has been let go */
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, EDGE(0, 0, 1, 0, 0), EDGE(0, 56, 0, 8, MS_EDGE_NEWARRAY), EDGE(1, 24, 2, 7, 0));
	fake_alloc(&r.thread[1], r.now++, MS_EV_MALLOC, 0x4000, 16, 0);
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, EDGE(ROOT(0), 0xff8, 0, 0, 0), EDGE(ROOT(1), 136, 2, 0, 0));
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_WORDS, 1, 0x1234);
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_UNSCANNED, MS_UNSCANNED_THREAD, 77, 0);
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_END, 1, 5000, 1 << 20);
	fake_free(&r.thread[1], r.now++, MS_EV_FREE, 0x5000);
	finish(&r);
	assert_int_equal(r.ingest.malformed, 0);
	assert_int_equal(ms_trace_graph_count(r.trace), 1);
	g = ms_trace_graph(r.trace, 0);
	assert_true(g->complete);
	assert_int_equal(g->reason, MS_GRAPH_API);
	assert_int_equal(g->event, event);
	assert_int_equal(g->pause_ns, 5000);
	assert_int_equal(g->scanned_bytes, 1 << 20);
	assert_int_equal(g->blocks, 3);
	assert_int_equal(g->edges, 5);
	assert_int_equal(g->root_count, 2);
	assert_string_equal(ms_trace_string(r.trace, g->roots[0].name), "abc");
	assert_int_equal(ms_trace_thread(r.trace, g->roots[1].thread)->tid, PID + 1);
	assert_int_equal(g->unscanned_count, 1);
	assert_int_equal(g->unscanned[0].id, 77);
	assert_int_equal(ms_trace_graph_load(r.trace, 0, &d, &r.err), MS_OK);
	assert_int_equal(d.block[0], 2);
	assert_int_equal(d.block[1], 1);
	assert_int_equal(d.block[2], 3);
	assert_int_equal(d.first_word[1], 0x1234);
	assert_int_equal(d.source[1], 0);
	assert_int_equal(d.source_offset[1], 56);
	assert_int_equal(d.target_offset[1], 8);
	assert_int_equal(d.flags[1], MS_EDGE_NEWARRAY);
	assert_int_equal(d.source[3], 3);
	assert_int_equal(d.source[4], 4);
	ms_graph_data_free(&d);
	close_rig(&r);
}

static void nonsense_is_left_out(void **context)
{
	static const uint64_t bad_edges[][3] = {
		{EDGE(3, 0, 0, 0, 0)}, {EDGE(0, 0, 3, 0, 0)}, {EDGE(0, 57, 0, 0, 0)}, {EDGE(0, 0, 0, 64, 0)}, {EDGE(0, 0, 0, 0, 16)},
		{EDGE(ROOT(1), 0, 0, 0, 0)}, {EDGE(ROOT(0), 0xff9, 0, 0, 0)}, {EDGE(0, UINT64_MAX, 0, 0, 0)},
		{EDGE(0, 0, 0, UINT64_MAX >> 8, 0)}, {EDGE(UINT32_MAX, 0, 0, 0, 0)},
	};

	(void)context;
	for (size_t i = 0; i < sizeof bad_edges / sizeof bad_edges[0] + 8; i++) {
		struct rig r;

		open_rig(&r);
		three_blocks(&r);
		want(&r);
		poll_now(&r);
		SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_ROOT, MS_ROOT_MAPPING, 0x9000, 0xa000, 0, 0);
		if (i < sizeof bad_edges / sizeof bad_edges[0])
			say(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, 3, bad_edges[i]);
		else switch (i - sizeof bad_edges / sizeof bad_edges[0]) {
		case 0: /* out of order */
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, EDGE(1, 8, 0, 0, 0), EDGE(1, 8, 0, 0, 0));
			break;
		case 1:
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, EDGE(1, 8, 0, 0, 0), EDGE(0, 8, 0, 0, 0));
			break;
		case 2: /* not whole rows */
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, 1, 0, 0, 0);
			break;
		case 3:
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_WORDS, 3, 1);
			break;
		case 4:
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_ROOT, 9, 0, 1, 0, 0);
			break;
		case 5:
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_ROOT, MS_ROOT_MAPPING, 1, 0, 0, 0);
			break;
		case 6:
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_ROOT, MS_ROOT_MAPPING, 0, 1, 0, 9, 0);
			break;
		default:
			SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_UNSCANNED, 99, 0, 0);
			break;
		}
		SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_END, 1, 5000, 1 << 20);
		finish(&r);
		assert_int_equal(r.ingest.malformed, 1);
		assert_int_equal(ms_trace_graph_count(r.trace), 1);
		assert_false(ms_trace_graph(r.trace, 0)->complete);
		close_rig(&r);
	}
}

static void rubbish_does_no_harm(void **context)
{
	(void)context;
	for (int round = 0; round < 200; round++) {
		struct rig r;

		open_rig(&r);
		three_blocks(&r);
		for (int i = 0; i < 40; i++) {
			uint64_t words[16];
			unsigned n = 1 + (unsigned)(next_random() % 15);

			for (unsigned k = 0; k < n; k++)
				words[k] = next_random() % 3 ? next_random() % 10 : next_random();
			if (next_random() % 4 == 0)
				atomic_store(&r.arena.header->graph_state, (uint32_t)(next_random() % 4));
			say(&r, next_random() % 4 ? &r.thread[0] : &r.thread[1], (uint8_t)(MS_ENTRY_GRAPH_BEGIN + next_random() % 6), n, words);
			if (i % 8 == 0)
				poll_now(&r);
		}
		finish(&r);
		for (size_t i = 0; i < ms_trace_graph_count(r.trace); i++) {
			struct ms_graph_data d;

			assert_int_equal(ms_trace_graph_load(r.trace, i, &d, &r.err), MS_OK);
			ms_graph_data_free(&d);
		}
		close_rig(&r);
	}
}

static void a_program_that_dies_on_the_way(void **context)
{
	struct rig r;

	(void)context;
	open_rig(&r);
	three_blocks(&r);
	want(&r);
	poll_now(&r);
	SAY(&r, &r.thread[0], MS_ENTRY_GRAPH_EDGES, EDGE(0, 0, 1, 0, 0));
	finish(&r);
	assert_int_equal(ms_trace_graph_count(r.trace), 1);
	assert_int_equal(ms_trace_graph(r.trace, 0)->edges, 1);
	assert_false(ms_trace_graph(r.trace, 0)->complete);
	close_rig(&r);
}

static void more_blocks_than_the_table_holds(void **context)
{
	struct rig r;

	(void)context;
	open_rig(&r);
	for (uint64_t i = 0; i < BLOCKS + 10; i++) {
		fake_alloc(&r.thread[0], r.now++, MS_EV_MALLOC, 0x10000 - i * 64, 16, 0);
		if (i % 16 == 0)
			poll_now(&r);
	}
	want(&r);
	poll_now(&r);
	assert_int_equal(r.arena.header->graph_count, BLOCKS);
	assert_int_equal(r.arena.header->graph_missing, 10);
	atomic_store(&r.arena.header->graph_state, MS_GRAPH_IDLE);
	want(&r);
	atomic_store(&r.arena.header->graph_state, MS_GRAPH_IDLE); /* it has given up before we look */
	poll_now(&r);
	assert_int_equal(atomic_load(&r.arena.header->graph_state), MS_GRAPH_IDLE);
	atomic_store(&r.arena.header->graph_state, MS_GRAPH_WANTED);
	graph_refuse(&r.arena);
	assert_int_equal(atomic_load(&r.arena.header->graph_state), MS_GRAPH_REFUSED);
	finish(&r);
	close_rig(&r);
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void blocks_in_order(void **context)
{
	(void)context;
	for (size_t n = 0; n < 3000; n = n * 2 + 1) {
		uint64_t *addresses = malloc((n + 1) * sizeof *addresses), *ids = malloc((n + 1) * sizeof *ids);
		struct ms_graph_block *blocks = malloc((n + 1) * sizeof *blocks);
		struct live_table live;

		assert_int_equal(live_table_init(&live), MS_OK);
		for (size_t i = 0; i < n; i++) {
			struct ms_live_block b = {.block = i + 1, .size_bytes = i % 7 == 0 ? UINT64_C(5) << 32 : i};

			do
				b.address = n % 2 ? next_random() & LIVE_ENTRY_MASK : 0x1000 + next_random() % (n * 4);
			while (b.address == 0 || live_table_find(&live, b.address));
			addresses[i] = b.address;
			assert_true(live_table_insert(&live, &b));
		}
		qsort(addresses, n, sizeof *addresses, by_address);
		assert_int_equal(graph_sort_blocks(&live, blocks, ids, n), n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(blocks[i].address, addresses[i]);
			assert_int_equal(blocks[i].size_bytes, (ids[i] - 1) % 7 == 0 ? UINT64_C(5) << 32 : ids[i] - 1);
			assert_int_equal(live_entry_block(live_table_find(&live, blocks[i].address)), ids[i]);
		}
		assert_int_equal(graph_sort_blocks(&live, blocks, ids, n / 2), n / 2);
		live_table_free(&live);
		free(addresses);
		free(ids);
		free(blocks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_go_on_during_a_graph),
		cmocka_unit_test(nonsense_is_left_out),
		cmocka_unit_test(rubbish_does_no_harm),
		cmocka_unit_test(a_program_that_dies_on_the_way),
		cmocka_unit_test(more_blocks_than_the_table_holds),
		cmocka_unit_test(blocks_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
