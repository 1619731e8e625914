/* Writer -> reader: what goes in comes out, from the start and from every keyframe. */
#include <setjmp.h>
#include <stdarg.h>
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

static void random_streams(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct gen g;
		struct ms_stream s;
		struct ms_trace *t;

		gen_init(&g, seed, 9000, seed % 3 != 0);
		gen_write(&g, &s, &(struct gen_options){.events_per_block = 700 + 100 * (uint32_t)seed});
		t = open_memory(&s);
		assert_null(ms_trace_damage(t));
		assert_true(ms_trace_has_index(t));
		assert_int_equal(ms_trace_event_count(t), g.count);
		assert_int_equal(gen_compare(&g, t, 0, 1 + seed % 2, EVERYTHING, true), g.count);
		gen_compare(&g, t, 0, 2, 0, true);
		gen_compare(&g, t, 0, 1, MS_COLUMN_ADDRESS, true);
		gen_compare(&g, t, 0, 1, MS_COLUMN_ARGS, true);
		ms_trace_close(t);
		ms_stream_free(&s);
		gen_free(&g);
	}
}

static void full_blocks(void **state)
{
	struct gen g;
	struct ms_stream s;
	struct ms_trace *t;

	(void)state;
	gen_init(&g, 77, 150000, true);
	gen_write(&g, &s, &(struct gen_options){0});
	t = open_memory(&s);
	assert_int_equal(gen_compare(&g, t, 0, 2, EVERYTHING, true), g.count);
	ms_trace_close(t);
	ms_stream_free(&s);
	gen_free(&g);
}

/* Starting at any event gives the same events, whatever keyframe the reader starts from. */
static void from_keyframes(void **state)
{
	(void)state;
	for (uint64_t seed = 20; seed < 24; seed++) {
		struct gen g;
		struct ms_stream s;
		struct ms_trace *t;

		gen_init(&g, seed, 6000, true);
		gen_write(&g, &s, &(struct gen_options){.events_per_block = 512, .keyframe_every = 1500});
		t = open_memory(&s);
		gen_compare(&g, t, 0, 2, EVERYTHING, true);
		for (size_t first = 1; first <= g.count; first += 1 + gen_random(&g) % 200)
			gen_compare(&g, t, first, 1 + first % 2, EVERYTHING, true);
		/* Past the end there is nothing. */
		gen_compare(&g, t, g.count, 1, EVERYTHING, true);
		ms_trace_close(t);
		ms_stream_free(&s);
		gen_free(&g);
	}
}

static void live_at_the_end(void **state)
{
	struct gen g;
	struct ms_stream s;
	struct ms_trace *t;
	struct ms_cursor *c;
	struct ms_batch batch;
	struct ms_error err = {0};
	const struct ms_live_block *live;
	size_t n;

	(void)state;
	gen_init(&g, 5, 5000, true);
	gen_write(&g, &s, &(struct gen_options){.events_per_block = 1000});
	t = open_memory(&s);
	assert_int_equal(ms_cursor_open(&c, t, MS_COLUMN_ADDRESS, 0, 1, &err), MS_OK);
	do {
		assert_int_equal(ms_cursor_next(c, &batch, &err), MS_OK);
	} while (batch.count > 0);
	assert_int_equal(ms_cursor_live(c, &live, &n, &err), MS_OK);
	assert_int_equal(n, g.live_count);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(&live[i], &g.live[i], sizeof(live[i]));
	ms_cursor_close(c);
	ms_trace_close(t);
	ms_stream_free(&s);
	gen_free(&g);
}

