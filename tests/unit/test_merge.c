/* The k-way merge alone: order, completeness, watermark, late entries, and the search for out-of-order counterparts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/errors.h"
#include "format/events.h"
#include "record/arena_layout.h"
#include "record/merge.h"

static uint64_t state = 0x2545f4914f6cdd1d;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#define STREAMS 40

struct seen {
	struct merge *merge;
	uint64_t last_ticks, handed_out, raised;
	uint64_t next[STREAMS];           /* number of the next entry of each stream */
	uint64_t watermark;
	/* for the tests that wait */
	enum merge_wanted wanted;
	bool waited;
	unsigned asked;
	uint64_t order[16], time[16];
	unsigned ordered;
};

static void put(struct merge_stream *s, uint64_t ticks, uint8_t kind, uint64_t address, unsigned words)
{
	uint64_t *w = merge_reserve(s, words);

	assert_non_null(w);
	memset(w, 0, words * sizeof *w);
	w[0] = ticks;
	w[1] = MS_ENTRY_TAG(kind, words) | address;
	merge_commit(s, words);
}

static bool check_entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks)
{
	struct seen *seen = context;

	assert_true(ticks >= seen->last_ticks);
	assert_true(words[0] <= seen->watermark);
	assert_true(ticks >= words[0]);
	seen->raised += ticks != words[0];
	assert_int_equal(words[1] & MS_ENTRY_ADDRESS_MASK, seen->next[s->slot]);
	seen->next[s->slot]++;
	seen->last_ticks = ticks;
	seen->handed_out++;
	return true;
}

/* Streams of random lengths and rates, delivered in random portions with a rising watermark. */
static void random_streams(unsigned streams)
{
	struct merge m;
	struct seen seen = {.merge = &m};
	struct merge_stream s[STREAMS];
	uint64_t stamp[STREAMS], written[STREAMS] = {0}, total = 0, watermark = 0;
	struct live_table table;

	assert_int_equal(live_table_init(&table), MS_OK);
	merge_init(&m, check_entry, &seen, &table);
	for (unsigned i = 0; i < streams; i++) {
		s[i] = (struct merge_stream){.slot = i};
		stamp[i] = next_random() % 50;
		assert_int_equal(merge_add(&m, &s[i]), MS_OK);
	}
	for (int round = 0; round < 300; round++) {
		uint64_t newest = UINT64_MAX;

		for (unsigned i = 0; i < streams; i++) {
			unsigned n = (unsigned)(next_random() % (i % 7 == 0 ? 60 : 5));
			while (n-- > 0) {
				stamp[i] += next_random() % (i % 5 + 1);
				put(&s[i], stamp[i], MS_EV_MALLOC, written[i]++, 2 + (unsigned)(next_random() % 5));
				total++;
			}
			if (stamp[i] < newest)
				newest = stamp[i];
		}
		/* What may still come in a stream is not older than its newest entry. */
		if (newest > watermark)
			watermark = newest;
		seen.watermark = watermark;
		merge_run(&m, watermark);
		for (unsigned i = 0; i < streams; i++)
			assert_true(!merge_pending(&s[i]) || s[i].words[s[i].begin] > watermark);
	}
	seen.watermark = UINT64_MAX;
	merge_run(&m, UINT64_MAX);
	assert_int_equal(seen.handed_out, total);
	assert_int_equal(seen.raised, 0);
	assert_int_equal(m.late, 0);
	assert_int_equal(m.reordered, 0);
	assert_int_equal(merge_backlog(&m), 0);
	assert_int_equal(merge_oldest(&m), UINT64_MAX);
	for (unsigned i = 0; i < streams; i++) {
		assert_int_equal(seen.next[i], written[i]);
		merge_remove(&m, &s[i]);
		merge_stream_free(&s[i]);
	}
	assert_int_equal(m.stream_count, 0);
	merge_free(&m);
	live_table_free(&table);
}

static void output_is_sorted_and_complete(void **context)
{
	(void)context;
	random_streams(1);
	random_streams(2);
	random_streams(3);
	random_streams(STREAMS);
}

