/*
 * test_trace_part.c - parts of random programs: what is alive at any event of a part, and each of its events, are those of the whole trace under other
 * ids; snapshots hold what reports count as alive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/index_build.h"
#include "analyze/report.h"
#include "analyze/snapshot.h"
#include "format/trace_index.h"
#include "format/trace_part.h"
#include "format/trace_writer.h"
#include "keyframe_trace.h"

static struct ms_trace *part_of(struct ms_stream *s, const struct ms_trace *from, const struct ms_part_request *r)
{
	struct ms_writer_options options = {.part = true, .level = 1, .events_per_block = 50};
	struct ms_writer *w;
	struct ms_trace *t;
	struct ms_error err;

	ms_stream_init_memory(s);
	assert_int_equal(ms_writer_open(&w, s, &options, &err), MS_OK);
	if (ms_write_part(w, from, r, &err))
		fail_msg("%s", err.message);
	ms_writer_close(w);
	if (ms_trace_open_memory(&t, s->memory, s->position, &err))
		fail_msg("%s", err.message);
	assert_null(ms_trace_damage(t));
	assert_true(ms_trace_is_part(t));
	return t;
}

/* Stacks by what they are made of, not by id. */
static void same_stack(const struct ms_trace *a, uint32_t x, const struct ms_trace *b, uint32_t y)
{
	while (x && y) {
		const struct ms_stack *s = ms_trace_stack(a, x), *t = ms_trace_stack(b, y);
		size_t n, m;
		const struct ms_symbol *u = ms_trace_symbols(a, s->frame, &n), *v = ms_trace_symbols(b, t->frame, &m);

		assert_int_equal(ms_trace_frame(a, s->frame)->address, ms_trace_frame(b, t->frame)->address);
		assert_int_equal(n, m);
		for (size_t i = 0; i < n; i++)
			assert_string_equal(ms_trace_string(a, u[i].function), ms_trace_string(b, v[i].function));
		x = s->parent;
		y = t->parent;
	}
	assert_int_equal(x, y);
}

static void same_live(const struct ms_trace *a, const struct ms_live_block *x, const struct ms_trace *b, const struct ms_live_block *y)
{
	assert_int_equal(x->address, y->address);
	assert_int_equal(x->size_bytes, y->size_bytes);
	assert_int_equal(x->birth_ns, y->birth_ns);
	assert_int_equal(x->thread, y->thread);
	assert_int_equal(x->kind, y->kind);
	same_stack(a, x->stack, b, y->stack);
}

/* The set before event `at` of the part, from its nearest keyframe, against that of the whole. */
static void check_live(const struct keyframe_trace *t, const struct ms_trace *part, uint64_t from, uint64_t at)
{
	const struct ms_live_block *a, *b;
	struct ms_cursor *x, *y;
	struct ms_error err;
	size_t n, m;

	assert_int_equal(ms_cursor_open(&x, t->trace, MS_COLUMN_ADDRESS, from + at, 1, &err), MS_OK);
	assert_int_equal(ms_cursor_open(&y, part, MS_COLUMN_ADDRESS, at, 1, &err), MS_OK);
	assert_int_equal(ms_cursor_live(x, &a, &n, &err), MS_OK);
	assert_int_equal(ms_cursor_live(y, &b, &m, &err), MS_OK);
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		if (a[i].kind == MS_EV_REALLOC_FAILED || b[i].kind == MS_EV_REALLOC_FAILED)
			continue; /* its first half may stand before the part */
		same_live(t->trace, &a[i], part, &b[i]);
	}
	ms_cursor_close(x);
	ms_cursor_close(y);
}

static void check_events(const struct keyframe_trace *t, const struct ms_trace *part, uint64_t from, uint64_t to)
{
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err;
	uint64_t at = from;

	assert_int_equal(ms_trace_event_count(part), to - from);
	if (ms_cursor_open(&c, part, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, 1, &err))
		fail_msg("%s", err.message);
	while (ms_cursor_next(c, &b, &err) == MS_OK && b.count) {
		for (uint32_t i = 0; i < b.count; i++, at++) {
			const struct ms_event *e = &t->random.events[at];

			assert_int_equal(b.kind[i], e->kind);
			assert_int_equal(b.time_ns[i], e->time_ns);
			assert_int_equal(b.thread[i], e->thread);
			assert_int_equal(b.address[i], e->kind == MS_EV_IMAGE_START ? 0 : e->address);
			assert_int_equal(b.size_bytes[i], e->size_bytes);
			assert_int_equal(!b.block[i], !e->block);
			same_stack(part, b.stack[i], t->trace, e->stack);
		}
	}
	assert_int_equal(at, to);
	ms_cursor_close(c);
}

