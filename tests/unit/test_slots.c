/* Draining the rings of simulated and of real threads: watermark, wrapping, recycling, damage, waiting. */
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_app.h"
#include "format/events.h"
#include "record/slots.h"

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#define TICKS_PER_MS 1000000u /* fake clock: a tick is a nanosecond */
#define MARGIN_TICKS SLOTS_MARGIN_NS

struct world {
	struct arena arena;
	struct merge merge;
	struct slots slots;
	uint64_t last_ticks, entries, lost;
	uint64_t next[64];                /* per slot: number of the next entry, kept in the size */
	uint32_t tid_of[64];
	unsigned started, ended;
	bool dead[4096];                  /* by tid */
};

static bool entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks)
{
	struct world *w = context;

	assert_true(ticks >= w->last_ticks);
	assert_int_equal(ticks, words[0]); /* never late */
	w->last_ticks = ticks;
	assert_int_equal((uint32_t)words[2], w->next[s->slot]);
	w->next[s->slot]++;
	w->entries++;
	return true;
}

static void started(void *context, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name)
{
	struct world *w = context;

	(void)image;
	(void)nested;
	assert_string_equal(name, "fake");
	w->started++;
	w->next[slot] = 0;
	w->tid_of[slot] = tid;
}

static void lost(void *context, uint32_t slot, uint64_t events)
{
	struct world *w = context;

	(void)slot;
	w->lost += events;
}

static void ended(void *context, uint32_t slot)
{
	struct world *w = context;

	w->ended++;
	w->tid_of[slot] = 0;
}

static bool alive(void *context, uint32_t tid)
{
	struct world *w = context;
	return !w->dead[tid];
}

static const struct slots_ops ops = {.started = started, .lost = lost, .ended = ended, .alive = alive};

static void open_world(struct world *w)
{
	struct ms_error err;
	const struct arena_options options = {.clock = MS_CLOCK_MONOTONIC};

	memset(w, 0, sizeof *w);
	if (arena_create(&w->arena, &fake_geometry, &options, &err) != MS_OK)
		fail_msg("%s", err.message);
	merge_init(&w->merge, entry, w, NULL);
	assert_int_equal(slots_init(&w->slots, &w->arena, &w->merge, &ops, w), MS_OK);
	w->slots.ticks_per_ms = TICKS_PER_MS;
}

static void close_world(struct world *w)
{
	slots_free(&w->slots);
	merge_free(&w->merge);
	arena_close(&w->arena);
}

static void poll_at(struct world *w, uint64_t now)
{
	merge_run(&w->merge, slots_drain(&w->slots, now));
}

/* ---- simulated threads: every interleaving of hook steps and polls keeps the order ------------------------------- */

enum step { OUTSIDE, INSIDE, STAMPED, PUBLISHED };

struct actor {
	struct fake_thread thread;
	enum step step;
	uint64_t stamp, count;
};

static void step(struct actor *a, uint64_t now)
{
	uint64_t words[240] = {a->count};
	unsigned n = 1 + (unsigned)(next_random() % (a->count % 50 == 0 ? 240 : 6));

	switch (a->step) {
	case OUTSIDE:
		fake_enter(&a->thread);
		a->step = INSIDE;
		break;
	case INSIDE:
		if (!fake_has_room(&a->thread, 245)) {
			fake_leave(&a->thread);
			a->step = OUTSIDE;
			break;
		}
		a->stamp = now;
		a->step = STAMPED;
		break;
	case STAMPED:
		fake_publish(&a->thread, a->stamp, MS_EV_MALLOC, 0x1000, n, words);
		a->count++;
		a->step = PUBLISHED;
		break;
	case PUBLISHED:
		fake_leave(&a->thread);
		a->step = OUTSIDE;
		break;
	}
}

static void interleavings(void **context)
{
	enum { ACTORS = 9 };

	(void)context;
	for (int run = 0; run < 30; run++) {
		struct world *w = malloc(sizeof *w);
		struct actor actors[ACTORS] = {0};
		uint64_t now = 1000000, total = 0;
		unsigned live = 0;

		assert_non_null(w);
		open_world(w);
		for (int i = 0; i < 20000; i++) {
			now += next_random() % (run % 3 == 0 ? 3 : 40000);
			if (live < ACTORS && i % 300 == 0) {
				assert_true(fake_thread_start(&actors[live].thread, &w->arena, 100 + live, 0, false));
				live++;
			}
			step(&actors[next_random() % (run % 2 ? live : (live + 2) / 3)], now);
			if (next_random() % 20 == 0)
				poll_at(w, now);
		}
		for (unsigned a = 0; a < live; a++)
			total += actors[a].count;
		poll_at(w, now + 10 * MARGIN_TICKS);
		merge_run(&w->merge, UINT64_MAX);
		assert_int_equal(w->entries, total);
		assert_int_equal(w->merge.late, 0);
		assert_int_equal(w->slots.damages, 0);
		assert_int_equal(w->slots.threads, live);
		close_world(w);
		free(w);
	}
}

