/*
 * test_ingest_lives.c - ring entries to a trace and back: a simulated heap under several threads, whose stamps are a little wrong in the way
 * that CPUs make them wrong, must come out with every block's life exactly as it was.
 */
#include "ingest_fixture.h"

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
	const struct ms_writer_options options = {.keyframe_events = cull_ns ? 1000 : 7000, .events_per_block = 500};
	struct heap *h = calloc(1, sizeof *h);

	assert_non_null(h);
	rig_open(&r, &options);
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
	rig_finish(&r, h->now + 1000);
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
	const struct ms_writer_options options = {.keyframe_events = 2000, .events_per_block = 500};
	struct rig r;
	struct fake_thread t;
	uint64_t now = 1000, start[3] = {0, 4000, 9000};
	const struct ms_live_block *live;
	struct ms_live_block *reference = NULL;
	size_t n, reference_count = 0;

	rig_open(&r, &options);
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
	rig_finish(&r, now);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_life_is_exact),
		cmocka_unit_test(every_life_is_exact_with_skewed_stamps),
		cmocka_unit_test(keyframes_agree_with_replay),
		cmocka_unit_test(every_life_is_exact_or_culled),
		cmocka_unit_test(keyframes_agree_when_blocks_are_culled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
