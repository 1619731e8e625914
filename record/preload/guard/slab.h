/*
 * slab.h - inside the slab pool: what a slot is, what is known of it, and who does what.
 *
 * The pool is cut into chunks of 2 MiB, a chunk into slots of one size class. A slot holds one block:
 *
 *   |<- offset, at least SLAB_FRONT ->|<- bytes ->|<- at least the redzone of the class, and what is left ->|
 *   | GUARD_CANARY                    | the block | GUARD_CANARY ...                                      0 |
 *
 * What is known of a slot is one word, away from the slots: state, size and place of its block, how often it was used, and
 * the last sweep (slab_check.c) that it did not live to see. One atomic word, so that readers without a lock see one
 * moment of the slot:
 *
 *   state       the slot is                                     leaves when
 *   NEVER       not handed out yet; its memory was never touched  carved from the chunk: stays NEVER until it is allocated
 *   FREE        whole and in the hands of a cache                 allocated: LIVE, generation + 1
 *   LIVE        the program's                                     freed: FREED | BUSY, poisoned: FREED
 *   FREED       in quarantine: the block is GUARD_POISON          evicted and found whole: FREE
 *   BUSY        (a bit beside LIVE and FREED) whoever set it changes the slot's bytes; nobody else touches them. Held for a few
 *               hundred instructions without a call
 *
 *   slab.c         the pool's functions
 *   slab_supply.c  slots: caches of threads, the central lists, the quarantine, chunks
 *   slab_check.c   patterns: filling, comparing, evidence of damage, sweeps
 *
 * Thread-safety: words are changed by compare-and-swap where two may want to; see above.
 */
#ifndef MS_PRELOAD_GUARD_SLAB_H
#define MS_PRELOAD_GUARD_SLAB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"

#define SLAB_CHUNK_SHIFT 21u
#define SLAB_CHUNK_BYTES ((uint64_t)1 << SLAB_CHUNK_SHIFT)
#define SLAB_MAX_BYTES ((uint64_t)64 << 30) /* a slot's number, in units of 16 bytes, has 32 bits */
#define SLAB_CHUNKS (SLAB_MAX_BYTES >> SLAB_CHUNK_SHIFT)
#define SLAB_MIN_SLOT 64u
#define SLAB_MAX_SLOT (128u << 10)
#define SLAB_CLASSES 49u
#define SLAB_FRONT 32u                       /* redzone before a block: underflows of the kind p[-n] point 8 to 32 bytes before it */
#define SLAB_POISON_BYTES 1024u              /* of a freed block this much is poisoned, from its start */

/* ---- words ------------------------------------------------------------------------------------------------------ */

enum { SLAB_NEVER = 0, SLAB_FREE = 1, SLAB_LIVE = 2, SLAB_FREED = 3 };

/* bytes 18 bits | offset / 16 12 bits | state 2 | busy 1 | sweep 12 | generation 19 */
#define SLAB_OFFSET_AT 18
#define SLAB_OFFSET_MASK UINT64_C(0xfff)
#define SLAB_MAX_ALIGN 32768u /* a block of more might start further in its slot than the mask can say */
#define SLAB_STATE_AT 30
#define SLAB_SWEEP_AT 33
#define SLAB_GENERATION_AT 45
#define SLAB_BUSY (UINT64_C(1) << 32)
#define SLAB_STATE_MASK (UINT64_C(3) << SLAB_STATE_AT)
#define SLAB_SWEEP_MASK UINT64_C(0xfff)

static inline uint64_t slab_bytes(uint64_t word)
{
	return word & 0x3ffff;
}
static inline uint64_t slab_offset(uint64_t word)
{
	return (word >> SLAB_OFFSET_AT & SLAB_OFFSET_MASK) << 4;
}
static inline unsigned slab_state(uint64_t word)
{
	return (unsigned)(word >> SLAB_STATE_AT) & 3;
}
static inline uint64_t slab_with_state(uint64_t word, uint64_t state)
{
	return (word & ~SLAB_STATE_MASK) | state << SLAB_STATE_AT;
}
static inline uint64_t slab_with_sweep(uint64_t word, uint64_t sweep)
{
	return (word & ~(SLAB_SWEEP_MASK << SLAB_SWEEP_AT)) | (sweep & SLAB_SWEEP_MASK) << SLAB_SWEEP_AT;
}

/* ---- chunks ----------------------------------------------------------------------------------------------------- */

struct slab_chunk {
	_Atomic uint64_t *words;       /* NULL: not in use */
	uint32_t slot_bytes;
	uint32_t reciprocal;           /* of slot_bytes / 16, times 2^32, rounded up: exact for all that a chunk holds */
	uint32_t slots;
	_Atomic uint32_t carved;       /* slots handed to caches so far */
	uint32_t size_class;
	uint32_t reserved;
};

