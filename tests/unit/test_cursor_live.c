/* ms_cursor_open_live against a cursor that follows all addresses from a keyframe; and addresses of MAP events alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/container.h"
#include "format/trace_reader.h"

static struct ms_trace *open_memory(const struct ms_stream *s)
{
	struct ms_trace *t;
	struct ms_error err = {0};

	if (ms_trace_open_memory(&t, s->memory, s->position, &err) != MS_OK)
		fail_msg("%s", err.message);
	return t;
}

static void count_one(void *context, const struct ms_live_block *block)
{
	uint64_t *sum = context;

	*sum += block->block * 31 + block->address + block->size_bytes * 7 + block->stack;
}

/* The live blocks of `c`, now, are those that the trace has just before `event`. */
static void check_live(struct ms_cursor *c, const struct ms_trace *t, uint64_t event)
{
	const struct ms_live_block *a, *b;
	struct ms_cursor *from_keyframe;
	struct ms_error err = {0};
	uint64_t walked = 0, listed = 0;
	size_t n, m;

	assert_int_equal(ms_cursor_open(&from_keyframe, t, MS_COLUMN_ADDRESS, event, 1, &err), MS_OK);
	assert_int_equal(ms_cursor_live(from_keyframe, &b, &m, &err), MS_OK);
	assert_int_equal(ms_cursor_live(c, &a, &n, &err), MS_OK);
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++)
		if (a[i].block != b[i].block || a[i].address != b[i].address || a[i].size_bytes != b[i].size_bytes)
			fail_msg("live block %zu before event %llu differs", i, (unsigned long long)event);
	for (size_t i = 0; i < n; i++)
		count_one(&listed, &b[i]);
	assert_int_equal(ms_cursor_walk_live(c, count_one, &walked, &err), MS_OK);
	assert_true(walked == listed);
	ms_cursor_close(from_keyframe);
}

/* Reads the trace once with a stop at `event`; returns how many blocks were alive then. */
static size_t read_with_stop(const struct gen *g, const struct ms_trace *t, uint64_t event, uint32_t columns, unsigned threads,
                             size_t *maps)
{
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err = {0};
	uint64_t at = 0;
	bool met = false;
	size_t alive = 0;

	assert_int_equal(ms_cursor_open_live(&c, t, columns, 0, event, threads, &err), MS_OK);
	for (;;) {
		if (at == event) {
			const struct ms_live_block *blocks;

			check_live(c, t, event);
			assert_int_equal(ms_cursor_live(c, &blocks, &alive, &err), MS_OK);
			met = true;
		}
		if (ms_cursor_next(c, &b, &err) != MS_OK)
			fail_msg("%s", err.message);
		if (b.count == 0)
			break;
		assert_int_equal(b.first_event, at);
		assert_true(at >= event || at + b.count <= event);
		for (uint32_t i = 0; i < b.count; i++, at++) {
			assert_int_equal(b.kind[i], g->events[at].kind);
			assert_int_equal(b.block[i], g->events[at].block);
			assert_int_equal(b.size_bytes[i], g->events[at].size_bytes);
			if (columns && ms_event_kinds[b.kind[i]].class_ == MS_CLASS_MAP) {
				assert_non_null(b.address);
				assert_int_equal(b.address[i], g->events[at].address);
				++*maps;
			}
		}
		if (columns == 0)
			assert_null(b.address);
	}
	assert_int_equal(at, g->count);
	assert_true(met || event > g->count);
	ms_cursor_close(c);
	return alive;
}

/* The event before which the last keyframe stands; 0: there is none. */
static uint64_t last_keyframe(const struct ms_trace *t)
{
	uint64_t event = 0;

	for (size_t i = 0; i < ms_trace_block_count(t); i++)
		if (ms_trace_block(t, i)->kind == MS_BLOCK_KEYFRAME)
			event = ms_trace_block(t, i)->first_event;
	return event;
}

static void stops_anywhere(void **state)
{
	static const uint32_t columns[] = {0, MS_COLUMN_MAP_ADDRESS, MS_COLUMN_ADDRESS, MS_COLUMN_ARGS | MS_COLUMN_MAP_ADDRESS};
	size_t maps = 0, alive = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 24; seed++) {
		struct gen g;
		struct ms_stream s;
		struct ms_trace *t;
		uint64_t event;

		gen_init(&g, seed, 9000, true);
		gen_write(&g, &s, &(struct gen_options){.events_per_block = 700, .keyframe_every = seed % 3 ? 2500 : 0});
		t = open_memory(&s);
		event = seed % 8 == 0 ? g.count : seed % 8 == 1 ? 0 : seed % 8 == 2 ? last_keyframe(t) : gen_random(&g) % g.count;
		alive += read_with_stop(&g, t, event, columns[(seed + seed / 8) % 4] & (MS_COLUMN_MAP_ADDRESS | MS_COLUMN_ADDRESS), 1 + seed % 2, &maps);
		ms_trace_close(t);
		ms_stream_free(&s);
		gen_free(&g);
	}
	assert_true(maps > 100);
	assert_true(alive > 100);
}

/* Addresses of MAP events only: there where a block of events has one. */
static void addresses_of_maps(void **state)
{
	size_t with = 0, without = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct gen g;
		struct ms_stream s;
		struct ms_trace *t;
		struct ms_cursor *c;
		struct ms_batch b;
		struct ms_error err = {0};

		gen_init(&g, seed, 4000, true);
		gen_write(&g, &s, &(struct gen_options){.events_per_block = 40});
		t = open_memory(&s);
		assert_int_equal(ms_cursor_open(&c, t, MS_COLUMN_MAP_ADDRESS, 0, 1, &err), MS_OK);
		while (ms_cursor_next(c, &b, &err) == MS_OK && b.count > 0) {
			bool any = false;

			for (uint32_t i = 0; i < b.count; i++) {
				if (ms_event_kinds[b.kind[i]].class_ != MS_CLASS_MAP)
					continue;
				any = true;
				assert_non_null(b.address);
				assert_int_equal(b.address[i], g.events[b.first_event + i].address);
			}
			assert_true(any == (b.address != NULL));
			with += any;
			without += !any;
		}
		ms_cursor_close(c);
		ms_trace_close(t);
		ms_stream_free(&s);
		gen_free(&g);
	}
	assert_true(with > 20);
	assert_true(without > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stops_anywhere), cmocka_unit_test(addresses_of_maps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
