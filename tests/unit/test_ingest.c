/*
 * Ring entries to a trace and back: a simulated heap under several threads, whose stamps are a little wrong in the way
 * that CPUs make them wrong, must come out with every block's life exactly as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_app.h"
#include "format/container.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "record/ingest.h"
#include "record/slots.h"

static uint64_t state = 0x853c49e6748fea9b;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#define PID 1000

struct rig {
	struct arena arena;
	struct tick_clock clock;
	struct ms_stream stream;
	struct ms_writer *writer;
	struct ingest ingest;
	struct slots slots;
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
	(void)context;
	return tid < 9000; /* threads from 9000 on are dead */
}
static const struct slots_ops ops = {.started = started, .lost = lost, .ended = ended, .alive = alive};

static void open_rig(struct rig *r, uint64_t keyframe_events)
{
	const struct arena_options ao = {.clock = MS_CLOCK_MONOTONIC};
	const struct ms_writer_options wo = {.keyframe_events = keyframe_events, .events_per_block = 500};
	const struct ms_process process = {.executable = "fake", .pid = PID, .clock_hz = 1000000000};

	memset(r, 0, sizeof *r);
	assert_int_equal(arena_create(&r->arena, &fake_geometry, &ao, &r->err), MS_OK);
	atomic_store(&r->arena.header->images, 1);
	tick_clock_start(&r->clock, MS_CLOCK_MONOTONIC, (struct tick_pair){0, 0});
	ms_stream_init_memory(&r->stream);
	assert_int_equal(ms_writer_open(&r->writer, &r->stream, &wo, &r->err), MS_OK);
	assert_int_equal(ms_writer_process(r->writer, &process, &r->err), MS_OK);
	assert_int_equal(ingest_init(&r->ingest, &r->arena, r->writer, &r->clock, PID, &r->err), MS_OK);
	assert_int_equal(slots_init(&r->slots, &r->arena, &r->ingest.merge, &ops, &r->ingest), MS_OK);
	r->slots.ticks_per_ms = 1000000;
}

static void poll_at(struct rig *r, uint64_t now)
{
	assert_int_equal(ingest_run(&r->ingest, slots_drain(&r->slots, now)), MS_OK);
	slots_sweep(&r->slots, true);
}

/* Ends the recording and opens the trace. */
static void finish(struct rig *r, uint64_t now)
{
	const struct ms_end end = {.time_ns = now, .ended = MS_ENDED_EXITED};

	slots_drain(&r->slots, now);
	assert_int_equal(ingest_run(&r->ingest, UINT64_MAX), MS_OK);
	slots_finish(&r->slots);
	ingest_end_culling(&r->ingest);
	assert_int_equal(ingest_flush(&r->ingest, false), MS_OK);
	if (ms_writer_end(r->writer, &end, &r->err) != MS_OK)
		fail_msg("%s", r->err.message);
	if (ms_trace_open_memory(&r->trace, r->stream.memory, r->stream.position, &r->err) != MS_OK)
		fail_msg("%s", r->err.message);
	assert_null(ms_trace_damage(r->trace));
}

static void close_rig(struct rig *r)
{
	ms_trace_close(r->trace);
	slots_free(&r->slots);
	ingest_free(&r->ingest);
	ms_writer_close(r->writer);
	ms_stream_free(&r->stream);
	arena_close(&r->arena);
}

struct flat {
	uint64_t time_ns, address, size, block, arg;
	uint32_t thread, stack;
	uint8_t kind;
};

/* All events from `first` on; the caller frees. */
static struct flat *read_events(const struct rig *r, uint64_t first, size_t *n)
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

static uint8_t class_of(const struct flat *e)
{
	return ms_event_kinds[e->kind].class_;
}

/* ---- the simulated heap ------------------------------------------------------------------------------------------ */

enum { THREADS = 6, BLOCKS = 60000, ADDRESSES = 400, HEAP_STRIDE = 48 };
#define HEAP_START UINT64_C(0x5500000000)

/* The truth about a block. Its size is its number, so it is recognised in the trace. */
struct truth {
	uint8_t born_by, freed_by;       /* thread + 1; 0 = not */
	bool moved;                      /* born by realloc */
};

