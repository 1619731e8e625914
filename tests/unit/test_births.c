/*
 * The gate of births and ends: what is drawn, the table of sampled blocks, halves of reallocs, pauses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hooks_fixture.h"
#include "record/preload/draw.h"

/* ---- hooks -------------------------------------------------------------------------------------------------------- */

#define GRANULES 1024u

static struct mini_arena arena;
static struct mini_entries entries;
static _Alignas(64) uint8_t table[MS_SAMPLED_BYTES(GRANULES)];
static uint64_t next_address;
static bool failing;

static void *fake_malloc(size_t size)
{
	(void)size;
	return failing ? NULL : (void *)(uintptr_t)next_address;
}
static void *fake_realloc(void *block, size_t size)
{
	(void)block, (void)size;
	return failing ? NULL : (void *)(uintptr_t)next_address;
}
static void fake_free_(void *block)
{
	(void)block;
}
static const struct ms_real real = {.malloc = fake_malloc, .realloc = fake_realloc, .free = fake_free_};

static __attribute__((noinline)) void *exported_malloc(size_t size)
{
	void *block = ms_hook_malloc(&real, size, HERE);

	__asm__ volatile("");
	return block;
}
static __attribute__((noinline)) void exported_free(uint64_t block)
{
	ms_hook_free(&real, (void *)(uintptr_t)block, HERE);
	__asm__ volatile("");
}
static __attribute__((noinline)) void exported_realloc(uint64_t block, size_t size)
{
	ms_hook_realloc(&real, (void *)(uintptr_t)block, size, HERE);
	__asm__ volatile("");
}

/* per_billion 0: everything. */
static void attach(uint32_t per_billion, uint32_t births)
{
	struct ms_arena_header *h;

	fixture_attach(&arena, &(struct mini_options){.flags = MS_FLAG_NO_STACKS, .ring_words = 1u << 20});
	h = arena.header;
	memset((void *)table, 0, sizeof table);
	failing = false;
	if (per_billion)
		h->sample = (struct ms_sample_config){.sampling = MS_SAMPLING_PER_UNIT, .per_billion = per_billion, .seed = 5,
		                                      .sampled_offset = (uint64_t)((char *)table - (char *)h), .sampled_count = GRANULES, .line_bits = MS_SAMPLED_LINE_BITS, .granule_bits = 4};
	atomic_store(&h->births, births);
	ms_births_attach(h);
}
/* No mark, no address; how many were added in all stays in the upper halves of the words. */
static bool table_is_empty(void)
{
	uint32_t words[sizeof table / 4], rest = 0;

	memcpy(words, table, sizeof table);
	for (unsigned i = 0; i < sizeof words / 4; i++)
		rest |= i < GRANULES / MS_SAMPLED_GRANULES * 2 && i % 2 ? 0 : words[i]; /* the marks are the lower halves */
	return rest == 0;
}
/* Keeps what is about blocks. */
static void drain(void)
{
	size_t n = 0;

	assert_true(mini_drain(&arena, &entries));
	for (size_t i = 0; i < entries.count; i++) {
		unsigned class_ = ms_event_kinds[entries.at[i].kind].class_;

		if (class_ == MS_CLASS_ALLOC || class_ == MS_CLASS_FREE || class_ == MS_CLASS_FAIL || entries.at[i].kind == MS_EV_REALLOC_OUT)
			entries.at[n++] = entries.at[i];
	}
	entries.count = n;
}
static void detach(void)
{
	mini_free(&entries);
	fixture_detach(&arena);
}

static void test_a_sample_has_what_was_drawn_and_its_ends(void **state)
{
	const double distance = ms_draw_distance(125000000);
	struct ms_draw d;
	unsigned births = 0;

	(void)state;
	attach(125000000, MS_BIRTHS_SAMPLE);
	ms_draw_seed(&d, distance, 5, 0, 0);
	for (unsigned i = 0; i < 20000; i++) { /* the same few addresses again and again */
		next_address = 0x10000 + i % 7 * 48;
		exported_malloc(100);
		births += ms_draw_takes(&d, distance, 1);
		exported_free(next_address);
		if (i % 3 == 0) { /* three units */
			exported_malloc(2 * MS_SAMPLE_UNIT_BYTES);
			births += ms_draw_takes(&d, distance, 3);
			exported_free(next_address);
		}
	}
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), births);
	assert_int_equal(mini_count(&entries, MS_EV_FREE), births);
	assert_true(table_is_empty());
	detach();
}

