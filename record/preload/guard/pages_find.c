/*
 * pages_find.c - whose byte an address of the page pool is, and closed pages that have to be opened: for a fault of the
 * program, or for a system call.
 */
#include "kept.h"
#include "page_chunks.h"
#include "pages.h"

#define LEND_SLOTS 64u                 /* a call into the kernel with an absurd length opens no more than so many */

/* ---- whose byte ------------------------------------------------------------------------------------------------- */

struct found {
	uint32_t chunk, index, state;
	uint64_t start, bytes, distance;
};

/* How far the address is from the block; 0 inside. An empty block is where it starts. */
static uint64_t distance_to(uint64_t address, uint64_t start, uint64_t bytes)
{
	if (address < start)
		return start - address;
	if (address - start < bytes || (bytes == 0 && address == start))
		return 0;
	return address - start - bytes + 1;
}

/* Makes *best the block of this slot if it is nearer. */
static void consider(uint64_t address, uint32_t chunk, uint32_t index, struct found *best)
{
	struct slot *slot = slot_at(chunk, index);
	struct found f = {.chunk = chunk, .index = index};

	for (unsigned tries = 0; tries < 4; tries++) {
		f.state = atomic_load_explicit(&slot->state, memory_order_acquire);
		f.start = __atomic_load_n(&slot->start, __ATOMIC_RELAXED);
		f.bytes = __atomic_load_n(&slot->bytes, __ATOMIC_RELAXED);
		atomic_thread_fence(memory_order_acquire);
		if (slot_phase(f.state) == SLOT_EMPTY || slot_phase(f.state) == SLOT_BUSY || f.start == 0)
			return;
		if (slot_phase(atomic_load_explicit(&slot->state, memory_order_relaxed)) != slot_phase(f.state))
			continue;
		f.distance = distance_to(address, f.start, f.bytes);
		if (f.distance < best->distance)
			*best = f;
		return;
	}
}

static bool nearest(uint64_t address, uint32_t chunk, uint32_t index, struct found *best)
{
	best->distance = UINT64_MAX;
	consider(address, chunk, index, best);
	if (best->distance != 0) {
		if (index > 0)
			consider(address, chunk, index - 1, best);
		if (index + 1 < page_pool.chunk[chunk].slots)
			consider(address, chunk, index + 1, best);
	}
	return best->distance != UINT64_MAX;
}

static void describe(const struct found *found, struct guard_block *block)
{
	*block = (struct guard_block){.start = found->start, .bytes = found->bytes,
				      .freed = slot_phase(found->state) == SLOT_FREED, .by_page = true};
}

bool guard_pages_find(uint64_t address, struct guard_block *block)
{
	struct found found;
	uint32_t chunk, index;

	if (!chunks_locate(address, &chunk, &index) || !nearest(address, chunk, index, &found))
		return false;
	describe(&found, block);
	return true;
}

/* ---- pages that an access of the program opens ------------------------------------------------------------------ */

static enum ground_kind kind_of(uint32_t chunk)
{
	return atomic_load_explicit(&page_pool.chunk[chunk].kind, memory_order_acquire);
}

static uint64_t page_of(uint64_t address)
{
	return address & ~(GROUND_PAGE - 1);
}

/* The pages of a freed block, with what was in them as far as that is known. */
static bool reopen(uint32_t chunk, uint32_t index)
{
	struct slot *slot = slot_at(chunk, index);
	uint64_t low = page_of(slot->start), high = page_of(slot->start + slot->bytes + GROUND_PAGE - 1);

	if (!ground_open(kind_of(chunk), low, high - low, NULL))
		return false;
	kept_restore(slot->kept, slot->start, slot->bytes);
	return true;
}

static uint32_t side_flag(uint64_t address, const struct found *found)
{
	if (address < found->start)
		return SLOT_TOLD_BEFORE;
	return address - found->start < found->bytes ? SLOT_TOLD_INSIDE : SLOT_TOLD_BEHIND;
}

/* Sets the flag; true when it was not set before. */
static bool first_time(struct slot *slot, uint32_t flag)
{
	return (atomic_fetch_or_explicit(&slot->state, flag, memory_order_acq_rel) & flag) == 0;
}

#define BUSY_FAULTS 10000u
static __thread uint32_t busy_faults; /* in a row */
#define LIVE_FAULTS 8u
static __thread struct {
	uint64_t address;
	uint32_t count;                /* in a row */
} live_faults;

/*
 * A page of a live block. A moved page that the program gave back to the kernel (madvise) is missing: it is put there. Any other
 * one is open already, or was just opened when the block was made, and the access comes again; unless the program has closed it
 * itself (mprotect), which shows when the access comes again and again.
 */
static enum page_fault live_fault(uint32_t chunk, uint64_t address)
{
	if (kind_of(chunk) == GROUND_MOVED && ground_fill(page_of(address))) {
		live_faults.count = 0;
		return PAGE_FAULT_OPENED;
	}
	if (live_faults.address != address)
		live_faults.count = 0;
	live_faults.address = address;
	if (++live_faults.count < LIVE_FAULTS)
		return PAGE_FAULT_OPENED;
	live_faults.count = 0;
	return PAGE_FAULT_FOREIGN;
}

