/*
 * The collector and a sample: ends of blocks that are not in it, and what belongs to them, do not reach the trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "fake_app.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "record/ingest.h"
#include "record/slots.h"

struct rig {
	struct arena arena;
	struct tick_clock clock;
	struct ms_stream stream;
	struct ms_writer *writer;
	struct ingest ingest;
	struct slots slots;
	struct fake_thread app;
	struct ms_trace *trace;
	struct ms_error err;
};

static void started(void *context, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name)
{
	ingest_slot_started(context, slot, tid, image, nested, name);
}
static void lost(void *context, uint32_t slot, uint64_t events)
{
	ingest_slot_lost(context, slot, events);
}
static void ended(void *context, uint32_t slot)
{
	ingest_slot_ended(context, slot);
}
static bool alive(void *context, uint32_t tid)
{
	(void)context, (void)tid;
	return true;
}
static const struct slots_ops ops = {.started = started, .lost = lost, .ended = ended, .alive = alive};

static void open_rig(struct rig *r)
{
	const struct arena_options ao = {.clock = MS_CLOCK_MONOTONIC, .sample = {.sampling = MS_SAMPLING_PER_ALLOCATION, .per_billion = 500000000}};
	const struct ms_process process = {.executable = "fake", .pid = 1, .clock_hz = 1000000000,
	                                   .capture = {.sampling = MS_SAMPLING_PER_ALLOCATION, .sample_per_billion = 500000000}};
	struct arena_geometry geometry = fake_geometry;

	memset(r, 0, sizeof *r);
	geometry.sampled = 64;
	assert_int_equal(arena_create(&r->arena, &geometry, &ao, &r->err), MS_OK);
	assert_true(r->arena.sampled);
	assert_int_equal(atomic_load(&r->arena.header->births), MS_BIRTHS_SAMPLE);
	assert_int_equal(atomic_load(&r->arena.header->births_unseen), 1);
	atomic_store(&r->arena.header->images, 1);
	tick_clock_start(&r->clock, MS_CLOCK_MONOTONIC, (struct tick_pair){0, 0});
	ms_stream_init_memory(&r->stream);
	assert_int_equal(ms_writer_open(&r->writer, &r->stream, &(struct ms_writer_options){0}, &r->err), MS_OK);
	assert_int_equal(ms_writer_process(r->writer, &process, &r->err), MS_OK);
	assert_int_equal(ingest_init(&r->ingest, &r->arena, r->writer, &r->clock, 1, &r->err), MS_OK);
	assert_int_equal(slots_init(&r->slots, &r->arena, &r->ingest.merge, &ops, &r->ingest), MS_OK);
	r->slots.ticks_per_ms = 1000000;
	assert_true(fake_thread_start(&r->app, &r->arena, 1, 0, false));
}

static void close_rig(struct rig *r)
{
	ms_trace_close(r->trace);
	ms_writer_close(r->writer);
	slots_free(&r->slots);
	ingest_free(&r->ingest);
	ms_stream_free(&r->stream);
	arena_close(&r->arena);
}

/* Ends the recording; its kinds but those of threads, as a text of their names. */
static void kinds(struct rig *r, char *text, size_t room)
{
	const struct ms_end end = {.time_ns = 10000000, .ended = MS_ENDED_EXITED};
	struct ms_cursor *c;
	struct ms_batch b;

	slots_drain(&r->slots, 10000000);
	assert_int_equal(ingest_run(&r->ingest, UINT64_MAX), MS_OK);
	assert_int_equal(ingest_flush(&r->ingest, false), MS_OK);
	assert_int_equal(ms_writer_end(r->writer, &end, &r->err), MS_OK);
	assert_int_equal(ms_trace_open_memory(&r->trace, r->stream.memory, r->stream.position, &r->err), MS_OK);
	assert_int_equal(ms_cursor_open(&c, r->trace, 0, 0, 1, &r->err), MS_OK);
	*text = '\0';
	while (ms_cursor_next(c, &b, &r->err) == MS_OK && b.count)
		for (uint32_t i = 0; i < b.count; i++)
			if (strncmp(ms_event_kinds[b.kind[i]].name, "thread", 6) != 0) {
				strncat(text, ms_event_kinds[b.kind[i]].name, room - strlen(text) - 1);
				strncat(text, " ", room - strlen(text) - 1);
			}
	ms_cursor_close(c);
}

static void out(struct rig *r, uint64_t ticks, uint64_t old)
{
	fake_enter(&r->app);
	fake_publish(&r->app, ticks, MS_EV_REALLOC_OUT, old, 0, NULL);
	fake_leave(&r->app);
}

static void test_ends_outside_the_sample_are_dropped(void **state)
{
	struct rig r;
	char text[200];

	(void)state;
	open_rig(&r);
	fake_alloc(&r.app, 1000, MS_EV_MALLOC, 0x1000, 10, 0);
	fake_free(&r.app, 2000, MS_EV_FREE, 0x2000);
	fake_free(&r.app, 3000, MS_EV_FREE, 0x1000);
	fake_free(&r.app, 4000, MS_EV_FREE, 0x1000);
	kinds(&r, text, sizeof text);
	assert_string_equal(text, "malloc free ");
	assert_int_equal(r.ingest.unsampled_ends, 2);
	assert_int_equal(r.ingest.unmatched_frees, 0);
	close_rig(&r);
}

static void test_second_halves_go_with_their_first(void **state)
{
	struct rig r;
	char text[200];

	(void)state;
	open_rig(&r);
	fake_free(&r.app, 1000, MS_EV_REALLOC_FREE, 0x1000); /* not in the sample */
	out(&r, 2000, 0x1000);
	fake_free(&r.app, 3000, MS_EV_REALLOC_FREE, 0x1000);
	fake_alloc(&r.app, 4000, MS_EV_REALLOC_FAILED, 0x1000, 0, 0);
	fake_free(&r.app, 5000, MS_EV_REALLOC_FREE, 0x1000);
	fake_alloc(&r.app, 6000, MS_EV_REALLOC, 0x2000, 20, 0); /* the new block is */
	fake_free(&r.app, 7000, MS_EV_REALLOC_FREE, 0x2000);
	fake_alloc(&r.app, 8000, MS_EV_REALLOC_FAILED, 0x2000, 0, 0);
	fake_free(&r.app, 9000, MS_EV_REALLOC_FREE, 0x2000);
	out(&r, 10000, 0x2000);
	fake_free(&r.app, 11000, MS_EV_FREE, 0x2000);
	kinds(&r, text, sizeof text);
	assert_string_equal(text, "realloc realloc-free realloc-failed realloc-free realloc-out ");
	assert_int_equal(live_table_blocks(&r.ingest.live), 0);
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_outside_the_sample_are_dropped),
		cmocka_unit_test(test_second_halves_go_with_their_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
