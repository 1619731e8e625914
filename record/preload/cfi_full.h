/*
 * cfi_full.h - unwinding with all registers, for the rare frames whose rules need more than pc, sp and rbp.
 *
 * ms_full_step walks from its own frame outwards with every callee-saved register, through the hook, until it stands in
 * the given frame, and then takes one more step. That costs a table lookup per frame: correct, not fast.
 *
 * Async-signal-safe. Memory is read only inside the current stack or where a probe says that it is readable.
 */
#ifndef MS_PRELOAD_CFI_FULL_H
#define MS_PRELOAD_CFI_FULL_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi.h"
#include "stack_bounds.h"

/* DWARF register numbers of the words of a signal frame's ucontext, which starts at the frame's sp. */
#define UCONTEXT_GREGS 40u
#define UCONTEXT_RBP (UCONTEXT_GREGS + 10 * 8u)
#define UCONTEXT_RSP (UCONTEXT_GREGS + 15 * 8u)
#define UCONTEXT_RIP (UCONTEXT_GREGS + 16 * 8u)

#define CFI_STACK_DEPTH 64

struct cfi_machine {
	uint64_t registers[CFI_REGISTERS];
	uint32_t known;   /* bit n: registers[n] holds its value */
	bool interrupted; /* the frame did not call: its RA is the exact pc, not a return address */
	struct stack_bounds *bounds;
	uint64_t stack[CFI_STACK_DEPTH]; /* of the expression evaluator */
};

/* Computes a DWARF expression with the machine's registers. False when it is damaged, too long or cannot be computed. */
bool ms_cfi_evaluate(struct cfi_machine *machine, struct cfi_bytes expression, const uint64_t *cfa, uint64_t *result);

/* A word of memory, from the stack or anything else that is readable. */
bool ms_machine_load(struct cfi_machine *machine, uint64_t address, uint64_t *value);

/* Replaces the machine's registers by the caller's. False when there is no caller or no information. */
bool ms_machine_step(struct cfi_machine *machine, struct cfi_work *work);

/*
 * The caller of frame (pc, sp), a frame of the calling thread outside the caller of this function. On success pc, sp and
 * fp are the caller's. A pc is a return address; that of an interrupted frame is the exact pc + 1.
 */
bool ms_full_step(struct cfi_machine *machine, struct cfi_work *work, uint64_t *pc, uint64_t *sp, uint64_t *fp);

#endif
