/*
 * inject.h - lets a thread of another process make a system call or call a function, and go on as if nothing had been.
 *
 * ptrace: PTRACE_SEIZE and PTRACE_INTERRUPT stop the thread without a signal that the program could see. Its registers (vector
 * registers, too) and its signal mask are kept and put back; signals wait meanwhile, but those of faults. A system call that the
 * stop interrupted is made again by the kernel; one that Linux ends with EINTR when a tracer stops the thread (epoll_wait among
 * them) is begun again here, with its whole timeout, unless a signal is waiting.
 *
 * A called function runs on a stack that the caller names and returns to a `syscall` instruction of the C library: the thread
 * stops there, as at every system call of the function, so no byte of the program's code is changed and no signal is needed.
 *
 * Ownership: struct inject is the caller's; inject_release ends everything that inject_stop began. Errors: int codes with the reason in
 * *err; MS_E_NOT_FOUND when the thread or its process is gone. Thread-safety: all calls for one target from one thread (ptrace).
 * Not signal-safe. x86-64 only.
 */
#ifndef MS_RECORD_INJECT_H
#define MS_RECORD_INJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "format/errors.h"

#define INJECT_STATE_BYTES 16384 /* vector registers: AVX-512 and AMX fit */

struct inject {
	pid_t pid, tid;
	int memory;                      /* /proc/PID/mem */
	uint64_t gadget;                 /* address of a syscall instruction */
	struct user_regs_struct saved, now;
	uint64_t saved_mask;
	uint64_t blocked;                /* signals that were blocked where it stopped */
	uint64_t state_bytes;
	uint8_t state[INJECT_STATE_BYTES];
	bool stopped;                    /* by inject_stop; regs are saved */
	bool changed;                    /* it has run something since */
	bool runs;                       /* what it was made to run did not come to an end in time */
	bool told;                       /* that it takes long */
	bool at_call;                    /* it stopped inside a system call */
};

/* Stops the thread. MS_E_UNSUPPORTED: it cannot be traced (somebody else does, not permitted); MS_E_FULL: it does not stop in time.
   memory stays the caller's. */
int inject_stop(struct inject *in, pid_t pid, pid_t tid, int memory, struct ms_error *err);
/* Is the thread inside a system call? */
bool inject_in_call(const struct inject *in);
/* Is it inside one that waits for something from outside: input, a child, the time, a futex? */
bool inject_waits(const struct inject *in);

/* A system call; *result is a value or -errno. */
int inject_syscall(struct inject *in, long number, const uint64_t arguments[6], int64_t *result, struct ms_error *err);
/* A function of up to three arguments on the stack that ends at stack_top. MS_E_FULL: it did not return within the time; the thread then
   still runs it, stopped. */
int inject_call(struct inject *in, uint64_t function, const uint64_t arguments[3], uint64_t stack_top, uint64_t timeout_ns,
                uint64_t *result, struct ms_error *err);

bool inject_read(const struct inject *in, uint64_t address, void *data, size_t bytes);
bool inject_write(const struct inject *in, uint64_t address, const void *data, size_t bytes);

/* Everything as it was; the thread runs on. Does nothing when it is not stopped. */
void inject_release(struct inject *in);

#endif
