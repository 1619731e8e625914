/*
 * inside_gate.h - the way from the hooks to the recorder inside the program (record/inside/inside.h), where there is one.
 *
 * With the backends core, async and unified nobody outside empties the rings. Whoever fills its ring, or ends the program, goes through this gate:
 * one thread at a time, all its signals blocked, on a stack of ours, so that neither a handler nor a cancellation nor a small stack meets the
 * recorder half way. Who waits for the gate waits with its own signals and not for ever. With async the gate's own thread goes through it all
 * the time, and a thread with a full ring waits for that one as it would wait for memscope-record.
 *
 * The thread of async is made by clone, not by pthread_create: the C library does not know it, so it neither keeps a process alive whose last
 * thread of its own has ended, nor allocates. It has no thread-local memory but what the stack protector reads.
 *
 * Parameters: status as given to exit. Ownership: none. Errors: false, the program runs unrecorded. No errno change.
 * Thread-safety: any thread; ms_gate_start and ms_gate_create while the process starts. From signal handlers: ms_gate_make_room, ms_gate_aborts,
 * ms_gate_exits.
 */
#ifndef MS_PRELOAD_INSIDE_GATE_H
#define MS_PRELOAD_INSIDE_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "record/arena_layout.h"

/* The recorder is inside and at work. */
extern _Atomic uint32_t ms_gate_on;

/* Without memscope-record: an arena of our own, if the environment asks for one. NULL: it does not, or that is not possible. */
struct ms_arena_header *ms_gate_create(void);
/* This process was started without memscope-record. */
bool ms_gate_alone(void);
/* "MEMSCOPE_ARENA=..." for the next image of a process that was; NULL: none. */
const char *ms_gate_environment(void);

/* The arena says who drains: opens the trace. True at once when it is the collector. */
bool ms_gate_start(struct ms_arena_header *header, uint32_t image);

/* The ring is full: true when room may have been made; false: somebody else will make it, wait. */
bool ms_gate_make_room(void);
/* Everything that is published goes through: for who waits for an answer of the recorder (heap graph). Between lock and unlock. */
void ms_gate_drain(void);
/* Nobody else is in the recorder, until unlock: for who stops all threads. False: not to be had. */
bool ms_gate_lock(void);
void ms_gate_unlock(void);
/* The thread of async, 0 = none: nobody can stop it, and it holds nothing of the program's. */
uint32_t ms_gate_thread(void);

/* The program ends. known: with this status. */
void ms_gate_exits(bool known, int status);
/* It goes on, and the recording ends: from now on nothing of ours may make a system call. */
void ms_gate_shuts_in(void);
/* It may end here, without another chance. */
void ms_gate_aborts(void);
/* This process is about to be another program; then, when it was not to be. */
void ms_gate_before_exec(void);
void ms_gate_exec_failed(void);
/* In a forked child. */
void ms_gate_forked(void);

#endif
