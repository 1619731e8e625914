/*
 * test_ingest.c - ring entries to a trace and back, apart from the lives of blocks (test_ingest_lives.c): stacks, frames and modules, sizes,
 * mappings, failures, entries that make no sense.
 */
#include "ingest_fixture.h"

static void stacks_frames_and_modules(void **context)
{
	struct rig r;
	struct fake_thread t;
	struct flat *e;
	size_t n;
	uint32_t a, b, c, plugin, other;
	uint64_t index;
	const struct ms_stack *s;

	(void)context;
	rig_open(&r, &small_blocks);
	fake_module(&r.arena, "/bin/app", 0x1000, 0x2000, 0);
	plugin = fake_module(&r.arena, "/lib/plugin.so", 0x7000, 0x8000, 0);
	fake_module(&r.arena, "/lib/unused.so", 0x9000, 0xa000, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	a = fake_node(&r.arena, 0, 0x1100, 0);
	b = fake_node(&r.arena, a, 0x7100 | MS_NODE_INFERRED, 0);
	fake_node(&r.arena, a, 0x1180, 0); /* never used */
	index = plugin;
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, 10, b);
	fake_publish(&t, 1001, MS_EV_MODULE_LOAD, 0, 1, &index);
	fake_alloc(&t, 1002, MS_EV_MALLOC, 32, 10, a);
	fake_publish(&t, 2000, MS_EV_MODULE_UNLOAD, 0, 1, &index);
	/* another module comes where the plugin was; the nodes are new */
	other = fake_module(&r.arena, "/lib/other.so", 0x6000, 0x8800, 0);
	r.arena.modules[plugin].unloaded = 1;
	c = fake_node(&r.arena, a, 0x7100, 0);
	fake_alloc(&t, 3000, MS_EV_MALLOC, 48, 10, c);
	fake_alloc(&t, 3001, MS_EV_MALLOC, 64, 10, fake_node(&r.arena, 0, 0xdead0000, 0)); /* no module: JIT */
	fake_alloc(&t, 3002, MS_EV_MALLOC, 80, 10, 4095); /* never written */
	fake_alloc(&t, 3003, MS_EV_MALLOC, 96, 10, UINT32_MAX); /* no node at all */
	rig_finish(&r, 4000);

	e = read_events(&r, 0, &n);
	assert_int_equal(count(e, n, MS_EV_MALLOC), 6);
	s = ms_trace_stack(r.trace, find(e, n, MS_EV_MALLOC, 0)->stack);
	assert_int_equal(ms_trace_frame(r.trace, s->frame)->address, 0x7100);
	assert_string_equal(ms_trace_module(r.trace, ms_trace_frame(r.trace, s->frame)->module)->path, "/lib/plugin.so");
	assert_int_equal(s->parent, find(e, n, MS_EV_MALLOC, 1)->stack);
	s = ms_trace_stack(r.trace, s->parent);
	assert_int_equal(s->parent, 0);
	assert_string_equal(ms_trace_module(r.trace, ms_trace_frame(r.trace, s->frame)->module)->path, "/bin/app");
	s = ms_trace_stack(r.trace, find(e, n, MS_EV_MALLOC, 2)->stack);
	assert_int_equal(ms_trace_frame(r.trace, s->frame)->address, 0x7100);
	assert_string_equal(ms_trace_module(r.trace, ms_trace_frame(r.trace, s->frame)->module)->path, "/lib/other.so");
	s = ms_trace_stack(r.trace, find(e, n, MS_EV_MALLOC, 3)->stack);
	assert_int_equal(ms_trace_frame(r.trace, s->frame)->module, 0);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 5)->stack, 0);
	/* what no event needs is not in the trace */
	assert_int_equal(ms_trace_module_count(r.trace), 3);
	for (uint32_t i = 1; i <= ms_trace_frame_count(r.trace); i++)
		assert_int_not_equal(ms_trace_frame(r.trace, i)->address, 0x1180);
	assert_string_equal(ms_trace_module(r.trace, (uint32_t)find(e, n, MS_EV_MODULE_LOAD, 0)->arg)->path, "/lib/plugin.so");
	assert_int_equal(find(e, n, MS_EV_MODULE_UNLOAD, 0)->arg, find(e, n, MS_EV_MODULE_LOAD, 0)->arg);
	(void)other;
	free(e);
	close_rig(&r);
}

