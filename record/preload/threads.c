/*
 * threads.c - slots for threads, and what happens at a thread's end.
 */
#include "threads.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "inside_gate.h"
#include "process.h"
#include "raw.h"
#include "real.h"

#define KEYS_WITHOUT_ALLOCATION 32u /* glibc keeps the values of the first 32 keys inside the thread itself */
#define SLOT_NAP_NS 5000000L
#define SLOT_NAPS 200               /* with every slot taken: one second for the collector to recycle one */

/* Written once by ms_threads_start. */
static pthread_key_t end_key;
static bool has_end_key;

static void thread_name(char name[16])
{
	memset(name, 0, 16);
	ms_raw(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
	name[15] = '\0';
}

/* Runs in the ending thread. Other destructors may follow and allocate: the thread keeps its slot. */
static void thread_ends(void *value)
{
	struct ms_thread *t = ms_tls.self;
	char name[16];

	(void)value;
	if (ms_tls.users != NULL)
		atomic_fetch_sub_explicit(ms_tls.users, 1, memory_order_release);
	ms_tls.users = NULL;
	if (t->slot == NULL || (ms_is_late() && !ms_process_has(t)))
		return;
	thread_name(name);
	if (strcmp(name, t->slot->name) != 0)
		ms_thread_renamed();
	if (ms_tls.self->slot != NULL)
		atomic_store_explicit(&ms_tls.self->slot->ended, 1, memory_order_release);
}

void ms_threads_start(void)
{
	if (has_end_key || pthread_key_create(&end_key, thread_ends) != 0)
		return;
	if (end_key < KEYS_WITHOUT_ALLOCATION)
		has_end_key = true;
	else
		pthread_key_delete(end_key);
}

/* Pops from the stack of recycled slots, else takes a fresh one. */
static bool take_index(struct ms_arena_header *header, uint32_t *index)
{
	uint64_t top = atomic_load_explicit(&header->free_slots, memory_order_acquire);
	uint32_t used = atomic_load_explicit(&header->slots_used, memory_order_relaxed);

	while ((uint32_t)top != 0) {
		uint32_t at = (uint32_t)top - 1;
		uint64_t next;

		if (at >= header->slot_count)
			break;
		next = ((top >> 32) + 1) << 32 |
		       atomic_load_explicit(&ms_process.slots[at].next_free, memory_order_relaxed);
		if (atomic_compare_exchange_weak_explicit(&header->free_slots, &top, next, memory_order_acq_rel,
							  memory_order_acquire)) {
			*index = at;
			return true;
		}
	}
	while (used < header->slot_count) {
		if (atomic_compare_exchange_weak_explicit(&header->slots_used, &used, used + 1, memory_order_acq_rel,
							  memory_order_relaxed)) {
			*index = used;
			return true;
		}
	}
	return false;
}

/* With every slot taken, threads have ended that the collector has not looked at yet: gives it a moment, unless events
   may be dropped. */
static bool wait_for_index(struct ms_arena_header *header, uint32_t *index)
{
	for (int naps = 0; !take_index(header, index); naps++) {
		struct timespec nap = {0, SLOT_NAP_NS};

		if (naps == SLOT_NAPS || ms_tls.counted || (ms_process.flags & MS_FLAG_DROP) != 0 ||
		    atomic_load_explicit(&header->state, memory_order_relaxed) == MS_ARENA_STOPPED)
			return false;
		ms_gate_make_room(); /* where nobody else would look */
		ms_raw(SYS_nanosleep, (long)&nap, 0, 0, 0, 0, 0);
	}
	return true;
}

/* The arena comes from the collector, but a ring that leaves it would be the program's crash. */
static bool ring_is_sane(const struct ms_slot *slot)
{
	uint64_t words = slot->ring_words;

	return words >= MS_RING_SLACK_WORDS && words <= ms_process.arena_bytes / 8 && (words & (words - 1)) == 0 &&
	       slot->ring_offset % 8 == 0 && slot->ring_offset <= ms_process.arena_bytes &&
	       (words + MS_RING_SLACK_WORDS) * 8 <= ms_process.arena_bytes - slot->ring_offset;
}

struct ms_thread *ms_thread_take(bool nested)
{
	struct ms_arena_header *header = ms_process.header;
	struct ms_thread *t;
	struct ms_slot *slot;
	uint32_t index;

	/* The recording is over, or it is another process's: what comes now is not lost. */
	if (header == NULL || atomic_load_explicit(&header->state, memory_order_acquire) == MS_ARENA_STOPPED)
		return NULL;
	if (!wait_for_index(header, &index) || !ring_is_sane(&ms_process.slots[index])) {
		if (!nested && atomic_load_explicit(&header->state, memory_order_acquire) != MS_ARENA_STOPPED) {
			if (!ms_tls.counted)
				atomic_fetch_add_explicit(&header->lost_threads, 1, memory_order_relaxed);
			ms_tls.counted = 1;
			atomic_fetch_add_explicit(&header->lost_events, 1, memory_order_relaxed);
		}
		return NULL;
	}
	t = &ms_process.set->threads[index];
	slot = &ms_process.slots[index];
	if (t->own_walker != NULL) /* what it remembers was the stack of another thread */
		ms_walker_forget(t->own_walker);
	else if ((ms_process.flags & MS_FLAG_NO_STACKS) == 0)
		t->own_walker = ms_walker_create(&ms_process.trie);
	t->walker = t->own_walker;
	t->free_walker = (ms_process.flags & MS_FLAG_FREE_STACKS) != 0 ? t->own_walker : NULL;
	t->depth_limit = header->stack_depth_limit;
	t->index = index;
	t->nested = NULL;
	t->ring = (uint64_t *)((char *)header + slot->ring_offset);
	t->mask = slot->ring_words - 1;
	t->head = atomic_load_explicit(&slot->head, memory_order_relaxed);
	t->limit = 0;
	t->hook_sp = 0;
	atomic_store_explicit(&slot->in_hook, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->waiting, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->ended, 0, memory_order_relaxed);
	slot->tid = (uint32_t)ms_raw_gettid();
	slot->image = ms_process.image;
	slot->nested = nested;
	thread_name(slot->name);
	atomic_store_explicit(&slot->state, MS_SLOT_LIVE, memory_order_release);
	t->slot = slot;
	return t;
}

/* All but those of faults. */
#define SIGNALS_TO_BLOCK                                                                                              \
	(~(UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1) | UINT64_C(1) << (SIGILL - 1) | UINT64_C(1) << (SIGFPE - 1)))

