/*
 * ring.h - from a hook to an entry in the thread's ring: the hot path, inline, and its one slow call.
 *
 * A thread has a private struct ms_thread (in memory that the kernel wipes in a forked child) that ms_tls.self points
 * to. It starts as a const empty object without a slot. "Not initialised", "forked", "interrupted a hook" (a signal
 * handler), "ring full" and "recording has ended" are all the same noinline call, ms_emit_slow.
 *
 * The critical section of a hook is only our own code: from before the stack is captured and the stamp is taken until the
 * entry is published, never the call of the real function. For the collector it is slot.in_hook; for the thread itself
 * it is hook_sp, the stack pointer of the hook's caller, 0 outside: one word, so that a signal handler finds both facts or
 * none. A hook that finds hook_sp set runs in a signal handler that interrupted that section, and goes to the thread's
 * second ring ("nested"). A third level is counted as lost.
 *
 * What a signal may find half done, and why it does no harm: before hook_sp is stored the handler finds nothing begun;
 * after it, the handler does not touch this ring; head is read after hook_sp is stored, so it is never older than
 * what a handler published. If the handler leaves by siglongjmp, hook_sp stays: it tells the next hook that the frame
 * is gone (ring.c). If the handler forks, the child's copy of the struct is wiped under the interrupted hook: ring and
 * mask are read before limit, so a limit that is not 0 proves that they were whole.
 *
 * Safety: async-signal-safe, no lock, no errno change, no allocation but mmap in the slow path.
 */
#ifndef MS_PRELOAD_RING_H
#define MS_PRELOAD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "format/events.h"
#include "record/arena_layout.h"
#include "stack.h"

#define MS_LIKELY(x) __builtin_expect(!!(x), 1)
#define MS_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What stands at the frame pointer of an exported hook: the caller's rbp and the return address into the caller. The
   caller's stack pointer after the return is what follows. */
struct ms_caller {
	uint64_t fp;
	uint64_t pc;
};

static inline uint64_t ms_caller_sp(const struct ms_caller *caller)
{
	return (uint64_t)(uintptr_t)(caller + 1);
}

/* Private to one thread, in memory with MADV_WIPEONFORK. First line: what every event reads. */
struct ms_thread {
	_Alignas(64) struct ms_slot *slot; /* NULL: empty object, or wiped: we are a forked child */
	uint64_t *ring;
	uint64_t mask;                 /* ring_words - 1 */
	uint64_t head;                 /* next word to write */
	uint64_t limit;                /* an entry may end here: tail as last seen + ring_words */
	struct ms_walker *walker;      /* NULL: no stacks */
	struct ms_walker *free_walker; /* the same when frees carry stacks, else NULL */
	uint64_t hook_sp;              /* caller's sp of the hook that is in its critical section, 0 = none is */

	struct ms_thread *nested;      /* second ring, for signal handlers; NULL until it is needed */
	struct ms_walker *own_walker;  /* survives the thread: the next owner of the slot takes it over */
	uint32_t index;                /* of the slot */
	uint32_t depth_limit;
	uint64_t random;               /* of draw.h; goes on with the next owner of the slot: short threads alike must not draw alike */
};

/* C++ operators call malloc and free through the PLT, which comes back to our hooks. What the operator's hook tells the
   inner one. Private to the thread and only meaningful while the operator's frame is live. */
struct ms_pending {
	uint8_t kind;       /* an ALLOC kind; 0 = nothing pending */
	uint8_t log2_align; /* for the aligned kinds */
	uint8_t failed;     /* the inner allocation returned NULL: only a retry from the same place counts */
	uint8_t used;       /* the inner allocation was recorded as this kind */
	uint64_t size;      /* as requested from the operator */
	uint64_t sp;        /* caller's sp of the operator's hook */
	uint64_t inner_sp;  /* after a failure: where the inner call came from */
	const struct ms_caller *caller;
	const void *inner;  /* block of the last inner allocation that was recorded as something else */
};

struct ms_tls { /* first line: what a call reads that a sample leaves out */
	_Alignas(64) struct ms_thread *self; /* never NULL */
	uint64_t left;             /* draw.h, from ms_quick.origin on: what is not above it was left by an earlier recording, or nothing was drawn yet */
	const void *freeing;       /* a delete has recorded the end of this block and calls free */
	struct ms_pending pending;
	uint32_t counted;          /* this thread stands in header.lost_threads */
	_Atomic int32_t *users;    /* of the set that self belongs to, while this thread is counted there (process.h); NULL = is not */
	const struct ms_caller *caller; /* of the free or realloc hook that runs, for guard/guard.c; stale otherwise */
	uint64_t inside;           /* stack pointer of the recorded call of an allocator's function that runs (direct.h), 0 = none */
	void *direct;              /* that call */
};

