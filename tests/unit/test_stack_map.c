/* test_stack_map.c - which stacks become one call path, and which do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/stack_map.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

static struct ms_writer *w;
static struct ms_stream stream;
static struct ms_trace *trace;
static struct ms_stack_map map;

static uint32_t string(const char *s)
{
	return ms_writer_string(w, s, strlen(s));
}

static void symbol(uint32_t frame, const char *function, const char *file, uint32_t line)
{
	assert_int_equal(ms_writer_symbol(w, &(struct ms_symbol){.frame = frame, .function = string(function),
	                                  .file = string(file), .line = line}, NULL), MS_OK);
}

static void start(void)
{
	ms_stream_init_memory(&stream);
	assert_int_equal(ms_writer_open(&w, &stream, NULL, NULL), MS_OK);
	assert_int_equal(ms_writer_process(w, &(struct ms_process){.clock_hz = 1, .page_size_bytes = 4096}, NULL), MS_OK);
	/* The same program in two images, loaded at two places, and another one. */
	ms_writer_module(w, &(struct ms_module){.path = "/bin/a", .load_bias = 0x1000, .start = 0x1000, .end = 0x2000});
	ms_writer_module(w, &(struct ms_module){.path = "/bin/a", .load_bias = 0x5000, .start = 0x5000, .end = 0x6000,
	                                        .image = 1});
	ms_writer_module(w, &(struct ms_module){.path = "/bin/b", .load_bias = 0x8000, .start = 0x8000, .end = 0x9000});
}

static void finish(void)
{
	struct ms_error err = {0};

	assert_int_equal(ms_writer_end(w, &(struct ms_end){.ended = MS_ENDED_EXITED}, &err), MS_OK);
	ms_writer_close(w);
	if (ms_trace_open_memory(&trace, stream.memory, stream.position, &err) || ms_stack_map_build(&map, trace, &err))
		fail_msg("%s", err.message);
}

static int free_all(void **state)
{
	(void)state;
	ms_stack_map_free(&map);
	ms_trace_close(trace);
	ms_stream_free(&stream);
	return 0;
}

static void test_bare_addresses(void **state)
{
	uint32_t frames[5], stacks[6];

	(void)state;
	start();
	frames[0] = ms_writer_frame(w, 0x1010, 1);
	frames[1] = ms_writer_frame(w, 0x5010, 2); /* the same offset of the same file */
	frames[2] = ms_writer_frame(w, 0x8010, 3); /* the same offset of another file */
	frames[3] = ms_writer_frame(w, 0x1014, 1); /* another offset */
	frames[4] = ms_writer_frame(w, 0x1010, 0); /* no module */
	for (int i = 0; i < 5; i++)
		stacks[i] = ms_writer_stack(w, 0, frames[i]);
	stacks[5] = ms_writer_stack(w, stacks[1], frames[0]);
	finish();
	assert_int_equal(map.node_of_stack[0], 0);
	assert_int_equal(map.node_of_stack[stacks[0]], map.node_of_stack[stacks[1]]);
	assert_int_not_equal(map.node_of_stack[stacks[0]], map.node_of_stack[stacks[2]]);
	assert_int_not_equal(map.node_of_stack[stacks[0]], map.node_of_stack[stacks[3]]);
	assert_int_not_equal(map.node_of_stack[stacks[0]], map.node_of_stack[stacks[4]]);
	assert_int_equal(map.nodes[map.node_of_stack[stacks[5]]].parent, map.node_of_stack[stacks[0]]);
	assert_int_equal(map.node_count, 6); /* the empty stack and five paths */
	assert_int_equal(map.frame_count, 4);
	assert_int_equal(map.lines[map.nodes[map.node_of_stack[stacks[0]]].first_line].offset, 0x10);
	assert_string_equal(map.lines[map.nodes[map.node_of_stack[stacks[4]]].first_line].module, "");
	assert_int_equal(map.lines[map.nodes[map.node_of_stack[stacks[4]]].first_line].offset, 0x1010);
}

static void test_symbols(void **state)
{
	uint32_t stacks[7];
	const struct ms_report_node *inlined;

	(void)state;
	start();
	for (uint32_t i = 1; i <= 6; i++)
		assert_int_equal(ms_writer_frame(w, 0x1000 + 16 * i, 1), i);
	for (uint32_t i = 1; i <= 6; i++)
		stacks[i] = ms_writer_stack(w, 0, i);
	symbol(1, "f", "a.c", 10);
	symbol(2, "f", "a.c", 10);  /* another call on the same line */
	symbol(3, "f", "a.c", 11);  /* another line */
	symbol(4, "f", "b.c", 10);  /* another file */
	symbol(5, "g", "a.c", 3);   /* g inlined into f */
	symbol(5, "f", "a.c", 10);
	symbol(6, "malloc", "", 0); /* without debug information */
	finish();
	assert_int_equal(map.node_of_stack[stacks[1]], map.node_of_stack[stacks[2]]);
	assert_int_equal(map.node_count, 6);
	inlined = &map.nodes[map.node_of_stack[stacks[5]]];
	assert_int_equal(inlined->line_count, 2);
	assert_string_equal(map.lines[inlined->first_line].function, "g");
	assert_true(map.lines[inlined->first_line].inlined);
	assert_string_equal(map.lines[inlined->first_line + 1].function, "f");
	assert_false(map.lines[inlined->first_line + 1].inlined);
	assert_true(map.lines[map.nodes[map.node_of_stack[stacks[6]]].first_line].allocator);
	assert_false(map.lines[map.nodes[map.node_of_stack[stacks[1]]].first_line].allocator);
}

static void test_parents_stand_first(void **state)
{
	uint32_t parent = 0;

	(void)state;
	start();
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t frame = ms_writer_frame(w, 0x1000 + i % 7, 1);

		parent = ms_writer_stack(w, i % 3 ? parent : 0, frame);
	}
	finish();
	assert_int_equal(map.stack_count, 5000);
	assert_in_range(map.node_count, 2, 22); /* at most 7 + 7 + 7 paths and the empty one */
	for (size_t n = 1; n < map.node_count; n++)
		assert_true(map.nodes[n].parent < n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_bare_addresses, free_all),
		cmocka_unit_test_teardown(test_symbols, free_all),
		cmocka_unit_test_teardown(test_parents_stand_first, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