static void a_thread_in_a_hook_holds_the_others_back(void **context)
{
	struct world w;
	struct fake_thread a, b;
	uint64_t words[] = {0};

	(void)context;
	open_world(&w);
	fake_thread_start(&a, &w.arena, 1, 0, false);
	fake_thread_start(&b, &w.arena, 2, 0, false);
	poll_at(&w, 1000000);
	fake_enter(&b); /* stamped 1500000, not published */
	fake_alloc(&a, 2000000, MS_EV_MALLOC, 16, 0, 0);
	poll_at(&w, 9000000);
	assert_int_equal(w.entries, 0);
	fake_publish(&b, 1500000, MS_EV_MALLOC, 32, 1, words);
	fake_leave(&b);
	poll_at(&w, 10000000);
	assert_int_equal(w.entries, 2); /* sorted: entry() checks it */
	close_world(&w);
}

static void a_stuck_thread_does_not_hold_the_others_for_ever(void **context)
{
	struct world w;
	struct fake_thread a, b;

	(void)context;
	open_world(&w);
	fake_thread_start(&a, &w.arena, 1, 0, false);
	fake_thread_start(&b, &w.arena, 2, 0, false);
	poll_at(&w, 1000000);
	fake_enter(&b);
	fake_alloc(&a, 2000000, MS_EV_MALLOC, 16, 0, 0);
	poll_at(&w, 1000000 + SLOTS_FORCE_NS);
	assert_int_equal(w.entries, 0);
	poll_at(&w, 2000000 + SLOTS_FORCE_NS);
	assert_int_equal(w.entries, 1);
	assert_int_equal(w.slots.forced, 1);
	/* without anything that waits nothing is forced */
	poll_at(&w, 3000000 + SLOTS_FORCE_NS);
	assert_int_equal(w.slots.forced, 1);
	/* and a thread that died in its hook is found out at the next sweep */
	fake_alloc(&a, 5000000000, MS_EV_MALLOC, 16, 1, 0);
	w.dead[2] = true;
	poll_at(&w, 5010000000);
	assert_int_equal(w.entries, 1);
	slots_sweep(&w.slots, false);
	poll_at(&w, 5020000000);
	assert_int_equal(w.entries, 2);
	slots_sweep(&w.slots, false);
	assert_int_equal(w.ended, 1);
	close_world(&w);
}

/* ---- life of slots ----------------------------------------------------------------------------------------------- */

static void slots_are_recycled(void **context)
{
	struct world w;
	uint64_t now = 1000000;

	(void)context;
	open_world(&w);
	for (uint32_t tid = 1; tid <= 1000; tid++) {
		struct fake_thread t;

		assert_true(fake_thread_start(&t, &w.arena, tid, 0, false));
		for (uint32_t i = 0; i < 3; i++)
			fake_alloc(&t, now + i, MS_EV_MALLOC, 16, i, 0);
		now += 1000000;
		w.dead[tid] = true;
		if (tid % 10 == 0) {
			slots_sweep(&w.slots, true);
			poll_at(&w, now);
			slots_sweep(&w.slots, true);
			poll_at(&w, now + 1);
			slots_sweep(&w.slots, true);
		}
	}
	assert_int_equal(w.entries, 3000);
	assert_int_equal(w.started, 1000);
	assert_int_equal(w.ended, 1000);
	assert_int_equal(w.slots.live, 0);
	assert_in_range(atomic_load(&w.arena.header->slots_used), 10, fake_geometry.slots);
	close_world(&w);
}

