/*
 * page_chunks.h - the ground of the page pool: chunks of address space, cut into slots of equal size, and what is known of each.
 *
 * A chunk is CHUNK_BYTES of the pool's range. Its first page is closed; then come slots: some data pages that one block gets,
 * and a closed page behind them. A block larger than the largest slot gets a run of whole chunks to itself: one slot. Chunks are
 * claimed in order of address, round and round the range, so that an address comes back as late as it can; a chunk that was
 * used before is claimed again when at least a quarter of its slots are free. A run is unused ground again when its block was
 * freed and the round has come to it.
 *
 * A chunk belongs to the lane that claimed it, which hands out its slots in order of address. Lanes have a lock that is only
 * tried, never waited for: whoever finds it taken goes to the next lane. So a signal handler that interrupts a lane uses another one.
 *
 * Ownership: all memory is the pool's, for the life of the process. Parameters: addresses, bytes; slots by (chunk, index).
 * Errors: as said at each function; nothing is changed then. Thread-safety: slot and chunk states are atomic; what they say is
 * a snapshot. Async-signal-safe.
 */
#ifndef MS_PRELOAD_PAGE_CHUNKS_H
#define MS_PRELOAD_PAGE_CHUNKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground.h"

#define CHUNK_SHIFT 22u
#define CHUNK_BYTES (UINT64_C(1) << CHUNK_SHIFT)
#define CHUNK_SLOTS 512u               /* slots of one data page: 511 */

/* Data pages per slot. One row more, RUN, for blocks that get chunks of their own. */
#define SLOT_CLASSES(X) X(1) X(2) X(3) X(4) X(6) X(8) X(12) X(16) X(24) X(32) X(48) X(64) X(96) X(128)
#define X(pages) +1
enum { SLOT_CLASS_COUNT = 0 SLOT_CLASSES(X), CLASS_RUN = SLOT_CLASS_COUNT };
#undef X

/* A slot's state: phase, and flags that are only set in the phases named. */
enum slot_state {
	SLOT_EMPTY = 0,                /* never held a block */
	SLOT_BUSY = 1,                 /* a thread is at work on it; nobody else may */
	SLOT_LIVE = 2,
	SLOT_FREED = 3,
	SLOT_PHASE = 3,
	SLOT_CHECKING = 4,             /* LIVE, FREED: a check reads it. Who frees it leaves the closing to the checker */
	SLOT_REOPENED = 8,             /* FREED: the program touched it, its pages are open again */
	SLOT_GUARD_OPEN = 16,          /* LIVE, FREED: the page behind the slot is open for good */
	SLOT_MARGIN_OPEN = 32,         /* LIVE, FREED: data pages of the slot beside the block's are open for good */
	SLOT_TOLD_BEFORE = 64,         /* LIVE, FREED: a fault before / behind / inside was reported */
	SLOT_TOLD_BEHIND = 128,
	SLOT_TOLD_INSIDE = 256,
	SLOT_LENT = 512,               /* the page behind is open for a system call */
	SLOT_READY = 1024,             /* EMPTY, FREED: its page is open already, filled with the canary */
	SLOT_TOLD_DAMAGE = 2048,       /* LIVE: damage was reported by a check */
};

struct slot {
	uint64_t start;                /* of the block; written in phase BUSY */
	uint64_t bytes;
	_Atomic uint32_t state;        /* enum slot_state; release after start and bytes */
	uint32_t kept;                 /* kept.h: where its contents are, once freed */
	_Atomic uint64_t good_ticks;   /* when a check last found its slack whole; 0 = not since birth */
};
_Static_assert(sizeof(struct slot) == 32, "two to a cache line");

enum chunk_state { CHUNK_UNUSED, CHUNK_CLAIMED /* a lane hands out its slots */, CHUNK_FULL /* nobody does */,
		   CHUNK_BLOCKED /* being prepared, or given up for good */ };

struct chunk {
	_Atomic uint8_t state;
	uint8_t class_;                /* index of SLOT_CLASSES, or CLASS_RUN */
	_Atomic uint8_t kind;          /* enum ground_kind */
	_Atomic uint8_t resting;       /* FULL: all freed, and reserved ground again; kind is GROUND_PROTECT */
	uint32_t back;                 /* RUN: chunks since the first of the run */
	uint32_t run;                  /* RUN: chunks of the run */
	uint32_t slots;                /* how many; 1 for a run */
	_Atomic uint32_t freed;        /* slots in phase FREED */
	uint32_t pages;                /* data pages per slot */
};

struct page_pool {
	uint64_t low;                  /* chunk 0; multiple of the page size */
	uint32_t chunks;
	struct chunk *chunk;           /* [chunks] */
	struct slot *slot;             /* [chunks * CHUNK_SLOTS] */
};
extern struct page_pool page_pool;

static inline struct slot *slot_at(uint32_t chunk, uint32_t index)
{
	return &page_pool.slot[(uint64_t)chunk * CHUNK_SLOTS + index];
}

/* Data pages: [slot_low, slot_high); the closed page behind them begins at slot_high. */
static inline uint64_t slot_low(uint32_t chunk, uint32_t index)
{
	const struct chunk *c = &page_pool.chunk[chunk];

	return page_pool.low + ((uint64_t)chunk << CHUNK_SHIFT) + GROUND_PAGE +
	       (uint64_t)index * (c->pages + 1) * GROUND_PAGE;
}

static inline uint64_t slot_high(uint32_t chunk, uint32_t index)
{
	return slot_low(chunk, index) + (uint64_t)page_pool.chunk[chunk].pages * GROUND_PAGE;
}

static inline uint32_t slot_phase(uint32_t state)
{
	return state & SLOT_PHASE;
}

/* Sets up the tables over [low, low + span). False: no memory, or too small. */
bool chunks_start(uint64_t low, uint64_t span, uint32_t most_chunks);

/*
 * The slot whose data pages, or whose closed page behind them, hold the address. The first page of a chunk belongs to slot 0.
 * False: ground that is not cut into slots.
 */
bool chunks_locate(uint64_t address, uint32_t *chunk, uint32_t *index);

/* Smallest class with so many pages; CLASS_RUN when there is none. */
unsigned chunks_class(uint64_t pages);
/* A chunk for a class, prepared, in state CLAIMED. False: none is left. */
bool chunks_claim(unsigned class_, uint32_t *chunk);
/* A run for a block of so many pages: its slot is BUSY. */
bool chunks_claim_run(uint64_t pages, uint32_t *chunk);
/* Ground that was GROUND_MOVED and is so no longer becomes GROUND_MARKERS: what is not a live block's is closed anew. */
void chunks_leave_moved(void);
/*
 * A chunk may have become FULL with all blocks freed: then it is made reserved ground again as a whole, which gives its page tables
 * back (a fork would copy them). What is known of its blocks stays.
 */
void chunks_rest(uint32_t chunk);
/* In a forked child. */
void chunks_forked(void);

#endif
