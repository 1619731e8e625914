/* test_player.c - the player against the list of events of random programs: from any instant, with its levels and what lives there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/player.h"
#include "keyframe_trace.h"
#include "small_trace.h"

static uint32_t seed_state;

static uint32_t rnd(uint32_t below)
{
	seed_state = seed_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(seed_state >> 4) * below >> 28);
}

static void same_event(const struct ms_player_event *a, const struct ms_event *e, uint64_t number, const struct model *m)
{
	const unsigned class_ = ms_event_kinds[e->kind].class_;

	assert_int_equal(a->kind, e->kind);
	assert_int_equal(a->number, number);
	assert_int_equal(a->time_ns, e->time_ns);
	assert_int_equal(a->thread, e->thread);
	assert_int_equal(a->size_bytes, e->size_bytes);
	assert_int_equal(a->block, e->block);
	assert_int_equal(a->stack, e->stack);
	if (ms_event_kinds[e->kind].args)
		assert_int_equal(a->arg[0], e->arg[0]);
	if (class_ == MS_CLASS_ALLOC || class_ == MS_CLASS_FREE)
		assert_int_equal(a->address, e->address);
	if (class_ == MS_CLASS_FREE && e->block) {
		assert_int_equal(a->birth_ns, m->block[e->block].birth_ns);
		assert_int_equal(a->birth_stack, m->block[e->block].stack);
		assert_int_equal(a->birth_thread, m->block[e->block].thread);
		assert_int_equal(a->birth_kind, m->block[e->block].kind);
	}
}

static void check_here(struct ms_player *p, const struct model *m, uint64_t event)
{
	struct ms_player_position now = ms_player_now(p);
	uint64_t blocks = 0, bytes = 0;
	const struct ms_live_block *live;
	struct ms_error err;
	size_t n;

	assert_int_equal(now.event, event);
	assert_int_equal(ms_player_live(p, &live, &n, &err), MS_OK);
	for (uint64_t id = 1; id < m->next_block; id++) {
		if (!m->alive[id])
			continue;
		assert_true(blocks < n);
		assert_int_equal(live[blocks].block, id);
		assert_int_equal(live[blocks].address, m->block[id].address);
		blocks++;
		bytes += m->block[id].size_bytes;
	}
	assert_int_equal(n, blocks);
	assert_int_equal(now.live_blocks, blocks);
	assert_int_equal(now.live_bytes, bytes);
}

static void test_random(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 12; seed++) {
		struct keyframe_trace t;
		struct ms_player *p;
		struct ms_error err;

		seed_state = seed;
		keyframe_trace_make(&t, seed, 20 * seed * seed, 1 + rnd(200));
		assert_int_equal(ms_player_open(&p, t.trace, &err), MS_OK);
		for (int i = 0; i < 60; i++) {
			uint64_t n = t.random.event_count, at = rnd((uint32_t)n + 1);
			struct ms_instant instant = {at, 7};
			struct model m;

			if (i % 10 == 9) {
				at = 0;
				assert_int_equal(ms_player_rewind(p, &err), MS_OK);
			} else {
				assert_int_equal(ms_player_seek(p, &instant, &err), MS_OK);
				assert_int_equal(ms_player_now(p).time_ns, 7);
			}
			model_at(&m, &t, at);
			check_here(p, &m, at);
			for (int k = 0; k < 20; k++, at++) {
				struct ms_player_event e;

				assert_int_equal(ms_player_step(p, &e, &err), MS_OK);
				if (at == n) {
					assert_int_equal(e.kind, 0);
					break;
				}
				same_event(&e, &t.random.events[at], at, &m);
				model_free(&m);
				model_at(&m, &t, at + 1);
			}
			check_here(p, &m, at);
			model_free(&m);
		}
		assert_int_equal(ms_player_seek(p, &(struct ms_instant){t.random.event_count + 1, 0}, &err), MS_E_ARGUMENT);
		ms_player_close(p);
		keyframe_trace_free(&t);
	}
}

static uint64_t runs_to(struct ms_player *p, ms_player_condition *condition, const void *context)
{
	struct ms_player_event e;
	struct ms_error err;

	assert_int_equal(ms_player_run(p, condition, context, &e, &err), MS_OK);
	return e.kind ? e.number : UINT64_MAX;
}

static void test_conditions(void **state)
{
	struct small_trace t;
	struct ms_player *p;
	struct ms_error err;
	uint64_t limit = 100, first, second;
	uint32_t mark, thread = 2;

	(void)state;
	small_trace_start(&t);
	mark = ms_writer_string(t.writer, "loaded", 6);
	first = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 60);                                        /* 0 */
	second = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);                                       /* 1 */
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MARK, .thread = 1, .arg = {mark}});    /* 2 */
	small_trace_alloc(&t, MS_EV_MALLOC, 2, 3, 1);                                                 /* 3 */
	small_trace_free_block(&t, MS_EV_FREE, 2, second);                                            /* 4 */
	small_trace_free_block(&t, MS_EV_FREE, 1, first);                                             /* 5 */
	assert_int_equal(ms_player_open(&p, small_trace_open(&t, &small_trace_exited), &err), MS_OK);
	assert_int_equal(runs_to(p, ms_player_bytes_over, &limit), 3);
	assert_int_equal(ms_player_now(p).live_bytes, 101);
	assert_int_equal(runs_to(p, ms_player_bytes_over, &limit), UINT64_MAX);
	ms_player_rewind(p, &err);
	limit = 1;
	assert_int_equal(runs_to(p, ms_player_blocks_over, &limit), 1);
	assert_int_equal(runs_to(p, ms_player_at_mark, "loaded"), 2);
	assert_int_equal(runs_to(p, ms_player_thread_acts, &thread), 3);
	assert_int_equal(runs_to(p, ms_player_block_ends, &first), 5);
	ms_player_rewind(p, &err);
	assert_int_equal(runs_to(p, ms_player_at_mark, NULL), 2);
	assert_int_equal(runs_to(p, ms_player_at_mark, "load"), UINT64_MAX);
	ms_player_close(p);
	ms_player_close(NULL);
	small_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
