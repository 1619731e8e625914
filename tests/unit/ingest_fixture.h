/*
 * ingest_fixture.h - what the tests of the collector share: an arena with the app's side played by fake_app.h, a writer into memory, the
 * collector between them, and the trace that comes of it.
 *
 * A test opens a struct rig in steps (or all of them with rig_open), lets threads of its own or thread[] publish entries, ends the recording
 * (rig_take_in, what the test wants to happen then, rig_end; or rig_finish) and reads r->trace. close_rig frees everything, the trace as well. Clocks are
 * monotonic and start at 0, so a tick is a nanosecond of the trace. For one file per test program.
 */
#ifndef MS_TESTS_INGEST_FIXTURE_H
#define MS_TESTS_INGEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_app.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "record/ingest.h"
#include "record/slots.h"

#define PID 1000       /* of the process, and so the tid of its main thread */
#define FIRST_DEAD 9000 /* threads with this tid or a larger one are dead when the collector looks */

struct rig {
	struct arena arena;
	struct tick_clock clock;
	struct ms_stream stream;
	struct ms_writer *writer;
	struct ingest ingest;
	struct slots slots;
	struct ms_trace *trace;
	struct ms_error err;
	struct fake_thread thread[2];    /* rig_threads starts them */
	uint64_t now;                    /* of tests that let the time run by themselves */
};

static inline void rig_started(void *context, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name)
{
	ingest_slot_started(context, slot, tid, image, nested, name);
}
static inline void rig_lost(void *context, uint32_t slot, uint64_t events)
{
	ingest_slot_lost(context, slot, events);
}
static inline void rig_ended(void *context, uint32_t slot)
{
	ingest_slot_ended(context, slot);
}
static inline bool rig_alive(void *context, uint32_t tid)
{
	(void)context;
	return tid < FIRST_DEAD;
}
static const struct slots_ops rig_ops = {.started = rig_started, .lost = rig_lost, .ended = rig_ended, .alive = rig_alive};
static const struct arena_options rig_clock __attribute__((unused)) = {.clock = MS_CLOCK_MONOTONIC};

static const struct ms_writer_options small_blocks __attribute__((unused)) = {.events_per_block = 500};

/* First step: an empty rig with an arena. */
static inline void rig_arena(struct rig *r, const struct arena_geometry *geometry, const struct arena_options *options)
{
	memset(r, 0, sizeof *r);
	assert_int_equal(arena_create(&r->arena, geometry, options, &r->err), MS_OK);
}

/* Second step: clock and writer. */
static inline void rig_writer(struct rig *r, const struct ms_capture *capture, const struct ms_writer_options *options)
{
	struct ms_process process = {.executable = "fake", .pid = PID, .clock_hz = 1000000000};

	if (capture)
		process.capture = *capture;
	tick_clock_start(&r->clock, MS_CLOCK_MONOTONIC, (struct tick_pair){0, 0});
	ms_stream_init_memory(&r->stream);
	assert_int_equal(ms_writer_open(&r->writer, &r->stream, options, &r->err), MS_OK);
	assert_int_equal(ms_writer_process(r->writer, &process, &r->err), MS_OK);
}

/* Third step: the collector, before any thread. */
static inline void rig_collector(struct rig *r)
{
	atomic_store(&r->arena.header->images, 1);
	assert_int_equal(ingest_init(&r->ingest, &r->arena, r->writer, &r->clock, PID, &r->err), MS_OK);
	assert_int_equal(slots_init(&r->slots, &r->arena, &r->ingest.merge, &rig_ops, &r->ingest), MS_OK);
	r->slots.ticks_per_ms = 1000000;
}

/* All of it, with nothing out of the ordinary. */
static inline void rig_open(struct rig *r, const struct ms_writer_options *options)
{
	rig_arena(r, &fake_geometry, &rig_clock);
	rig_writer(r, NULL, options);
	rig_collector(r);
}

/* thread[0] is the main thread. */
static inline void rig_threads(struct rig *r, unsigned count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_true(fake_thread_start(&r->thread[i], &r->arena, PID + i, 0, false));
}

static inline void poll_at(struct rig *r, uint64_t now)
{
	assert_int_equal(ingest_run(&r->ingest, slots_drain(&r->slots, now)), MS_OK);
	slots_sweep(&r->slots, true);
}

/* The program is gone: everything that stands in the rings. */
static inline void rig_take_in(struct rig *r, uint64_t now)
{
	slots_drain(&r->slots, now);
	assert_int_equal(ingest_run(&r->ingest, UINT64_MAX), MS_OK);
}

/* Ends the trace and opens it; it has to be whole. */
static inline void rig_end(struct rig *r, uint64_t time_ns)
{
	const struct ms_end end = {.time_ns = time_ns, .ended = MS_ENDED_EXITED};

	assert_int_equal(ingest_flush(&r->ingest, false), MS_OK);
	if (ms_writer_end(r->writer, &end, &r->err) != MS_OK)
		fail_msg("%s", r->err.message);
	if (ms_trace_open_memory(&r->trace, r->stream.memory, r->stream.position, &r->err) != MS_OK)
		fail_msg("%s", r->err.message);
	assert_null(ms_trace_damage(r->trace));
}

/* All of it, with nothing between. */
static inline void rig_finish(struct rig *r, uint64_t now)
{
	rig_take_in(r, now);
	slots_finish(&r->slots);
	ingest_end_culling(&r->ingest);
	rig_end(r, now);
}

static inline void close_rig(struct rig *r)
{
	ms_trace_close(r->trace);
	slots_free(&r->slots);
	ingest_free(&r->ingest);
	ms_writer_close(r->writer);
	ms_stream_free(&r->stream);
	arena_close(&r->arena);
}

/* ---- events of the trace ----------------------------------------------------------------------------------------- */

struct flat {
	uint64_t time_ns, address, size, block, arg;
	uint32_t thread, stack;
	uint8_t kind;
};

/* All events from `first` on; the caller frees. */
static inline struct flat *read_events(const struct rig *r, uint64_t first, size_t *n)
{
	struct flat *all = malloc((ms_trace_event_count(r->trace) + 1) * sizeof *all);
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err;

	assert_non_null(all);
	*n = 0;
	if (ms_cursor_open(&c, r->trace, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, first, 1, &err) != MS_OK)
		fail_msg("%s", err.message);
	for (;;) {
		if (ms_cursor_next(c, &b, &err) != MS_OK)
			fail_msg("%s", err.message);
		if (b.count == 0)
			break;
		for (uint32_t i = 0; i < b.count; i++)
			all[(*n)++] = (struct flat){b.time_ns[i], b.address[i], b.size_bytes[i], b.block[i], b.arg[i][0], b.thread[i],
			                            b.stack[i], b.kind[i]};
	}
	ms_cursor_close(c);
	return all;
}

static inline uint8_t class_of(const struct flat *e)
{
	return ms_event_kinds[e->kind].class_;
}

static inline const struct flat *find(const struct flat *e, size_t n, uint8_t kind, unsigned nth)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == kind && nth-- == 0)
			return &e[i];
	fail_msg("no event of kind %u", kind);
	return NULL;
}

static inline unsigned count(const struct flat *e, size_t n, uint8_t kind)
{
	unsigned found = 0;

	for (size_t i = 0; i < n; i++)
		found += e[i].kind == kind;
	return found;
}

/* ---- chance, the same in each run -------------------------------------------------------------------------------- */

static uint64_t random_state __attribute__((unused)) = 0x853c49e6748fea9b;

static inline uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

#endif