extern __thread struct ms_tls ms_tls __attribute__((tls_model("initial-exec")));
extern const struct ms_thread ms_thread_empty;

/* An entry, for the slow path. */
enum ms_shape { MS_SHAPE_ALLOC, MS_SHAPE_FREE, MS_SHAPE_ARGS, MS_SHAPE_TEXT, MS_SHAPE_WORDS };
struct ms_entry {
	uint64_t address, size, arg[2];
	const char *text;     /* MS_SHAPE_TEXT: arg[0] bytes of it */
	const uint64_t *words; /* MS_SHAPE_WORDS: arg[0] of them; with a caller its stack node goes into the lower half of number arg[1] */
	const struct ms_caller *caller; /* NULL: no stack (ARGS, TEXT, WORDS) */
	uint64_t sp;          /* WORDS: of a caller that stands in no frame (it was interrupted by a signal); 0: behind caller */
	uint8_t kind;
	uint8_t shape;        /* enum ms_shape */
	uint8_t args;
};

/* Longest text of an entry in bytes; longer ones are cut. */
#define MS_TEXT_BYTES ((MS_RING_SLACK_WORDS - 4u) * 8u)

/* Publishes the entry if there is any way to; counts it as lost if it should have been possible. False: it is not published. */
bool ms_emit_slow(const struct ms_entry *entry) __attribute__((noinline, cold));
/* The same, for the two hot shapes: arguments as below. */
void ms_emit_alloc_slow(uint8_t kind, uint64_t address, uint64_t size, const struct ms_caller *caller, unsigned args,
			uint64_t arg0, uint64_t arg1) __attribute__((noinline, cold));
void ms_emit_free_slow(uint8_t kind, uint64_t address, const struct ms_caller *caller, unsigned args, uint64_t arg0,
		       uint64_t arg1) __attribute__((noinline, cold));
/* Makes the next event of this thread take the slow path. */
void ms_ring_disturb(void);

static inline uint32_t ms_capture(struct ms_walker *walker, uint32_t depth_limit, const struct ms_caller *caller)
{
	return walker == NULL ? 0 : ms_stack_capture(walker, caller->pc, ms_caller_sp(caller), caller->fp, depth_limit);
}

