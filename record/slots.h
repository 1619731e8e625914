/*
 * slots.h - drains the rings of the app's threads into the merge, and derives the watermark.
 *
 * Watermark: the time up to which no unpublished entry can appear. Let base = now - SLOTS_MARGIN_NS, with `now` read
 * before anything of the arena. For each live slot, in_hook is read first, then head:
 *   in_hook == 0   Every entry stamped before base is published and covered by head: its hook stored in_hook = 1 before
 *                  it read the clock. The store may sit in the CPU's store buffer for a while (nanoseconds; the margin
 *                  is 100 us), but it was visible before `now`; so the 0 was stored after that hook had published.
 *                  Promise: base.
 *   in_hook == 1   An entry may be on its way. It is younger than the slot's newest entry, and younger than the base
 *                  at which the slot was last seen outside a hook. Promise: the larger of the two.
 * The watermark is the least promise. A slot that appears later belongs to a thread whose entries are younger than
 * base, for the same reason. A thread that is stuck inside a hook holds the watermark back; it is forced on when the
 * backlog gets too old (SLOTS_FORCE_NS) or too large (SLOTS_BACKLOG_WORDS), and what that thread then publishes may be
 * late (record/merge.h counts it).
 *
 * Entries are checked when they leave the ring: a length or kind that cannot be ends the slot's input up to its head
 * (the app wrote over the arena); the words are counted as damaged.
 *
 * Ownership: borrows arena and merge. Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_SLOTS_H
#define MS_RECORD_SLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "merge.h"

#define SLOTS_MARGIN_NS UINT64_C(100000)
#define SLOTS_FORCE_NS UINT64_C(1000000000)
#define SLOTS_BACKLOG_WORDS ((size_t)32 << 20)

struct slots_ops {
	/* A slot came to life; before its first entry. Required. */
	void (*started)(void *context, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name);
	/* The thread dropped this many more events. Required. */
	void (*lost)(void *context, uint32_t slot, uint64_t events);
	/* Its thread is gone, all its entries have been handed out. Required. */
	void (*ended)(void *context, uint32_t slot);
	/* Does this thread of the app exist? Required; tests fake it. */
	bool (*alive)(void *context, uint32_t tid);
};

struct slot_view;

struct slots {
	struct arena *arena;
	struct merge *merge;
	const struct slots_ops *ops;
	void *context;
	struct slot_view *views;         /* one per slot of the arena */
	uint32_t used;                   /* slots ever handed out, as last seen */
	uint32_t live;
	uint64_t ticks_per_ms;           /* set by the owner once the clock is calibrated; 0 holds everything back */
	uint64_t base;                   /* of the last drain */
	uint64_t forced;                 /* times the watermark was forced on */
	uint64_t damages;                /* times that words were left out because they were not entries */
	uint64_t damaged_words;          /* how many words that were */
	uint64_t drained_words;
	uint64_t threads;                /* slots that came to life, those of signal handlers apart */
	bool out_of_memory;              /* entries had to be left out: no memory to keep them */
};

int slots_init(struct slots *s, struct arena *arena, struct merge *merge, const struct slots_ops *ops, void *context);
void slots_free(struct slots *s);

/* Copies out what the threads published, makes room, wakes those that waited. now = the clock, read before the call.
   Returns the watermark. */
uint64_t slots_drain(struct slots *s, uint64_t now);
/* The same for bench runs that keep nothing. */
void slots_discard(struct slots *s);

/* After merge_run: reports losses, finds slots whose thread is gone, ends and recycles them once they are drained.
   all = also asks for threads that did not announce their end. */
void slots_sweep(struct slots *s, bool all);
/* The app is gone: every thread is. After the last slots_drain and merge_run. */
void slots_finish(struct slots *s);
/* The app goes on, its threads are no longer followed: reports losses. After the last merge_run. */
void slots_leave(struct slots *s);
/* Slots that the app can still take. */
uint32_t slots_free_count(const struct slots *s);

#endif
