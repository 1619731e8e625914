/* Occupancy of the address space against a byte map: pages, sets of pages, regions and bins, and all of it from a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/occupancy.h"
#include "analyze/page_map.h"
#include "analyze/report.h"
#include "analyze/usable.h"
#include "format/evidence.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

#define PAGE UINT64_C(4096)

static uint64_t random_state;

static uint64_t below(uint64_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (random_state >> 33) % n;
}

/* ---- page maps ----------------------------------------------------------------------------------------------------- */

#define AREA_PAGES 400u
static uint8_t area[AREA_PAGES * 4096];

static unsigned bytes_in_page(const struct ms_page_map *m, uint64_t page)
{
	for (size_t i = 0; i < m->run_count; i++)
		if (page >= m->runs[i].page && page - m->runs[i].page < m->runs[i].count)
			return m->runs[i].at == MS_PAGES_FULL ? 4096 : m->bytes[m->runs[i].at + (page - m->runs[i].page)];
	return 0;
}

static void maps_and_sets(void **state)
{
	static struct ms_extent extents[600], scratch[600];
	static bool heap[AREA_PAGES];
	const uint64_t bases[] = {0, UINT64_C(0x555500000000), UINT64_C(0x7ffff0000000)};

	(void)state;
	random_state = 1;
	for (int round = 0; round < 300; round++) {
		uint64_t base = bases[round % 3];
		struct ms_page_set set = {0};

		memset(heap, 0, sizeof heap);
		for (int step = 0; step < 4; step++) {
			size_t n = below(4) ? below(600) : below(5);
			uint64_t pages = 0, hole = 0, longest = 0, heap_pages = 0;
			struct ms_page_map m;

			memset(area, 0, sizeof area);
			for (size_t i = 0; i < n; i++) {
				uint64_t size = below(8) == 0 ? below(60 * PAGE) : below(30) == 0 ? 0 : below(600);
				uint64_t at = below(sizeof area - size);

				if (below(6) == 0)
					at = at / PAGE * PAGE;
				extents[i] = ms_extent_of(base + at, size);
				memset(area + at, 1, size);
			}
			assert_int_equal(ms_page_map_build(&m, extents, scratch, n), MS_OK);
			assert_int_equal(ms_page_set_add(&set, &m), MS_OK);
			for (uint64_t p = 0; p < AREA_PAGES; p++) {
				unsigned bytes = 0;

				for (unsigned i = 0; i < 4096; i++)
					bytes += area[p * 4096 + i];
				assert_int_equal(bytes_in_page(&m, base / PAGE + p), bytes);
				pages += bytes > 0;
				heap[p] |= bytes > 0;
				heap_pages += heap[p];
				hole = heap[p] && bytes == 0 ? hole + 1 : 0;
				longest = hole > longest ? hole : longest;
			}
			assert_int_equal(m.pages, pages);
			assert_int_equal(ms_page_set_pages(&set), heap_pages);
			assert_int_equal(ms_page_set_hole(&set, &m), longest);
			ms_page_map_free(&m);
		}
		for (size_t i = 1; i < set.count; i++)
			assert_true(set.spans[i - 1].page + set.spans[i - 1].count < set.spans[i].page);
		ms_page_set_free(&set);
	}
}

/* Regions are cut at 1 MiB; small ones have bins of a page whatever stands beside them. */
static void regions(void **state)
{
	struct ms_page_span spans[] = {{100, 10}, {110 + 255, 1}, {366 + 256, 20}, {UINT64_C(1) << 30, 786432}};
	const struct ms_page_set set = {spans, 4};
	struct ms_report_address_space space = {0};

	(void)state;
	assert_int_equal(ms_regions_build(&space, &set), MS_OK);
	assert_int_equal(space.region_count, 3);
	assert_int_equal(space.regions[0].start, 100 * PAGE);
	assert_int_equal(space.regions[0].end, 366 * PAGE);
	assert_int_equal(space.regions[0].bin_bytes, PAGE);
	assert_int_equal(space.regions[0].bin_count, 266);
	assert_int_equal(space.regions[1].bin_count, 20);
	assert_int_equal(space.regions[2].first_bin, 286);
	assert_true(space.regions[2].bin_bytes % PAGE == 0);
	assert_true((uint64_t)space.regions[2].bin_count * space.regions[2].bin_bytes >= 786432 * PAGE);
	assert_true((uint64_t)(space.regions[2].bin_count - 1) * space.regions[2].bin_bytes < 786432 * PAGE);
	assert_int_equal(space.bin_count, 286 + space.regions[2].bin_count);
	assert_in_range(space.bin_count, 3900, MS_ADDRESS_BINS_MAX);
	free(space.regions);
}

