/* ms_writer_copy: a trace becomes the beginning of another, with the same records under the same ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/container.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

#define EVERYTHING (MS_COLUMN_ADDRESS | MS_COLUMN_ARGS)

static struct ms_trace *open_memory(const struct ms_stream *s)
{
	struct ms_trace *t;
	struct ms_error err = {0};

	if (ms_trace_open_memory(&t, s->memory, s->position, &err) != MS_OK)
		fail_msg("%s", err.message);
	return t;
}

static struct ms_writer *open_writer(struct ms_stream *s)
{
	struct ms_writer *w;

	ms_stream_init_memory(s);
	assert_int_equal(ms_writer_open(&w, s, NULL, NULL), MS_OK);
	return w;
}

static void check_same_tables(const struct ms_trace *a, const struct ms_trace *b)
{
	assert_int_equal(ms_trace_module_count(a), ms_trace_module_count(b));
	assert_int_equal(ms_trace_thread_count(a), ms_trace_thread_count(b));
	assert_int_equal(ms_trace_frame_count(a), ms_trace_frame_count(b));
	assert_int_equal(ms_trace_stack_count(a), ms_trace_stack_count(b));
	for (uint32_t id = 1; id <= ms_trace_string_count(a); id++)
		assert_string_equal(ms_trace_string(a, id), ms_trace_string(b, id));
	for (uint32_t id = 1; id <= ms_trace_stack_count(a); id++)
		assert_memory_equal(ms_trace_stack(a, id), ms_trace_stack(b, id), sizeof(struct ms_stack));
}

static bool is_not_symbols(void *context, const struct ms_block_info *block)
{
	(void)context;
	return block->kind != MS_BLOCK_SYMBOLS;
}

static void test_copy(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct gen g;
		struct ms_stream from, to;
		struct ms_trace *t, *copy;
		struct ms_writer *w;
		struct ms_error err;

		gen_init(&g, seed, 9000, seed % 2 == 0);
		gen_write(&g, &from, &(struct gen_options){.events_per_block = 900});
		t = open_memory(&from);
		w = open_writer(&to);
		if (ms_writer_copy(w, t, NULL, NULL, &err) != MS_OK || ms_writer_end(w, ms_trace_end(t), &err) != MS_OK)
			fail_msg("%s", err.message);
		ms_writer_close(w);
		/* nothing was added: the very same file */
		assert_int_equal(to.position, from.position);
		assert_memory_equal(to.memory, from.memory, from.position);
		copy = open_memory(&to);
		assert_null(ms_trace_damage(copy));
		assert_true(ms_trace_has_index(copy));
		check_same_tables(t, copy);
		assert_int_equal(gen_compare(&g, copy, 0, 1, EVERYTHING, true), g.count);
		ms_trace_close(copy);
		ms_trace_close(t);
		ms_stream_free(&from);
		ms_stream_free(&to);
		gen_free(&g);
	}
}