/* Which blocks live just before event `first`, by the events before it and nothing else. */
static size_t alive_before(const struct ms_trace *t, uint64_t first, bool *alive, size_t block_count)
{
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err = {0};
	size_t n = 0;

	memset(alive, 0, block_count * sizeof *alive);
	assert_int_equal(ms_cursor_open(&c, t, 0, 0, 1, &err), MS_OK);
	do {
		assert_int_equal(ms_cursor_next(c, &b, &err), MS_OK);
		for (uint32_t i = 0; i < b.count && b.first_event + i < first; i++) {
			unsigned class_ = ms_event_kinds[b.kind[i]].class_;

			if (class_ == MS_CLASS_ALLOC)
				alive[b.block[i]] = true;
			else if (class_ == MS_CLASS_FREE)
				alive[b.block[i]] = false;
			else if (b.kind[i] == MS_EV_IMAGE_START)
				memset(alive, 0, block_count * sizeof *alive);
		}
	} while (b.count > 0);
	ms_cursor_close(c);
	alive[0] = false;
	for (size_t i = 0; i < block_count; i++)
		n += alive[i];
	return n;
}

static void live_before_the_first_batch(void **state)
{
	(void)state;
	for (uint64_t seed = 30; seed < 34; seed++) {
		struct gen g;
		struct ms_stream s;
		struct ms_trace *t;
		bool *alive;

		gen_init(&g, seed, 6000, true);
		gen_write(&g, &s, &(struct gen_options){.events_per_block = 512, .keyframe_every = seed % 2 ? 1500 : 0});
		t = open_memory(&s);
		alive = malloc((g.count + 1) * sizeof *alive);
		assert_non_null(alive);
		for (size_t first = 0; first <= g.count; first += g.count - first < 150 ? 1 : 100 + gen_random(&g) % 900) {
			struct ms_cursor *c;
			struct ms_batch b;
			struct ms_error err = {0};
			const struct ms_live_block *live;
			size_t n, expected = alive_before(t, first, alive, g.count + 1);

			assert_int_equal(ms_cursor_open(&c, t, MS_COLUMN_ADDRESS, first, 1 + first % 2, &err), MS_OK);
			assert_int_equal(ms_cursor_live(c, &live, &n, &err), MS_OK);
			assert_int_equal(n, expected);
			for (size_t i = 0; i < n; i++)
				assert_true(alive[live[i].block]);
			assert_int_equal(ms_cursor_next(c, &b, &err), MS_OK);
			assert_true(first < g.count ? b.first_event == first : b.count == 0);
			ms_cursor_close(c);
		}
		free(alive);
		ms_trace_close(t);
		ms_stream_free(&s);
		gen_free(&g);
	}
}

/* Between the two halves of a realloc a keyframe hides the first one: both ways of reading must agree about that. */
static void keyframe_inside_realloc(void **state)
{
	const struct ms_process process = {.clock_hz = 1};
	const struct ms_event events[] = {
		{.time_ns = 10, .kind = MS_EV_MALLOC, .thread = 1, .block = 1, .address = 0x1000, .size_bytes = 24},
		{.time_ns = 20, .kind = MS_EV_REALLOC_FREE, .thread = 1, .block = 1, .address = 0x1000, .size_bytes = 24},
		{.time_ns = 30, .kind = MS_EV_REALLOC_FAILED, .thread = 1, .block = 2, .address = 0x1000, .size_bytes = 24},
	};
	struct ms_writer_options options = {.keyframe_events = 2};
	struct ms_stream s;
	struct ms_writer *w;
	struct ms_trace *t;
	struct ms_cursor *c;
	struct ms_batch batch;
	struct ms_error err = {0};

	(void)state;
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1}), 1);
	assert_int_equal(ms_writer_events(w, events, 1, &err), MS_OK);
	assert_false(ms_writer_wants_keyframe(w, 0));
	assert_int_equal(ms_writer_events(w, events + 1, 1, &err), MS_OK);
	/* Due, but a realloc is open. */
	assert_false(ms_writer_wants_keyframe(w, 0));
	assert_int_equal(ms_writer_keyframe(w, NULL, 0, &err), MS_OK);
	assert_int_equal(ms_writer_events(w, events + 2, 1, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, &(struct ms_end){.time_ns = 40}, &err), MS_OK);
	ms_writer_close(w);

	t = open_memory(&s);
	for (uint64_t first = 0; first <= 2; first += 2) {
		assert_int_equal(ms_cursor_open(&c, t, MS_COLUMN_ADDRESS, first, 1, &err), MS_OK);
		do {
			assert_int_equal(ms_cursor_next(c, &batch, &err), MS_OK);
		} while (batch.first_event + batch.count < 3);
		assert_int_equal(batch.birth_ns[batch.count - 1], 30);
		assert_int_equal(batch.birth_kind[batch.count - 1], MS_EV_REALLOC_FAILED);
		ms_cursor_close(c);
	}
	ms_trace_close(t);
	ms_stream_free(&s);
}