/* Begins the critical section. False: the slow path must look at it. */
static inline bool ms_ring_enter(struct ms_thread *t, struct ms_slot *slot, const struct ms_caller *caller)
{
	if (MS_UNLIKELY(slot == NULL) || MS_UNLIKELY(t->hook_sp != 0))
		return false;
	t->hook_sp = ms_caller_sp(caller);
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&slot->in_hook, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

static inline void ms_ring_leave(struct ms_thread *t, struct ms_slot *slot)
{
	atomic_store_explicit(&slot->in_hook, 0, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
	t->hook_sp = 0;
}

/* The words are written; head goes up. t->head first: it is never behind what the collector may have seen. */
static inline void ms_ring_publish(struct ms_thread *t, struct ms_slot *slot, uint64_t head)
{
	t->head = head;
	atomic_store_explicit(&slot->head, head, memory_order_release);
	ms_ring_leave(t, slot);
}

/* ALLOC, FAIL and MAP entries. kind, args known at compile time where it matters. */
static inline __attribute__((always_inline)) void ms_emit_alloc(uint8_t kind, uint64_t address, uint64_t size,
								const struct ms_caller *caller, unsigned args,
								uint64_t arg0, uint64_t arg1)
{
	struct ms_thread *t = ms_tls.self;
	struct ms_slot *slot = t->slot;

	if (MS_LIKELY(ms_ring_enter(t, slot, caller))) {
		uint32_t node = ms_capture(t->walker, t->depth_limit, caller);
		uint64_t head = t->head;
		unsigned words = 3 + args;
		uint64_t *w = t->ring + (head & t->mask);

		atomic_signal_fence(memory_order_seq_cst); /* limit last, see above */
		if (MS_LIKELY(size < MS_ENTRY_SIZE_ESCAPE && head + words <= t->limit)) {

			w[2] = (uint64_t)node << 32 | size;
			if (args > 0)
				w[3] = arg0;
			if (args > 1)
				w[4] = arg1;
			w[1] = MS_ENTRY_TAG(kind, words) | (address & MS_ENTRY_ADDRESS_MASK);
			w[0] = ms_ticks();
			ms_ring_publish(t, slot, head + words);
			return;
		}
		ms_ring_leave(t, slot);
	}
	ms_emit_alloc_slow(kind, address, size, caller, args, arg0, arg1);
}

static inline __attribute__((always_inline)) void ms_emit_free(uint8_t kind, uint64_t address,
							       const struct ms_caller *caller, unsigned args,
							       uint64_t arg0, uint64_t arg1)
{
	struct ms_thread *t = ms_tls.self;
	struct ms_slot *slot = t->slot;

	if (MS_LIKELY(ms_ring_enter(t, slot, caller))) {
		unsigned words = 2 + args;
		uint32_t node = 0;

		if (MS_UNLIKELY(t->free_walker != NULL)) {
			node = ms_capture(t->free_walker, t->depth_limit, caller);
			words++;
		}
		uint64_t head = t->head;
		uint64_t *w = t->ring + (head & t->mask);

		atomic_signal_fence(memory_order_seq_cst); /* limit last, see above */
		if (MS_LIKELY(head + words <= t->limit)) {
			if (args > 0)
				w[2] = arg0;
			if (args > 1)
				w[3] = arg1;
			if (words > 2 + args)
				w[2 + args] = node;
			w[1] = MS_ENTRY_TAG(kind, words) | (address & MS_ENTRY_ADDRESS_MASK);
			w[0] = ms_ticks();
			ms_ring_publish(t, slot, head + words);
			return;
		}
		ms_ring_leave(t, slot);
	}
	ms_emit_free_slow(kind, address, caller, args, arg0, arg1);
}

/* Events without a stack: arguments only. Not hot. */
static inline void ms_emit_args(uint8_t kind, unsigned args, uint64_t arg0)
{
	struct ms_entry entry = {.arg = {arg0, 0}, .kind = kind, .shape = MS_SHAPE_ARGS, .args = (uint8_t)args};

	ms_emit_slow(&entry);
}

static inline void ms_emit_text(uint8_t kind, const char *text, size_t bytes)
{
	struct ms_entry entry = {.text = text, .arg = {bytes < MS_TEXT_BYTES ? bytes : MS_TEXT_BYTES, 0}, .kind = kind,
				 .shape = MS_SHAPE_TEXT};

	ms_emit_slow(&entry);
}

/* Longest entry of words behind the two that every entry has. */
#define MS_ENTRY_WORDS_MAX (MS_RING_SLACK_WORDS - 3u)

/* An entry of count words (at most MS_ENTRY_WORDS_MAX) as they are. False: it is not published. */
static inline bool ms_emit_words_at(uint8_t kind, uint64_t address, const uint64_t *words, size_t count)
{
	struct ms_entry entry = {.address = address, .words = words, .arg = {count, 0}, .kind = kind, .shape = MS_SHAPE_WORDS};

	return ms_emit_slow(&entry);
}

static inline void ms_emit_words(uint8_t kind, const uint64_t *words, size_t count)
{
	(void)ms_emit_words_at(kind, 0, words, count);
}

/* The same for a few words that come often. */
static inline __attribute__((always_inline)) void ms_emit_few(uint8_t kind, uint64_t address, const struct ms_caller *caller, const uint64_t *words,
							      unsigned count)
{
	struct ms_thread *t = ms_tls.self;
	struct ms_slot *slot = t->slot;

	if (MS_LIKELY(ms_ring_enter(t, slot, caller))) {
		uint64_t head = t->head;
		uint64_t *w = t->ring + (head & t->mask);

		atomic_signal_fence(memory_order_seq_cst); /* limit last, see above */
		if (MS_LIKELY(head + 2 + count <= t->limit)) {
			for (unsigned i = 0; i < count; i++)
				w[2 + i] = words[i];
			w[1] = MS_ENTRY_TAG(kind, 2 + count) | (address & MS_ENTRY_ADDRESS_MASK);
			w[0] = ms_ticks();
			ms_ring_publish(t, slot, head + 2 + count);
			return;
		}
		ms_ring_leave(t, slot);
	}
	(void)ms_emit_words_at(kind, address, words, count);
}

#endif
