/*
 * births.h - the gate before ring.h: which births and which ends of blocks are published.
 *
 * Every hook that begins or ends a block goes through here. In a full recording the gate is a load and a branch that is never taken.
 * In a sample (header.sample) a birth is in when the thread draws it (draw.h); what is left out walks no stack and reads no clock.
 * Calls that failed are in, whatever is drawn: there are few, and they begin nothing. While births are paused (MS_BIRTHS_NONE) none is in.
 *
 * Ends are always in, but in a sample only those of sampled blocks (sampled.h): a look at one bit for nearly every other free.
 * Where more sampled blocks come together than the table tells apart, all ends are published; the collector drops those of blocks that
 * it does not know (record/ingest.c). A table of our own, and not one that the collector clears: a thread that frees and gets the
 * same address again and again is far ahead of the collector.
 *
 * realloc: the new block is drawn like any other.
 *   old in, new in    REALLOC_FREE, REALLOC
 *   old in, new out   REALLOC_FREE, REALLOC_OUT (its entry has the old address: the collector drops it if it dropped the first half)
 *   old out, new in   REALLOC alone: an allocation of the sample that is known to be a realloc
 *   failed            REALLOC_FAILED when the first half was published
 *
 * Parameters: as ms_emit_alloc and ms_emit_free. Errors: none; errno stays. Async-signal-safe, no lock.
 */
#ifndef MS_PRELOAD_BIRTHS_H
#define MS_PRELOAD_BIRTHS_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "sampled.h"

/* header.births of the arena; before there is one a word of our own that is not MS_BIRTHS_ALL, so that the first birth is drawn, too. */
extern const _Atomic uint32_t *_Atomic ms_births_word __attribute__((visibility("hidden")));
/* What an allocation counts in the draw: (size & of_size) | fixed. By allocation 0 and 1, by bytes all bits and 0. */
extern struct ms_births_unit {
	uint64_t of_size, fixed;
} ms_births_unit __attribute__((visibility("hidden")));
/* The arena is attached: before any thread takes a slot / it is about to go. */
void ms_births_attach(struct ms_arena_header *header);
void ms_births_detach(void);

/* The gate's other side. Address 0: the call failed. True: in, and counted. */
bool ms_birth_drawn(uint64_t address, uint64_t size) __attribute__((noinline));
/* The end of a block whose granule is marked. True: it may be one of the sample; the table does not have it any more. */
bool ms_end_drawn(uint64_t address) __attribute__((noinline));
/* Second half of a realloc whose first half was published: what became of the old block is all that is known. */
void ms_emit_realloc_out(uint64_t old_address) __attribute__((noinline, cold));

static inline uint64_t ms_births_units(uint64_t size)
{
	return (size & ms_births_unit.of_size) | ms_births_unit.fixed;
}

/* enum ms_births as it stands at the moment. */
static inline uint32_t ms_births_now(void)
{
	return atomic_load_explicit(atomic_load_explicit(&ms_births_word, memory_order_relaxed), memory_order_relaxed);
}

/*
 * Of a sample, before the real call: is this birth left out? True: it is counted, and nothing more is to be done unless the call fails
 * (ms_birth_unskip). False: drawn, or to be looked at more closely. For what nearly every call of a sample is.
 */
static inline bool ms_birth_skip(uint64_t size)
{
	uint64_t units = ms_births_units(size);
	struct ms_draw *d = &ms_tls.self->draw;
	uint64_t left = d->left; /* once: a signal handler that draws in between costs one of the two draws, and nothing wraps around */

	if (MS_UNLIKELY(size - 1 >= MS_SAMPLE_SURE_BYTES - 1) || MS_UNLIKELY(left <= units) || MS_UNLIKELY(ms_tls.pending.kind != 0))
		return false;
	d->left = left - units;
	return true;
}

/* The call failed: it was no birth. */
static inline void ms_birth_unskip(uint64_t size)
{
	struct ms_draw *d = &ms_tls.self->draw;

	if (d->left != 0) /* a struct of nobody, as a child finds it that was forked meanwhile */
		d->left += ms_births_units(size);
}

static inline bool ms_birth_in(uint64_t address, uint64_t size)
{
	uint32_t births = ms_births_now();
	uint64_t units = ms_births_units(size), left;
	struct ms_draw *d;

	if (MS_LIKELY(births == MS_BIRTHS_ALL))
		return true;
	/* Most of what is not drawn ends here. A struct without a slot, or not seeded, has 0 left. */
	d = &ms_tls.self->draw;
	left = d->left;
	if (births == MS_BIRTHS_SAMPLE && units != 0 && left > units && size < MS_SAMPLE_SURE_BYTES && address != 0) {
		d->left = left - units;
		return false;
	}
	return ms_birth_drawn(address, size);
}

/* Before the real call: is this the end of a block that is not in the sample? Never where a guard wants to know who frees. */
static inline bool ms_end_skip(const void *block)
{
	_Atomic uint64_t *marks = atomic_load_explicit(&ms_sampled.skimmed, memory_order_acquire);

	return MS_UNLIKELY(marks != NULL) && MS_LIKELY(!ms_sampled_marked(marks, (uintptr_t)block));
}

static inline bool ms_end_in(uint64_t address)
{
	_Atomic uint64_t *marks = atomic_load_explicit(&ms_sampled.marks, memory_order_acquire);

	return MS_LIKELY(marks == NULL) || (MS_UNLIKELY(ms_sampled_marked(marks, address)) && ms_end_drawn(address));
}

/* ALLOC and FAIL entries. */
static inline __attribute__((always_inline)) void ms_emit_birth(uint8_t kind, uint64_t address, uint64_t size,
								const struct ms_caller *caller, unsigned args,
								uint64_t arg0, uint64_t arg1)
{
	if (ms_birth_in(address, size))
		ms_emit_alloc(kind, address, size, caller, args, arg0, arg1);
}

/* FREE entries. True: published. */
static inline __attribute__((always_inline)) bool ms_emit_end(uint8_t kind, uint64_t address, const struct ms_caller *caller,
							      unsigned args, uint64_t arg0, uint64_t arg1)
{
	if (!ms_end_in(address))
		return false;
	ms_emit_free(kind, address, caller, args, arg0, arg1);
	return true;
}

/* The second half of realloc(block, size): moved as it returned; freed: the first half was published. */
static inline __attribute__((always_inline)) void ms_emit_realloc(bool freed, const void *block, const void *moved, uint64_t size,
								  const struct ms_caller *caller)
{
	if (MS_UNLIKELY(moved == NULL)) {
		if (!freed)
			return;
		ms_sampled_add((uintptr_t)block);
		ms_emit_alloc(MS_EV_REALLOC_FAILED, (uintptr_t)block, 0, caller, 0, 0, 0);
	} else if (ms_birth_in((uintptr_t)moved, size)) {
		ms_emit_alloc(MS_EV_REALLOC, (uintptr_t)moved, size, caller, 0, 0, 0);
	} else if (freed) {
		ms_emit_realloc_out((uintptr_t)block);
	}
}

#endif
