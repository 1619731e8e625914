/*
 * graph_stack.h - the stack of a thread that stands still, as ranges of memory: one per frame.
 *
 * From the registers of the thread outwards, with all of them (cfi_full.h), so that any frame with unwind information can be
 * left. Where that ends the rest of the stack is one range. A signal handler on a stack of its own: the rest of that stack,
 * then the interrupted one. `bounds` answers up to where the stack that an address lies in reaches; 0: no stack.
 *
 * The red zone of the innermost frame belongs to it. Async-signal-safe, no errno, one user at a time (work space is static).
 */
#ifndef MS_PRELOAD_GRAPH_STACK_H
#define MS_PRELOAD_GRAPH_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/evidence.h"

struct ms_stack_ops {
	uint64_t (*high)(void *context, uint64_t sp);
	/* A range; pc as in a stack of the trace (a return address, an exact pc + 1), 0: not known. False: no more. */
	bool (*range)(void *context, uint64_t start, uint64_t end, uint64_t pc);
	bool called;                   /* the innermost frame has made a call: no red zone */
};

/* registers: evidence order. */
void ms_graph_walk(const uint64_t registers[MS_EVIDENCE_REGISTERS], const struct ms_stack_ops *ops, void *context);

/* The registers of the frame that called the caller of this function, and of those outside it while they are code of
   [skip_start, skip_end): what a program holds that asked us for something. What is not known is 0. */
void ms_graph_own_registers(uint64_t skip_start, uint64_t skip_end, uint64_t registers[MS_EVIDENCE_REGISTERS]);

#endif
