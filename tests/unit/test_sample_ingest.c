/*
 * The collector and a sample: ends of blocks that are not in it, and what belongs to them, do not reach the trace.
 */
#include "ingest_fixture.h"

static void open_rig(struct rig *r)
{
	const struct arena_options options = {.clock = MS_CLOCK_MONOTONIC, .sample = {.sampling = MS_SAMPLING_PER_UNIT, .per_billion = 500000000}};
	const struct ms_capture capture = {.sampling = MS_SAMPLING_PER_UNIT, .sample_per_billion = 500000000};
	struct arena_geometry geometry = fake_geometry;

	geometry.sampled = 64;
	rig_arena(r, &geometry, &options);
	assert_true(r->arena.sampled);
	assert_int_equal(atomic_load(&r->arena.header->births), MS_BIRTHS_SAMPLE);
	assert_int_equal(atomic_load(&r->arena.header->births_unseen), 1);
	rig_writer(r, &capture, &(struct ms_writer_options){0});
	rig_collector(r);
	rig_threads(r, 1);
}

/* Ends the recording; its kinds but those of threads, as a text of their names. */
static void kinds(struct rig *r, char *text, size_t room)
{
	struct ms_cursor *c;
	struct ms_batch b;

	rig_take_in(r, 10000000);
	rig_end(r, 10000000);
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
	fake_enter(&r->thread[0]);
	fake_publish(&r->thread[0], ticks, MS_EV_REALLOC_OUT, old, 0, NULL);
	fake_leave(&r->thread[0]);
}

static void test_ends_outside_the_sample_are_dropped(void **state)
{
	struct rig r;
	char text[200];

	(void)state;
	open_rig(&r);
	fake_alloc(&r.thread[0], 1000, MS_EV_MALLOC, 0x1000, 10, 0);
	fake_free(&r.thread[0], 2000, MS_EV_FREE, 0x2000);
	fake_free(&r.thread[0], 3000, MS_EV_FREE, 0x1000);
	fake_free(&r.thread[0], 4000, MS_EV_FREE, 0x1000);
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
	fake_free(&r.thread[0], 1000, MS_EV_REALLOC_FREE, 0x1000); /* not in the sample */
	out(&r, 2000, 0x1000);
	fake_free(&r.thread[0], 3000, MS_EV_REALLOC_FREE, 0x1000);
	fake_alloc(&r.thread[0], 4000, MS_EV_REALLOC_FAILED, 0x1000, 0, 0);
	fake_free(&r.thread[0], 5000, MS_EV_REALLOC_FREE, 0x1000);
	fake_alloc(&r.thread[0], 6000, MS_EV_REALLOC, 0x2000, 20, 0); /* the new block is */
	fake_free(&r.thread[0], 7000, MS_EV_REALLOC_FREE, 0x2000);
	fake_alloc(&r.thread[0], 8000, MS_EV_REALLOC_FAILED, 0x2000, 0, 0);
	fake_free(&r.thread[0], 9000, MS_EV_REALLOC_FREE, 0x2000);
	out(&r, 10000, 0x2000);
	fake_free(&r.thread[0], 11000, MS_EV_FREE, 0x2000);
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