static void a_thread_id_that_comes_back_is_another_thread(void **context)
{
	struct world w;
	struct fake_thread first, handler, second;

	(void)context;
	open_world(&w);
	fake_thread_start(&first, &w.arena, 7, 0, false);
	fake_thread_start(&handler, &w.arena, 7, 0, true);
	fake_alloc(&first, 1000000, MS_EV_MALLOC, 16, 0, 0);
	fake_alloc(&handler, 1000001, MS_EV_MALLOC, 16, 0, 0);
	poll_at(&w, 2000000);
	slots_sweep(&w.slots, true);
	assert_int_equal(w.started, 2);
	assert_int_equal(w.slots.threads, 1);
	fake_thread_start(&second, &w.arena, 7, 0, false);
	fake_alloc(&second, 3000000, MS_EV_MALLOC, 16, 0, 0);
	poll_at(&w, 4000000);
	poll_at(&w, 4000001);
	slots_sweep(&w.slots, true);
	assert_int_equal(w.ended, 2); /* the first life, with its handler's slot */
	assert_int_equal(w.slots.threads, 2);
	assert_int_equal(w.slots.live, 1);
	assert_int_equal(w.tid_of[second.index], 7);
	close_world(&w);
}

static void exec_ends_the_threads_of_the_image_before(void **context)
{
	struct world w;
	struct fake_thread old, new;

	(void)context;
	open_world(&w);
	atomic_store(&w.arena.header->images, 1);
	fake_thread_start(&old, &w.arena, 7, 0, false);
	fake_alloc(&old, 1000000, MS_EV_MALLOC, 16, 0, 0);
	fake_enter(&old); /* died inside a hook */
	poll_at(&w, 2000000);
	atomic_store(&w.arena.header->images, 2);
	fake_thread_start(&new, &w.arena, 7, 1, false);
	fake_alloc(&new, 3000000, MS_EV_MALLOC, 16, 0, 0);
	poll_at(&w, 4000000);
	assert_int_equal(w.entries, 2);
	slots_sweep(&w.slots, false);
	assert_int_equal(w.ended, 1);
	slots_finish(&w.slots);
	assert_int_equal(w.ended, 2);
	close_world(&w);
}

static void dropped_events_are_reported_once(void **context)
{
	struct world w;
	struct fake_thread t;

	(void)context;
	open_world(&w);
	fake_thread_start(&t, &w.arena, 7, 0, false);
	atomic_store(&t.slot->lost, 5);
	poll_at(&w, 1000000);
	slots_sweep(&w.slots, false);
	slots_sweep(&w.slots, false);
	assert_int_equal(w.lost, 5);
	atomic_store(&t.slot->lost, 12);
	poll_at(&w, 2000000);
	slots_finish(&w.slots);
	assert_int_equal(w.lost, 12);
	close_world(&w);
}

/* ---- an app that writes over the arena --------------------------------------------------------------------------- */

static void a_scribbled_ring_is_counted_and_left_behind(void **context)
{
	struct world w;
	struct fake_thread t;
	uint64_t *ring;

	(void)context;
	open_world(&w);
	fake_thread_start(&t, &w.arena, 7, 0, false);
	ring = (uint64_t *)(void *)(w.arena.base + t.slot->ring_offset);
	fake_alloc(&t, 1000000, MS_EV_MALLOC, 16, 0, 0);
	fake_alloc(&t, 1000001, MS_EV_MALLOC, 16, 1, 0);
	ring[4] = 0; /* the tag of the second */
	poll_at(&w, 2000000);
	assert_int_equal(w.entries, 1);
	assert_int_equal(w.slots.damages, 1);
	assert_int_equal(w.slots.damaged_words, 3);
	/* a length beyond head */
	fake_alloc(&t, 3000000, MS_EV_MALLOC, 16, 1, 0);
	ring[7] = MS_ENTRY_TAG(MS_EV_MALLOC, 200);
	poll_at(&w, 4000000);
	assert_int_equal(w.slots.damages, 2);
	/* a head that jumps */
	atomic_store(&t.slot->head, UINT64_MAX / 2);
	poll_at(&w, 5000000);
	assert_int_equal(w.slots.damages, 3);
	atomic_store(&t.slot->head, 3);
	poll_at(&w, 6000000);
	assert_int_equal(w.slots.damages, 4);
	/* wild counters and offsets change nothing about where the collector reads */
	atomic_store(&w.arena.header->slots_used, UINT32_MAX);
	t.slot->ring_offset = UINT64_MAX;
	t.slot->ring_words = 3;
	w.arena.header->slot_count = UINT32_MAX;
	poll_at(&w, 7000000);
	assert_int_equal(w.entries, 1);
	close_world(&w);
}