static void a_very_deep_stack_is_whole(void **context)
{
	struct rig r;
	struct fake_thread t;
	uint32_t node = 0, depth = 0;
	struct flat *e;
	size_t n;

	(void)context;
	rig_open(&r, &small_blocks);
	for (int i = 0; i < 4000; i++)
		node = fake_node(&r.arena, node, 0x1000 + (uint64_t)i * 16, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, 10, node);
	rig_finish(&r, 4000);
	e = read_events(&r, 0, &n);
	for (uint32_t s = find(e, n, MS_EV_MALLOC, 0)->stack; s; s = ms_trace_stack(r.trace, s)->parent)
		depth++;
	assert_int_equal(depth, 4000);
	free(e);
	close_rig(&r);
}

static void large_sizes_mappings_and_failures(void **context)
{
	struct rig r;
	struct fake_thread t;
	uint64_t map[] = {UINT64_C(5) << 32 | MS_ENTRY_SIZE_ESCAPE, UINT64_C(1) << 33, 3, 0x22};
	uint64_t failed[] = {UINT64_C(0) << 32 | 4096, MS_EV_CALLOC};
	struct flat *e;
	size_t n;

	(void)context;
	rig_open(&r, &small_blocks);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, UINT64_C(7) << 32, 0);
	fake_alloc(&t, 1001, MS_EV_MEMALIGN, 64, MS_ENTRY_SIZE_ESCAPE, 0);
	fake_publish(&t, 1002, MS_EV_MMAP, 0x7f0000000000, 4, map);
	fake_publish(&t, 1003, MS_EV_ALLOC_FAILED, 0, 2, failed);
	rig_finish(&r, 2000);
	e = read_events(&r, 0, &n);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 0)->size, UINT64_C(7) << 32);
	assert_int_equal(find(e, n, MS_EV_MEMALIGN, 0)->size, UINT32_MAX);
	assert_int_equal(find(e, n, MS_EV_MEMALIGN, 0)->arg, 4);
	assert_int_equal(find(e, n, MS_EV_MMAP, 0)->size, UINT64_C(1) << 33);
	assert_int_equal(find(e, n, MS_EV_MMAP, 0)->address, 0x7f0000000000);
	assert_int_equal(find(e, n, MS_EV_ALLOC_FAILED, 0)->arg, MS_EV_CALLOC);
	assert_int_equal(find(e, n, MS_EV_ALLOC_FAILED, 0)->size, 4096);
	assert_int_equal(r.ingest.live_bytes, (UINT64_C(7) << 32) + UINT32_MAX);
	free(e);
	close_rig(&r);
}

static void entries_that_make_no_sense_are_counted(void **context)
{
	struct rig r;
	struct fake_thread t;
	uint64_t escape[] = {MS_ENTRY_SIZE_ESCAPE}, text[] = {1000}, module[] = {UINT64_MAX}, plain[] = {16};

	(void)context;
	rig_open(&r, &small_blocks);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_publish(&t, 1000, MS_EV_MALLOC, 16, 1, escape);      /* the large size is missing */
	fake_publish(&t, 1001, MS_EV_MARK, 0, 1, text);           /* the text is missing */
	fake_publish(&t, 1002, MS_EV_MALLOC, 0, 1, plain);        /* a block at address 0 */
	fake_publish(&t, 1003, MS_EV_MODULE_LOAD, 0, 1, module);  /* no such module */
	rig_finish(&r, 2000);
	assert_int_equal(r.ingest.malformed, 3);
	assert_int_equal(r.ingest.next_block, 1);
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_frames_and_modules),
		cmocka_unit_test(a_very_deep_stack_is_whole),
		cmocka_unit_test(large_sizes_mappings_and_failures),
		cmocka_unit_test(entries_that_make_no_sense_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