/* A signal handler that calls realloc inside of a realloc: the halves nest, and each failed one finds its own block. */
static void nested_reallocs(void **state)
{
	const struct ms_process process = {.clock_hz = 1};
	const struct ms_event events[] = {
		{.time_ns = 1, .kind = MS_EV_MALLOC, .thread = 1, .block = 1, .address = 0x1000, .size_bytes = 24},
		{.time_ns = 2, .kind = MS_EV_CALLOC, .thread = 1, .block = 2, .address = 0x2000, .size_bytes = 48},
		{.time_ns = 3, .kind = MS_EV_REALLOC_FREE, .thread = 1, .block = 1, .address = 0x1000, .size_bytes = 24},
		{.time_ns = 4, .kind = MS_EV_REALLOC_FREE, .thread = 1, .block = 2, .address = 0x2000, .size_bytes = 48},
		{.time_ns = 5, .kind = MS_EV_REALLOC_FAILED, .thread = 1, .block = 3, .address = 0x2000, .size_bytes = 48},
		{.time_ns = 6, .kind = MS_EV_REALLOC_FREE, .thread = 1, .address = 0x3000},
		{.time_ns = 7, .kind = MS_EV_REALLOC_FAILED, .thread = 1, .block = 4, .address = 0x3000},
		{.time_ns = 8, .kind = MS_EV_REALLOC_FAILED, .thread = 1, .block = 5, .address = 0x1000, .size_bytes = 24},
		{.time_ns = 9, .kind = MS_EV_REALLOC_FAILED, .thread = 1, .block = 6, .address = 0x4000, .size_bytes = 8},
	};
	static const struct {
		uint64_t birth_ns;
		uint8_t kind;
	} expected[] = {{1, MS_EV_MALLOC}, {2, MS_EV_CALLOC},	      {1, MS_EV_MALLOC}, {2, MS_EV_CALLOC}, {2, MS_EV_CALLOC}, {0, 0},
			{7, MS_EV_REALLOC_FAILED}, {1, MS_EV_MALLOC}, {9, MS_EV_REALLOC_FAILED}};
	const size_t count = sizeof(events) / sizeof(events[0]);
	struct ms_stream s;
	struct ms_writer *w;
	struct ms_trace *t;
	struct ms_cursor *c;
	struct ms_batch batch;
	struct ms_error err = {0};

	(void)state;
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1}), 1);
	assert_int_equal(ms_writer_events(w, events, count, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, &(struct ms_end){.time_ns = 40}, &err), MS_OK);
	ms_writer_close(w);
	t = open_memory(&s);
	assert_int_equal(ms_cursor_open(&c, t, MS_COLUMN_ADDRESS, 0, 1, &err), MS_OK);
	assert_int_equal(ms_cursor_next(c, &batch, &err), MS_OK);
	assert_int_equal(batch.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(batch.birth_ns[i], expected[i].birth_ns);
		assert_int_equal(batch.birth_kind[i], expected[i].kind);
		assert_int_equal(batch.address[i], events[i].address);
	}
	ms_cursor_close(c);
	ms_trace_close(t);
	ms_stream_free(&s);
}

