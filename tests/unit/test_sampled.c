/*
 * The table of sampled blocks: who is in is marked for as long as it lives, whatever its neighbours do meanwhile; a line without room.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "record/preload/sampled.h"

#define GRANULES MS_SAMPLED_LEAST
#define GRANULE_BITS 8u
#define LINE_BITS 12u
#define BASE UINT64_C(0x7f0000400000)
#define BEYOND ((uint64_t)GRANULES << GRANULE_BITS) /* so far apart addresses have the same index */

static struct {
	struct ms_arena_header header;
	_Alignas(64) uint64_t table[MS_SAMPLED_BYTES(GRANULES) / 8];
} arena;

static void attach(void)
{
	memset(&arena, 0, sizeof arena);
	arena.header.sample = (struct ms_sample_config){
		.sampling = MS_SAMPLING_PER_UNIT, .sampled_offset = offsetof(__typeof__(arena), table), .sampled_count = GRANULES,
		.granule_bits = GRANULE_BITS, .line_bits = LINE_BITS,
	};
	ms_sampled_attach(&arena.header);
}

static bool marked(uint64_t address)
{
	return ms_sampled_marked(atomic_load(&ms_sampled.marks), ms_sampled.word_mask, ms_sampled.granule_bits, address);
}

/* No mark, no address; the counts in the upper halves stay. */
static bool is_empty(void)
{
	uint64_t rest = 0;

	for (unsigned i = 0; i < GRANULES / MS_SAMPLED_GRANULES; i++)
		rest |= (uint32_t)arena.table[i];
	for (size_t i = GRANULES / MS_SAMPLED_GRANULES; i < sizeof arena.table / 8; i++)
		rest |= arena.table[i];
	return rest == 0;
}

static void neighbours_share_a_mark(void **state)
{
	(void)state;
	attach();
	ms_sampled_add(BASE + 16);
	assert_true(marked(BASE + 16));
	assert_true(marked(BASE + 240));  /* of the same granule */
	assert_false(marked(BASE + 256));
	assert_true(marked(BASE + 16 + BEYOND));
	assert_false(ms_sampled_take(BASE + 240));
	assert_false(ms_sampled_take(BASE + 16 + BEYOND));
	ms_sampled_add(BASE + 240);
	ms_sampled_add(BASE + 256);
	assert_true(ms_sampled_take(BASE + 16));
	assert_true(marked(BASE + 240));
	assert_false(ms_sampled_take(BASE + 16)); /* once */
	assert_true(ms_sampled_take(BASE + 240));
	assert_false(marked(BASE + 240));
	assert_true(marked(BASE + 256));
	assert_true(ms_sampled_take(BASE + 256));
	assert_true(is_empty());
	ms_sampled_detach();
	assert_true(ms_sampled_take(BASE)); /* no table: whoever asks has a full recording */
}

/* From the address on that has no room, all of its line's granules with a mark are taken for sampled ones; those without one, and the line beside it, are not. */
static void a_line_without_room(void **state)
{
	(void)state;
	attach();
	for (unsigned i = 0; i < MS_SAMPLED_LINE; i++)
		ms_sampled_add(BASE + 16 * i);
	assert_false(ms_sampled_take(BASE + 0x90));
	ms_sampled_add(BASE + 0x80);
	assert_true(ms_sampled_take(BASE + 0x80));
	for (unsigned i = 0; i < MS_SAMPLED_LINE; i++)
		assert_true(ms_sampled_take(BASE + 16 * i));
	assert_true(marked(BASE));
	assert_true(ms_sampled_take(BASE + 0xf0));
	assert_false(marked(BASE + 0x100));
	ms_sampled_add(BASE + 0x100);
	assert_true(ms_sampled_take(BASE + 0x110));
	assert_true(ms_sampled_take(BASE + 0x100));
	assert_true(marked(BASE + 0x100));
	ms_sampled_add(BASE + 0x1000);
	assert_false(ms_sampled_take(BASE + 0x1010));
	assert_true(ms_sampled_take(BASE + 0x1000));
	assert_false(marked(BASE + 0x1000));
	ms_sampled_clear(&arena.header);
	ms_sampled_attach(&arena.header);
	assert_false(marked(BASE));
	ms_sampled_add(BASE);
	assert_false(ms_sampled_take(BASE + 0x10));
	ms_sampled_detach();
}

/* ---- threads ------------------------------------------------------------------------------------------------------- */

#define THREADS 4u
#define ROUNDS 300000u

struct worker {
	pthread_t thread;
	uint64_t own[MS_SAMPLED_LINE / THREADS];
	unsigned unmarked, untaken, doubles;
};

static void *work(void *argument)
{
	struct worker *w = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t address = w->own[i % (MS_SAMPLED_LINE / THREADS)];

		ms_sampled_add(address);
		w->unmarked += !marked(address);
		w->untaken += !ms_sampled_take(address);
		w->doubles += ms_sampled_take(address);
	}
	return NULL;
}

/* All in one line, by two granules. more: addresses that are added to it before each thread starts. No block of a thread is ever missed, nor its mark. */
static void run_workers(struct worker workers[THREADS], unsigned more)
{
	for (unsigned t = 0; t < THREADS; t++) {
		for (unsigned i = 0; i < MS_SAMPLED_LINE / THREADS; i++)
			workers[t].own[i] = BASE + 16 * t + 256 * i;
		for (unsigned i = 0; i < more; i++)
			ms_sampled_add(BASE + 0x800 + 16 * i);
		assert_int_equal(pthread_create(&workers[t].thread, NULL, work, &workers[t]), 0);
	}
	for (unsigned t = 0; t < THREADS; t++)
		pthread_join(workers[t].thread, NULL);
	for (unsigned t = 0; t < THREADS; t++) {
		assert_int_equal(workers[t].unmarked, 0);
		assert_int_equal(workers[t].untaken, 0);
	}
}

/* Who clears a mark must not clear that of a block that came meanwhile. */
static void threads_in_one_line(void **state)
{
	struct worker workers[THREADS] = {0};

	(void)state;
	attach();
	run_workers(workers, 0);
	for (unsigned t = 0; t < THREADS; t++)
		assert_int_equal(workers[t].doubles, 0);
	assert_true(is_empty());
	ms_sampled_detach();
}

/* The line becomes crowded while others are taken. */
static void threads_in_a_line_without_room(void **state)
{
	struct worker workers[THREADS] = {0};

	(void)state;
	attach();
	run_workers(workers, MS_SAMPLED_LINE - THREADS + 1);
	assert_true(ms_sampled_take(BASE + 0x8f0)); /* it did */
	ms_sampled_detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_share_a_mark),
		cmocka_unit_test(a_line_without_room),
		cmocka_unit_test(threads_in_one_line),
		cmocka_unit_test(threads_in_a_line_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