/* As record/preload/interpose.c has it. */
static __attribute__((noinline)) void quick_malloc(size_t size)
{
	if (ms_birth_skip(size)) {
		if (fake_malloc(size) == NULL) {
			ms_birth_unskip(size);
			ms_hook_failed(MS_EV_MALLOC, size, HERE);
		}
	} else {
		exported_malloc(size);
	}
	__asm__ volatile("");
}
static __attribute__((noinline)) void quick_free(uint64_t block)
{
	if (!ms_end_skip((void *)(uintptr_t)block))
		exported_free(block);
	__asm__ volatile("");
}

/* The short way draws what the long one draws, and a call that fails draws nothing; with marks that neighbours share. */
static void test_the_short_way(void **state)
{
	const double distance = ms_draw_distance(125000000);
	struct ms_draw d;
	unsigned births = 0, failures = 0;

	(void)state;
	attach(125000000, MS_BIRTHS_SAMPLE);
	arena.header->sample.line_bits = 11;
	arena.header->sample.granule_bits = 7;
	ms_births_attach(arena.header);
	ms_draw_seed(&d, distance, 5, 0, 0);
	for (unsigned i = 0; i < 20000; i++) {
		next_address = 0x10000 + i % 7 * 48;
		failing = i > 0 && i % 9 == 0;
		quick_malloc(100);
		failures += failing;
		if (failing)
			continue;
		births += ms_draw_takes(&d, distance, 1);
		quick_free(next_address);
		if (i % 3 == 0) { /* too large for the short way */
			quick_malloc(MS_SAMPLE_UNIT_BYTES);
			births += ms_draw_takes(&d, distance, 2);
			quick_free(next_address);
		}
	}
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), births);
	assert_int_equal(mini_count(&entries, MS_EV_ALLOC_FAILED), failures);
	assert_int_equal(mini_count(&entries, MS_EV_FREE), births);
	assert_true(table_is_empty());
	arena.header->guard.mode = MS_GUARD_CANARY;
	ms_births_attach(arena.header);
	assert_false(ms_end_skip((void *)(uintptr_t)0x10000)); /* a guard is told who frees, and who allocates */
	assert_false(ms_birth_skip(10));
	detach();
}

/* What readers rely on: halves pair, and a first half is that of a block in the sample. */
static void test_halves_of_reallocs(void **state)
{
	unsigned seen[4] = {0}; /* both in, old in, new in, failed */
	uint64_t block = 0x20000;
	bool in = false;
	size_t at = 0;

	(void)state;
	attach(500000000, MS_BIRTHS_SAMPLE);
	next_address = block;
	exported_malloc(10);
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t old = block;

		failing = i % 11 == 0;
		next_address = 0x20000 + (i % 5) * 64;
		exported_realloc(old, 20);
		block = failing ? old : next_address;
		drain();
		if (i == 0 && entries.count && entries.at[0].kind == MS_EV_MALLOC)
			in = true, at++;
		if (in) {
			assert_int_equal(entries.at[at].kind, MS_EV_REALLOC_FREE);
			assert_int_equal(entries.at[at++].address, old);
		}
		if (failing) {
			if (in)
				assert_int_equal(entries.at[at++].kind, MS_EV_REALLOC_FAILED);
			seen[3] += in;
		} else if (at < entries.count && entries.at[at].kind == MS_EV_REALLOC) {
			seen[in ? 0 : 2]++;
			in = true;
			assert_int_equal(entries.at[at++].address, block);
		} else if (in) {
			assert_int_equal(entries.at[at].kind, MS_EV_REALLOC_OUT);
			assert_int_equal(entries.at[at++].address, old);
			seen[1]++;
			in = false;
		}
		assert_int_equal(at, entries.count);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_true(seen[i] > 50);
	exported_free(block);
	drain();
	assert_int_equal(entries.count, at + in);
	detach();
}

