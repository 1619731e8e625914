/*
 * fake_app.h - the app's side of an arena for tests: threads whose hooks run in single steps, with stamps that the test
 * chooses, so that every interleaving with the collector can be played.
 */
#ifndef MS_TESTS_FAKE_APP_H
#define MS_TESTS_FAKE_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "record/arena.h"

extern const struct arena_geometry fake_geometry; /* 24 slots, rings of 512 words (2 of 1024) */

struct fake_thread {
	struct arena *arena;
	struct ms_slot *slot;
	uint32_t index;
	uint64_t head;
};

/* Takes a slot as the library does: a recycled one first. false = there is none. */
bool fake_thread_start(struct fake_thread *t, struct arena *arena, uint32_t tid, uint32_t image, bool nested);

void fake_enter(struct fake_thread *t);   /* in_hook = 1 */
void fake_leave(struct fake_thread *t);   /* in_hook = 0 */
bool fake_has_room(const struct fake_thread *t, unsigned words);
/* Writes an entry with these words behind stamp and tag, and publishes it. */
void fake_publish(struct fake_thread *t, uint64_t ticks, uint8_t kind, uint64_t address, unsigned n, const uint64_t *words);

/* A whole hook. */
void fake_alloc(struct fake_thread *t, uint64_t ticks, uint8_t kind, uint64_t address, uint64_t size, uint32_t node);
void fake_free(struct fake_thread *t, uint64_t ticks, uint8_t kind, uint64_t address);

/* A frame on top of parent; returns its node. */
uint32_t fake_node(struct arena *arena, uint32_t parent, uint64_t pc, uint32_t image);
/* A module; returns its index. */
uint32_t fake_module(struct arena *arena, const char *path, uint64_t start, uint64_t end, uint32_t image);

#endif
