/* test_address_pass.c - which block lived at an address, or died there last: against brute force over all lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/cases.h"
#include "small_trace.h"

#define SPACE 4096 /* bytes of the small address space in which blocks live */
#define BASE 0x7f0000000f00ull /* so that blocks cross pages */
#define EVENTS 400

static uint64_t seed;

static uint64_t rnd(uint64_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

/* A life as the program had it: events [begin, end), with an absence while a realloc that failed was under way. */
struct life {
	uint64_t id, address, size, begin, end;
	uint64_t away_from, away_to;     /* events */
	uint32_t thread;
	uint8_t birth_kind, end_kind;
};

static struct {
	struct life lives[512];
	size_t count, live[512], live_count;
	struct ms_case queries[EVENTS];
	size_t query_count;
	uint64_t event, image;           /* event: ordinal of the next one; image: of the last exec */
} world;

static uint64_t extent(const struct life *l)
{
	return l->size ? l->size : 1;
}

static bool overlaps_a_live_one(uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < world.live_count; i++) {
		const struct life *l = &world.lives[world.live[i]];

		if (address < l->address + extent(l) && l->address < address + (size ? size : 1))
			return true;
	}
	return false;
}

static void put(struct small_trace *t, const struct ms_event *e)
{
	small_trace_event(t, e);
	world.event++;
}

static void begin(struct small_trace *t)
{
	struct life l = {.size = rnd(10) ? rnd(200) : rnd(3000), .begin = world.event, .end = UINT64_MAX, .away_from = UINT64_MAX,
	                 .thread = 1 + (uint32_t)rnd(2), .birth_kind = MS_EV_MALLOC};

	l.address = BASE + 16 * rnd(SPACE / 16);
	if (t->next_block > 250 || overlaps_a_live_one(l.address, l.size))
		return;
	l.id = t->next_block++;
	put(t, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = l.thread, .stack = 1, .size_bytes = l.size, .block = l.id,
	                          .address = l.address});
	world.live[world.live_count++] = world.count;
	world.lives[world.count++] = l;
}

/* recorded: the id under which the trace knows the block now. */
static uint64_t recorded[512];

static void end(struct small_trace *t)
{
	size_t k = rnd(world.live_count), i = world.live[k];
	struct life *l = &world.lives[i];
	uint64_t id = recorded[i] ? recorded[i] : l->id;
	uint32_t thread = 1 + (uint32_t)rnd(2);

	if (rnd(4) == 0 && t->next_block < 250 && l->away_from == UINT64_MAX) { /* a realloc that fails */
		l->away_from = world.event;
		put(t, &(struct ms_event){.kind = MS_EV_REALLOC_FREE, .thread = thread, .block = id, .size_bytes = l->size,
		                          .address = l->address});
		recorded[i] = t->next_block++;
		l->away_to = world.event;
		put(t, &(struct ms_event){.kind = MS_EV_REALLOC_FAILED, .thread = thread, .stack = 2, .size_bytes = l->size,
		                          .block = recorded[i], .address = l->address});
		return;
	}
	l->end = world.event;
	l->end_kind = rnd(3) ? MS_EV_FREE : MS_EV_REALLOC_ZERO;
	put(t, &(struct ms_event){.kind = l->end_kind, .thread = thread, .block = id, .size_bytes = l->size,
	                          .address = l->address});
	world.live[k] = world.live[--world.live_count];
}

static void query(struct small_trace *t)
{
	uint64_t address = BASE + (rnd(2) ? 16 * rnd(SPACE / 16) : rnd(SPACE + 64));

	world.queries[world.query_count++] = (struct ms_case){.kind = MS_CASE_UNMATCHED, .event = world.event};
	put(t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .address = address});
	world.queries[world.query_count - 1].address = address; /* the pass must read it itself: cleared below */
}

static void new_image(struct small_trace *t)
{
	put(t, &(struct ms_event){.kind = MS_EV_IMAGE_START, .thread = 1, .arg = {1}});
	world.live_count = 0;
	world.image = world.event;
}

/* The truth about a query: the live block that covers it, else the one that covered it and ended last, with nobody there since. */
static const struct life *truth(const struct ms_case *q, uint64_t image, bool *alive)
{
	const struct life *best = NULL;

	*alive = false;
	for (size_t i = 0; i < world.count; i++) {
		const struct life *l = &world.lives[i];

		if (q->address - l->address >= extent(l) || l->begin >= q->event || l->begin < image)
			continue;
		if (l->end > q->event) {
			*alive = true;
			return l;
		}
		if (!best || l->end > best->end)
			best = l;
	}
	return best;
}

static void check(const struct ms_case *got, const struct ms_case *asked, uint64_t image)
{
	bool alive;
	const struct life *l = truth(asked, image, &alive);

	assert_true(got->has_address);
	assert_int_equal(got->address, asked->address);
	if (!l) {
		assert_int_equal(got->place, MS_PLACE_NOWHERE);
		assert_int_equal(got->block.id, 0);
		return;
	}
	assert_int_equal(got->block.id, l->id);
	assert_int_equal(got->block.address, l->address);
	assert_int_equal(got->block.size_bytes, l->size);
	assert_int_equal(got->block.birth_thread, l->thread);
	assert_int_equal(got->block.birth_kind, l->birth_kind);
	assert_int_equal(got->block.birth_ns, 10 * (l->begin + 1));
	assert_int_equal(got->block.end_kind, alive ? 0 : l->end_kind);
	if (!alive)
		assert_int_equal(got->block.end_ns, 10 * (l->end + 1));
	assert_int_equal(got->place, alive ? (l->address == asked->address ? MS_PLACE_LIVE_START : MS_PLACE_LIVE_INSIDE)
	                                   : (l->address == asked->address ? MS_PLACE_DEAD_START : MS_PLACE_DEAD_INSIDE));
}

static void test_against_brute_force(void **state)
{
	size_t places[5] = {0};

	(void)state;
	for (uint64_t round = 1; round <= 400; round++) {
		struct small_trace t;
		struct ms_cases cases = {0};
		struct ms_error err = {0};
		uint64_t images[EVENTS];

		seed = round;
		memset(&world, 0, sizeof world);
		memset(recorded, 0, sizeof recorded);
		small_trace_start(&t);
		for (int i = 0; i < EVENTS; i++) {
			uint64_t what = rnd(100);

			if (what < 45) {
				begin(&t);
			} else if (what < 80) {
				if (world.live_count)
					end(&t);
			} else if (what < 99) {
				images[world.query_count] = world.image;
				query(&t);
			} else {
				new_image(&t);
			}
		}
		cases.list = calloc(world.query_count + 1, sizeof *cases.list);
		cases.count = world.query_count;
		memcpy(cases.list, world.queries, world.query_count * sizeof *cases.list);
		for (size_t i = 0; i < cases.count; i++)
			cases.list[i].address = 0;
		if (ms_cases_resolve(&cases, small_trace_open(&t, &small_trace_exited), &err))
			fail_msg("%s", err.message);
		for (size_t i = 0; i < cases.count; i++) {
			check(&cases.list[i], &world.queries[i], images[i]);
			places[cases.list[i].place]++;
		}
		free(cases.list);
		small_trace_free(&t);
	}
	/* The rounds met every kind of place. */
	for (size_t i = 0; i < 5; i++)
		assert_true(places[i] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_brute_force)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