struct heap {
	struct fake_thread threads[THREADS];
	uint64_t last_stamp[THREADS];
	uint64_t reallocating[THREADS];  /* block that a realloc of this thread has begun to end; 0 = none */
	uint64_t failing[THREADS];       /* its address, when the realloc is going to fail */
	uint64_t now, handover;
	uint64_t touched[ADDRESSES];     /* by address: when a block last began or ended there */
	uint64_t free_addresses[ADDRESSES];
	unsigned free_count;
	uint64_t live[ADDRESSES], live_address[ADDRESSES]; /* block, address */
	unsigned live_count;
	struct truth truth[BLOCKS + 1];
	uint64_t blocks;
};

/* A stamp that is up to skew ticks early, but never before the thread's last. */
static uint64_t stamp(struct heap *h, unsigned thread, uint64_t skew)
{
	uint64_t s = h->now - (skew ? next_random() % skew : 0);

	if (s <= h->last_stamp[thread])
		s = h->last_stamp[thread] + 1;
	h->last_stamp[thread] = s;
	return s;
}

/* A block goes from one thread to another through memory: that takes as long as a cache line does. */
static void hand_over(struct heap *h, uint64_t address)
{
	size_t i = (address - HEAP_START) / HEAP_STRIDE;

	if (h->now < h->touched[i] + h->handover)
		h->now = h->touched[i] + h->handover;
	h->touched[i] = h->now;
}

static void begin_block(struct heap *h, unsigned t, uint8_t kind, uint64_t skew)
{
	uint64_t address = h->free_addresses[--h->free_count]; /* last freed, first used: at once, by any thread */

	hand_over(h, address);
	h->blocks++;
	h->truth[h->blocks] = (struct truth){.born_by = (uint8_t)(t + 1), .moved = kind == MS_EV_REALLOC};
	h->live[h->live_count] = h->blocks;
	h->live_address[h->live_count++] = address;
	fake_alloc(&h->threads[t], stamp(h, t, skew), kind, address, h->blocks, 0);
}

static void end_block(struct heap *h, unsigned t, uint8_t kind, uint64_t skew, bool keep_address)
{
	unsigned i = h->live_count - 1 - (unsigned)(next_random() % (h->live_count < 4 ? h->live_count : 4));

	hand_over(h, h->live_address[i]);
	h->truth[h->live[i]].freed_by = (uint8_t)(t + 1);
	fake_free(&h->threads[t], stamp(h, t, skew), kind, h->live_address[i]);
	if (kind == MS_EV_REALLOC_FREE)
		h->reallocating[t] = h->live[i];
	if (keep_address)
		h->failing[t] = h->live_address[i];
	else
		h->free_addresses[h->free_count++] = h->live_address[i];
	h->live_count--;
	h->live[i] = h->live[h->live_count];
	h->live_address[i] = h->live_address[h->live_count];
}

static void heap_step(struct heap *h, uint64_t skew)
{
	static const uint8_t alloc_kinds[] = {MS_EV_MALLOC, MS_EV_CALLOC, MS_EV_NEW, MS_EV_MEMALIGN};
	static const uint8_t free_kinds[] = {MS_EV_FREE, MS_EV_DELETE, MS_EV_DELETE_SIZED, MS_EV_REALLOC_ZERO};
	unsigned t = (unsigned)(next_random() % THREADS);

	h->now += 1 + next_random() % 30;
	if (!fake_has_room(&h->threads[t], 10))
		return;
	if (h->failing[t]) {
		/* the block lives on, under its address and size, as a new block of this thread */
		hand_over(h, h->failing[t]);
		h->blocks++;
		h->truth[h->blocks] = (struct truth){.born_by = (uint8_t)(t + 1)};
		h->live[h->live_count] = h->blocks;
		h->live_address[h->live_count++] = h->failing[t];
		fake_alloc(&h->threads[t], stamp(h, t, skew), MS_EV_REALLOC_FAILED, h->failing[t], 77777777, 0);
		h->failing[t] = 0;
		h->reallocating[t] = 0;
	} else if (h->reallocating[t]) {
		if (h->free_count > 0) {
			begin_block(h, t, MS_EV_REALLOC, skew);
			h->reallocating[t] = 0;
		}
	} else if (h->live_count > 0 && (h->free_count == 0 || next_random() % 2)) {
		bool realloc_ = next_random() % 4 == 0;
		bool fails = realloc_ && next_random() % 8 == 0;

		end_block(h, t, realloc_ ? MS_EV_REALLOC_FREE : free_kinds[next_random() % 4], skew, fails);
	} else if (h->free_count > 0) {
		begin_block(h, t, alloc_kinds[next_random() % 4], skew);
	}
}

