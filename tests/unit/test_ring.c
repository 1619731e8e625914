/*
 * The ring protocol from the producer's side: wrapping, waiting for room, dropping, a collector that is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks_fixture.h"

static struct mini_arena arena;
static struct mini_entries entries;

/* Numbered events, as frames call them. */
static __attribute__((noinline)) void emit(uint64_t number)
{
	ms_emit_alloc(MS_EV_MALLOC, number, number % 5 == 0 ? UINT64_C(1) << 40 : number % 1000, HERE, 0, 0, 0);
	__asm__ volatile("");
}

static void attach(uint32_t flags, uint32_t ring_words, uint32_t collector_pid)
{
	struct mini_options options = {
		.flags = flags | MS_FLAG_NO_STACKS, .ring_words = ring_words, .collector_pid = collector_pid};

	fixture_attach(&arena, &options);
	ms_emit_args(MS_EV_FORK, 1, 0); /* takes the slot and announces the modules */
	fixture_drain(&arena, &entries);
	entries.count = 0;
}

static void detach(void)
{
	mini_free(&entries);
	fixture_detach(&arena);
}

static void test_entries_run_into_the_slack_and_never_break(void **state)
{
	uint64_t next = 1;

	(void)state;
	attach(0, 256, 0);
	for (uint64_t n = 1; n <= 20000; n++) {
		emit(n);
		if (n % 37 == 0)
			fixture_drain(&arena, &entries);
	}
	fixture_drain(&arena, &entries);
	assert_int_equal(entries.count, 20000);
	for (size_t i = 0; i < entries.count; i++, next++) {
		assert_int_equal(entries.at[i].address, next);
		assert_int_equal(entries.at[i].size, next % 5 == 0 ? UINT64_C(1) << 40 : next % 1000);
	}
	detach();
}

static void test_the_longest_entry(void **state)
{
	char text[4096];

	(void)state;
	attach(0, 1024, 0);
	memset(text, 'x', sizeof(text));
	ms_emit_text(MS_EV_MARK, text, sizeof(text));
	ms_emit_text(MS_EV_MARK, text, 0);
	ms_emit_text(MS_EV_MARK, "short", 5);
	fixture_drain(&arena, &entries);
	assert_int_equal(entries.count, 3);
	assert_int_equal(entries.at[0].words, 255);
	assert_int_equal(entries.at[1].words, 3);
	assert_string_equal(entries.at[1].text, "");
	assert_string_equal(entries.at[2].text, "short");
	detach();
}

static void test_drop_counts_and_goes_on(void **state)
{
	uint64_t lost;

	(void)state;
	attach(MS_FLAG_DROP, 256, 0);
	for (uint64_t n = 1; n <= 1000; n++)
		emit(n);
	lost = atomic_load(&arena.slots[0].lost);
	fixture_drain(&arena, &entries);
	assert_int_equal(entries.count + lost, 1000);
	assert_true(entries.count >= 256 / 4 && lost > 0);
	emit(1001);
	fixture_drain(&arena, &entries);
	assert_int_equal(entries.count + lost, 1001);
	assert_int_equal(entries.at[entries.count - 1].address, 1001);
	detach();
}

static void test_the_other_clock(void **state)
{
	uint64_t before, after;

	(void)state;
	attach(0, 1024, 0);
	assert_non_null(ms_clock_vdso);
	ms_clock = MS_CLOCK_MONOTONIC;
	before = ms_ticks_monotonic();
	emit(1);
	ms_clock_vdso = NULL;
	emit(2);
	after = ms_ticks_monotonic();
	fixture_drain(&arena, &entries);
	assert_true(before <= entries.at[0].ticks && entries.at[0].ticks <= entries.at[1].ticks);
	assert_true(entries.at[1].ticks <= after);
	detach();
}

/* ---- a consumer on another thread ---- */

#define EVENTS 200000u
static _Atomic int producing;

