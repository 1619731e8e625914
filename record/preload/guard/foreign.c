/*
 * foreign.c - blocks outside the pools: which pointers the allocator that was there may be asked to free.
 *
 * Blocks that it gave out under the guard stand in a hash set. There may be others: from before the start, or given out while
 * the set could not be had. So an unknown pointer is refused only where no block of that allocator can be: not aligned, not
 * readable, in a module or on the caller's stack, or, where the allocator is glibc's, without a header that fits.
 */
#include <dlfcn.h>
#include <sys/mman.h>

#include "guard.h"
#include "guard_lock.h"
#include "record/preload/raw.h"
#include "record/preload/stack_bounds.h"

#define FIRST_SLOTS 4096u
#define BRK_SPAN (UINT64_C(1) << 40)

static _Atomic uint32_t lock;
static uint64_t *set;                  /* under the lock: addresses, 0 = empty, linear probing */
static uint64_t slots, used;
static _Atomic uint32_t incomplete;    /* 1: a block is missing in the set */
static __thread uint32_t busy;         /* a signal handler that finds it set does without */

static uint64_t home(uint64_t address)
{
	return (address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (slots - 1);
}

static void insert(uint64_t address)
{
	uint64_t i = home(address);

	while (set[i] != 0)
		i = (i + 1) & (slots - 1);
	set[i] = address;
	used++;
}

static bool grow(void)
{
	uint64_t *old = set, old_slots = slots, wanted = slots != 0 ? slots * 2 : FIRST_SLOTS;
	uint64_t *more = ms_raw_memory(wanted * sizeof(*more));

	if (more == NULL)
		return false;
	set = more;
	slots = wanted;
	used = 0;
	for (uint64_t i = 0; i < old_slots; i++)
		if (old[i] != 0)
			insert(old[i]);
	if (old != NULL)
		ms_raw_munmap(old, old_slots * sizeof(*old));
	return true;
}

static bool enter(void)
{
	if (busy)
		return false;
	busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (guard_lock(&lock))
		return true;
	busy = 0;
	return false;
}

static void leave(void)
{
	guard_unlock(&lock);
	atomic_signal_fence(memory_order_seq_cst);
	busy = 0;
}

void guard_foreign_add(void *block)
{
	bool added = false;

	if (enter()) {
		added = used * 2 < slots || grow();
		if (added)
			insert((uintptr_t)block);
		leave();
	}
	if (!added)
		atomic_store_explicit(&incomplete, 1, memory_order_relaxed);
}

static bool take_from_set(uint64_t address)
{
	uint64_t i, hole;

	if (slots == 0)
		return false;
	for (i = home(address); set[i] != address; i = (i + 1) & (slots - 1))
		if (set[i] == 0)
			return false;
	/* What probed past the slot that becomes empty moves up. */
	for (hole = i;;) {
		i = (i + 1) & (slots - 1);
		if (set[i] == 0)
			break;
		if (((i - home(set[i])) & (slots - 1)) >= ((i - hole) & (slots - 1))) {
			set[hole] = set[i];
			hole = i;
		}
	}
	set[hole] = 0;
	used--;
	return true;
}

static bool on_this_stack(uint64_t address)
{
	uint64_t sp = (uintptr_t)__builtin_frame_address(0);
	struct stack_bounds bounds;

	if (address < sp)
		return false;
	ms_bounds_init(&bounds);
	return ms_bounds_select(&bounds, sp) && ms_bounds_word(&bounds, sp, address & ~UINT64_C(7));
}

/* The two words before a block of glibc's: the size of a mapping's lead, and the size of the chunk with three flags. */
static bool has_glibc_header(uint64_t address)
{
	uint64_t lead = stack_load(address - 16), word = stack_load(address - 8), bytes = word & ~UINT64_C(7);
	uint64_t end = (uint64_t)ms_raw(SYS_brk, 0, 0, 0, 0, 0, 0);

	if (bytes < 32 || bytes % 16 != 0)
		return false;
	if ((word & 2) != 0)
		return (address - 16 - lead) % 4096 == 0 && (lead + bytes) % 4096 == 0;
	return (word & 4) != 0 || (address < end && end - address < BRK_SPAN);
}

static bool may_be_block(uint64_t address)
{
	struct dl_find_object module;

	if (address % 16 != 0 || address < 4096 || address >> 47 != 0)
		return false;
	if (!ms_memory_readable(address) || (guard_under_is_glibc && !ms_memory_readable(address - 16)))
		return false;
	if (_dl_find_object((void *)(uintptr_t)address, &module) == 0 || on_this_stack(address))
		return false;
	return !guard_under_is_glibc || has_glibc_header(address);
}

bool guard_foreign_take(void *block)
{
	bool known = false;

	if (enter()) {
		known = take_from_set((uintptr_t)block);
		leave();
	}
	return known || may_be_block((uintptr_t)block);
}

void guard_foreign_after_fork(bool child)
{
	if (child)
		atomic_store_explicit(&lock, 0, memory_order_relaxed);
}
