/*
 * cursor_state.h - the state of a cursor (trace_reader.h), and what its files do for each other.
 *
 *   cursor.c         opens and closes; resolves events against the live blocks: the hot path
 *   cursor_decode.c  decodes blocks of events, ahead on a thread of its own when there is one
 *   cursor_start.c   where it starts: keyframes, checkpoints; saves what a checkpoint needs
 *   cursor_live.c    the blocks that live where it stands
 *
 * Errors: those of trace_reader.h. Thread-safety: one cursor belongs to one thread; the background thread touches only what is under
 * "Decoding" and the slot that it fills.
 */
#ifndef MS_CURSOR_STATE_H
#define MS_CURSOR_STATE_H

#include <pthread.h>

#include "block_table.h"
#include "checkpoint.h"
#include "columns.h"
#include "trace_internal.h"

#define MS_CURSOR_SLICE 4096 /* events in a batch */
#define MS_CURSOR_SLOTS 3    /* blocks decoded ahead, with the one in use */

struct ms_cursor_slot {
	struct ms_decoded *decoded;      /* count 0: the end */
	uint64_t offset;                 /* of the block */
	bool after_keyframe;             /* a Keyframe stands between the Events block before and this one */
	int rc;
	struct ms_error error;
};

/*
 * The reallocs that a thread is inside of: for each the block as it was, in case the second half fails; birth 0 when it
 * was not known. More than one only when a signal handler calls realloc, too.
 */
#define MS_CURSOR_REALLOCS 4
struct ms_open_reallocs {
	uint64_t epoch;                  /* valid when it is that of the cursor */
	uint64_t depth;
	struct ms_block_entry blocks[MS_CURSOR_REALLOCS]; /* by depth modulo MS_CURSOR_REALLOCS: the outermost are forgotten */
};

struct ms_cursor {
	const struct ms_trace *trace;
	uint32_t columns;
	/* Addresses of blocks are followed in [addresses_from, addresses_to). */
	uint64_t addresses_from, addresses_to;
	uint64_t live_event;             /* no batch reaches across it */

	/* Decoding: used by the background thread while there is one. */
	struct ms_unpacker unpacker;
	size_t next_index;               /* of the next block to look at */
	uint64_t decode_event;           /* ordinal that the next Events block must start with */

	/* Hand-over of slots. */
	struct ms_cursor_slot slots[MS_CURSOR_SLOTS];
	unsigned slot_count;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t decoded, taken;         /* blocks; under lock */
	bool stop;                       /* under lock */

	/* Resolving. */
	struct ms_cursor_slot *current;
	uint32_t at;                     /* events of the current block already delivered */
	uint32_t alloc_at, raw_at;       /* positions in its address columns */
	uint64_t skip_to;                /* ordinal: events before it are resolved, but not delivered */
	uint64_t limit;                  /* ordinal: events from it on wait */
	uint64_t position;               /* ordinal of the next event to resolve */
	uint64_t next_block;
	uint64_t last_time_ns;
	uint64_t address_sum;
	struct ms_block_table table;
	struct ms_open_reallocs *reallocs;  /* by thread id */
	uint64_t epoch;
	struct ms_address_predictor predictor;
	int status;                      /* the first error sticks */
	struct ms_error error;

	/* What a batch points to, beside the decoded block. */
	uint32_t birth_stack[MS_CURSOR_SLICE], birth_thread[MS_CURSOR_SLICE];
	uint64_t birth_ns[MS_CURSOR_SLICE];
	uint8_t birth_kind[MS_CURSOR_SLICE];
	uint64_t address[MS_CURSOR_SLICE];
	struct ms_live_block *live;      /* of ms_cursor_live */
	size_t live_capacity;
};

/* Addresses: are they followed in the Events block that starts with this event? */
static inline bool ms_cursor_follows_addresses(const struct ms_cursor *c, uint64_t first_event)
{
	return first_event >= c->addresses_from && first_event < c->addresses_to;
}

/* The next decoded block, which is the cursor's until the next call; its rc and error say what went wrong. */
struct ms_cursor_slot *ms_cursor_next_slot(struct ms_cursor *c);
/* Begins to decode ahead; without a thread everything works, only not ahead. */
void ms_cursor_decode_ahead(struct ms_cursor *c);
/* Ends the background thread, if there is one. */
void ms_cursor_stop_decoding(struct ms_cursor *c);

/* Where addresses are followed: columns and the event at which live blocks are asked for (open_cursor) decide. Before anything is decoded. */
void ms_cursor_choose_addresses(struct ms_cursor *c, uint64_t live_event);
/* Places the cursor at the last keyframe or checkpoint at or before first_event, if there is one, and sets skip_to. */
int ms_cursor_start(struct ms_cursor *c, uint64_t first_event, struct ms_error *err);
/* Goes on to just before the event skip_to, or to the end; the status sticks, its error is in c->error. */
int ms_cursor_skip(struct ms_cursor *c);

#endif