static void an_entry_after_a_forced_watermark_is_late(void **context)
{
	struct merge m;
	struct seen seen = {.merge = &m, .watermark = UINT64_MAX};
	struct merge_stream a = {.slot = 0}, b = {.slot = 1};

	(void)context;
	merge_init(&m, check_entry, &seen, NULL);
	merge_add(&m, &a);
	merge_add(&m, &b);
	put(&a, 100, MS_EV_MALLOC, 0, 3);
	put(&a, 200, MS_EV_MALLOC, 1, 3);
	merge_run(&m, 150);
	assert_int_equal(seen.handed_out, 1);
	put(&b, 50, MS_EV_MALLOC, 0, 3);
	put(&b, 120, MS_EV_MALLOC, 1, 3);
	merge_run(&m, 150);
	assert_int_equal(seen.handed_out, 3);
	assert_int_equal(m.late, 1);
	assert_int_equal(seen.raised, 1);
	assert_int_equal(seen.last_ticks, 120);
	merge_run(&m, 200);
	assert_int_equal(seen.handed_out, 4);
	assert_int_equal(m.late, 1);
	merge_stream_free(&a);
	merge_stream_free(&b);
	merge_free(&m);
}

/* Notes the addresses in the order of arrival; waits for the counterpart of the entry with stamp 100. */
static bool awaiting_entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks)
{
	struct seen *seen = context;
	uint64_t address = words[1] & MS_ENTRY_ADDRESS_MASK;

	assert_true(ticks >= seen->last_ticks);
	if (words[0] == 100 && seen->asked++ == 0) {
		seen->waited = merge_await(seen->merge, s, address, seen->wanted);
		if (seen->waited)
			return false;
	}
	seen->last_ticks = ticks;
	assert_in_range(seen->ordered, 0, 15);
	seen->order[seen->ordered] = address << 8 | MS_ENTRY_KIND(words[1]);
	seen->time[seen->ordered++] = ticks;
	return true;
}

/* watermark: of a first run, before one over everything. */
static struct seen await_case(enum merge_wanted wanted, uint64_t window, uint64_t stamp, uint8_t kind_of_a, uint8_t kind_of_b,
                              uint64_t watermark, struct merge *m)
{
	struct merge_stream a = {.slot = 0}, b = {.slot = 1}, c = {.slot = 2};
	struct seen seen = {.merge = m, .wanted = wanted};

	merge_init(m, awaiting_entry, &seen, NULL);
	m->window_ticks = window;
	merge_add(m, &a);
	merge_add(m, &b);
	merge_add(m, &c);
	put(&a, 100, kind_of_a, 7, 3);
	put(&a, 101, MS_EV_MALLOC, 5, 3);
	put(&a, 400, MS_EV_MALLOC, 1, 3);
	put(&b, 105, MS_EV_MALLOC, 2, 3);
	put(&b, stamp, kind_of_b, 7, 2);
	put(&b, stamp + 1, MS_EV_MALLOC, 3, 3);
	put(&c, 103, MS_EV_MALLOC, 4, 3);
	merge_run(m, watermark);
	merge_run(m, UINT64_MAX);
	merge_stream_free(&a);
	merge_stream_free(&b);
	merge_stream_free(&c);
	seen.merge = NULL;
	assert_int_equal(seen.ordered, 7);
	assert_int_equal(m->late, 0);
	assert_int_equal(m->held_count, 0);
	merge_free(m);
	return seen;
}

#define IS(seen, i, address, kind) assert_int_equal((seen).order[i], (uint64_t)(address) << 8 | (kind))