static void check_against_truth(const struct rig *r, const struct heap *h)
{
	size_t n;
	struct flat *e = read_events(r, 0, &n);
	uint8_t *born = calloc(h->blocks + 2, 1), *freed = calloc(h->blocks + 2, 1);
	uint64_t live = 0, last = 0, allocations = 0, *number_of = calloc(n + 2, sizeof *number_of);

	assert_non_null(born);
	assert_non_null(freed);
	assert_non_null(number_of);
	for (size_t i = 0; i < n; i++) {
		assert_true(e[i].time_ns >= last);
		last = e[i].time_ns;
		if (class_of(&e[i]) == MS_CLASS_ALLOC) {
			assert_int_equal(e[i].block, ++allocations);
			live++;
			if (e[i].kind == MS_EV_REALLOC_FAILED)
				continue; /* its size is that of the block before */
			number_of[e[i].block] = e[i].size;
			assert_in_range(e[i].size, 1, h->blocks);
			assert_int_equal(born[e[i].size], 0);
			born[e[i].size] = 1;
			assert_int_equal(e[i].thread, ms_trace_thread(r->trace, e[i].thread) ? e[i].thread : 0);
			assert_int_equal(ms_trace_thread(r->trace, e[i].thread)->tid, PID + h->truth[e[i].size].born_by - 1u);
			assert_int_equal(e[i].kind == MS_EV_REALLOC, h->truth[e[i].size].moved);
		} else if (class_of(&e[i]) == MS_CLASS_FREE) {
			assert_int_not_equal(e[i].block, 0);
			live--;
			if (number_of[e[i].block] == 0)
				continue;
			assert_int_equal(e[i].size, number_of[e[i].block]);
			assert_int_equal(freed[e[i].size], 0);
			freed[e[i].size] = 1;
			assert_int_equal(ms_trace_thread(r->trace, e[i].thread)->tid, PID + h->truth[e[i].size].freed_by - 1u);
		}
	}
	assert_int_equal(allocations + (r->ingest.cull ? r->ingest.cull->culled_blocks : 0), h->blocks);
	assert_int_equal(live, h->live_count);
	free(e);
	free(born);
	free(freed);
	free(number_of);
}

/* What is not in the events is in the sums, and the peak that goes with them is that of everything. */
static void check_sums(const struct rig *r, const struct heap *h)
{
	size_t n;
	struct flat *e = read_events(r, 0, &n);
	uint8_t *written = calloc(h->blocks + 1, 1);
	uint64_t failed = 0, missing = 0, bytes = 0, blocks = 0, sum = 0;

	assert_non_null(written);
	for (size_t i = 0; i < n; i++) {
		failed += e[i].kind == MS_EV_REALLOC_FAILED;
		if (class_of(&e[i]) == MS_CLASS_ALLOC && e[i].kind != MS_EV_REALLOC_FAILED)
			written[e[i].size] = 1;
	}
	for (uint64_t b = 1; b <= h->blocks; b++) {
		missing += !written[b];
		bytes += written[b] ? 0 : b;
	}
	for (size_t i = 0; i < ms_trace_culled_count(r->trace); i++) {
		const struct ms_culled *c = ms_trace_culled(r->trace, i);

		assert_true(c->peak_bytes <= r->ingest.peak_bytes);
		for (size_t k = 0; k < c->row_count; k++) {
			blocks += c->rows[k].allocations + c->rows[k].reallocations;
			sum += c->rows[k].bytes;
		}
	}
	assert_int_equal(blocks, missing - failed); /* a failed realloc has a number, too, which no size shows */
	assert_true(blocks > h->blocks / 20);
	assert_true(sum < bytes || (failed == 0 && sum == bytes));
	assert_true(ingest_written_peak(&r->ingest) <= r->ingest.peak_bytes);
	free(e);
	free(written);
}

