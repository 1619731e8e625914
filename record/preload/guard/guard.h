/*
 * guard.h - what the parts of libmemscope-guard.so know of each other: pools of guarded blocks, whose byte an address is,
 * and evidence.
 *
 * libmemscope-guard.so is libmemscope-preload.so and this folder. When a recording starts with a guard, guard_start puts
 * functions of guard.c into the table of real functions (real.h), so that hooks know nothing of guards: a hook publishes its
 * event and calls "the real free", which checks the block, keeps it in quarantine, or refuses.
 *
 *   guard.c       the malloc family over the pools; blocks that no pool wants, and blocks from before, go to the allocator
 *                 that was there (guard_under)
 *   slab.c        canary mode: size classes, redzones, quarantine with poison
 *   pages.c       full and sample mode, and large blocks of the canary mode: pages of their own between protected ones
 *   fault.c       SIGSEGV and SIGBUS: an access to a protected page of a pool becomes evidence, any other is the program's own
 *   fatal.c       other fatal signals, the check signal; sigaction and signal as the program sees them
 *   evidence.c    evidence into the ring
 *   interpose_libc.c, bounds_*.c   libc calls compared with the blocks that they touch
 *
 * All pools lie in one reserved range of addresses, so that "is this ours?" is one subtraction and one comparison. What is
 * known of a block lies outside of it: nothing that the program overwrites misleads us.
 *
 * Thread-safety: everything here may be called by any thread and in signal handlers, unless said otherwise. guard_find takes
 * no lock. Never allocates from the program's allocator; no errno change. A forked child goes on with its copy of the pools;
 * locks are made anew there (guard_after_fork).
 */
#ifndef MS_PRELOAD_GUARD_H
#define MS_PRELOAD_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/arena_layout.h"
#include "record/preload/real.h"
#include "record/preload/ring.h"

/* ---- the one range ---------------------------------------------------------------------------------------------- */

extern uint64_t guard_low __attribute__((visibility("hidden"))), guard_span __attribute__((visibility("hidden"))); /* reserved range; span 0: no guard. Constant once the guard has started. */

static inline bool guard_covers(uint64_t address)
{
	return address - guard_low < guard_span;
}

struct guard_block {
	uint64_t start, bytes;         /* as the program got and asked for it */
	bool freed;                    /* in quarantine, or freed and not used again */
	bool by_page;                  /* protected by a page (else by redzones) */
};

/*
 * The block whose ground the address is: its bytes, its redzones, its slack, its guard pages on either side. In the slab pool
 * the 32 bytes before a block are its own, what is before them belongs to the block before. False: outside of the pools, or ground that was never given out. The answer is a snapshot: another thread
 * may free the block meanwhile.
 */
bool guard_find(uint64_t address, struct guard_block *block);

/* Makes [start, start + bytes) readable and writable where it is protected ground of a pool, for a call into the kernel that
   would fail where a plain program's would not. guard_close protects again what guard_open opened on this thread, but for
   pages that an access of the program itself has opened for good. Nothing for the canary pools. */
void guard_open(uint64_t start, uint64_t bytes);
void guard_close(uint64_t start, uint64_t bytes);

/* ---- pools ------------------------------------------------------------------------------------------------------ */

enum guard_verdict {
	GUARD_TAKEN,                   /* the pool has taken the block back */
	GUARD_DOUBLE,                  /* it was freed before */
	GUARD_INSIDE,                  /* the pointer is no start of a block */
};

