/*
 * ring.c - the slow path of an event: whatever ring.h could not do in a straight line.
 */
#include "ring.h"

#include <linux/futex.h>
#include <signal.h>
#include <string.h>

#include "inside_gate.h"
#include "modules.h"
#include "process.h"
#include "raw.h"
#include "threads.h"

#define FULL_NAP_NS 50000000L      /* one wait for room; a lost wake-up costs no more than this */
#define BEAT_PATIENCE_NS 1000000000 /* the collector stands still: see whether it is still there */
#define STANDSTILL_NS 60000000000   /* it is there and stands still: no wait is unbounded */

const struct ms_thread ms_thread_empty;
__thread struct ms_tls ms_tls __attribute__((tls_model("initial-exec"))) = {
	.self = (struct ms_thread *)(uintptr_t)&ms_thread_empty,
};
uint32_t ms_clock;
int (*ms_clock_vdso)(clockid_t, struct timespec *);

uint64_t ms_ticks_monotonic(void)
{
	struct timespec now = {0, 0};

	if (ms_clock_vdso == NULL || ms_clock_vdso(CLOCK_MONOTONIC, &now) != 0)
		ms_raw(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void ms_ring_disturb(void)
{
	struct ms_thread *t = ms_tls.self;

	if (t->slot == NULL)
		return;
	t->limit = 0;
	if (t->nested != NULL)
		t->nested->limit = 0;
}

static int64_t now_ns(void)
{
	return (int64_t)ms_ticks_monotonic();
}

static bool on_signal_stack(void)
{
	stack_t stack;

	return ms_raw(SYS_sigaltstack, 0, (long)&stack, 0, 0, 0, 0) == 0 && (stack.ss_flags & SS_ONSTACK) != 0;
}

static void count_lost(struct ms_slot *slot)
{
	atomic_fetch_add_explicit(&slot->lost, 1, memory_order_relaxed);
}

/*
 * The hook that set hook_sp will never come back: its frame lies below sp, and sp is on the same stack. A stack for signals
 * that disarms itself cannot be seen, but it does not lie right above the thread's stack. When in doubt the frame lives:
 * then the event only goes to the second ring. The walker of a frame that is gone may be half written.
 */
#define SAME_STACK_BYTES (8u << 20)

static bool frame_is_gone(const struct ms_thread *t, uint64_t sp)
{
	return sp >= t->hook_sp && sp - t->hook_sp < SAME_STACK_BYTES && !on_signal_stack();
}

static void abandon_frame(struct ms_thread *t)
{
	ms_thread_renew_walker(t);
	ms_ring_leave(t, t->slot);
}

/* The ring to use when the thread's own is in a critical section. NULL: nowhere to put the event. */
static struct ms_thread *nested_ring(struct ms_thread *t, uint64_t sp)
{
	struct ms_thread *nested;

	if (frame_is_gone(t, sp)) {
		abandon_frame(t);
		return t;
	}
	if (t->nested == NULL)
		t->nested = ms_thread_take(true);
	nested = t->nested;
	if (nested == NULL) {
		count_lost(t->slot);
		return NULL;
	}
	if (nested->hook_sp == 0)
		return nested;
	if (frame_is_gone(nested, sp)) {
		abandon_frame(nested);
		return nested;
	}
	count_lost(nested->slot);
	return NULL;
}

/* Words of the entry, text included. */
static unsigned entry_words(const struct ms_thread *t, const struct ms_entry *entry)
{
	switch ((enum ms_shape)entry->shape) {
	case MS_SHAPE_ALLOC:
		return 3u + (entry->size >= MS_ENTRY_SIZE_ESCAPE) + entry->args;
	case MS_SHAPE_FREE:
		return 2u + entry->args + (t->free_walker != NULL);
	case MS_SHAPE_TEXT:
		return 3u + (unsigned)((entry->arg[0] + 7) / 8);
	case MS_SHAPE_WORDS:
		return 2u + (unsigned)entry->arg[0];
	case MS_SHAPE_ARGS:
		break;
	}
	return 2u + entry->args;
}

static void write_entry(uint64_t *w, const struct ms_thread *t, const struct ms_entry *entry, unsigned words,
			uint32_t node)
{
	unsigned n = 2;

	switch ((enum ms_shape)entry->shape) {
	case MS_SHAPE_ALLOC:
		if (entry->size < MS_ENTRY_SIZE_ESCAPE) {
			w[n++] = (uint64_t)node << 32 | entry->size;
		} else {
			w[n++] = (uint64_t)node << 32 | MS_ENTRY_SIZE_ESCAPE;
			w[n++] = entry->size;
		}
		/* fall through */
	case MS_SHAPE_FREE:
	case MS_SHAPE_ARGS:
		for (unsigned i = 0; i < entry->args; i++)
			w[n++] = entry->arg[i];
		if (entry->shape == MS_SHAPE_FREE && t->free_walker != NULL)
			w[n++] = node;
		break;
	case MS_SHAPE_TEXT:
		w[n++] = entry->arg[0];
		w[words - 1] = 0;
		memcpy(&w[n], entry->text, entry->arg[0]);
		break;
	case MS_SHAPE_WORDS:
		memcpy(&w[n], entry->words, entry->arg[0] * 8);
		if (entry->caller != NULL)
			w[n + entry->arg[1]] |= node;
		break;
	}
	w[1] = MS_ENTRY_TAG(entry->kind, words) | (entry->address & MS_ENTRY_ADDRESS_MASK);
	w[0] = ms_ticks();
}

/* Does an entry of that many words fit? Looks at what the collector has consumed meanwhile. */
/* Not in a child that a signal handler has forked meanwhile: the struct is wiped then, and has neither slot nor ring. */
static bool has_room(struct ms_thread *t, unsigned words)
{
	const struct ms_slot *slot = t->slot;
	uint64_t tail;

	atomic_signal_fence(memory_order_seq_cst); /* what the caller has read of the ring was read before */
	if (slot == NULL)
		return false;
	tail = atomic_load_explicit(&slot->tail, memory_order_seq_cst); /* see wait_for_room */
	t->limit = tail + t->mask + 1;
	return t->head + words <= t->limit;
}

/* MODULE_LOAD of every module that the walker has met since somebody looked last. In the critical section. */
static bool announce_modules(struct ms_thread *t)
{
	struct ms_slot *slot = t->slot;
	uint32_t index;

	while (ms_modules_due()) {
		uint64_t *w = t->ring + (t->head & t->mask);

		if (!has_room(t, 3))
			return false;
		if (!ms_modules_take(&index))
			break;
		w[2] = index;
		w[1] = MS_ENTRY_TAG(MS_EV_MODULE_LOAD, 3);
		w[0] = ms_ticks();
		t->head += 3;
		atomic_store_explicit(&slot->head, t->head, memory_order_release);
	}
	return true;
}

enum attempt { PUBLISHED, FULL, INTERRUPTED };

static enum attempt try_to_emit(struct ms_thread *t, const struct ms_entry *entry, const struct ms_caller *at,
				unsigned *words)
{
	struct ms_slot *slot = t->slot;
	uint32_t node = 0;
	uint64_t *w;

	if (!ms_ring_enter(t, slot, at))
		return INTERRUPTED;
	if (entry->sp != 0 && t->walker != NULL)
		node = ms_stack_capture(t->walker, entry->caller->pc, entry->sp, entry->caller->fp, t->depth_limit);
	else if (entry->shape == MS_SHAPE_ALLOC || (entry->shape == MS_SHAPE_WORDS && entry->caller != NULL))
		node = ms_capture(t->walker, t->depth_limit, entry->caller);
	else if (entry->shape == MS_SHAPE_FREE)
		node = ms_capture(t->free_walker, t->depth_limit, entry->caller);
	*words = entry_words(t, entry);
	if (!announce_modules(t))
		goto full;
	w = t->ring + (t->head & t->mask);
	if (!has_room(t, *words))
		goto full;
	write_entry(w, t, entry, *words, node);
	ms_ring_publish(t, slot, t->head + *words);
	return PUBLISHED;
full:
	ms_ring_leave(t, slot);
	return FULL;
}

/*
 * Waits until there is room for words. Outside the critical section: in_hook is 0 and no stamp is taken, so that the collector need not wait for us
 * while we wait for it. False: the event is not to be recorded.
 */
static bool wait_for_room(struct ms_thread *t, struct ms_slot *slot, unsigned words)
{
	struct ms_arena_header *header = ms_process.header;
	uint64_t beat;
	int64_t beat_at = now_ns();
	bool room = false;

	if (header == NULL) /* in the child, too */
		return true;
	beat = atomic_load_explicit(&header->collector_beat, memory_order_relaxed);

	/* The struct is wiped if a signal handler forks meanwhile: then it is the child that stands here. */
	while (t->slot == slot) {
		struct timespec nap = {0, FULL_NAP_NS};
		uint32_t wake = atomic_load_explicit(&header->wake, memory_order_acquire);

		/* Ordered before the tail that is read next: the collector stores tail and then reads waiting. */
		atomic_store_explicit(&slot->waiting, 1, memory_order_seq_cst);
		room = has_room(t, words) || (ms_gate_make_room() && t->slot == slot && has_room(t, words));
		if (room || atomic_load_explicit(&header->state, memory_order_acquire) == MS_ARENA_STOPPED)
			break;
		ms_raw(SYS_futex, (long)&header->wake, FUTEX_WAIT, wake, (long)&nap, 0, 0);

		uint64_t beat_now = atomic_load_explicit(&header->collector_beat, memory_order_relaxed);
		int64_t now = now_ns();
		if (beat_now != beat) {
			beat = beat_now;
			beat_at = now;
		} else if (now - beat_at > STANDSTILL_NS ||
			   (now - beat_at > BEAT_PATIENCE_NS && ms_process_collector_gone())) {
			atomic_store_explicit(&header->state, MS_ARENA_STOPPED, memory_order_release);
		}
	}
	atomic_store_explicit(&slot->waiting, 0, memory_order_relaxed);
	return room || t->slot != slot;
}

static bool emit_slow(const struct ms_entry *entry)
{
	const struct ms_caller *at = entry->caller != NULL ? entry->caller : __builtin_frame_address(0);

	for (;;) {
		struct ms_thread *t = ms_tls.self;
		struct ms_slot *slot = t->slot;
		struct ms_arena_header *header;
		unsigned words = 0;

		if (slot == NULL) {
			t = ms_process_thread();
			if (t == NULL)
				return false;
			slot = t->slot;
		}
		if (ms_is_late() && !ms_process_has(t)) { /* of an earlier recording */
			ms_tls.self = (struct ms_thread *)(uintptr_t)&ms_thread_empty;
			continue;
		}
		if (atomic_load_explicit(&ms_process.phase, memory_order_relaxed) != MS_PHASE_RECORDING) { /* over; or the next one begins */
			ms_tls.self = (struct ms_thread *)(uintptr_t)&ms_thread_empty;
			return false;
		}
		if (t->hook_sp != 0) {
			t = nested_ring(t, ms_caller_sp(at));
			if (t == NULL)
				return false;
			slot = t->slot;
		}
		switch (try_to_emit(t, entry, at, &words)) {
		case PUBLISHED:
			return true;
		case INTERRUPTED:
			continue;
		case FULL:
			break;
		}
		header = ms_process.header;
		if (header == NULL) /* a child that a signal handler has forked meanwhile stands here */
			continue;
		if (atomic_load_explicit(&header->state, memory_order_acquire) == MS_ARENA_STOPPED) {
			ms_process_stop();
			return false;
		}
		/* A graph is short of nothing: a part of one would be worth little; a place is named by what follows. */
		if ((ms_process.flags & MS_FLAG_DROP) != 0 && entry->kind < MS_ENTRY_GRAPH_BEGIN) {
			/* A recorder inside does not fall behind its own thread. */
			if (ms_gate_make_room() && t->slot == slot && has_room(t, words == 0 ? 3 : words))
				continue;
			count_lost(slot);
			return false;
		}
		if (!wait_for_room(t, slot, words == 0 ? 3 : words)) {
			ms_process_stop();
			return false;
		}
	}
}

/* A forked child begins to count anew, perhaps in here. */
static void leave_slow(void)
{
	uint32_t count = atomic_load(&ms_process.slow);

	while (count > 0 && !atomic_compare_exchange_weak(&ms_process.slow, &count, count - 1))
		;
}

/* Whoever begins another recording in this process waits until nobody is in here with what belongs to the one before. */
bool ms_emit_slow(const struct ms_entry *entry)
{
	bool published;

	if (!ms_is_late())
		return emit_slow(entry);
	atomic_fetch_add(&ms_process.slow, 1);
	published = emit_slow(entry);
	leave_slow();
	return published;
}

void ms_emit_alloc_slow(uint8_t kind, uint64_t address, uint64_t size, const struct ms_caller *caller, unsigned args,
			uint64_t arg0, uint64_t arg1)
{
	struct ms_entry entry = {.address = address, .size = size, .arg = {arg0, arg1}, .caller = caller, .kind = kind,
				 .shape = MS_SHAPE_ALLOC, .args = (uint8_t)args};

	ms_emit_slow(&entry);
}

void ms_emit_free_slow(uint8_t kind, uint64_t address, const struct ms_caller *caller, unsigned args, uint64_t arg0,
		       uint64_t arg1)
{
	struct ms_entry entry = {.address = address, .arg = {arg0, arg1}, .caller = caller, .kind = kind,
				 .shape = MS_SHAPE_FREE, .args = (uint8_t)args};

	ms_emit_slow(&entry);
}