static void an_allocation_waits_for_the_free_before_it(void **context)
{
	struct merge m;

	(void)context;
	for (uint64_t watermark = 99; watermark < 120; watermark++) {
		struct seen seen = await_case(MERGE_WANT_FREE, 1000, 110, MS_EV_MALLOC, MS_EV_FREE, watermark, &m);

		assert_true(seen.waited);
		IS(seen, 0, 4, MS_EV_MALLOC); /* everybody else goes on in order */
		IS(seen, 1, 2, MS_EV_MALLOC);
		IS(seen, 2, 7, MS_EV_FREE);
		IS(seen, 3, 7, MS_EV_MALLOC);
		IS(seen, 4, 5, MS_EV_MALLOC);
		IS(seen, 5, 3, MS_EV_MALLOC);
		IS(seen, 6, 1, MS_EV_MALLOC);
		assert_int_equal(seen.time[3], 110); /* the time of what it waited for */
		assert_int_equal(seen.time[4], 110); /* and what its thread did next cannot be earlier */
		assert_int_equal(m.reordered, 2);
	}
}

static void a_free_waits_for_its_allocation(void **context)
{
	struct merge m;
	struct seen seen = await_case(MERGE_WANT_ALLOC, 1000, 110, MS_EV_FREE, MS_EV_MALLOC, 200, &m);

	(void)context;
	assert_true(seen.waited);
	IS(seen, 2, 7, MS_EV_MALLOC);
	IS(seen, 3, 7, MS_EV_FREE);
}

static void nobody_waits_for_what_is_far_away_or_of_the_wrong_kind(void **context)
{
	struct merge m;
	struct seen seen = await_case(MERGE_WANT_FREE, 50, 151, MS_EV_MALLOC, MS_EV_FREE, 200, &m);

	(void)context;
	assert_false(seen.waited);
	assert_int_equal(m.reordered, 0);
	IS(seen, 0, 7, MS_EV_MALLOC);
	seen = await_case(MERGE_WANT_FREE, 51, 151, MS_EV_MALLOC, MS_EV_FREE, 200, &m);
	assert_true(seen.waited);
	/* The next mention of the address elsewhere is another allocation: that is not what is missing. */
	seen = await_case(MERGE_WANT_FREE, 1000, 110, MS_EV_MALLOC, MS_EV_MALLOC, 200, &m);
	assert_false(seen.waited);
	/* A munmap of the same address says nothing about blocks. */
	seen = await_case(MERGE_WANT_FREE, 1000, 110, MS_EV_MALLOC, MS_EV_MUNMAP, 200, &m);
	assert_false(seen.waited);
}

/* Two streams whose first entries want what stands behind the other's first entry. */
static bool circular_entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks)
{
	struct seen *seen = context;
	uint64_t address = words[1] & MS_ENTRY_ADDRESS_MASK;

	(void)ticks;
	if (words[0] <= 101 && merge_await(seen->merge, s, address, MERGE_WANT_FREE))
		return false;
	seen->ordered++;
	return true;
}

static void a_circle_of_waiting_is_broken(void **context)
{
	struct merge m;
	struct seen seen = {.merge = &m};
	struct merge_stream a = {.slot = 0}, b = {.slot = 1};

	(void)context;
	merge_init(&m, circular_entry, &seen, NULL);
	merge_add(&m, &a);
	merge_add(&m, &b);
	put(&a, 100, MS_EV_MALLOC, 7, 3);
	put(&a, 200, MS_EV_FREE, 9, 2);
	put(&b, 101, MS_EV_MALLOC, 9, 3);
	put(&b, 201, MS_EV_FREE, 7, 2);
	merge_run(&m, 150);
	assert_int_equal(seen.ordered, 1); /* one of them had to go on; the other waits for a free behind the watermark */
	merge_run(&m, UINT64_MAX);
	assert_int_equal(seen.ordered, 4);
	assert_int_equal(m.held_count, 0);
	merge_stream_free(&a);
	merge_stream_free(&b);
	merge_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_sorted_and_complete),
		cmocka_unit_test(an_entry_after_a_forced_watermark_is_late),
		cmocka_unit_test(an_allocation_waits_for_the_free_before_it),
		cmocka_unit_test(a_free_waits_for_its_allocation),
		cmocka_unit_test(nobody_waits_for_what_is_far_away_or_of_the_wrong_kind),
		cmocka_unit_test(a_circle_of_waiting_is_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