static void test_symbols_are_replaced(void **state)
{
	struct gen g;
	struct ms_stream from, to;
	struct ms_trace *t, *copy;
	struct ms_writer *w;
	struct ms_error err;
	struct ms_symbol symbol = {.frame = 1, .line = 42};
	uint32_t strings, known;
	size_t n;

	(void)state;
	gen_init(&g, 5, 2000, false);
	gen_write(&g, &from, &(struct gen_options){0});
	t = open_memory(&from);
	strings = ms_trace_string_count(t);
	assert_true(strings > 0);
	w = open_writer(&to);
	assert_int_equal(ms_writer_copy(w, t, is_not_symbols, NULL, NULL), MS_OK);
	/* a string that is there keeps its id, a new one comes behind */
	known = ms_writer_string(w, ms_trace_string(t, strings), strlen(ms_trace_string(t, strings)));
	assert_int_equal(known, strings);
	symbol.function = ms_writer_string(w, "a name that no generator makes", 30);
	assert_int_equal(symbol.function, strings + 1);
	symbol.file = known;
	assert_int_equal(ms_writer_symbol(w, &symbol, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, ms_trace_end(t), &err), MS_OK);
	ms_writer_close(w);
	copy = open_memory(&to);
	assert_null(ms_trace_damage(copy));
	assert_int_equal(ms_trace_string_count(copy), strings + 1);
	for (uint32_t id = 1; id <= ms_trace_frame_count(copy); id++) {
		const struct ms_symbol *s = ms_trace_symbols(copy, id, &n);

		assert_int_equal(n, id == 1);
		if (n)
			assert_string_equal(ms_trace_string(copy, s->function), "a name that no generator makes");
	}
	assert_int_equal(gen_compare(&g, copy, 0, 1, EVERYTHING, true), g.count);
	assert_int_equal(ms_trace_end(copy)->blocks, ms_trace_end(t)->blocks);
	ms_trace_close(copy);
	ms_trace_close(t);
	ms_stream_free(&from);
	ms_stream_free(&to);
	gen_free(&g);
}

static void test_without_end(void **state)
{
	struct gen g;
	struct ms_stream from, to;
	struct ms_trace *t, *copy;
	struct ms_writer *w;
	struct ms_error err;

	(void)state;
	gen_init(&g, 6, 3000, true);
	gen_write(&g, &from, &(struct gen_options){.events_per_block = 500});
	t = open_memory(&from);
	from.position = ms_trace_block(t, ms_trace_block_count(t) - 4)->offset + 70; /* inside a block */
	ms_trace_close(t);
	t = open_memory(&from);
	assert_non_null(ms_trace_damage(t));
	assert_null(ms_trace_end(t));
	w = open_writer(&to);
	assert_int_equal(ms_writer_copy(w, t, NULL, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, NULL, &err), MS_OK);
	ms_writer_close(w);
	copy = open_memory(&to);
	assert_true(ms_trace_has_index(copy));
	assert_null(ms_trace_end(copy));
	assert_int_equal(ms_trace_event_count(copy), ms_trace_event_count(t));
	check_same_tables(t, copy);
	ms_trace_close(copy);
	ms_trace_close(t);
	ms_stream_free(&from);
	ms_stream_free(&to);
	gen_free(&g);
}

static void test_refusals(void **state)
{
	struct gen g;
	struct ms_stream from, to;
	struct ms_trace *t;
	struct ms_writer *w;
	struct ms_error err;
	uint64_t offset;

	(void)state;
	gen_init(&g, 7, 1000, false);
	gen_write(&g, &from, &(struct gen_options){0});
	t = open_memory(&from);
	/* twice; events behind a copy */
	w = open_writer(&to);
	assert_int_equal(ms_writer_copy(w, t, NULL, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_copy(w, t, NULL, NULL, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_writer_events(w, g.events, 1, &err), MS_E_ARGUMENT);
	ms_writer_close(w);
	ms_stream_free(&to);
	/* a payload that rotted after opening */
	for (size_t i = 0;; i++)
		if (ms_trace_block(t, i)->kind == MS_BLOCK_EVENTS) {
			offset = ms_trace_block(t, i)->offset;
			break;
		}
	from.memory[offset + 80] ^= 1;
	w = open_writer(&to);
	assert_int_equal(ms_writer_copy(w, t, NULL, NULL, &err), MS_E_CORRUPT);
	assert_int_equal(err.offset, offset);
	assert_int_equal(ms_writer_status(w), MS_E_CORRUPT);
	assert_int_equal(ms_writer_end(w, NULL, &err), MS_E_CORRUPT);
	ms_writer_close(w);
	ms_stream_free(&to);
	ms_trace_close(t);
	ms_stream_free(&from);
	gen_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_copy),
	        cmocka_unit_test(test_symbols_are_replaced),
	        cmocka_unit_test(test_without_end),
	        cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