/* Reports and counts of a part are the same with an index beside it; and those of the whole where the part begins midway. */
static void check_counts(const struct keyframe_trace *t, struct ms_trace *part, uint64_t from, uint64_t to)
{
	struct ms_index_options every = {.interval = 7, .events_per_block = 1};
	struct ms_report_options options = {.threads = 1};
	struct ms_snapshot_counts counts[2];
	struct ms_instant at = {(to - from) * 2 / 3, 0};
	struct ms_snapshots *s;
	struct ms_snapshot snapshot;
	struct ms_report plain, indexed;
	struct ms_stream index;
	struct ms_error err;
	char text[32];

	if (at.event == 0)
		return;
	snprintf(text, sizeof text, "event:%llu", (unsigned long long)at.event - 1);
	options.from = text;
	ms_stream_init_memory(&index);
	assert_int_equal(ms_report_build(&plain, part, &options, &err), MS_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ms_snapshots_open(&s, part, MS_SNAPSHOT_COUNTS, &err), MS_OK);
		assert_int_equal(ms_snapshot_at(s, &at, &snapshot, &err), MS_OK);
		assert_int_equal(ms_snapshot_counts(s, &counts[i], &err), MS_OK);
		assert_int_equal(counts[i].totals.live_blocks, snapshot.count + snapshot.moving_count);
		ms_snapshots_close(s);
		if (i == 0) {
			assert_int_equal(ms_index_build_file(&index, part, &every, NULL, &err), MS_OK);
			if (ms_trace_attach_index_memory(part, index.memory, index.position, &err))
				fail_msg("%s", err.message);
		}
	}
	assert_int_equal(ms_report_build(&indexed, part, &options, &err), MS_OK);
	assert_memory_equal(&plain.totals, &indexed.totals, sizeof plain.totals);
	assert_memory_equal(&counts[0].totals, &counts[1].totals, sizeof counts[0].totals);
	assert_int_equal(counts[0].thread_count, t->random.thread_count);
	for (size_t i = 0; i < counts[0].thread_count; i++) {
		assert_int_equal(counts[0].threads[i].live_bytes, counts[1].threads[i].live_bytes);
		assert_int_equal(counts[0].threads[i].frees, counts[1].threads[i].frees);
		assert_string_equal(counts[0].threads[i].name, counts[1].threads[i].name);
	}
	ms_trace_detach_index(part);
	ms_stream_free(&index);
	ms_report_free(&plain);
	ms_report_free(&indexed);
	ms_snapshot_counts_free(&counts[0]);
	ms_snapshot_counts_free(&counts[1]);
}

/* Threads have the names in the part that the events before it gave them. */
static void check_names(const struct keyframe_trace *t, const struct ms_trace *part, uint64_t from)
{
	for (uint32_t id = 1; id <= t->random.thread_count; id++) {
		const char *name = "";

		for (uint64_t i = 0; i < from; i++)
			if (t->random.events[i].kind == MS_EV_THREAD_NAME && t->random.events[i].thread == id)
				name = ms_trace_string(t->trace, (uint32_t)t->random.events[i].arg[0]);
		assert_string_equal(ms_trace_string(part, ms_trace_thread(part, id)->name), name);
	}
}

static void test_windows(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct keyframe_trace t;
		struct ms_stream s, again;
		struct ms_trace *part, *inner;
		uint64_t n, from, to;
		struct ms_part_request r = {.file = "whole.ms"}, r2 = {0};

		keyframe_trace_make(&t, seed, 30 * seed, 5 + seed * 3);
		n = t.random.event_count;
		from = seed * 7919 % (n + 1);
		to = from + seed * 104729 % (n - from + 1);
		r.from_event = from;
		r.to_event = to;
		r.from_ns = from ? t.random.events[from - 1].time_ns : 0;
		r.to_ns = to ? t.random.events[to - 1].time_ns : 0;
		struct ms_stream index;
		struct ms_index_options every = {.interval = 11, .events_per_block = 1};
		struct ms_error err;

		ms_stream_init_memory(&index);
		if (seed % 2) {
			assert_int_equal(ms_index_build_file(&index, t.trace, &every, NULL, &err), MS_OK);
			assert_int_equal(ms_trace_attach_index_memory(t.trace, index.memory, index.position, &err), MS_OK);
		}
		part = part_of(&s, t.trace, &r);
		assert_int_equal(ms_trace_process(part)->part.kind, MS_PART_WINDOW);
		assert_string_equal(ms_trace_process(part)->part.of, "whole.ms");
		assert_int_equal(ms_trace_process(part)->part.from_event, from);
		assert_int_equal(ms_trace_process(part)->part.of_events, n);
		check_events(&t, part, from, to);
		for (uint64_t i = 0; i <= 10; i++)
			check_live(&t, part, from, (to - from) * i / 10);
		check_counts(&t, part, from, to);
		check_names(&t, part, from);
		/* a part of a part says where it is in the recording */
		r2 = r;
		r2.from_event = (to - from) / 2;
		r2.to_event = to - from;
		r2.from_ns = from + r2.from_event ? t.random.events[from + r2.from_event - 1].time_ns : 0;
		inner = part_of(&again, part, &r2);
		assert_int_equal(ms_trace_process(inner)->part.from_event, from + (to - from) / 2);
		assert_int_equal(ms_trace_process(inner)->part.to_event, to);
		assert_int_equal(ms_trace_process(inner)->part.of_events, n);
		check_events(&t, inner, from + (to - from) / 2, to);
		ms_trace_close(inner);
		ms_stream_free(&again);
		ms_trace_close(part);
		ms_stream_free(&s);
		keyframe_trace_free(&t);
		ms_stream_free(&index);
	}
}

