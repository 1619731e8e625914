/* late_entry.c - see late.h. */
#include "late.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "got_slots.h"
#include "record/preload/births.h"
#include "record/preload/modules.h"
#include "record/preload/process.h"
#include "record/preload/raw.h"
#include "record/preload/real.h"
#include "record/preload/ring.h"
#include "record/preload/stack.h"

#define EXPORT __attribute__((visibility("default")))
#define SETTLE_MS 2 /* from the first hook in place to the first event */
#define LOCK_TRIES 1000
#define WALKERS_KEPT 32u
#define LEAVE_NAPS 10

const bool ms_late_library = true;
EXPORT unsigned char memscope_attach_stack[MS_LATE_STACK_BYTES] __attribute__((aligned(4096)));

/*
 * Structs of threads are never given to another recording while a thread may still point to them (ms_tls.self): each recording has a set of
 * its own, and a set is used again when the last thread has left it for a newer one, or ended.
 */
#define SETS 64u
static struct ms_thread_set *sets[SETS];
static struct ms_thread_set *last_set;  /* of the recording before; its walkers go to the next one */

/* Not with nanosleep, which would forget how the system call goes on that this thread was stopped in (restart_block of the kernel). */
static void nap(long ms)
{
	ms_raw(SYS_poll, 0, 0, ms, 0, 0, 0);
}

static bool lock_slots(void)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (got_lock())
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

static bool anybody_inside(const struct ms_thread_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (__atomic_load_n(&set->threads[i].hook_sp, __ATOMIC_ACQUIRE) != 0)
			return true;
	return false;
}

struct ms_thread_set *ms_late_set(uint32_t count)
{
	for (uint32_t i = 0; i < SETS; i++) {
		struct ms_thread_set *set = sets[i];

		if (set == NULL || set == last_set || set->count != count || anybody_inside(set) ||
		    atomic_load_explicit(&set->users, memory_order_acquire) != 0)
			continue;
		for (uint32_t k = 0; k < count; k++) {
			struct ms_walker *walker = set->threads[k].own_walker;

			memset(&set->threads[k], 0, sizeof set->threads[k]);
			set->threads[k].own_walker = walker;
		}
		return set;
	}
	return NULL;
}

/* Walkers are taken over: nobody else would give their memory back. Of many, most were for threads that came and went. */
static void hand_walkers_on(struct ms_thread_set *from, struct ms_thread_set *to)
{
	for (uint32_t i = 0; i < from->count; i++) {
		struct ms_walker *walker = from->threads[i].own_walker;

		from->threads[i].own_walker = NULL;
		from->threads[i].walker = from->threads[i].free_walker = NULL;
		if (i < WALKERS_KEPT && i < to->count && to->threads[i].own_walker == NULL)
			to->threads[i].own_walker = walker;
		else
			ms_walker_destroy(walker);
	}
}

static void keep_set(struct ms_thread_set *set)
{
	for (uint32_t i = 0; i < SETS; i++)
		if (sets[i] == set)
			return;
	for (uint32_t i = 0; i < SETS; i++) {
		if (sets[i] == NULL) {
			sets[i] = set;
			return;
		}
	}
}

void ms_late_adopt(struct ms_thread_set *set)
{
	if (last_set != NULL && last_set != set)
		hand_walkers_on(last_set, set);
	last_set = set;
	keep_set(set);
}

/* ---- end -------------------------------------------------------------------------------------------------------------- */

/* The next event of every thread takes the slow path, which sees that the recording is over, or another one; and walks no stack before. */
static void disturb(struct ms_thread_set *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		struct ms_thread *t = &set->threads[i];

		__atomic_store_n(&t->limit, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&t->walker, NULL, __ATOMIC_RELEASE);
		__atomic_store_n(&t->free_walker, NULL, __ATOMIC_RELEASE);
	}
}

/* Memory of threads that came and went. Nobody walks any more: who was at it when the walkers were taken away has come out. */
static void give_walkers_back(struct ms_thread_set *set)
{
	for (int i = 0; atomic_load(&ms_process.slow) != 0 || anybody_inside(set); i++) {
		if (i == LEAVE_NAPS)
			return;
		nap(1);
	}
	for (uint32_t i = WALKERS_KEPT; i < set->count; i++) {
		ms_walker_destroy(set->threads[i].own_walker);
		set->threads[i].own_walker = NULL;
	}
}

EXPORT long memscope_attach_leave(void)
{
	long restored;

	atomic_store(&ms_process.phase, MS_PHASE_OFF); /* first: nothing is hooked any more */
	if (!lock_slots())
		return MS_LATE_BUSY;
	restored = got_restore_all();
	got_unlock();
	if (ms_process.set != NULL && !ms_process_forked()) {
		disturb(ms_process.set);
		nap(1); /* what was stored here is seen by every thread that enters from now on */
		give_walkers_back(ms_process.set);
	}
	return restored;
}