static void wake_waiters(void)
{
	atomic_fetch_add(&arena.header->wake, 1);
	syscall(SYS_futex, &arena.header->wake, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

static void *consume(void *unused)
{
	bool last;

	do {
		last = atomic_load(&producing) == 0;
		assert_true(mini_drain(&arena, &entries));
		wake_waiters();
	} while (!last);
	return unused;
}

static void test_a_full_ring_waits_and_loses_nothing(void **state)
{
	pthread_t consumer;
	uint64_t next = 1;

	(void)state;
	attach(0, 256, 0);
	atomic_store(&producing, 1);
	assert_int_equal(pthread_create(&consumer, NULL, consume, NULL), 0);
	for (uint64_t n = 1; n <= EVENTS; n++)
		emit(n);
	atomic_store(&producing, 0);
	pthread_join(consumer, NULL);
	assert_int_equal(entries.count, EVENTS);
	for (size_t i = 0; i < entries.count; i++)
		assert_int_equal(entries.at[i].address, next++);
	assert_int_equal(atomic_load(&arena.slots[0].lost), 0);
	assert_int_equal(atomic_load(&arena.slots[0].waiting), 0);
	detach();
}

#define PRODUCERS 4u
static void *produce(void *first)
{
	for (uint64_t n = 0; n < EVENTS / PRODUCERS; n++)
		emit((uint64_t)(uintptr_t)first + n);
	return NULL;
}

static void test_threads_do_not_meet_in_their_rings(void **state)
{
	pthread_t consumer, producers[PRODUCERS];
	uint64_t next[16] = {0};
	size_t count = 0;

	(void)state;
	attach(0, 4096, 0);
	atomic_store(&producing, 1);
	assert_int_equal(pthread_create(&consumer, NULL, consume, NULL), 0);
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(pthread_create(&producers[i], NULL, produce, (void *)((i + 1) << 32)), 0);
	for (unsigned i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	atomic_store(&producing, 0);
	pthread_join(consumer, NULL);
	for (size_t i = 0; i < entries.count; i++) {
		const struct mini_entry *e = &entries.at[i];

		if (e->kind != MS_EV_MALLOC)
			continue;
		count++;
		assert_int_equal(e->address & UINT32_MAX, next[e->slot]++);
	}
	assert_int_equal(count, EVENTS);
	detach();
}

/* ---- the end ---- */

static void test_a_collector_that_is_gone_ends_the_recording(void **state)
{
	pid_t gone = fork();

	(void)state;
	if (gone == 0)
		_exit(0);
	waitpid(gone, NULL, 0);
	attach(0, 256, (uint32_t)gone);
	for (uint64_t n = 1; n <= 1000; n++)
		emit(n); /* one of them waits a second */
	assert_int_equal(atomic_load(&arena.header->state), MS_ARENA_STOPPED);
	assert_int_equal(atomic_load(&ms_process.phase), MS_PHASE_OFF);
	assert_ptr_equal(ms_tls.self, &ms_thread_empty);
	assert_true(mini_drain(&arena, &entries));
	assert_true(entries.count >= 256 / 4 && entries.count < 1000);
	detach();
}

static void test_a_stopped_recording_releases_who_waits(void **state)
{
	(void)state;
	attach(0, 256, 0);
	atomic_store(&arena.header->state, MS_ARENA_STOPPED);
	for (uint64_t n = 1; n <= 1000; n++)
		emit(n);
	assert_int_equal(atomic_load(&ms_process.phase), MS_PHASE_OFF);
	detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_run_into_the_slack_and_never_break),
		cmocka_unit_test(test_the_longest_entry),
		cmocka_unit_test(test_drop_counts_and_goes_on),
		cmocka_unit_test(test_the_other_clock),
		cmocka_unit_test(test_a_full_ring_waits_and_loses_nothing),
		cmocka_unit_test(test_threads_do_not_meet_in_their_rings),
		cmocka_unit_test(test_a_collector_that_is_gone_ends_the_recording),
		cmocka_unit_test(test_a_stopped_recording_releases_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
