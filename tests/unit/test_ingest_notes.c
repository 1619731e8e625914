/* test_ingest_notes.c - events of the collector's own: marks, pauses and snapshots that take their place among those of the program. */
#include "format/container.h"
#include "ingest_fixture.h"

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
	rig_open(&r, &small_blocks);
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
	rig_finish(&r, 1000000);
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
	rig_open(&r, &small_blocks);
	r.ingest.heap_limit = 99;
	r.ingest.heap_passed = twice;
	r.ingest.heap_context = &r;
	fake_thread_start(&t, &r.arena, PID, 0, false);
	for (unsigned i = 0; i < 4; i++)
		fake_alloc(&t, 1000 + i, MS_EV_MALLOC, 0x1000 * (i + 1), i == 3 ? 1000 : 60, 0); /* 60, 120, 180, 1180 */
	rig_finish(&r, 5000);
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
	rig_open(&r, &small_blocks);
	fake_thread_start(&t, &r.arena, PID, 0, false);
	for (unsigned i = 0; i < 40000; i++) {
		fake_alloc(&t, ++now, MS_EV_MALLOC, 0x1000, 16, 0);
		fake_free(&t, ++now, MS_EV_FREE, 0x1000);
		if (i == 100 || i == 39999)
			note(&r, now, MS_EV_SNAPSHOT, "at");
		if (i % 50 == 0 || i == 39999)
			poll_at(&r, now + 200000);
	}
	rig_finish(&r, now + 300000);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
