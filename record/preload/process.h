/*
 * process.h - what this process knows about its recording, and the way from one phase of its life to the next.
 *
 * The phases are described at the top of process.c. Everything but phase is written while phase is STARTING (by one
 * thread) and constant while it is RECORDING.
 */
#ifndef MS_PRELOAD_PROCESS_H
#define MS_PRELOAD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach_arena.h"
#include "record/arena_layout.h"
#include "ring.h"
#include "stack.h"

enum ms_phase { MS_PHASE_NEW, MS_PHASE_STARTING, MS_PHASE_RECORDING, MS_PHASE_OFF };

/* The structs of all threads of one recording, in memory that the kernel wipes in a forked child. */
struct ms_thread_set {
	_Atomic uint32_t alive;      /* 1 here, 0 in a forked child */
	uint32_t count;
	_Atomic int32_t users;       /* threads whose ms_tls leads here, as far as their ends are seen */
	_Alignas(64) struct ms_thread threads[];
};

struct ms_process {
	_Atomic uint32_t phase; /* enum ms_phase; release when it becomes RECORDING */
	uint32_t image;
	uint32_t flags;         /* enum ms_arena_flag */
	pid_t pid;              /* whose events these are; a forked child differs */
	pid_t collector_pid;
	uint64_t arena_bytes;
	struct ms_arena_header *header;
	struct ms_slot *slots;
	struct ms_module_record *modules;
	struct ms_thread_set *set; /* NULL before the first recording */
	_Atomic uint32_t slow;     /* late.h: threads in the slow path of an event */
	struct ms_arena_place place; /* where the arena is found again, for exec */
	struct ms_trie trie;
};

extern struct ms_process ms_process;

/* guard/guard.h; weak: libmemscope-preload.so is built without it. */
extern bool guard_start(struct ms_arena_header *header) __attribute__((weak));
extern void guard_before_fork(void) __attribute__((weak));
extern void guard_after_fork(bool child) __attribute__((weak));
extern void guard_before_exec(void) __attribute__((weak));

/* late/late.h; weak: only libmemscope-attach.so has it. There a process may be recorded several times, with a set of threads for each. */
extern const bool ms_late_library __attribute__((weak));
extern struct ms_thread_set *ms_late_set(uint32_t count) __attribute__((weak));
extern void ms_late_adopt(struct ms_thread_set *set) __attribute__((weak));
extern void ms_late_module(const void *link_map) __attribute__((weak));
extern void ms_late_stopped(void) __attribute__((weak));
extern void ms_late_forked(void) __attribute__((weak));

static inline bool ms_is_late(void)
{
	return &ms_late_library != NULL;
}

/* The calling thread's struct, after whatever has to happen first: starting the recording, noticing that this is a
   forked child, taking a slot. NULL: pass through. Keeps errno; async-signal-safe once the process has started. */
struct ms_thread *ms_process_thread(void);

/* Starts the recording if the environment asks for one. Keeps errno. */
void ms_process_start(void);

/* Uses the arena mapped at base (checked by ms_arena_map or made by a test) as image number image. False when memory
   for the threads cannot be had. */
bool ms_process_attach(void *base, uint32_t image);

/* Does the struct belong to this recording, not to an earlier one? */
bool ms_process_has(const struct ms_thread *t);

/* Recording ends here, for ever and for every thread; with late.h until the next one begins. */
void ms_process_stop(void);

/* True when the collector is certainly gone. Makes system calls. */
bool ms_process_collector_gone(void);

/* True in a process that was forked from the recorded one and has not noticed yet. */
bool ms_process_forked(void);

/* fork and _Fork: the real one is given. */
pid_t ms_hook_fork(pid_t (*fork_like)(void));
/* What vfork returns in the parent: result is the kernel's, a pid or -errno. Called from interpose.c only. */
long ms_vfork_parent(long result);

#endif