static void test_snapshots(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct keyframe_trace t;
		struct ms_snapshots *whole, *small;
		struct ms_snapshot a, b;
		struct ms_instant at;
		struct ms_stream s;
		struct ms_trace *part;
		struct ms_error err;
		size_t k = 0, m = 0;

		keyframe_trace_make(&t, seed, 30 * seed, 5 + seed * 3);
		at.event = seed * 7919 % (t.random.event_count + 1);
		at.time_ns = at.event ? t.random.events[at.event - 1].time_ns : 0;
		assert_int_equal(ms_snapshots_open(&whole, t.trace, MS_SNAPSHOT_COUNTS, &err), MS_OK);
		assert_int_equal(ms_snapshot_at(whole, &at, &a, &err), MS_OK);
		part = part_of(&s, t.trace, &(struct ms_part_request){
			.snapshot = true, .from_event = at.event, .to_event = at.event, .from_ns = at.time_ns, .to_ns = at.time_ns,
			.moving = a.moving, .moving_count = a.moving_count,
		});
		assert_int_equal(ms_trace_event_count(part), 0);
		assert_int_equal(ms_trace_end(part)->time_ns, at.time_ns);
		assert_int_equal(ms_snapshots_open(&small, part, 0, &err), MS_OK);
		assert_int_equal(ms_snapshot_at(small, &(struct ms_instant){0, 0}, &b, &err), MS_OK);
		assert_int_equal(b.count, a.count + a.moving_count);
		for (size_t i = 0; i < b.count; i++) {
			bool moving = k == a.count || (m < a.moving_count && a.moving[m].block < a.blocks[k].block);

			assert_int_equal(b.blocks[i].block, i + 1);
			same_live(t.trace, moving ? &a.moving[m++] : &a.blocks[k++], part, &b.blocks[i]);
		}
		ms_snapshots_close(small);
		ms_snapshots_close(whole);
		ms_trace_close(part);
		ms_stream_free(&s);
		keyframe_trace_free(&t);
	}
}

/* ---- what a hostile file could say --------------------------------------------------------------------------------- */

static void test_refused(void **state)
{
	struct ms_writer_options options = {.part = true};
	struct ms_process whole = {.executable = "/bin/program"};
	struct ms_live_block block = {.block = 2, .thread = 1, .kind = MS_EV_MALLOC};
	struct keyframe_trace t;
	struct ms_stream s;
	struct ms_writer *w;
	struct ms_trace *trace;
	struct ms_error err;

	(void)state;
	/* the header says part, Process says none */
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &whole, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, NULL, &err), MS_OK);
	ms_writer_close(w);
	assert_int_equal(ms_trace_open_memory(&trace, s.memory, s.position, &err), MS_E_CORRUPT);
	ms_stream_free(&s);

	/* a part that does not say what is alive */
	whole.part.kind = MS_PART_WINDOW;
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &whole, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, NULL, &err), MS_OK);
	ms_writer_close(w);
	assert_int_equal(ms_trace_open_memory(&trace, s.memory, s.position, &err), MS_OK);
	struct ms_cursor *c = NULL;
	assert_int_equal(ms_cursor_open(&c, trace, 0, 0, 1, &err), MS_E_CORRUPT);
	ms_trace_close(trace);
	ms_stream_free(&s);

	/* ids that are not 1 .. n; a start that comes twice, or in a trace that is no part */
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &whole, &err), MS_OK);
	assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1}), 1);
	assert_int_equal(ms_writer_start(w, 5, &block, 1, &err), MS_E_ARGUMENT);
	ms_writer_close(w);
	ms_stream_free(&s);

	/* no part of the trace */
	keyframe_trace_make(&t, 3, 50, 20);
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, &options, &err), MS_OK);
	assert_int_equal(ms_write_part(w, t.trace, &(struct ms_part_request){.from_event = 0, .to_event = 1000}, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_write_part(w, t.trace, &(struct ms_part_request){.from_event = 5, .to_event = 4}, &err), MS_E_ARGUMENT);
	ms_writer_close(w);
	ms_stream_free(&s);
	keyframe_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_snapshots),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