/* ---- a trace ------------------------------------------------------------------------------------------------------- */

struct live {
	uint64_t id, address, size;
};
struct maker {
	struct ms_event *events;
	size_t count;
	uint64_t next_block, time_ns;
	struct live *live;               /* now */
	size_t live_count;
};

static struct ms_event *event(struct maker *k, uint8_t kind, uint64_t address, uint64_t size, uint64_t block)
{
	struct ms_event *e = &k->events[k->count++];

	k->time_ns += below(3) ? below(1000) : 0;
	*e = (struct ms_event){.kind = kind, .time_ns = k->time_ns, .address = address, .size_bytes = size, .block = block, .thread = 1};
	return e;
}

static void begin(struct maker *k, uint8_t kind, uint64_t address, uint64_t size)
{
	event(k, kind, address, size, k->next_block);
	k->live[k->live_count++] = (struct live){k->next_block++, address, size};
}

static void end(struct maker *k, uint8_t kind, size_t i)
{
	event(k, kind, k->live[i].address, k->live[i].size, k->live[i].id);
	k->live[i] = k->live[--k->live_count];
}

static void make_open(struct maker *k, size_t room)
{
	*k = (struct maker){.events = calloc(room, sizeof *k->events), .live = calloc(room, sizeof *k->live), .next_block = 1};
	assert_non_null(k->events);
	assert_non_null(k->live);
}

static void make_free(struct maker *k)
{
	free(k->events);
	free(k->live);
}

static struct ms_trace *write_trace(const struct maker *k, struct ms_stream *s, const char *allocator, bool inherited)
{
	const struct ms_process process = {
		.executable = "/bin/p", .allocator = allocator, .architecture = "x86_64", .guard = MS_GUARD_OFF, .page_size_bytes = 4096,
		.inherited_heap = inherited,
	};
	struct ms_writer_options options = {.events_per_block = 512, .keyframe_events = 2000};
	struct ms_error err = {0};
	struct ms_writer *w;
	struct ms_trace *t;

