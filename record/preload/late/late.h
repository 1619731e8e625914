/*
 * late.h - what libmemscope-attach.so adds to the hooks: a recording that begins in a running process and ends before it.
 *
 * memscope-record calls these functions in a thread of the process that it stopped (record/inject.h). Nothing else of the library
 * is exported, so that a library which the program loads later binds to the program's own malloc.
 *
 *   late_entry.c   begin and end of a recording; what threads keep of an earlier one
 *   got_slots.c    the calls: slots of global offset tables that hold the real function get the hook, and later their old value back
 *
 * After the end the library stays mapped and its hooks forward: a thread may stand in one for as long as it likes, and the program
 * may have copied a hook's address out of a slot.
 *
 * Errors: negative values of enum ms_late_result. No errno change. Thread-safety at each function.
 */
#ifndef MS_PRELOAD_LATE_H
#define MS_PRELOAD_LATE_H

#include <stdbool.h>
#include <stdint.h>

enum ms_late_result {
	MS_LATE_BUSY = -1,      /* another recorder records this process; or (leave) a thread is just changing a slot: again later */
	MS_LATE_ARENA = -2,     /* the descriptor is no arena of this version */
	MS_LATE_MEMORY = -3,    /* it cannot be mapped, or memory for the threads cannot be had */
	MS_LATE_INSIDE = -4,    /* a thread is still inside a hook of the recording before: again later */
	MS_LATE_NO_SLOTS = -5,  /* no module calls the allocator through a slot */
};

/* Begins a recording into the arena behind the descriptor, which is closed. Number of slots that were changed, or an error. Not inside
   the allocator or the dynamic linker: takes the latter's lock. */
long memscope_attach_enter(long fd);

/* Ends it: all slots have their old value again, threads find no ring any more. Number of slots restored, or MS_LATE_BUSY. Any place of any
   thread: no lock is waited for. */
long memscope_attach_leave(void);

/* Memory to run the two on: the thread's own stack may be small. */
#define MS_LATE_STACK_BYTES 131072u
extern unsigned char memscope_attach_stack[MS_LATE_STACK_BYTES];

/* ---- weak in the rest of the library ---- */

/* A module that a stack walk met: its slots, unless another thread is at it. Takes no lock. */
void ms_late_module(const void *link_map);
/* dlsym is called: are there new modules? Takes the dynamic linker's lock, as dlsym does. */
void ms_late_rescan(void);
/* The recording ended from inside (no collector any more); this is a forked child. */
void ms_late_stopped(void);
void ms_late_forked(void);
/* This is the library for running processes: it starts when it is told to. */
extern const bool ms_late_library;

#endif