/* What a pool can do; const tables in slab.c and pages.c. caller: of the hook, for evidence. */
struct guard_pool {
	const char *name;
	/* Reserves [low, low + span) for itself (already mapped PROT_NONE). False: not usable. One thread, at start. */
	bool (*start)(uint64_t low, uint64_t span, const struct ms_guard_config *config);
	/* A block; contents undefined. align: a power of two. NULL: this pool cannot (too large, full). */
	void *(*allocate)(size_t bytes, size_t align);
	/* Takes the block that starts at p back: checks it, puts it into quarantine, checks what leaves the quarantine. why: FREE
	   or REALLOC. Evidence of damage is published before it returns. */
	enum guard_verdict (*release)(void *p, enum ms_check_kind why, const struct ms_caller *caller);
	/* Gives the block that starts at p another size where it is. False: it has to move, or p is no live block. NULL: never. */
	bool (*resize)(void *p, size_t bytes, const struct ms_caller *caller);
	bool (*find)(uint64_t address, struct guard_block *block);
	/* Checks every live block and everything in quarantine. */
	void (*check)(enum ms_check_kind why, const struct ms_caller *caller);
	/* Around fork, in the parent and (child = true) the child; and in a child that was forked behind our back. */
	void (*before_fork)(void);
	void (*after_fork)(bool child);
	/* Adds what this pool has counted to the header's counters. */
	void (*count)(struct ms_arena_header *header);
};
extern const struct guard_pool guard_slab, guard_pages;
/* Address space that pools have taken beside the range, in bytes: their start functions add what they map. */
extern uint64_t guard_side_bytes;

/* Would a page of its own be wanted for the next block of this size? (Full mode: always; sample mode: by chance.) */
bool guard_pages_wanted(size_t bytes);

/* ---- life ------------------------------------------------------------------------------------------------------- */

/* The allocator that was there: what ms_real held before guard_start. */
extern struct ms_real guard_under;
extern const struct ms_guard_config *guard_config; /* a copy of the arena's; never NULL, mode MS_GUARD_OFF before the start */

/* From ms_process_attach, when the arena asks for a guard. One thread. False: no guard (counted), the program runs on. */
bool guard_start(struct ms_arena_header *header);
/* Around fork (process.c): before it in the parent, after it in both, also in a child that was forked behind our back. */
void guard_before_fork(void);
void guard_after_fork(bool child);
/* The image of this process is about to be replaced: the last check, unless the exec fails. */
void guard_before_exec(void);
/* A filter of system calls may follow: what the pools ask of the kernel from now on is what an allocator asks. */
void guard_before_shut_in(void);
/* Checks all pools. */
void guard_check(enum ms_check_kind why, const struct ms_caller *caller);
/* At exit, in the destructor of the library and in _exit: the last check, then counts. Nothing in a forked child. */
void guard_exit(void);
/* Bytes that the program asked for at p; 0 when p is in no pool. */
size_t guard_usable_size(const void *p);

/* ---- blocks of the allocator that was there (foreign.c); not in sample mode ------------------------------------------ */

void guard_foreign_add(void *block);
/* It is to be freed: forgets it. False: this was no block of guard_under as far as can be known. In doubt true. */
bool guard_foreign_take(void *block);
void guard_foreign_after_fork(bool child);
extern bool guard_under_is_glibc;

/* ---- evidence --------------------------------------------------------------------------------------------------- */

/*
 * Publishes evidence: the stack of caller becomes its node (NULL: no stack). bytes and registers as counted in *e. Evidence of
 * the same sort (kind, access, freed or not, side) for the same block and place, and more than a few times for the same block, is dropped
 * and counted; e->reserved2 may hold a number of the life of the block at that address, for telling what is the same. Waits for room in
 * the ring like any event.
 */
void guard_evidence(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers,
		    const struct ms_caller *caller);

/* The same for code that no hook was called from, in a handler of a signal: caller->pc is one byte behind the instruction,
   caller->fp its frame pointer, sp its stack pointer. */
void guard_evidence_at(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers,
		       const struct ms_caller *caller, uint64_t sp);

/* The pattern in redzones and slack, and in freed blocks. Neither is a plausible pointer, length or character. The last byte
   of a redzone behind a block is 0, so that a string without an end stops there. */
#define GUARD_CANARY 0xCBu
#define GUARD_POISON 0xD9u

#endif