/*
 * skew: how early a stamp may be, in ticks (nanoseconds). handover: how long a block takes from thread to thread. While skew
 * is below twice the handover, only neighbours in the history of an address can be swapped, and every life is exact.
 * cull_ns: blocks freed within that time are left out; 0 = none.
 */
static void run_heap(uint64_t skew, uint64_t handover, unsigned steps_per_poll, uint64_t cull_ns)
{
	struct rig r;
	struct heap *h = calloc(1, sizeof *h);

	assert_non_null(h);
	open_rig(&r, cull_ns ? 1000 : 7000);
	if (cull_ns)
		assert_int_equal(ingest_cull(&r.ingest, cull_ns), MS_OK);
	h->now = 1000000;
	h->handover = handover;
	for (unsigned i = 0; i < ADDRESSES; i++)
		h->free_addresses[h->free_count++] = HEAP_START + i * HEAP_STRIDE;
	for (uint32_t t = 0; t < THREADS; t++)
		assert_true(fake_thread_start(&h->threads[t], &r.arena, PID + t, 0, false));
	for (unsigned i = 0; h->blocks + 2 < 20000; i++) {
		heap_step(h, skew);
		if (i % steps_per_poll == 0)
			poll_at(&r, h->now);
	}
	finish(&r, h->now + 1000);
	assert_int_equal(r.ingest.overlapping, 0);
	assert_int_equal(r.ingest.unmatched_frees, 0);
	assert_int_equal(r.ingest.malformed, 0);
	assert_int_equal(r.ingest.merge.late, 0);
	if (skew > 100)
		assert_true(r.ingest.merge.reordered > 0); /* the case did occur */
	check_against_truth(&r, h);
	if (cull_ns)
		check_sums(&r, h);
	assert_int_equal(ms_trace_thread_count(r.trace), THREADS);
	assert_true(ms_trace_thread(r.trace, 1) != NULL);
	close_rig(&r);
	free(h);
}

static void every_life_is_exact(void **context)
{
	(void)context;
	for (unsigned i = 0; i < 4; i++)
		run_heap(0, 0, 40 + 20 * i, 0);
}

static void every_life_is_exact_with_skewed_stamps(void **context)
{
	(void)context;
	for (unsigned i = 0; i < 10; i++)
		run_heap(300, 151, 10 + 30 * i, 0);
	run_heap(3000, 1501, 100, 0);
}

/* The same with short lives left out: every life that is written is exact. */
static void every_life_is_exact_or_culled(void **context)
{
	(void)context;
	for (unsigned i = 0; i < 4; i++)
		run_heap(0, 0, 40 + 20 * i, 500 << 2 * i);
	run_heap(300, 151, 50, 3000);
	run_heap(3000, 1501, 100, 20000);
}

/* Any keyframe leads to the same live set as the beginning. */
static void keyframes_agree(uint64_t cull_ns)
{
	struct rig r;
	struct fake_thread t;
	uint64_t now = 1000, start[3] = {0, 4000, 9000};
	const struct ms_live_block *live;
	struct ms_live_block *reference = NULL;
	size_t n, reference_count = 0;

	open_rig(&r, 2000);
	if (cull_ns)
		assert_int_equal(ingest_cull(&r.ingest, cull_ns), MS_OK);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	for (unsigned i = 0; i < 10000; i++) {
		now += 10;
		/* every 50th free is not seen: an orphan */
		if (i % 3 == 2 && i % 50)
			fake_free(&t, now, MS_EV_FREE, 4096 + (i / 3 % 90) * 64);
		else
			fake_alloc(&t, now, MS_EV_MALLOC, 4096 + (i / 3 % 90) * 64 + i % 3 * 16, i, 0);
		if (i % 60 == 0)
			poll_at(&r, now + 10);
	}
	finish(&r, now);
	assert_true(r.ingest.overlapping > 50);
	if (cull_ns) {
		assert_true(r.ingest.cull->culled_blocks > 50); /* an orphan empties the queue */
		start[1] = ms_trace_event_count(r.trace) / 2;
		start[2] = ms_trace_event_count(r.trace) - 10;
	}
	for (unsigned k = 0; k < 3; k++) {
		struct ms_cursor *c;
		struct ms_batch b;

		assert_int_equal(ms_cursor_open(&c, r.trace, MS_COLUMN_ADDRESS, start[k], 1, &r.err), MS_OK);
		do
			assert_int_equal(ms_cursor_next(c, &b, &r.err), MS_OK);
		while (b.count > 0);
		assert_int_equal(ms_cursor_live(c, &live, &n, &r.err), MS_OK);
		if (k == 0) {
			reference_count = n;
			reference = malloc(n * sizeof *reference);
			assert_non_null(reference);
			memcpy(reference, live, n * sizeof *reference);
			assert_int_equal(n, live_table_blocks(&r.ingest.live));
		}
		assert_int_equal(n, reference_count);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(live[i].block, reference[i].block);
			assert_int_equal(live[i].size_bytes, reference[i].size_bytes);
			assert_int_equal(live[i].birth_ns, reference[i].birth_ns);
		}
		ms_cursor_close(c);
	}
	free(reference);
	close_rig(&r);
}