void ms_late_stopped(void)
{
	if (got_lock()) {
		got_restore_all();
		got_unlock();
	}
}

void ms_late_forked(void)
{
	got_unlock(); /* whoever held it is not in this process */
	got_lock();
	got_restore_all();
	got_unlock();
	atomic_store(&ms_process.slow, 0);
	memset(sets, 0, sizeof sets); /* wiped, and of threads that are not here */
	last_set = NULL;
}

/* ---- begin ------------------------------------------------------------------------------------------------------------ */

/* A recorder that was killed leaves a recording that nobody ends. */
static bool end_abandoned(void)
{
	if (atomic_load_explicit(&ms_process.phase, memory_order_acquire) != MS_PHASE_RECORDING || ms_process_forked())
		return true;
	if (atomic_load_explicit(&ms_process.header->state, memory_order_acquire) != MS_ARENA_STOPPED && !ms_process_collector_gone())
		return false;
	return memscope_attach_leave() >= 0;
}

static long enter(int fd)
{
	struct ms_arena_place place = {.fd = fd};
	struct ms_arena_header *header;
	uint64_t bytes;
	long slots;

	bool busy = !end_abandoned();

	if (busy || atomic_load(&ms_process.slow) != 0 || (last_set != NULL && anybody_inside(last_set))) {
		ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
		return busy ? MS_LATE_BUSY : MS_LATE_INSIDE;
	}
	ms_births_detach(); /* nobody draws by the rate of an earlier recording until the new one's is known */
	for (uint32_t i = 0; i < SETS; i++) /* again: a thread that was in the slow path has found room in its ring since */
		if (sets[i] != NULL)
			disturb(sets[i]);
	/* In the place of the arena before: a thread that is about to look at that one finds memory that it may write. */
	header = ms_arena_map_fd(fd, ms_process.header, ms_process.arena_bytes, &bytes);
	if (header == NULL)
		return MS_LATE_ARENA;
	ms_process.header = header;
	ms_process.arena_bytes = bytes;
	if (!ms_real_resolve() || !lock_slots())
		return MS_LATE_BUSY;
	got_resolve();
	atomic_store_explicit(&ms_process.phase, MS_PHASE_STARTING, memory_order_release);
	slots = got_hook_all();
	got_unlock();
	if (slots <= 0) {
		ms_process_stop();
		return MS_LATE_NO_SLOTS;
	}
	/* A thread that went into an operator new before it was hooked, and now comes to a malloc that is, would tell of a malloc. */
	nap(SETTLE_MS);
	ms_rows_forget(0, UINT64_MAX); /* nobody told us of modules that were unloaded */
	ms_process.place = place;
	ms_process.place.fd = -1;
	atomic_store_explicit(&header->app_pid, (uint32_t)ms_raw_getpid(), memory_order_relaxed);
	if (!ms_process_attach(header, 0)) {
		memscope_attach_leave();
		return MS_LATE_MEMORY;
	}
	atomic_store_explicit(&header->state, MS_ARENA_RECORDING, memory_order_release);
	atomic_fetch_add_explicit(&header->images, 1, memory_order_release);
	return slots;
}

EXPORT long memscope_attach_enter(long fd)
{
	int saved_errno = errno;
	long result = enter((int)fd);

	errno = saved_errno;
	return result;
}

/* ---- modules that come later -------------------------------------------------------------------------------------------- */

static bool recording(void)
{
	return atomic_load_explicit(&ms_process.phase, memory_order_acquire) == MS_PHASE_RECORDING && !ms_process_forked();
}

void ms_late_module(const void *link_map)
{
	const struct link_map *map = link_map;

	if (!recording() || !got_lock())
		return;
	if (recording()) /* the end takes the lock, too: after it, nothing is hooked */
		got_hook_module(map->l_ld, map->l_addr);
	got_unlock();
}

void ms_late_rescan(void)
{
	int saved_errno = errno;

	if (recording() && got_modules_changed() && got_lock()) {
		got_resolve();
		if (recording())
			got_hook_all();
		got_unlock();
	}
	errno = saved_errno;
}

/* dlsym looks at the address that it returns to: it is jumped to, with nothing on the stack but what was there. */
__asm__(".text\n"
	".globl ms_late_dlsym\n"
	".hidden ms_late_dlsym\n"
	".type ms_late_dlsym, @function\n"
	"ms_late_dlsym:\n"
	"	.cfi_startproc\n"
	"	endbr64\n"
	"	push %rdi\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	push %rsi\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	sub $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call ms_late_rescan\n"
	"	add $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	pop %rsi\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	pop %rdi\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	jmp *ms_late_real_dlsym(%rip)\n"
	"	.cfi_endproc\n"
	".size ms_late_dlsym, . - ms_late_dlsym\n");
