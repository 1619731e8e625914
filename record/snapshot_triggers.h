/*
 * snapshot_triggers.h - when a recording takes snapshots by itself (--snapshot-...): options, and the levels that are watched.
 *
 *   heap SIZE    live bytes reach SIZE; then each doubling (SIZE * 2, * 4, ...), so that growth leaves few snapshots and no rise is without one.
 *                Exact: behind the event that got there.
 *   rss SIZE     the same with resident memory, as the monitor samples it.
 *   every TIME   at multiples of TIME since the recording began; those that were missed (the recorder stood still) are left out.
 *   signal       memscope-record itself gets the signal; it is not passed on to the program.
 *
 * A level is armed again when it has fallen below three quarters of SIZE (looked at every 20 ms): the next rise begins at SIZE.
 * Names: heap-64MiB, rss-1GiB (the threshold reached; of the second round heap-64MiB-2), every-1, signal-1, ...
 *
 * Sizes are bytes, times nanoseconds. Errors: parsers return false with a reason. Thread-safety: plain data. Pure.
 */
#ifndef MS_RECORD_SNAPSHOT_TRIGGERS_H
#define MS_RECORD_SNAPSHOT_TRIGGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_NAME 64u
#define SNAPSHOT_EVERY_LEAST_NS UINT64_C(50000000)

struct snapshot_options {
	uint64_t rss_bytes, heap_bytes, every_ns; /* 0 = not */
	uint8_t signal;                  /* 0 = none */
};

/* "10s", "250ms", "5min", "1h", "30" (seconds). */
bool snapshot_parse_every(uint64_t *ns, const char *text, char *reason, size_t reason_bytes);
/* A signal that memscope-record can keep for itself: none that terminals or the kernel send to end, stop or continue processes. */
bool snapshot_parse_signal(uint8_t *number, const char *text, char *reason, size_t reason_bytes);

struct snapshot_level {
	const char *what;                /* in names */
	uint64_t base, next;             /* bytes; next: the value that makes the next snapshot; UINT64_MAX = none */
	uint32_t round;                  /* from 1 on */
};

/* bytes 0: never. */
void snapshot_level_init(struct snapshot_level *l, const char *what, uint64_t bytes);
/* The level is at value now: true when it has reached `next`, with the name; `next` then lies above value. */
bool snapshot_level_rose(struct snapshot_level *l, uint64_t value, char name[SNAPSHOT_NAME]);
/* The same way down. */
void snapshot_level_fell(struct snapshot_level *l, uint64_t value);

#endif