/* Reads every word that it is given: the sanitizers see whether one of them is not there. */
static bool read_entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks)
{
	struct world *w = context;

	(void)s;
	assert_true(MS_ENTRY_WORDS(words[1]) >= 2);
	assert_true(ms_event_kinds[MS_ENTRY_KIND(words[1])].name != NULL ||
	            (MS_ENTRY_KIND(words[1]) >= MS_ENTRY_GRAPH_BEGIN && MS_ENTRY_KIND(words[1]) <= MS_ENTRY_PLACE));
	for (unsigned i = 0; i < MS_ENTRY_WORDS(words[1]); i++)
		w->lost ^= words[i] ^ ticks;
	w->entries++;
	return true;
}

static void random_rubbish_does_no_harm(void **context)
{
	uint64_t entries = 0, damages = 0;

	(void)context;
	for (int run = 0; run < 300; run++) {
		struct world w;
		struct fake_thread t;

		open_world(&w);
		w.merge.entry = read_entry;
		for (uint32_t i = 0; i < 8; i++) {
			uint64_t *ring;
			size_t words;

			fake_thread_start(&t, &w.arena, i + 1, 0, false);
			words = t.slot->ring_words + MS_RING_SLACK_WORDS;
			ring = (uint64_t *)(void *)(w.arena.base + t.slot->ring_offset);
			for (size_t k = 0; k < words; k++)
				ring[k] = k % 3 == 1 ? MS_ENTRY_TAG(next_random() % 3 ? MS_EV_MALLOC : next_random() % 256, next_random() % 8) :
				                       next_random();
			atomic_store(&t.slot->head, next_random() % (t.slot->ring_words * 2));
			atomic_store(&t.slot->in_hook, (uint32_t)next_random() % 2);
		}
		poll_at(&w, 1000000);
		for (uint32_t i = 0; i < 8; i++)
			atomic_fetch_add(&w.arena.slots[i].head, next_random() % 400);
		poll_at(&w, 2000000);
		slots_sweep(&w.slots, true);
		merge_run(&w.merge, UINT64_MAX);
		slots_finish(&w.slots);
		entries += w.entries;
		damages += w.slots.damages;
		close_world(&w);
	}
	assert_true(entries > 100);
	assert_true(damages > 100);
}

/* ---- real threads ------------------------------------------------------------------------------------------------ */

enum { PRODUCERS = 4, EACH = 30000 };

static uint64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The library's protocol, waiting included. */
static void *produce(void *argument)
{
	struct fake_thread *t = argument;

	for (uint32_t i = 0; i < EACH; i++) {
		uint64_t words[200] = {i};
		unsigned n = i % 97 == 0 ? 200 : 1 + i % 3;

		while (!fake_has_room(t, n + 2)) {
			uint32_t wake = atomic_load(&t->arena->header->wake);

			atomic_store(&t->slot->waiting, 1);
			if (!fake_has_room(t, n + 2))
				syscall(SYS_futex, &t->arena->header->wake, FUTEX_WAIT, wake, NULL, NULL, 0);
			atomic_store(&t->slot->waiting, 0);
		}
		fake_enter(t);
		atomic_signal_fence(memory_order_seq_cst);
		fake_publish(t, mono_ns(), MS_EV_MALLOC, 16, n, words);
		fake_leave(t);
	}
	return NULL;
}

static void producers_and_collector(void **context)
{
	struct world w;
	struct fake_thread threads[PRODUCERS];
	pthread_t ids[PRODUCERS];

	(void)context;
	open_world(&w);
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		assert_true(fake_thread_start(&threads[i], &w.arena, i + 1, 0, false));
		assert_int_equal(pthread_create(&ids[i], NULL, produce, &threads[i]), 0);
	}
	while (w.entries < PRODUCERS * (uint64_t)EACH) {
		poll_at(&w, mono_ns());
		slots_sweep(&w.slots, false);
		usleep(100);
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		pthread_join(ids[i], NULL);
	assert_int_equal(w.entries, PRODUCERS * (uint64_t)EACH);
	assert_int_equal(w.slots.damages, 0);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interleavings),
		cmocka_unit_test(a_thread_in_a_hook_holds_the_others_back),
		cmocka_unit_test(a_stuck_thread_does_not_hold_the_others_for_ever),
		cmocka_unit_test(slots_are_recycled),
		cmocka_unit_test(a_thread_id_that_comes_back_is_another_thread),
		cmocka_unit_test(exec_ends_the_threads_of_the_image_before),
		cmocka_unit_test(dropped_events_are_reported_once),
		cmocka_unit_test(a_scribbled_ring_is_counted_and_left_behind),
		cmocka_unit_test(random_rubbish_does_no_harm),
		cmocka_unit_test(producers_and_collector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
