/*
 * births.h - the gate before ring.h: which births and which ends of blocks are published.
 *
 * Every hook that begins or ends a block goes through here. In a full recording the gate is a load and a branch that is never taken.
 * In a sample (header.sample) a birth is in when the thread draws one of its units (draw.h); what is left out walks no stack and reads no clock.
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
/*
 * What the ways past a sample read, in one cache line: the program's own data leave little of ours in the first cache. All zero where
 * every call goes to its hook: without a sample, where a guard wants to know of all, and in a forked child, whichever way it was forked:
 * the page is wiped there, and the child's first call is the one that notices. Constant while attached.
 */
#define MS_QUICK_PAGE 4096u
extern struct ms_quick {
	_Alignas(MS_QUICK_PAGE) _Atomic uint64_t *_Atomic marks; /* of ms_sampled; NULL: no end is passed by */
	uint64_t word_mask;
	uint32_t granule_bits;
	_Atomic uint32_t bytes;      /* births of 1 to so many bytes may be passed by */
	uint64_t origin;             /* of ms_tls.left: another one in each recording, which may draw at another rate */
	uint64_t of_size, fixed;     /* the units of up to so many bytes: (size & of_size) | fixed. 0 and 1, or by bytes all bits and 0 */
	void *(*_Atomic malloc)(size_t); /* as in ms_real */
	void (*_Atomic free)(void *);
	char rest_of_the_page[MS_QUICK_PAGE - 64];
} ms_quick __attribute__((visibility("hidden")));
/*
 * The functions behind, to be read before the ways are asked: a signal handler may fork at any instruction, and the page is wiped from one to
 * the next. Who got NULL is told to go to the hook.
 */
#define MS_QUICK_FUNCTION(name)                                                                                       \
	({                                                                                                            \
		__typeof__(&(name)) quick_function = atomic_load_explicit(&ms_quick.name, memory_order_relaxed);      \
		atomic_signal_fence(memory_order_seq_cst);                                                            \
		quick_function;                                                                                       \
	})

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
	return ms_quick.fixed ? MS_SAMPLE_UNITS(size) : size;
}

/* Units to the next point, of a ms_tls.left. Not above 0: nothing has been drawn yet. */
static inline int64_t ms_births_left(uint64_t left)
{
	return (int64_t)(left - ms_quick.origin);
}

/* enum ms_births as it stands at the moment. */
static inline uint32_t ms_births_now(void)
{
	return atomic_load_explicit(atomic_load_explicit(&ms_births_word, memory_order_relaxed), memory_order_relaxed);
}

/*
 * Of a sample, before the real call: is this birth left out? True: it is counted, and nothing more is to be done unless the call fails
 * (ms_birth_unskip). False: drawn, or to be looked at more closely. For what nearly every call of a sample is. Whether births are paused
 * is not looked at: what is passed by is not recorded either way, and the points that fall into a pause are passed over (ms_birth_drawn).
 */
static inline bool ms_birth_skip(uint64_t size)
{
	uint64_t units = (size & ms_quick.of_size) | ms_quick.fixed;
	uint64_t left = ms_tls.left; /* once: a signal handler that draws in between costs one of the two draws, and nothing wraps around */

	if (MS_UNLIKELY(size - 1 >= atomic_load_explicit(&ms_quick.bytes, memory_order_acquire)) ||
	    MS_UNLIKELY(ms_births_left(left) <= (int64_t)units))
		return false;
	ms_tls.left = left - units;
	return true;
}

/* Is an operator new pending, which may have to know what the allocation becomes? */
static inline bool ms_birth_pending(void)
{
	return MS_UNLIKELY(ms_tls.pending.kind != 0);
}

/* The call failed: it was no birth. */
static inline void ms_birth_unskip(uint64_t size)
{
	uint64_t left = ms_tls.left;

	if (ms_births_left(left) > 0) /* else another recording has begun meanwhile */
		ms_tls.left = left + ms_births_units(size);
}

static inline bool ms_birth_in(uint64_t address, uint64_t size)
{
	uint32_t births = ms_births_now();
	uint64_t units, left;

	if (MS_LIKELY(births == MS_BIRTHS_ALL))
		return true;
	/* Most of what is not drawn ends here. A forked child that nobody has noticed has no slot. */
	units = ms_births_units(size);
	left = ms_tls.left;
	if (units != 0 && ms_births_left(left) > 0 && (uint64_t)ms_births_left(left) > units && address != 0 && ms_tls.self->slot != NULL) {
		ms_tls.left = left - units;
		return false;
	}
	return ms_birth_drawn(address, size);
}

/* Before the real call: is this the end of a block that is not in the sample? Never where a guard wants to know who frees. */
static inline bool ms_end_skip(const void *block)
{
	_Atomic uint64_t *marks = atomic_load_explicit(&ms_quick.marks, memory_order_acquire);

	return MS_UNLIKELY(marks != NULL) && MS_LIKELY(!ms_sampled_marked(marks, ms_quick.word_mask, ms_quick.granule_bits, (uintptr_t)block));
}

static inline bool ms_end_in(uint64_t address)
{
	_Atomic uint64_t *marks = atomic_load_explicit(&ms_sampled.marks, memory_order_acquire);

	return MS_LIKELY(marks == NULL) || (MS_UNLIKELY(ms_sampled_marked(marks, ms_sampled.word_mask, ms_sampled.granule_bits, address)) && ms_end_drawn(address));
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
