/*
 * slab_fixture.h - what the tests of the slab pool share: this program with a pool in canary mode, the malloc family over it, evidence that came.
 * For one file per test program.
 */
#ifndef MS_TEST_SLAB_FIXTURE_H
#define MS_TEST_SLAB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks_fixture.h"
#include "record/preload/guard/guard.h"
#include "record/preload/guard/slab.h"

/* No test program needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

#define QUARANTINE (1u << 20)

static struct mini_arena arena;
static struct mini_entries entries;

static int start(void **state)
{
	struct mini_options options = {
		.slots = 64, .ring_words = 1u << 16, .guard = {.mode = MS_GUARD_CANARY, .quarantine_bytes = QUARANTINE}};

	(void)state;
	assert_true(ms_real_resolve());
	fixture_attach(&arena, &options);
	/* The main thread has slot 0, before others take slots that are recycled. */
	assert_non_null(ms_process_thread());
	assert_int_equal(ms_tls.self->index, 0);
	return guard_span != 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	mini_free(&entries);
	return 0;
}

/* ---- the program's side ---- */

static __attribute__((noinline)) void *new_block(size_t bytes)
{
	void *p = ms_hook_malloc(&ms_real, bytes, HERE);

	__asm__ volatile("");
	return p;
}
static __attribute__((noinline)) void *new_aligned(size_t align, size_t bytes)
{
	void *p = ms_hook_memalign(&ms_real, align, bytes, HERE);

	__asm__ volatile("");
	return p;
}
static __attribute__((noinline)) void *new_size(void *old, size_t bytes)
{
	void *p = ms_hook_realloc(&ms_real, old, bytes, HERE);

	__asm__ volatile("");
	return p;
}
static __attribute__((noinline)) void end_block(void *p)
{
	ms_hook_free(&ms_real, p, HERE);
	__asm__ volatile("");
}

static struct slab_slot slot_at(const void *p)
{
	struct slab_slot slot = {0, 0, NULL};

	assert_true(slab_slot_of((uintptr_t)p, &slot));
	return slot;
}

/* ---- evidence ---- */

/* What came since the last call; *first is the first piece of evidence. */
static size_t evidence(const struct mini_entry **first)
{
	entries.count = 0;
	fixture_drain(&arena, &entries);
	*first = mini_find(&entries, MS_EV_EVIDENCE);
	return mini_count(&entries, MS_EV_EVIDENCE);
}

static size_t no_evidence(void)
{
	const struct mini_entry *first;

	return evidence(&first);
}

static void is_damage(const struct mini_entry *e, uint64_t address, uint64_t bytes, uint8_t expected, uint8_t check, void *block,
		      size_t block_bytes)
{
	assert_non_null(e);
	assert_int_equal(e->evidence.kind, MS_EVIDENCE_DAMAGE);
	assert_int_equal(e->evidence.access, MS_ACCESS_WRITE);
	assert_int_equal(e->evidence.check, check);
	assert_int_equal(e->evidence.expected, expected);
	assert_true(e->evidence.address == address);
	assert_int_equal(e->evidence.length_bytes, bytes);
	assert_int_equal(e->evidence.byte_count, bytes < MS_EVIDENCE_BYTES ? bytes : MS_EVIDENCE_BYTES);
	assert_true(e->evidence.block_address == (uintptr_t)block);
	assert_int_equal(e->evidence.block_bytes, block_bytes);
	assert_int_equal(e->evidence.reserved2, 0);
}

/* Frees as much as the quarantine holds and a batch of every kind, so that what was freed before is out of it. */
static void renew_quarantine(void)
{
	for (unsigned i = 0; i < 2 * QUARANTINE / 4096 + 200; i++) {
		end_block(new_block(3500));
		if (i % 64 == 0)
			entries.count = 0, fixture_drain(&arena, &entries);
	}
}

#endif
