/*
 * cull.h - a queue of events in order of time, in which blocks that are freed soon after their birth vanish.
 *
 *   merge -> ingest -> cull_push ... cull_leave_until -> writer
 *                        |
 *                        +- both ends of a block here, and not further apart than window_ns: sums (cull_sums.h)
 *
 * An event waits until it is window_ns old, so that a birth has time to meet its end. What realloc made of a block belongs
 * to it: when the last block of such a chain is freed within window_ns of the first birth, everything of it goes, else nothing.
 * What is worth a look stays: ends of the wrong kind or with the wrong size, failed reallocs, requests of CULL_LARGE and more, blocks that an
 * event names (annotations).
 *
 * Identity. Blocks get their ids, dense in written order, when their birth leaves the queue. Until then they have a young
 * one, cull_young_id, in the live table and in the events that wait here; leaving puts the id right in both. A young id names an entry of the queue,
 * which is kept while events that wait refer to it.
 *
 * Memory: at most `most` entries of about 100 bytes. When there are more, the oldest leave early and are counted.
 *
 * Parameters: times in ns; slot: index of the ring that an event came from, below `slots`.
 * Ownership: borrows live and next_block. Errors: cull_init MS_E_NOMEM; later without memory events leave early, nothing else.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_CULL_H
#define MS_RECORD_CULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cull_sums.h"
#include "format/events.h"
#include "live_table.h"

#define CULL_MOST (1u << 20)
#define CULL_LARGE (UINT64_C(1) << 40)
#define CULL_YOUNG (UINT64_C(1) << 47) /* of a block id: no id, but the number of an entry */

struct cull_entry {
	struct ms_event event;           /* an ALLOC that has left: event.block is the id of the block */
	uint64_t number;                 /* ascending; 0: the entry is free */
	uint64_t first_number;           /* of the birth at the beginning of its chain; 0: not to be culled */
	uint32_t first, source;          /* entries: that birth; a REALLOC's first half, a first half's birth */
	uint32_t newer, older;           /* in the queue; 0 = none. newer: the next free one */
	uint32_t references;             /* by events that wait */
	bool waits, ended;               /* in the queue; the block has ended (it is not in the live table) */
};

struct cull_half {
	uint32_t entry;
	uint64_t number;
};

struct cull_options {
	uint64_t window_ns;
	uint32_t most;                   /* entries; 0 = CULL_MOST */
	uint32_t slots;
	struct live_table *live;
	uint64_t *next_block;            /* id of the next block that is written */
	/* An event leaves; it is complete. */
	void (*leave)(void *context, const struct ms_event *event);
	void *context;
};

struct cull {
	struct cull_options options;
	struct ms_event next;            /* where the caller builds the next event */
	struct cull_entry *pool;         /* [0] is not used */
	uint32_t capacity, used, free;   /* entries that there is room for, that were ever used; the first free one */
	uint32_t oldest, newest, count;
	uint64_t number;                 /* of the newest entry */
	struct cull_half *halves;        /* by slot: the last REALLOC_FREE */

	struct cull_sums sums;
	uint64_t culled_blocks;          /* over all time */
	uint64_t young_bytes;            /* of blocks that are alive and whose birth is in the queue */
	uint64_t most_young_bytes;       /* the most there were, since the owner set it */
	uint64_t early;                  /* events that left early, likewise */
};

int cull_init(struct cull *c, const struct cull_options *options);
void cull_free(struct cull *c);

/* The block id for an ALLOC event that is pushed next. */
uint64_t cull_young_id(struct cull *c);
/* Takes over c->next, which came from this slot. Its time is not less than that of the one before. */
void cull_push(struct cull *c, uint32_t slot);
/* Another thread has the slot now, or events of it were lost. */
void cull_forget_half(struct cull *c, uint32_t slot);
/* What is older than that leaves; UINT64_MAX: everything. */
void cull_leave_until(struct cull *c, uint64_t time_ns);

#endif
