/*
 * slab.c - the slab pool: blocks between redzones, for the canary mode and for what gets no page of its own.
 */
#include "slab.h"

/* The last slab_counts that is in the header. */
static _Atomic uint64_t counted_blocks, counted_checks;

static bool start(uint64_t low, uint64_t span, const struct ms_guard_config *config)
{
	return slab_supply_start(low, span, config->quarantine_bytes);
}

static void *allocate(size_t bytes, size_t align)
{
	uint64_t extra = align > 16 ? align - 16 : 0, address, start_of_block, was, word;
	struct slab_slot slot;
	unsigned size_class;

	if (bytes > SLAB_MAX_SLOT || align > SLAB_MAX_ALIGN)
		return NULL;
	if (align < 16)
		align = 16;
	size_class = slab_class(SLAB_FRONT + extra + bytes + slab_tail(bytes));
	if (size_class == SLAB_CLASSES)
		return NULL;
	address = slab_take(size_class);
	if (address == 0 || !slab_slot_of(address, &slot))
		return NULL;
	was = atomic_load_explicit(slot.word, memory_order_relaxed);
	start_of_block = (address + SLAB_FRONT + align - 1) & ~(uint64_t)(align - 1);
	word = (uint64_t)bytes | (start_of_block - address) >> 4 << SLAB_OFFSET_AT |
	       (uint64_t)SLAB_LIVE << SLAB_STATE_AT |
	       ((was >> SLAB_GENERATION_AT) + 1) << SLAB_GENERATION_AT;
	word = slab_with_sweep(word, atomic_load_explicit(&slab_sweep, memory_order_relaxed));
	slab_fill(&slot, was, word);
	atomic_store_explicit(slot.word, word, memory_order_release);
	return (void *)(uintptr_t)start_of_block;
}

#define STUCK 100 /* beside enum guard_verdict */

/* The slot whose live block starts at p, with BUSY set and its word without it. Anything but GUARD_TAKEN: no such block, or
   STUCK: one that cannot be had. */
static int take_block(void *p, struct slab_slot *slot, uint64_t *word)
{
	uint64_t address = (uintptr_t)p;

	if (!slab_slot_of(address, slot))
		return GUARD_INSIDE;
	*word = atomic_load_explicit(slot->word, memory_order_acquire) & ~SLAB_BUSY;
	do {
		if (slab_state(*word) == SLAB_NEVER || address != slot->start + slab_offset(*word))
			return GUARD_INSIDE;
		if (slab_state(*word) != SLAB_LIVE)
			return GUARD_DOUBLE;
		if (slab_claim(slot, word))
			return GUARD_TAKEN;
	} while (*word != SLAB_STUCK);
	return STUCK;
}

static enum guard_verdict release(void *p, enum ms_check_kind why, const struct ms_caller *caller)
{
	struct slab_slot slot;
	uint64_t word;
	int verdict = take_block(p, &slot, &word);

	if (MS_UNLIKELY(verdict == STUCK))
		return GUARD_TAKEN; /* and never used again */
	if (MS_UNLIKELY(verdict != GUARD_TAKEN))
		return (enum guard_verdict)verdict;
	if (MS_UNLIKELY(!slab_is_whole(&slot, word)))
		slab_report(&slot, word, true, why, caller);
	word = slab_with_state(word, SLAB_FREED);
	word = slab_with_sweep(word, atomic_load_explicit(&slab_sweep, memory_order_relaxed));
	slab_poison(&slot, word);
	atomic_store_explicit(slot.word, word, memory_order_release);
	slab_quarantine(&slot, caller);
	return GUARD_TAKEN;
}

/* Within the slot when another block of that size would get the same class. */
static bool resize(void *p, size_t bytes, const struct ms_caller *caller)
{
	struct slab_slot slot;
	uint64_t word, need;

	if (bytes > SLAB_MAX_SLOT || !slab_slot_of((uintptr_t)p, &slot))
		return false;
	need = SLAB_FRONT + bytes + slab_tail(bytes);
	if (need > slot.bytes || slab_slot_bytes[slab_class(need)] != slot.bytes || take_block(p, &slot, &word) != GUARD_TAKEN)
		return false;
	if (slab_offset(word) != SLAB_FRONT) {
		atomic_store_explicit(slot.word, word, memory_order_release);
		return false;
	}
	if (MS_UNLIKELY(!slab_is_whole(&slot, word)))
		slab_report(&slot, word, true, MS_CHECK_REALLOC, caller);
	slab_refill_tail(&slot, word, bytes);
	word = (word & ~UINT64_C(0x3ffff)) | bytes;
	word += UINT64_C(1) << SLAB_GENERATION_AT;
	atomic_store_explicit(slot.word, word, memory_order_release);
	return true;
}

static bool find(uint64_t address, struct guard_block *block)
{
	struct slab_slot slot;
	uint64_t word;

	if (!slab_slot_of(address, &slot))
		return false;
	word = atomic_load_explicit(slot.word, memory_order_acquire);
	if (slab_state(word) == SLAB_NEVER)
		return false;
	block->start = slot.start + slab_offset(word);
	block->bytes = slab_bytes(word);
	block->freed = slab_state(word) != SLAB_LIVE;
	block->by_page = false;
	return true;
}

static void count(struct ms_arena_header *header)
{
	uint64_t blocks, checks;

	slab_counts(&blocks, &checks);
	atomic_fetch_add_explicit(&header->guard_canary_blocks, blocks - atomic_exchange(&counted_blocks, blocks),
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&header->guard_checks, checks - atomic_exchange(&counted_checks, checks),
				  memory_order_relaxed);
}

const struct guard_pool guard_slab = {
	.name = "slab",
	.start = start,
	.allocate = allocate,
	.release = release,
	.resize = resize,
	.find = find,
	.check = slab_sweep_all,
	.before_fork = slab_before_fork,
	.after_fork = slab_after_fork,
	.count = count,
};
