/*
 * inside.h - the recorder inside a program: what the library (preload/inside_gate.c) calls.
 *
 * It is the collector's code (record/, format/) on an arena of this process, linked so that nothing of the program's is used (inside_libc.h). It
 * keeps its tables in memory of its own and writes the trace itself.
 *
 * Order of calls: ms_inside_create when nobody has made an arena; ms_inside_open; ms_inside_poll again and again; ms_inside_suspend and
 * ms_inside_resume around an exec, ms_inside_settle where the program may be gone in a moment; ms_inside_close.
 *
 * Ownership: the arena stays mapped; the rest is the recorder's. Errors: false, and the program runs unrecorded, or, after
 * ms_inside_open, header.state STOPPED. Never prints.
 * Thread-safety: one thread at a time (the gate's lock), on a stack of at least MS_INSIDE_STACK_BYTES, all signals blocked. Not signal-safe.
 */
#ifndef MS_RECORD_INSIDE_H
#define MS_RECORD_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/arena_layout.h"

#define MS_INSIDE_STACK_BYTES (256u << 10)

/* How it was asked for without memscope-record. */
struct ms_inside_request {
	const char *path;              /* of the trace: a pattern as -o of memscope-record takes it; after an exec the name that it became */
	const char *backend;           /* NULL or "": core */
	uint32_t image;                /* number of execs before */
};
/* NULL: not possible, or there is no such backend. */
struct ms_arena_header *ms_inside_create(const struct ms_inside_request *request);

/* Opens the trace of this image. next (NULL allowed): gets the environment variable for the next image of a process without memscope-record,
   "" if it does not fit. */
bool ms_inside_open(struct ms_arena_header *header, uint32_t image, char *next, size_t next_bytes);
/* One round; the number of words that came out of the rings. */
size_t ms_inside_poll(void);
/* Everything that has been published is in the file. */
void ms_inside_settle(void);
/* The same, with an end, so that the file is whole if the program is gone now; then, if it is not. False: recording is over. */
void ms_inside_suspend(void);
bool ms_inside_resume(void);
/* The last call, and why. status: as given to exit. note: for people, NULL = none. */
enum ms_inside_end { MS_INSIDE_EXITS, MS_INSIDE_ENDS /* how is not known */, MS_INSIDE_GOES_ON /* unrecorded */ };
void ms_inside_close(enum ms_inside_end how, int status, const char *note);
/* Should a thread of ours poll? (async, unified) */
bool ms_inside_wants_thread(bool has_one);
/* In a forked child: everything is the parent's. */
void ms_inside_forget(void);

#endif