static void tables(void **state)
{
	struct gen g;
	struct ms_stream s;
	struct ms_trace *t;
	const struct ms_process *p;
	const struct ms_symbol *symbols;
	size_t n;

	(void)state;
	gen_init(&g, 3, 100, false);
	gen_write(&g, &s, &(struct gen_options){0});
	t = open_memory(&s);
	p = ms_trace_process(t);
	assert_int_equal(p->command_count, 3);
	assert_string_equal(p->command[1], "--with space");
	assert_string_equal(p->command[2], "");
	assert_null(p->command[3]);
	assert_string_equal(p->executable, "/usr/bin/prog");
	assert_string_equal(p->host, "");
	assert_int_equal(p->pid, 4711);
	assert_true(p->free_stacks);
	assert_int_equal(ms_trace_string_count(t), g.strings);
	assert_string_equal(ms_trace_string(t, 1), "string-0");
	assert_string_equal(ms_trace_string(t, g.strings), "string-19");
	assert_string_equal(ms_trace_string(t, 0), "");
	assert_string_equal(ms_trace_string(t, g.strings + 1), "");
	assert_int_equal(ms_trace_module_count(t), 3);
	assert_string_equal(ms_trace_module(t, 2)->path, "string-1");
	assert_memory_equal(ms_trace_module(t, 2)->build_id, "0123456789abcdefghij", 20);
	assert_int_equal(ms_trace_module(t, 3)->start, 0x20000);
	assert_null(ms_trace_module(t, 4));
	assert_int_equal(ms_trace_thread_count(t), g.threads);
	assert_int_equal(ms_trace_thread(t, 2)->tid, 1001);
	assert_true(ms_trace_thread(t, 1)->is_main);
	assert_int_equal(ms_trace_frame_count(t), g.frames);
	assert_int_equal(ms_trace_frame(t, 5)->address, 0x10000 + 28);
	assert_int_equal(ms_trace_frame(t, 4)->module, 3);
	assert_int_equal(ms_trace_stack_count(t), g.stacks);
	for (uint32_t id = 1; id <= g.stacks; id++) {
		assert_true(ms_trace_stack(t, id)->parent < id);
		assert_in_range(ms_trace_stack(t, id)->frame, 1, g.frames);
	}
	symbols = ms_trace_symbols(t, 3, &n);
	assert_int_equal(n, 2);
	assert_int_equal(symbols[0].line, 3);
	assert_int_equal(symbols[1].function, 2);
	assert_null(ms_trace_symbols(t, 4, &n));
	assert_int_equal(n, 0);
	assert_int_equal(ms_trace_end(t)->exit_code, -3);
	assert_int_equal(ms_trace_end(t)->ended, MS_ENDED_EXITED);
	assert_int_equal(ms_trace_end(t)->events, g.count);
	assert_int_equal(ms_trace_end(t)->blocks, g.next_block - 1);
	ms_trace_close(t);
	ms_stream_free(&s);
	gen_free(&g);
}

/* Without its end the trace opens, says so, and has every event. */
static void without_end(void **state)
{
	struct gen g;
	struct ms_stream s;
	struct ms_trace *t;

	(void)state;
	gen_init(&g, 8, 3000, true);
	gen_write(&g, &s, &(struct gen_options){.events_per_block = 500, .no_end = true});
	t = open_memory(&s);
	assert_null(ms_trace_end(t));
	assert_non_null(ms_trace_damage(t));
	assert_int_equal(ms_trace_damage(t)->code, MS_E_TRUNCATED);
	assert_false(ms_trace_has_index(t));
	gen_compare(&g, t, 0, 1, EVERYTHING, true);
	ms_trace_close(t);
	ms_stream_free(&s);
	gen_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams),	   cmocka_unit_test(full_blocks),
		cmocka_unit_test(from_keyframes),	   cmocka_unit_test(live_at_the_end),
		cmocka_unit_test(live_before_the_first_batch),
		cmocka_unit_test(keyframe_inside_realloc), cmocka_unit_test(nested_reallocs),
		cmocka_unit_test(tables),
		cmocka_unit_test(without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
