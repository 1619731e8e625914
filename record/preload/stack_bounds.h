/*
 * stack_bounds.h - which addresses around a stack pointer belong to its stack and can be read.
 *
 * A range is grown by need: from the page of the stack pointer upwards, one probe per page. A probe is a futex wait on a
 * word with a value that it does not hold and no time to wait: the kernel reads the word and answers EAGAIN, or EFAULT
 * where it cannot be read. So no file is opened, nothing is parsed, guard pages are seen, coroutine stacks need no
 * special case, and the system call is one that any sandbox of a threaded program allows. The main stack needs no probe:
 * the loader says where it ends.
 *
 * Async-signal-safe; errno is not touched. One struct belongs to one thread.
 */
#ifndef MS_PRELOAD_STACK_BOUNDS_H
#define MS_PRELOAD_STACK_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct stack_range {
	uint64_t low, high; /* [low, high) */
};

#define STACK_RANGES 8

struct stack_bounds {
	struct stack_range current;               /* the range of the stack that is walked now */
	struct stack_range known[STACK_RANGES];   /* current is a copy of known[selected] */
	uint32_t selected;
	uint32_t next;                            /* replaced next */
};

void ms_bounds_init(struct stack_bounds *bounds);

/* Makes the stack that sp points into the current one; sp is the stack pointer of a live frame. False when it cannot be
   read. */
bool ms_bounds_select(struct stack_bounds *bounds, uint64_t sp);

/* The same for an sp that was found on the way and may be wrong: nothing that is known is relied upon. */
bool ms_bounds_enter(struct stack_bounds *bounds, uint64_t sp);

/* Is the aligned word at `address` in the current stack, at or above sp? Grows the range when it can. */
bool ms_bounds_word(struct stack_bounds *bounds, uint64_t sp, uint64_t address);

/* Can the byte at this address be read? One system call. */
bool ms_memory_readable(uint64_t address);

/* Reads a word of another function's frame: outside the sanitizers' rules for C objects. */
static inline uint64_t stack_load(uint64_t address)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	uint64_t value;

	__asm__ volatile("mov (%1), %0" : "=r"(value) : "r"(address) : "memory");
	return value;
#else
	return *(const volatile uint64_t *)address;
#endif
}

#endif