extern struct slab_chunk slab_chunks[SLAB_CHUNKS];
extern uint64_t slab_low, slab_span;         /* constant after the start; span 0: no pool */
extern _Atomic uint32_t slab_chunks_used;    /* release: the chunks below it are filled in */
extern const uint32_t slab_slot_bytes[SLAB_CLASSES];
extern _Atomic uint64_t slab_sweep;          /* number of the last sweep that has begun */
extern _Atomic uint64_t slab_sweep_checks;   /* blocks that sweeps looked at */
extern _Atomic uint32_t slab_sweeping;       /* 1 while a sweep is on */

struct slab_slot {
	uint64_t start;                /* of the slot */
	uint64_t bytes;                /* of the slot */
	_Atomic uint64_t *word;
};

/* The slot that the address lies in. False: outside of the slots of the pool. */
static inline bool slab_slot_of(uint64_t address, struct slab_slot *slot)
{
	uint64_t at = address - slab_low;
	const struct slab_chunk *chunk;
	uint64_t in_chunk, index;

	if (at >= slab_span)
		return false;
	chunk = &slab_chunks[at >> SLAB_CHUNK_SHIFT];
	if ((at >> SLAB_CHUNK_SHIFT) >= atomic_load_explicit(&slab_chunks_used, memory_order_acquire))
		return false;
	in_chunk = at & (SLAB_CHUNK_BYTES - 1);
	index = (in_chunk >> 4) * chunk->reciprocal >> 32;
	if (index >= chunk->slots)
		return false;
	slot->word = &chunk->words[index];
	slot->bytes = chunk->slot_bytes;
	slot->start = address - in_chunk + index * chunk->slot_bytes;
	return true;
}

/* The least redzone behind a block of that size. */
static inline uint64_t slab_tail(uint64_t bytes)
{
	return bytes <= 64 ? 16 : bytes >= 1024 ? 256 : bytes / 4;
}

/* The class for a slot of at least that many bytes; SLAB_CLASSES: none. */
static inline unsigned slab_class(uint64_t bytes)
{
	unsigned log2;

	if (bytes <= 256)
		return bytes <= SLAB_MIN_SLOT ? 0 : (unsigned)(bytes - SLAB_MIN_SLOT + 15) >> 4;
	if (bytes > SLAB_MAX_SLOT)
		return SLAB_CLASSES;
	log2 = 63u - (unsigned)__builtin_clzll(bytes - 1); /* four classes in (2^log2, 2^(log2 + 1)] */
	return 13 + (log2 - 8) * 4 + (unsigned)((bytes - 1) >> (log2 - 2) & 3);
}

/* ---- slab_supply.c ---------------------------------------------------------------------------------------------- */

/* Where the pool begins. False: no memory for its words. */
bool slab_supply_start(uint64_t low, uint64_t span, uint64_t quarantine_bytes);
/* Address of a slot of the class, NEVER or FREE; 0: none to be had, or the thread is interrupted inside the supply. */
uint64_t slab_take(unsigned size_class);
/* A slot that is FREED goes into quarantine; others that leave it are checked and become FREE. */
void slab_quarantine(const struct slab_slot *slot, const struct ms_caller *caller);
/* The calling thread ends: its slots go to the others. */
void slab_thread_end(void);
void slab_before_fork(void);
void slab_after_fork(bool child);
/* Blocks given out, checks made so far. */
void slab_counts(uint64_t *blocks, uint64_t *checks);

/* ---- slab_check.c ----------------------------------------------------------------------------------------------- */

/* Patterns around and in the slot's block, as a fresh one or, when was is the word of a FREE slot, what differs from it. */
void slab_fill(const struct slab_slot *slot, uint64_t was, uint64_t word);
/* The block shrinks or grows within its slot. BUSY is held. */
void slab_refill_tail(const struct slab_slot *slot, uint64_t word, uint64_t new_bytes);
void slab_poison(const struct slab_slot *slot, uint64_t word);
/* Everything around the block is as it was filled; of a freed block, the poison too. word: LIVE or FREED. */
bool slab_is_whole(const struct slab_slot *slot, uint64_t word);
/* slab_is_whole said no: takes the slot (BUSY), says what has changed, repairs, publishes. Nothing when the slot is no longer what
   word says. held: BUSY is already ours, and word is without it; it is still ours afterwards. */
void slab_report(const struct slab_slot *slot, uint64_t word, bool held, enum ms_check_kind why,
		 const struct ms_caller *caller);
void slab_sweep_all(enum ms_check_kind why, const struct ms_caller *caller);

/* Sets BUSY on a slot in the state that expected has. False: the slot has another word now; it is in *expected, without BUSY. Waits for
   others that are busy with it, not for ever: who does not come back has been killed, was left behind by a fork, or is the code that
   this signal handler has interrupted. Then *expected is SLAB_STUCK, and the slot is nobody's any more. */
#define SLAB_STUCK UINT64_MAX
bool slab_claim(const struct slab_slot *slot, uint64_t *expected);

#endif