struct ms_thread *ms_thread_attach(void)
{
	const uint64_t block = SIGNALS_TO_BLOCK;
	struct ms_thread *t;
	uint64_t before;

	/* A handler that allocates would attach the thread, too. Of two slots with the same thread id the collector takes the one that it sees
	   first for that of an earlier thread, and gives it to another. */
	ms_raw(SYS_rt_sigprocmask, SIG_BLOCK, (long)&block, (long)&before, sizeof block, 0, 0);
	t = ms_tls.self->slot != NULL ? ms_tls.self : ms_thread_take(false);
	if (t != NULL) {
		ms_tls.self = t;
		if (ms_tls.users != NULL)
			atomic_fetch_sub_explicit(ms_tls.users, 1, memory_order_release);
		ms_tls.users = &ms_process.set->users;
		atomic_fetch_add_explicit(ms_tls.users, 1, memory_order_relaxed);
		if (has_end_key)
			pthread_setspecific(end_key, t);
	}
	ms_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
	return t;
}

void ms_thread_renew_walker(struct ms_thread *t)
{
	if (t->own_walker == NULL)
		return;
	ms_walker_destroy(t->own_walker);
	t->own_walker = ms_walker_create(&ms_process.trie);
	t->walker = t->own_walker;
	if (t->free_walker != NULL)
		t->free_walker = t->own_walker;
}

void ms_thread_renamed(void)
{
	char name[16];

	thread_name(name);
	ms_emit_text(MS_EV_THREAD_NAME, name, strlen(name));
}

int ms_hook_pthread_setname_np(const struct ms_real *real, pthread_t thread, const char *name)
{
	int result = real->pthread_setname_np(thread, name);

	/* Another thread's name is read again at its end: only the thread itself writes into its ring. */
	if (result == 0 && pthread_equal(thread, pthread_self()))
		ms_thread_renamed();
	return result;
}
