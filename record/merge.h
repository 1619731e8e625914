/*
 * merge.h - the rings of all threads in one global time order.
 *
 * Each slot of the arena has a stream here: ring entries (record/arena_layout.h) that were copied out of the ring and
 * wait for their turn. merge_run hands out every entry with a stamp up to the watermark, oldest first, entries of one
 * stream always in their own order. The watermark is the promise "no entry that is still unpublished has an older
 * stamp"; record/slots.c derives it.
 *
 * Clock skew. Stamps are plain rdtsc reads, which the CPU may execute some hundred nanoseconds early. When a block is
 * handed from thread to thread, the free that ended an address and the allocation that reuses it (or an allocation and
 * its free by another thread) can therefore carry stamps in the wrong order. The consumer notices: an allocation hits an
 * address that is alive, or a free one that is not. It then calls merge_await, which looks for the missing counterpart
 * among the entries of the other streams within MERGE_WINDOW_NS, and holds this stream back until the counterpart has
 * been handed out in its turn; all other streams go on in order. Out-of-order execution cannot exceed the reorder
 * buffer, which is far below the window. A held entry gets the time of its counterpart (it is `reordered`, not late:
 * nothing about it is lost).
 *
 * An entry that arrives with a stamp older than what was already handed out (only after the watermark was forced past
 * a stuck thread) gets the newest time handed out and is counted as late.
 *
 * Ownership: streams are owned by the caller, their words by merge_stream_free. The consumer borrows the words for the
 * duration of the call. Errors: merge_reserve returns NULL when out of memory.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_MERGE_H
#define MS_RECORD_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live_table.h"

#define MERGE_WINDOW_NS 20000u
/* Where blocks live that nobody saw begin: an unknown block is one of those, unless its allocation comes at once. A next life of an address began 190 ns later at the least in a program that does
   nothing but allocate (an earlier tests/programs/pause_reuse.cpp); stamps of two processors differed by 20 to 30 there. */
#define MERGE_NEAR_NS 100u
#define MERGE_LEAD 16u               /* entries that the prefetch runs ahead, a power of two */

struct merge_stream {
	uint64_t *words;
	size_t begin, end, capacity;     /* pending entries: words[begin, end) */
	size_t ahead;                    /* prefetch position, begin <= ahead <= end */
	uint32_t lead;                   /* entries between begin and ahead */
	uint32_t met;                    /* entries that ahead has passed */
	uint64_t addresses[MERGE_LEAD];  /* of the last ones, by met */
	uint32_t slot;                   /* index in the arena; the consumer's handle */
	uint64_t consumed;               /* words handed out so far */
	struct merge_stream *held_by;    /* waits until held_by->consumed > held_until; NULL = does not wait */
	uint64_t held_until;
	bool was_held;                   /* its oldest entry has waited, or waited behind one: its stamp may be old */
	bool insist;                     /* its oldest entry must not wait again */
};

/*
 * Consumer of one entry. ticks is the time to use, never less than the time of the entry before. The words are whole:
 * the number of words in the tag is what can be read, and is at least 2. Returns false when merge_await told it to
 * wait: the entry comes again.
 */
typedef bool (*merge_entry_fn)(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks);

struct merge {
	merge_entry_fn entry;
	void *context;
	const struct live_table *table;  /* addresses are prefetched in it; NULL = not */
	uint64_t window_ticks;           /* MERGE_WINDOW_NS in ticks of the clock */
	uint64_t near_ticks;             /* MERGE_NEAR_NS */

	struct merge_stream **streams;   /* those that were added */
	size_t stream_count, stream_capacity;
	struct merge_stream **heap;
	size_t heap_count;
	size_t held_count;               /* streams that wait */

	uint64_t last_ticks;             /* newest time handed out */
	uint64_t late;                   /* entries raised to last_ticks */
	uint64_t reordered;              /* entries that waited for their counterpart */
};

void merge_init(struct merge *m, merge_entry_fn entry, void *context, const struct live_table *table);
void merge_free(struct merge *m);

/* Adds a stream (zeroed but for .slot) / takes it out again; borrowed in between. MS_E_NOMEM. */
int merge_add(struct merge *m, struct merge_stream *s);
void merge_remove(struct merge *m, struct merge_stream *s);
void merge_stream_free(struct merge_stream *s);

/* Room for n words at the end of the stream; write them, then advance with merge_commit (whole, valid entries only). */
uint64_t *merge_reserve(struct merge_stream *s, size_t n);
void merge_commit(struct merge_stream *s, size_t n);

static inline bool merge_pending(const struct merge_stream *s) { return s->begin < s->end; }
/* Words that wait in all streams. */
size_t merge_backlog(const struct merge *m);
/* Entries that wait in all streams; looks at each. */
size_t merge_waiting(const struct merge *m);
/* Stamp of the oldest entry that waits; UINT64_MAX when there is none. */
uint64_t merge_oldest(const struct merge *m);

/* Hands out all entries with a stamp <= watermark. */
void merge_run(struct merge *m, uint64_t watermark);

enum merge_wanted { MERGE_WANT_FREE, MERGE_WANT_ALLOC };

/*
 * For the consumer, in its call for an entry of stream s: looks at the first entry about this address of each other
 * stream, up to the entry's stamp + window. If one of them is of the wanted class, s waits for it (the one with the oldest
 * stamp); the result is true, and the consumer must return false without having changed anything.
 */
bool merge_await(struct merge *m, struct merge_stream *s, uint64_t address, enum merge_wanted wanted);
/* The same up to the stamp + MERGE_NEAR_NS. */
bool merge_await_near(struct merge *m, struct merge_stream *s, uint64_t address, enum merge_wanted wanted);

#endif
