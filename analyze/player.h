/*
 * player.h - a trace played like a film: one event after the other, from any instant, until something happens.
 *
 *	struct ms_player *p;
 *	uint64_t limit = 64 << 20;
 *	struct ms_player_event e;
 *
 *	if (ms_player_open(&p, trace, &err) == MS_OK && ms_player_run(p, ms_player_bytes_over, &limit, &e, &err) == MS_OK && e.kind)
 *		printf("%llu ns: thread %u\n", (unsigned long long)e.time_ns, e.thread);
 *
 * A player stands between two events. Levels are those of the live blocks as ms_cursor_live tells them: a block that a realloc has taken and
 * not given back does not count. What it costs: a step, a few nanoseconds; ms_player_seek, the events since the last keyframe before the
 * instant or, when it stands nearer before it, those in between, and once around the live blocks; ms_player_live, from one call to the next what
 * lies between them. Memory: the live blocks, twice after the first ms_player_live.
 *
 * Ownership: blocks belong to the player until the next call of ms_player_live; texts to the trace, which must stay open.
 * Errors: MS_E_ARGUMENT (an instant behind the last event), MS_E_NOMEM, and what reading events says; then the player stands where seek
 * or rewind put it next. Thread-safety: one thread at a time; the trace is only read.
 */
#ifndef MS_ANALYZE_PLAYER_H
#define MS_ANALYZE_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "moment.h"

struct ms_live_block;
struct ms_player;
struct ms_trace;

struct ms_player_event {
	uint8_t kind;                    /* enum ms_event_kind, format/events.h; 0: there is no event */
	uint64_t number;                 /* as memscope-trace dump numbers it */
	uint64_t time_ns;
	uint32_t thread, stack;          /* ids; stack: the event's own, 0 = none */
	uint64_t size_bytes;             /* requested; of a free: of the block that it ends, 0 = none */
	uint64_t block;                  /* that begins or ends; 0 = none */
	uint64_t address;                /* of the block; what was given to a free that ends none; of a mapping */
	uint64_t arg[2];                 /* events.h */
	const char *text;                /* of a mark, a snapshot's, scope's or thread's name, exec's path; else "" */
	/* Of the block that begins or ends; 0 without one. */
	uint64_t birth_ns;
	uint32_t birth_stack, birth_thread;
	uint8_t birth_kind;
};

struct ms_player_position {
	uint64_t event;                  /* events before it */
	uint64_t time_ns;                /* of the last of these, or of the instant that was sought */
	uint64_t live_blocks, live_bytes;
};

/* Is this it? now: after the event. */
typedef bool ms_player_condition(const void *context, const struct ms_player_event *event, const struct ms_player_position *now);

#pragma GCC visibility push(default) /* part of libmemscope.so */
/* Stands at the start. */
int ms_player_open(struct ms_player **out, const struct ms_trace *trace, struct ms_error *err);
/* The next event; kind 0 at the end. */
int ms_player_step(struct ms_player *p, struct ms_player_event *event, struct ms_error *err);
/* Of *at (moment.h finds one from text) only `event` matters; its time is passed on. */
int ms_player_seek(struct ms_player *p, const struct ms_instant *at, struct ms_error *err);
int ms_player_rewind(struct ms_player *p, struct ms_error *err);
/* Steps until the condition holds and stands behind that event; kind 0: it did not hold up to the end. */
int ms_player_run(struct ms_player *p, ms_player_condition *condition, const void *context, struct ms_player_event *event,
                  struct ms_error *err);
struct ms_player_position ms_player_now(const struct ms_player *p);
/* The live blocks where it stands, by id. */
int ms_player_live(struct ms_player *p, const struct ms_live_block **blocks, size_t *n, struct ms_error *err);
void ms_player_close(struct ms_player *p); /* NULL allowed */

/* Conditions, and what their context is. */
ms_player_condition ms_player_bytes_over;    /* const uint64_t *: more live bytes than this */
ms_player_condition ms_player_blocks_over;   /* const uint64_t *: more live blocks */
ms_player_condition ms_player_at_mark;       /* const char *: a mark with this text; NULL: any */
ms_player_condition ms_player_block_ends;    /* const uint64_t *: this block is freed, or taken by realloc */
ms_player_condition ms_player_thread_acts;   /* const uint32_t *: an event of this thread */
#pragma GCC visibility pop

#endif
