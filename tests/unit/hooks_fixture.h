/*
 * hooks_fixture.h - this test program as a recorded process: its hooks write into a mini arena, the real functions are
 * the test's own.
 */
#ifndef MS_TESTS_HOOKS_FIXTURE_H
#define MS_TESTS_HOOKS_FIXTURE_H

#include <string.h>
#include <sys/mman.h>

#include "mini_arena.h"
#include "record/preload/births.h"
#include "record/preload/hooks.h"
#include "record/preload/address_limit.h"
#include "record/preload/process.h"
#include "record/preload/ring.h"

/* What the exported functions pass on. */
#define HERE ((const struct ms_caller *)__builtin_frame_address(0))

static inline void fixture_attach(struct mini_arena *arena, const struct mini_options *options)
{
	assert_true(mini_open(arena, options));
	memset(&ms_process, 0, sizeof(ms_process));
	memset(&ms_tls, 0, sizeof(ms_tls));
	ms_tls.self = (struct ms_thread *)(uintptr_t)&ms_thread_empty;
	assert_true(ms_process_attach(arena->header, 0));
}

static inline void fixture_detach(struct mini_arena *arena)
{
	munmap(ms_process.set, sizeof(struct ms_thread_set) + arena->header->slot_count * sizeof(struct ms_thread));
	memset(&ms_process, 0, sizeof(ms_process));
	ms_births_detach();
	ms_process_stop();
	memset(&ms_tls, 0, sizeof(ms_tls));
	ms_tls.self = (struct ms_thread *)(uintptr_t)&ms_thread_empty;
	ms_limits_detached();
	mini_close(arena);
}

/* Drains, and takes the module announcements out. */
static inline void fixture_drain(struct mini_arena *arena, struct mini_entries *entries)
{
	size_t kept = 0;

	assert_true(mini_drain(arena, entries));
	for (size_t i = 0; i < entries->count; i++)
		if (entries->at[i].kind != MS_EV_MODULE_LOAD)
			entries->at[kept++] = entries->at[i];
	entries->count = kept;
}

#endif