	ms_stream_init_memory(s);
	assert_int_equal(ms_writer_open(&w, s, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1}), 1);
	if (ms_writer_events(w, k->events, k->count, &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_int_equal(ms_writer_end(w, &(struct ms_end){.time_ns = k->time_ns + 10, .events = k->count}, &err), MS_OK);
	ms_writer_close(w);
	if (ms_trace_open_memory(&t, s->memory, s->position, &err) != MS_OK)
		fail_msg("%s", err.message);
	return t;
}

/* Two areas, far from each other. */
#define LOW UINT64_C(0x555555000000)
#define HIGH UINT64_C(0x7ff000000000)
static uint8_t bytes_of[2][AREA_PAGES * 4096];
static bool was[2][AREA_PAGES];

/* By the definitions of address_space.h, at every moment. */
static void check_space(const struct ms_report *r, const struct maker *k, bool usable)
{
	const struct ms_report_address_space *s = &r->address_space;
	struct live *live = calloc(k->count + 1, sizeof *live);
	size_t n = 0, at = 0;

	assert_non_null(live);
	memset(was, 0, sizeof was);
	for (size_t i = 0; i < s->moment_count; i++) {
		const struct ms_address_moment *m = &s->moments[i];
		uint64_t live_bytes = 0, usable_bytes = 0, occupied = 0, heap = 0, longest = 0;
		uint64_t *bins = calloc(s->bin_count + 1, sizeof *bins);

		assert_non_null(bins);
		for (; at < m->event; at++) {
			const struct ms_event *e = &k->events[at];

			assert_true(e->time_ns <= m->time_ns);
			if (ms_event_kinds[e->kind].class_ == MS_CLASS_ALLOC) {
				live[n++] = (struct live){e->block, e->address, e->size_bytes};
			} else if (ms_event_kinds[e->kind].class_ == MS_CLASS_FREE && e->block) {
				size_t b = 0;

				while (live[b].id != e->block)
					b++;
				live[b] = live[--n];
			} else if (e->kind == MS_EV_IMAGE_START) {
				n = 0;
				if (at >= r->window.from_event)
					memset(was, 0, sizeof was);
			}
		}
		assert_true(at == k->count || i + 1 == s->moment_count || k->events[at].time_ns > m->time_ns);
		memset(bytes_of, 0, sizeof bytes_of);
		for (size_t b = 0; b < n; b++) {
			bool high = live[b].address >= HIGH;

			memset(bytes_of[high] + (live[b].address - (high ? HIGH : LOW)), 1, live[b].size);
			live_bytes += live[b].size;
			usable_bytes += usable ? ms_usable_bytes(live[b].size) : 0;
		}
		for (unsigned a = 0; a < 2; a++) {
			uint64_t hole = 0;

			for (uint64_t p = 0; p < AREA_PAGES; p++) {
				uint64_t address = (a ? HIGH : LOW) + p * PAGE, sum = 0;

				for (unsigned c = 0; c < 4096; c++)
					sum += bytes_of[a][p * 4096 + c];
				was[a][p] |= sum > 0;
				occupied += sum > 0;
				heap += was[a][p];
				hole = was[a][p] && sum == 0 ? hole + 1 : 0;
				longest = hole > longest ? hole : longest;
				for (size_t g = 0; sum && g < s->region_count; g++)
					if (address >= s->regions[g].start && address < s->regions[g].end)
						bins[s->regions[g].first_bin + (address - s->regions[g].start) / s->regions[g].bin_bytes] += sum;
			}
		}
		assert_int_equal(m->live_blocks, n);
		assert_int_equal(m->live_bytes, live_bytes);
		assert_int_equal(m->usable_bytes, usable_bytes);
		assert_int_equal(m->occupied_pages, occupied);
		assert_int_equal(m->heap_pages, heap);
		assert_int_equal(m->largest_hole_bytes, longest * PAGE);
		assert_memory_equal(bins, s->occupancy + i * s->bin_count, s->bin_count * sizeof *bins);
		free(bins);
	}
	free(live);
}

static void fill_randomly(struct maker *k, size_t n)
{
	while (k->count + 4 < n) {
		uint64_t size = below(40) == 0 ? below(50 * PAGE) : below(20) == 0 ? 0 : below(2000);
		uint64_t address = (below(3) ? LOW : HIGH) + below((AREA_PAGES - 51) * PAGE);
		/* Now it grows, now it shrinks. */
		bool grow = below(100) < (k->count / 700 % 2 ? 35 : 60);

		if (below(1500) == 0) {
			event(k, MS_EV_IMAGE_START, 0, 0, 0)->arg[0] = 2;
			k->live_count = 0;
		} else if (k->live_count == 0 || grow) {
			begin(k, MS_EV_MALLOC, address, size);
		} else if (below(5) == 0) {
			end(k, MS_EV_REALLOC_FREE, below(k->live_count));
			if (below(3))
				begin(k, MS_EV_REALLOC, address, size);
		} else {
			end(k, MS_EV_FREE, below(k->live_count));
		}
	}
}

static void from_traces(void **state)
{
	static const char *const windows[][2] = {{NULL, NULL}, {"30%", "80%"}, {"event:1000", NULL}, {NULL, "event:20"}};

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		bool glibc = seed % 2;
		struct ms_report_options options = {
			.address_space = true, .threads = 1 + seed % 2, .from = windows[seed % 4][0], .to = windows[seed % 4][1],
		};
		struct maker k;
		struct ms_stream s;
		struct ms_trace *t;
		struct ms_report r;
		struct ms_error err = {0};

		random_state = seed;
		make_open(&k, 6000);
		fill_randomly(&k, 6000);
		t = write_trace(&k, &s, glibc ? "libc.so.6" : "libjemalloc.so.2", false);
		if (ms_report_build(&r, t, &options, &err) != MS_OK)
			fail_msg("%s", err.message);
		assert_null(r.address_space.reason);
		assert_true(glibc == (r.address_space.usable_rule != NULL));
		assert_in_range(r.address_space.moment_count, 1, 24);
		assert_int_equal(r.address_space.moments[r.address_space.moment_count - 1].event, r.window.to_event);
		assert_int_equal(r.address_space.moments[r.address_space.moment_count - 1].time_ns, r.window.to_ns);
		check_space(&r, &k, glibc);
		ms_report_free(&r);
		ms_trace_close(t);
		ms_stream_free(&s);
		make_free(&k);
	}
}

