/*
 * guard_options.h - the options of memscope-record that say what a guard and the heap graph shall do.
 *
 * The parse functions take the text behind the option's name; false: it makes no sense, and reason (reason_bytes of room)
 * says why. Thread-safety: reentrant. Not signal-safe.
 */
#ifndef MS_RECORD_GUARD_OPTIONS_H
#define MS_RECORD_GUARD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena_layout.h"

struct guard_options {
	struct ms_guard_config config;   /* as the arena gets it */
	bool both_sides;                 /* two runs, the second with MS_SIDE_START */
	uint64_t interval_ns;            /* between two checks of all blocks, 0 = none */
	bool graph_at_exit;
	uint8_t graph_signal;            /* 0 = none */
};

/* No guard, a graph at exit. */
void guard_options_init(struct guard_options *g);

/* canary | full | sample | sample=RATE */
bool guard_options_mode(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* end | start | alternate | both */
bool guard_options_side(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* continue | abort */
bool guard_options_on_error(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* 1 | 2 | 4 | 8 | 16: bytes */
bool guard_options_align(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* Bytes with suffixes as options_parse_size takes them. */
bool guard_options_quarantine(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* Seconds, a decimal fraction allowed, at least 0.01. */
bool guard_options_interval(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* exit | off */
bool guard_options_graph(struct guard_options *g, const char *text, char *reason, size_t reason_bytes);
/* A signal that a program can catch: "USR2", "SIGUSR2", "12". */
bool guard_options_signal(uint8_t *number, const char *text, char *reason, size_t reason_bytes);

/* Do the options fit together? Asked once, after the last of them. */
bool guard_options_check(const struct guard_options *g, char *reason, size_t reason_bytes);

#endif