static void test_a_pause_leaves_births_out_and_no_ends(void **state)
{
	(void)state;
	attach(0, MS_BIRTHS_ALL);
	next_address = 0x30000;
	exported_malloc(1);
	atomic_store(&arena.header->births, MS_BIRTHS_NONE);
	next_address = 0x30100;
	exported_malloc(2);
	exported_realloc(0x30000, 3);
	exported_free(0x30100);
	failing = true;
	exported_malloc(4);
	failing = false;
	atomic_store(&arena.header->births, ms_births_usual(arena.header));
	exported_malloc(5);
	drain();
	assert_int_equal(entries.count, 5);
	assert_int_equal(entries.at[0].size, 1);
	assert_int_equal(entries.at[1].kind, MS_EV_REALLOC_FREE);
	assert_int_equal(entries.at[2].kind, MS_EV_REALLOC_OUT);
	assert_int_equal(entries.at[3].kind, MS_EV_FREE);
	assert_int_equal(entries.at[4].size, 5);
	detach();
}

static void test_calls_that_failed_are_always_in(void **state)
{
	(void)state;
	attach(1, MS_BIRTHS_SAMPLE);
	failing = true;
	for (unsigned i = 0; i < 10; i++)
		assert_null(exported_malloc(1000));
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_ALLOC_FAILED), 10);
	detach();
}

/* Nine blocks that share a line of the table: from then on all ends there are published, never too few. */
static void test_a_full_line_of_the_table(void **state)
{
	(void)state;
	attach(999999999, MS_BIRTHS_SAMPLE);
	for (unsigned i = 0; i < 9; i++) {
		next_address = 0x40000 + (uint64_t)i * GRANULES * 16;
		exported_malloc(100);
	}
	for (unsigned i = 0; i < 9; i++)
		exported_free(0x40000 + (uint64_t)i * GRANULES * 16);
	exported_free(0x40000 + 100 * GRANULES * 16); /* not drawn */
	exported_free(0x40100);
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), 9);
	assert_int_equal(mini_count(&entries, MS_EV_FREE), 10);
	detach();
}

/* What an earlier recording of the process left of a long way to the next point. */
static void test_another_recording_of_another_rate(void **state)
{
	(void)state;
	attach(1, MS_BIRTHS_SAMPLE);
	next_address = 0x50000;
	quick_malloc(10);
	arena.header->sample.per_billion = 999999999;
	ms_births_attach(arena.header);
	for (unsigned i = 0; i < 100; i++) {
		next_address = 0x50000 + i * 16;
		quick_malloc(10);
	}
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), 100);
	detach();
}

static void test_a_pause_of_a_sample(void **state)
{
	(void)state;
	attach(999999999, MS_BIRTHS_SAMPLE);
	next_address = 0x50000;
	atomic_store(&arena.header->births, MS_BIRTHS_NONE);
	for (unsigned i = 0; i < 100; i++) {
		quick_malloc(10);
		quick_free(next_address);
	}
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), 0);
	assert_true(table_is_empty());
	atomic_store(&arena.header->births, MS_BIRTHS_SAMPLE);
	quick_malloc(10);
	quick_free(next_address);
	drain();
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), 1);
	detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sample_has_what_was_drawn_and_its_ends),
		cmocka_unit_test(test_the_short_way),
		cmocka_unit_test(test_halves_of_reallocs),
		cmocka_unit_test(test_a_pause_leaves_births_out_and_no_ends),
		cmocka_unit_test(test_calls_that_failed_are_always_in),
		cmocka_unit_test(test_a_full_line_of_the_table),
		cmocka_unit_test(test_another_recording_of_another_rate),
		cmocka_unit_test(test_a_pause_of_a_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