static void keyframes_agree_with_replay(void **context)
{
	(void)context;
	keyframes_agree(0);
}

static void keyframes_agree_when_blocks_are_culled(void **context)
{
	(void)context;
	keyframes_agree(25);
	keyframes_agree(100000);
}

/* ---- what is not blocks ------------------------------------------------------------------------------------------ */

static const struct flat *find(const struct flat *e, size_t n, uint8_t kind, unsigned nth)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == kind && nth-- == 0)
			return &e[i];
	fail_msg("no event of kind %u", kind);
	return NULL;
}

static unsigned count(const struct flat *e, size_t n, uint8_t kind)
{
	unsigned found = 0;

	for (size_t i = 0; i < n; i++)
		found += e[i].kind == kind;
	return found;
}

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
	open_rig(&r, 0);
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
	finish(&r, 4000);

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
	open_rig(&r, 0);
	for (int i = 0; i < 4000; i++)
		node = fake_node(&r.arena, node, 0x1000 + (uint64_t)i * 16, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, 10, node);
	finish(&r, 4000);
	e = read_events(&r, 0, &n);
	for (uint32_t s = find(e, n, MS_EV_MALLOC, 0)->stack; s; s = ms_trace_stack(r.trace, s)->parent)
		depth++;
	assert_int_equal(depth, 4000);
	free(e);
	close_rig(&r);
}

static void threads_handlers_and_names(void **context)
{
	struct rig r;
	struct fake_thread main_thread, handler, other;
	uint64_t text[3] = {11, 0, 0};
	struct flat *e;
	size_t n;

	(void)context;
	open_rig(&r, 0);
	fake_thread_start(&main_thread, &r.arena, PID, 0, false);
	fake_thread_start(&handler, &r.arena, PID, 0, true);
	fake_thread_start(&other, &r.arena, 9001, 0, false); /* dead at the first sweep */
	fake_alloc(&main_thread, 1000, MS_EV_MALLOC, 16, 1, 0);
	fake_alloc(&handler, 1001, MS_EV_MALLOC, 32, 2, 0);
	fake_alloc(&other, 1002, MS_EV_MALLOC, 48, 3, 0);
	memcpy(&text[1], "pool worker", 11);
	fake_publish(&other, 1003, MS_EV_THREAD_NAME, 0, 3, text);
	poll_at(&r, 1000000);
	poll_at(&r, 2000000);
	poll_at(&r, 3000000);
	fake_free(&main_thread, 4000000, MS_EV_FREE, 48);
	finish(&r, 5000000);

	e = read_events(&r, 0, &n);
	assert_int_equal(ms_trace_thread_count(r.trace), 2);
	assert_int_equal(count(e, n, MS_EV_THREAD_START), 2);
	assert_int_equal(count(e, n, MS_EV_THREAD_END), 2);
	assert_true(ms_trace_thread(r.trace, 1)->is_main);
	assert_false(ms_trace_thread(r.trace, 2)->is_main);
	assert_int_equal(ms_trace_thread(r.trace, 2)->tid, 9001);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 0)->thread, 1);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 1)->thread, 1);
	assert_int_equal(find(e, n, MS_EV_MALLOC, 2)->thread, 2);
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)find(e, n, MS_EV_THREAD_NAME, 0)->arg), "fake");
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)find(e, n, MS_EV_THREAD_NAME, 2)->arg), "pool worker");
	assert_int_equal(find(e, n, MS_EV_THREAD_END, 0)->thread, 2);
	assert_true(find(e, n, MS_EV_THREAD_END, 0) < find(e, n, MS_EV_FREE, 0));
	assert_int_equal(find(e, n, MS_EV_FREE, 0)->block, 3); /* a block survives its thread */
	free(e);
	close_rig(&r);
}