/* Without being asked nothing is done; and a fork's child cannot say. */
static void when_there_is_none(void **state)
{
	struct maker k;
	struct ms_stream s;
	struct ms_trace *t;
	struct ms_report r;
	struct ms_error err = {0};

	(void)state;
	make_open(&k, 10);
	begin(&k, MS_EV_MALLOC, LOW, 100);
	t = write_trace(&k, &s, "libc.so.6", true);
	assert_int_equal(ms_report_build(&r, t, NULL, &err), MS_OK);
	assert_int_equal(r.address_space.moment_count, 0);
	ms_report_free(&r);
	assert_int_equal(ms_report_build(&r, t, &(struct ms_report_options){.address_space = true}, &err), MS_OK);
	assert_non_null(r.address_space.reason);
	assert_int_equal(r.address_space.moment_count, 0);
	ms_report_free(&r);
	ms_trace_close(t);
	ms_stream_free(&s);
	make_free(&k);
}

/* Sizes and addresses that no program has: no bound is passed, no page is walked one by one. */
static void hostile(void **state)
{
	struct maker k;
	struct ms_stream s;
	struct ms_trace *t;
	struct ms_report r;
	struct ms_error err = {0};
	const struct ms_report_address_space *a = &r.address_space;

	(void)state;
	random_state = 3;
	make_open(&k, 9000);
	begin(&k, MS_EV_MALLOC, UINT64_MAX - 100, 1000);
	begin(&k, MS_EV_MALLOC, UINT64_MAX - 3 * PAGE, UINT64_MAX);
	begin(&k, MS_EV_MALLOC, UINT64_C(1) << 40, UINT64_C(3) << 30);
	begin(&k, MS_EV_MALLOC, 0, UINT64_MAX / 2);
	begin(&k, MS_EV_MALLOC, 0, 0);
	end(&k, MS_EV_FREE, 3);
	k.time_ns += 100000;
	for (int i = 0; i < 6000; i++)
		begin(&k, MS_EV_MALLOC, (UINT64_C(1) << 62) + below(UINT64_C(1) << 31) * (UINT64_C(1) << 30), 1 + below(100000));
	k.time_ns += 100000;
	begin(&k, MS_EV_MALLOC, 5 * PAGE, UINT64_MAX - 5);
	t = write_trace(&k, &s, "libc.so.6", false);
	if (ms_report_build(&r, t, &(struct ms_report_options){.address_space = true}, &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_null(a->reason);
	assert_in_range(a->region_count, 1, MS_ADDRESS_REGIONS_MAX);
	assert_in_range(a->bin_count, a->region_count, MS_ADDRESS_BINS_MAX);
	for (size_t i = 0; i < a->region_count; i++) {
		assert_true(a->regions[i].start < a->regions[i].end);
		assert_true(i == 0 || a->regions[i - 1].end < a->regions[i].start);
		assert_string_equal(a->regions[i].name, "");
	}
	for (size_t i = 0; i < a->moment_count; i++) {
		uint64_t sum = 0;

		for (uint32_t b = 0; b < a->bin_count; b++)
			sum += a->occupancy[i * a->bin_count + b];
		assert_true(sum <= a->moments[i].live_bytes);
		assert_true(sum <= a->moments[i].occupied_pages * PAGE);
		assert_true(a->moments[i].occupied_pages <= a->moments[i].heap_pages);
	}
	assert_int_equal(a->moments[a->moment_count - 1].live_bytes, UINT64_MAX);
	assert_int_equal(a->moments[a->moment_count - 1].occupied_pages, (UINT64_C(1) << 52) - 1 - 5);
	ms_report_free(&r);
	ms_trace_close(t);
	ms_stream_free(&s);
	make_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_and_sets), cmocka_unit_test(regions), cmocka_unit_test(from_traces),
		cmocka_unit_test(when_there_is_none), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
