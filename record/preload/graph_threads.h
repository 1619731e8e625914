/*
 * graph_threads.h - stops the other threads of the process for a moment, and tells their registers.
 *
 * A stop is a queued signal 33 to each thread of /proc/self/task. libc keeps that number for itself (setuid and its kin on all
 * threads), so programs can neither block nor handle it; its handler is replaced for the moment, and signals that are
 * not ours are handed on to it. The handler notes the registers and waits on a futex until ms_threads_release. A thread that is in
 * the critical section of a hook must not be held there: its handler returns at once and it is asked again. A thread
 * that does not answer in time stays `held = false`: it runs on, and nothing is known of it but its id.
 *
 * ms_threads_stop: list of all threads but the calling one, borrowed until the next stop. False when there is no memory or no
 * /proc: then nothing is stopped. Every true one must be followed by ms_threads_release. A held thread goes on by itself after a
 * minute, whatever happens to us. Async-signal-safe, no errno. One stop at a time in a process: the caller sees to it.
 */
#ifndef MS_PRELOAD_GRAPH_THREADS_H
#define MS_PRELOAD_GRAPH_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "format/evidence.h"

/* Where r8.. stand in evidence order (MS_EVIDENCE_REGISTERS). */
enum ms_register_index { MS_REG_RAX, MS_REG_RBX, MS_REG_RCX, MS_REG_RDX, MS_REG_RSI, MS_REG_RDI, MS_REG_RBP, MS_REG_RSP,
			 MS_REG_R8, MS_REG_RIP = 16, MS_REG_EFLAGS = 17 };

struct ms_held_thread {
	uint32_t tid;
	_Atomic uint32_t state;        /* private */
	bool held;
	uint64_t registers[MS_EVIDENCE_REGISTERS]; /* when held */
	uint64_t thread_pointer;
};

struct ms_held_threads {
	struct ms_held_thread *at;
	size_t count;
	bool more;                     /* there were more threads than the list holds */
};

bool ms_threads_stop(struct ms_held_threads *out);
void ms_threads_release(void);

/* The registers of an interrupted thread, in evidence order. */
void ms_registers_of(const ucontext_t *context, uint64_t registers[MS_EVIDENCE_REGISTERS]);

static inline uint64_t ms_thread_pointer(void)
{
	uint64_t value;

	__asm__("mov %%fs:0, %0" : "=r"(value));
	return value;
}

#endif