static void exec_begins_a_new_life(void **context)
{
	struct rig r;
	struct fake_thread old, new;
	struct flat *e;
	size_t n;
	uint64_t text[2] = {8, 0};

	(void)context;
	open_rig(&r, 0);
	fake_module(&r.arena, "/bin/old", 0x1000, 0x2000, 0);
	fake_thread_start(&old, &r.arena, PID, 0, false);
	fake_alloc(&old, 1000, MS_EV_MALLOC, 16, 100, fake_node(&r.arena, 0, 0x1100, 0));
	fake_alloc(&old, 1001, MS_EV_MALLOC, 32, 200, 0);
	memcpy(&text[1], "/bin/new", 8);
	fake_publish(&old, 1002, MS_EV_EXEC, 0, 2, text);
	poll_at(&r, 2000000);
	fake_module(&r.arena, "/bin/new", 0x1000, 0x2000, 1);
	atomic_store(&r.arena.header->images, 2);
	fake_thread_start(&new, &r.arena, PID, 1, false);
	fake_free(&new, 3000000, MS_EV_FREE, 32); /* an address of the image before: not its block */
	fake_alloc(&new, 3000001, MS_EV_MALLOC, 16, 50, fake_node(&r.arena, 0, 0x1100, 1));
	poll_at(&r, 4000000);
	poll_at(&r, 5000000);
	finish(&r, 6000000);

	e = read_events(&r, 0, &n);
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)find(e, n, MS_EV_EXEC, 0)->arg), "/bin/new");
	assert_int_equal(count(e, n, MS_EV_IMAGE_START), 1);
	assert_int_equal(find(e, n, MS_EV_IMAGE_START, 0)->arg, 1);
	assert_true(find(e, n, MS_EV_THREAD_END, 0) < find(e, n, MS_EV_IMAGE_START, 0));
	assert_true(find(e, n, MS_EV_IMAGE_START, 0) < find(e, n, MS_EV_FREE, 0));
	assert_int_equal(find(e, n, MS_EV_FREE, 0)->block, 0);
	assert_int_equal(r.ingest.unmatched_frees, 1);
	assert_int_equal(r.ingest.overlapping, 0);
	assert_int_equal(r.ingest.live_bytes, 50);
	assert_int_equal(r.ingest.peak_bytes, 300);
	assert_int_equal(ms_trace_thread_count(r.trace), 2);
	assert_int_equal(ms_trace_thread(r.trace, 2)->image, 1);
	assert_string_equal(ms_trace_module(r.trace, ms_trace_frame(r.trace, ms_trace_stack(r.trace,
	                    find(e, n, MS_EV_MALLOC, 2)->stack)->frame)->module)->path, "/bin/new");
	free(e);
	close_rig(&r);
}