enum page_fault guard_pages_fault(uint64_t address, struct guard_block *block)
{
	struct found found;
	uint32_t chunk, index, state;
	uint64_t page = page_of(address);
	struct slot *slot;
	bool in_block;

	if (!chunks_locate(address, &chunk, &index) || !nearest(address, chunk, index, &found))
		return PAGE_FAULT_FOREIGN;
	describe(&found, block);
	slot = slot_at(chunk, index);
	state = atomic_load_explicit(&slot->state, memory_order_acquire);
	/* Another thread opens or closes it at this moment: the access comes again. Or the frame that does is below us on this
	   very stack, and would never go on. */
	if (slot_phase(state) == SLOT_BUSY)
		return ++busy_faults < BUSY_FAULTS ? PAGE_FAULT_OPENED : PAGE_FAULT_FOREIGN;
	busy_faults = 0;
	in_block = slot->bytes != 0 && (slot_phase(state) == SLOT_LIVE || slot_phase(state) == SLOT_FREED) &&
		   page >= page_of(slot->start) && page < slot->start + slot->bytes;
	if (in_block && slot_phase(state) == SLOT_LIVE)
		return live_fault(chunk, address);
	if (in_block && (state & SLOT_REOPENED) == 0) {
		if (!reopen(chunk, index))
			return PAGE_FAULT_FOREIGN;
		atomic_fetch_or_explicit(&slot->state, SLOT_REOPENED, memory_order_acq_rel);
	} else {
		if (!ground_open(kind_of(chunk), page, GROUND_PAGE, NULL))
			return PAGE_FAULT_FOREIGN;
		if (page < slot_high(chunk, index) && page >= slot_low(chunk, index))
			atomic_fetch_or_explicit(&slot->state, SLOT_MARGIN_OPEN, memory_order_acq_rel);
		else if (page >= slot_high(chunk, index))
			atomic_fetch_or_explicit(&slot->state, SLOT_GUARD_OPEN, memory_order_acq_rel);
	}
	return first_time(slot_at(found.chunk, found.index), side_flag(address, &found)) ? PAGE_FAULT_REPORT : PAGE_FAULT_OPENED;
}

/* ---- pages that are lent to a system call ----------------------------------------------------------------------- */

/* The closed page behind a slot. Freed blocks are opened for good: the call is an access of the program to them. */
static void lend(uint32_t chunk, uint32_t index, uint64_t start, uint64_t end)
{
	struct slot *slot = slot_at(chunk, index);
	uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);
	uint64_t high = slot_high(chunk, index);

	if (slot_phase(state) == SLOT_FREED && (state & SLOT_REOPENED) == 0 && slot->bytes != 0 &&
	    start < slot->start + slot->bytes && end > slot->start && reopen(chunk, index))
		atomic_fetch_or_explicit(&slot->state, SLOT_REOPENED, memory_order_acq_rel);
	/* The first page of a chunk stands behind no slot: like after a fault, it stays open. */
	if (index == 0 && start < slot_low(chunk, 0) && end + GROUND_PAGE > slot_low(chunk, 0))
		ground_open(kind_of(chunk), slot_low(chunk, 0) - GROUND_PAGE, GROUND_PAGE, NULL);
	if (end > high && start < high + GROUND_PAGE && (state & (SLOT_GUARD_OPEN | SLOT_LENT)) == 0 &&
	    ground_open(kind_of(chunk), high, GROUND_PAGE, NULL))
		atomic_fetch_or_explicit(&slot->state, SLOT_LENT, memory_order_acq_rel);
}

static bool all_zero(uint64_t page)
{
	const uint64_t *w = (const uint64_t *)(uintptr_t)page;
	uint64_t any = 0;

	for (unsigned i = 0; i < GROUND_PAGE / 8; i++)
		any |= w[i];
	return any == 0;
}

/* What the call wrote there the program may want to read: then the page stays. */
static void take_back(uint32_t chunk, uint32_t index)
{
	struct slot *slot = slot_at(chunk, index);
	uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);

	if ((state & SLOT_LENT) == 0)
		return;
	if ((state & SLOT_GUARD_OPEN) == 0) {
		if (all_zero(slot_high(chunk, index)))
			ground_close(kind_of(chunk), slot_high(chunk, index), GROUND_PAGE);
		else
			atomic_fetch_or_explicit(&slot->state, SLOT_GUARD_OPEN, memory_order_acq_rel);
	}
	atomic_fetch_and_explicit(&slot->state, ~(uint32_t)SLOT_LENT, memory_order_acq_rel);
}

/* Calls the action for the slots whose ground the range touches. */
static void each_slot(uint64_t start, uint64_t end, bool open)
{
	uint32_t chunk, index;
	uint64_t at = start;

	for (unsigned i = 0; i < LEND_SLOTS && at < end && chunks_locate(at, &chunk, &index); i++) {
		if (open)
			lend(chunk, index, start, end);
		else
			take_back(chunk, index);
		at = slot_high(chunk, index) + GROUND_PAGE;
	}
}

void guard_open(uint64_t start, uint64_t bytes)
{
	if (guard_covers(start))
		each_slot(start, start + bytes, true);
}

void guard_close(uint64_t start, uint64_t bytes)
{
	if (guard_covers(start))
		each_slot(start, start + bytes, false);
}
