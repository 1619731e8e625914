/*
 * x86_code.h - x86-64 instructions: how long one is, where it may jump to, and how the first ones of a function are copied to another place.
 *
 * x86_decode   the instruction at code, of which bytes may be read. False: not known, or cut off. Nothing is guessed: what the tables do
 *              not have (as 3DNow!, XOP) is not known.
 * x86_plan     may the first `needed` bytes of a function be replaced by a jump? The whole function is decoded: every instruction has to be
 *              known, and no jump of it may lead behind its first byte and before the end of what is replaced. room: bytes of
 *              the function and of the padding behind it, which counts as code that does nothing. False: no.
 * x86_move     writes the planned instructions as they have to be at address `to`, then a jump back behind them. Bytes written, at
 *              most X86_MOVED_BYTES; 0 = a target is out of reach.
 *
 * A call among the moved instructions becomes a push of the address that it returned to before and a jump, so that no return address
 * lies in the copy: unwinders and exceptions see the function as it was.
 *
 * Pure functions. No allocation, no errno, any thread.
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2 and appendix A.
 */
#ifndef MS_PRELOAD_X86_CODE_H
#define MS_PRELOAD_X86_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x86_flow { X86_NEXT, X86_JUMP, X86_BRANCH, X86_CALL, X86_LOOP, X86_CALL_MEMORY, X86_JUMP_MEMORY, X86_RETURN, X86_STOP };

struct x86_instruction {
	uint8_t bytes;
	uint8_t flow;                    /* enum x86_flow */
	uint8_t condition;               /* BRANCH: 0 .. 15 */
	uint8_t rip_at;                  /* where its displacement from rip stands; 0 = it has none */
	uint8_t modrm_at;                /* 0 = it has none */
	bool nothing;                    /* a nop or int3: padding */
	int64_t target;                  /* JUMP, BRANCH, CALL, LOOP: from the end of the instruction */
};

#define X86_JUMP_BYTES 5u
#define X86_MOVED_BYTES 128u

struct x86_plan {
	uint8_t bytes;                   /* that move */
	uint8_t count;                   /* instructions that they are */
};

bool x86_decode(const uint8_t *code, size_t bytes, struct x86_instruction *out);
bool x86_plan(const uint8_t *function, size_t size, size_t room, size_t needed, struct x86_plan *plan);
size_t x86_move(const uint8_t *function, const struct x86_plan *plan, uint8_t *out, uint64_t to);

#endif