static void losses_are_events(void **context)
{
	struct rig r;
	struct fake_thread t;
	struct flat *e;
	size_t n;

	(void)context;
	open_rig(&r, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, 1, 0);
	atomic_store(&t.slot->lost, 3);
	poll_at(&r, 1000000);
	/* the free of it was among them: the address comes back */
	fake_alloc(&t, 2000000, MS_EV_MALLOC, 16, 2, 0);
	fake_free(&t, 2000001, MS_EV_FREE, 16);
	finish(&r, 3000000);
	e = read_events(&r, 0, &n);
	assert_int_equal(find(e, n, MS_EV_LOST, 0)->arg, 3);
	assert_int_equal(find(e, n, MS_EV_LOST, 0)->thread, 1);
	assert_int_equal(r.ingest.lost_events, 3);
	assert_int_equal(r.ingest.overlapping, 1);
	assert_int_equal(find(e, n, MS_EV_FREE, 0)->block, 2); /* the free is that of the newer block */
	assert_int_equal(r.ingest.live_bytes, 1); /* the older one was never seen to end */
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
	open_rig(&r, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_alloc(&t, 1000, MS_EV_MALLOC, 16, UINT64_C(7) << 32, 0);
	fake_alloc(&t, 1001, MS_EV_MEMALIGN, 64, MS_ENTRY_SIZE_ESCAPE, 0);
	fake_publish(&t, 1002, MS_EV_MMAP, 0x7f0000000000, 4, map);
	fake_publish(&t, 1003, MS_EV_ALLOC_FAILED, 0, 2, failed);
	finish(&r, 2000);
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
	open_rig(&r, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	fake_publish(&t, 1000, MS_EV_MALLOC, 16, 1, escape);      /* the large size is missing */
	fake_publish(&t, 1001, MS_EV_MARK, 0, 1, text);           /* the text is missing */
	fake_publish(&t, 1002, MS_EV_MALLOC, 0, 1, plain);        /* a block at address 0 */
	fake_publish(&t, 1003, MS_EV_MODULE_LOAD, 0, 1, module);  /* no such module */
	finish(&r, 2000);
	assert_int_equal(r.ingest.malformed, 3);
	assert_int_equal(r.ingest.next_block, 1);
	close_rig(&r);
}

/* ---- events of the collector's own ------------------------------------------------------------------------------- */

static const struct flat *next_of(const struct flat *all, size_t n, size_t *at, uint8_t kind)
{
	while (*at < n && all[*at].kind != kind)
		(*at)++;
	assert_true(*at < n);
	return &all[(*at)++];
}

static void note(struct rig *r, uint64_t ticks, uint8_t kind, const char *text)
{
	assert_int_equal(ingest_note(&r->ingest, ticks, kind, text, text ? strlen(text) : 0, MS_ASKED_CONTROL), MS_OK);
}

static void notes_take_their_place(void **context)
{
	struct fake_thread worker, main_thread;
	struct flat *all;
	struct rig r;
	size_t n, at = 0;

	(void)context;
	open_rig(&r, 0);
	note(&r, 500, MS_EV_MARK, "early");                       /* before any thread is known: begins the main one */
	poll_at(&r, 200000);
	assert_int_equal(r.ingest.events, 2);
	fake_thread_start(&worker, &r.arena, PID + 1, 0, false);
	fake_alloc(&worker, 201000, MS_EV_MALLOC, 0x1000, 10, 0);
	poll_at(&r, 400000);
	fake_thread_start(&main_thread, &r.arena, PID, 0, false);
	fake_alloc(&worker, 401000, MS_EV_MALLOC, 0x2000, 20, 0);
	fake_alloc(&main_thread, 402000, MS_EV_MALLOC, 0x3000, 30, 0);
	note(&r, 401500, MS_EV_PAUSE, NULL);
	note(&r, 402500, MS_EV_SNAPSHOT, "name");
	fake_free(&worker, 403000, MS_EV_FREE, 0x1000);
	note(&r, 900000, MS_EV_RESUME, NULL);                     /* later than everything: waits for the watermark */
	poll_at(&r, 700000);
	assert_int_equal(r.ingest.pauses, 1);
	assert_int_equal(r.ingest.snapshots, 1);
	finish(&r, 1000000);
	all = read_events(&r, 0, &n);
	assert_int_equal(ms_trace_thread_count(r.trace), 2);
	assert_int_equal(all[0].kind, MS_EV_THREAD_START);
	{
		const struct flat *e = next_of(all, n, &at, MS_EV_MARK);

		assert_string_equal(ms_trace_string(r.trace, (uint32_t)e->arg), "early");
		assert_int_equal(e->time_ns, 500);
		assert_int_equal(ms_trace_thread(r.trace, e->thread)->tid, PID);
		assert_int_equal(next_of(all, n, &at, MS_EV_MALLOC)->size, 10);
		assert_int_equal(next_of(all, n, &at, MS_EV_MALLOC)->size, 20);
		e = next_of(all, n, &at, MS_EV_PAUSE);
		assert_int_equal(e->time_ns, 401500);
		assert_int_equal(e->arg, MS_ASKED_CONTROL);
		e = next_of(all, n, &at, MS_EV_MALLOC);
		assert_int_equal(e->size, 30);
		assert_int_equal(ms_trace_thread(r.trace, e->thread)->tid, PID); /* in the row that was there */
		e = next_of(all, n, &at, MS_EV_SNAPSHOT);
		assert_int_equal(e->time_ns, 402500);
		assert_string_equal(ms_trace_string(r.trace, (uint32_t)e->arg), "name");
		assert_int_equal(ms_trace_thread(r.trace, e->thread)->tid, PID);
		next_of(all, n, &at, MS_EV_FREE);
		assert_int_equal(next_of(all, n, &at, MS_EV_RESUME)->time_ns, 900000);
	}
	free(all);
	close_rig(&r);
}

static bool twice(void *context, char name[INGEST_NAME])
{
	struct rig *r = context;

	snprintf(name, INGEST_NAME, "above-%d", (int)r->ingest.heap_limit);
	r->ingest.heap_limit = r->ingest.heap_limit == 99 ? 250 : UINT64_MAX;
	return true;
}

static void a_level_makes_a_snapshot_right_behind_its_event(void **context)
{
	struct fake_thread t;
	struct flat *all;
	struct rig r;
	size_t n, at = 0;

	(void)context;
	open_rig(&r, 0);
	r.ingest.heap_limit = 99;
	r.ingest.heap_passed = twice;
	r.ingest.heap_context = &r;
	fake_thread_start(&t, &r.arena, PID, 0, false);
	for (unsigned i = 0; i < 4; i++)
		fake_alloc(&t, 1000 + i, MS_EV_MALLOC, 0x1000 * (i + 1), i == 3 ? 1000 : 60, 0); /* 60, 120, 180, 1180 */
	finish(&r, 5000);
	all = read_events(&r, 0, &n);
	next_of(all, n, &at, MS_EV_MALLOC);
	next_of(all, n, &at, MS_EV_MALLOC);
	assert_int_equal(all[at].kind, MS_EV_SNAPSHOT);
	assert_int_equal(all[at].time_ns, 1001);
	assert_string_equal(ms_trace_string(r.trace, (uint32_t)all[at].arg), "above-99");
	next_of(all, n, &at, MS_EV_MALLOC);
	next_of(all, n, &at, MS_EV_MALLOC);
	assert_int_equal(all[at].kind, MS_EV_SNAPSHOT);
	assert_int_equal(r.ingest.snapshots, 2);
	free(all);
	close_rig(&r);
}

/* A keyframe stands at a snapshot where the way from the last one is long. */
static void a_snapshot_gets_a_keyframe_that_pays(void **context)
{
	struct fake_thread t;
	struct rig r;
	uint64_t now = 1000;
	size_t keyframes = 0;

	(void)context;
	open_rig(&r, 0);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	for (unsigned i = 0; i < 40000; i++) {
		fake_alloc(&t, ++now, MS_EV_MALLOC, 0x1000, 16, 0);
		fake_free(&t, ++now, MS_EV_FREE, 0x1000);
		if (i == 100 || i == 39999)
			note(&r, now, MS_EV_SNAPSHOT, "at");
		if (i % 50 == 0 || i == 39999)
			poll_at(&r, now + 200000);
	}
	finish(&r, now + 300000);
	for (size_t i = 0; i < ms_trace_block_count(r.trace); i++)
		keyframes += ms_trace_block(r.trace, i)->kind == MS_BLOCK_KEYFRAME;
	assert_int_equal(r.ingest.snapshots, 2);
	assert_int_equal(keyframes, 1);
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_take_their_place),
		cmocka_unit_test(a_level_makes_a_snapshot_right_behind_its_event),
		cmocka_unit_test(a_snapshot_gets_a_keyframe_that_pays),
		cmocka_unit_test(every_life_is_exact),
		cmocka_unit_test(every_life_is_exact_with_skewed_stamps),
		cmocka_unit_test(keyframes_agree_with_replay),
		cmocka_unit_test(every_life_is_exact_or_culled),
		cmocka_unit_test(keyframes_agree_when_blocks_are_culled),
		cmocka_unit_test(stacks_frames_and_modules),
		cmocka_unit_test(a_very_deep_stack_is_whole),
		cmocka_unit_test(threads_handlers_and_names),
		cmocka_unit_test(exec_begins_a_new_life),
		cmocka_unit_test(losses_are_events),
		cmocka_unit_test(large_sizes_mappings_and_failures),
		cmocka_unit_test(entries_that_make_no_sense_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
