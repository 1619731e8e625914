/*
 * slab_check.c - the patterns in and around a block: filling, comparing, and what it means when they have changed.
 */
#include <emmintrin.h>

#include "guard_bytes.h"
#include "record/preload/raw.h"
#include "slab.h"

/* Other threads write while we read; a slot whose word is the same afterwards was not theirs to write. */
#define RACY __attribute__((no_sanitize("thread")))

_Atomic uint64_t slab_sweep;
/* The last sweep that went through, and when it began. Written by the one that sweeps. */
static _Atomic uint64_t finished_sweep, finished_ticks;
_Atomic uint32_t slab_sweeping;
_Atomic uint64_t slab_sweep_checks;

static uint8_t *at(uint64_t address)
{
	return (uint8_t *)(uintptr_t)address;
}

/* ---- filling ---------------------------------------------------------------------------------------------------- */

void slab_fill(const struct slab_slot *slot, uint64_t was, uint64_t word)
{
	uint64_t end = slab_offset(word) + slab_bytes(word);
	uint64_t old_end = slab_offset(was) + slab_bytes(was);

	if (slab_state(was) == SLAB_FREE && slab_offset(was) == slab_offset(word)) {
		if (end < old_end)
			guard_set(at(slot->start + end), GUARD_CANARY, old_end - end);
		return;
	}
	guard_set(at(slot->start), GUARD_CANARY, slab_offset(word));
	guard_set(at(slot->start + end), GUARD_CANARY, slot->bytes - 1 - end);
	*at(slot->start + slot->bytes - 1) = 0;
}

void slab_refill_tail(const struct slab_slot *slot, uint64_t word, uint64_t new_bytes)
{
	if (new_bytes < slab_bytes(word))
		guard_set(at(slot->start + slab_offset(word) + new_bytes), GUARD_CANARY, slab_bytes(word) - new_bytes);
}

static uint64_t poisoned_bytes(uint64_t word)
{
	return slab_bytes(word) < SLAB_POISON_BYTES ? slab_bytes(word) : SLAB_POISON_BYTES;
}

void slab_poison(const struct slab_slot *slot, uint64_t word)
{
	guard_set(at(slot->start + slab_offset(word)), GUARD_POISON, poisoned_bytes(word));
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

/* All bytes that are not as they should be leave a 0 somewhere in whole. */
static inline RACY __m128i compared(__m128i whole, const uint8_t *p, __m128i pattern)
{
	return _mm_and_si128(whole, _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), pattern));
}

/* [p, end): at least 16 bytes; the last 16 are looked at once more. */
static inline RACY __m128i compared_range(__m128i whole, const uint8_t *p, const uint8_t *end, __m128i pattern)
{
	for (; p + 64 <= end; p += 64) {
		whole = compared(whole, p, pattern);
		whole = compared(whole, p + 16, pattern);
		whole = compared(whole, p + 32, pattern);
		whole = compared(whole, p + 48, pattern);
	}
	for (; p + 16 <= end; p += 16)
		whole = compared(whole, p, pattern);
	return p < end ? compared(whole, end - 16, pattern) : whole;
}

RACY bool slab_is_whole(const struct slab_slot *slot, uint64_t word)
{
	const __m128i canary = _mm_set1_epi8((char)GUARD_CANARY), poison = _mm_set1_epi8((char)GUARD_POISON);
	const uint8_t *start = at(slot->start), *block = start + slab_offset(word), *behind = block + slab_bytes(word);
	const uint8_t *last = start + slot->bytes - 16;
	__m128i whole = _mm_set1_epi8(-1);

	whole = compared_range(whole, start, block, canary);
	if (behind + 16 <= last)
		whole = compared_range(whole, behind, last, canary);
	else if (behind < last)
		whole = compared(whole, behind, canary); /* reaches into the last 16, not to the very last */
	whole = compared(whole, last, _mm_srli_si128(canary, 1)); /* the highest byte is 0 */
	if (slab_state(word) == SLAB_FREED) {
		uint64_t n = poisoned_bytes(word);

		if (n >= 16) {
			whole = compared_range(whole, block, block + n, poison);
		} else {
			/* Behind the block there are 16 bytes at least. */
			unsigned equal = (unsigned)_mm_movemask_epi8(compared(_mm_set1_epi8(-1), block, poison));

			if ((equal | ~0u << n) != ~0u)
				return false;
		}
	}
	return _mm_movemask_epi8(whole) == 0xffff;
}

/* ---- taking a slot ---------------------------------------------------------------------------------------------- */

#define CLAIM_SPINS 100000u

bool slab_claim(const struct slab_slot *slot, uint64_t *expected)
{
	uint64_t wanted = *expected & ~SLAB_BUSY;

	for (unsigned spins = 0; spins < CLAIM_SPINS; spins++) {
		uint64_t seen = wanted;

		if (atomic_compare_exchange_weak_explicit(slot->word, &seen, wanted | SLAB_BUSY, memory_order_acq_rel,
							  memory_order_relaxed))
			return true;
		if ((seen & ~SLAB_BUSY) != wanted) {
			*expected = seen & ~SLAB_BUSY;
			return false;
		}
		if (spins % 64 == 63)
			ms_raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		else
			_mm_pause();
	}
	*expected = SLAB_STUCK;
	return false;
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

/* One side of a block, or its poison: what changed there. */
struct damage {
	uint64_t address, bytes;       /* bytes 0: nothing */
	uint8_t expected;
	uint8_t kept;
	uint8_t seen[MS_EVIDENCE_BYTES];
};

/* Looks for changes in [from, to), keeps a copy and repairs them. zero_last: the last byte is to be 0. */
static RACY void look(struct damage *damage, uint64_t from, uint64_t to, uint8_t expected, bool zero_last)
{
	uint64_t first = to, last = from;

	damage->expected = expected;
	for (uint64_t i = from; i < to; i++) {
		if (*at(i) == (zero_last && i == to - 1 ? 0 : expected))
			continue;
		if (first == to)
			first = i;
		last = i;
	}
	if (first == to)
		return;
	damage->address = first;
	damage->bytes = last + 1 - first;
	for (uint64_t i = first; i <= last; i++) {
		if (i - first < MS_EVIDENCE_BYTES)
			damage->seen[damage->kept++] = *at(i);
		*at(i) = zero_last && i == to - 1 ? 0 : expected;
	}
}

/* A write that ran through the whole redzone behind a block and on into the one before the next block is one finding. */
static RACY void look_beyond(struct damage *damage, const struct slab_slot *slot)
{
	uint64_t from = slot->start + slot->bytes;
	struct slab_slot next;

	if (damage->bytes == 0 || damage->address + damage->bytes + 1 < from || !slab_slot_of(from, &next) ||
	    next.start != from || slab_state(atomic_load_explicit(next.word, memory_order_acquire)) == SLAB_NEVER)
		return;
	for (uint64_t i = from; i < from + SLAB_FRONT && *at(i) != GUARD_CANARY; i++) {
		for (; damage->address + damage->bytes < i; damage->bytes++)
			if (damage->kept < MS_EVIDENCE_BYTES)
				damage->seen[damage->kept++] = 0;
		if (damage->kept < MS_EVIDENCE_BYTES)
			damage->seen[damage->kept++] = *at(i);
		damage->bytes++;
		*at(i) = GUARD_CANARY;
	}
}

/* When a sweep last saw the block in this state and found it whole. */
static uint64_t last_good(uint64_t word)
{
	uint64_t finished = atomic_load_explicit(&finished_sweep, memory_order_acquire);
	uint64_t since = (finished - (word >> SLAB_SWEEP_AT)) & SLAB_SWEEP_MASK;

	return since == 0 || since > SLAB_SWEEP_MASK / 2 ? 0 : atomic_load_explicit(&finished_ticks, memory_order_relaxed);
}

static void publish(const struct damage *damage, const struct slab_slot *slot, uint64_t word, enum ms_check_kind why,
		    const struct ms_caller *caller)
{
	struct ms_evidence_entry e = {
		.kind = MS_EVIDENCE_DAMAGE,
		.access = MS_ACCESS_WRITE,
		.check = (uint8_t)why,
		.freed = slab_state(word) != SLAB_LIVE,
		.expected = damage->expected,
		.byte_count = damage->kept,
		.address = damage->address,
		.length_bytes = damage->bytes,
		.block_address = slot->start + slab_offset(word),
		.block_bytes = slab_bytes(word),
		.last_good_ticks = last_good(word),
		.reserved2 = (uint32_t)(word >> SLAB_GENERATION_AT),
	};

	if (damage->bytes != 0)
		guard_evidence(&e, damage->seen, NULL, caller);
}

/* The slot before this one has lost the end of its redzone, so what happened at the start of this one began there. */
static RACY void report_left(const struct slab_slot *slot, enum ms_check_kind why, const struct ms_caller *caller)
{
	struct slab_slot left;
	const uint8_t *end = at(slot->start);
	uint64_t word;

	if (*end == GUARD_CANARY || !slab_slot_of(slot->start - 1, &left) || left.start + left.bytes != slot->start)
		return;
	word = atomic_load_explicit(left.word, memory_order_acquire);
	if (slab_state(word) != SLAB_LIVE && slab_state(word) != SLAB_FREED)
		return;
	if (end[-1] == 0 && end[-2] == GUARD_CANARY)
		return;
	slab_report(&left, word, false, why, caller);
}

void slab_report(const struct slab_slot *slot, uint64_t word, bool held, enum ms_check_kind why,
		 const struct ms_caller *caller)
{
	struct damage front = {.bytes = 0}, tail = {.bytes = 0}, block = {.bytes = 0};
	uint64_t start = slot->start + slab_offset(word), end = start + slab_bytes(word), expected = word;

	if (!held && ((word & SLAB_BUSY) != 0 ||
		      !atomic_compare_exchange_strong_explicit(slot->word, &expected, word | SLAB_BUSY, memory_order_acq_rel,
							       memory_order_relaxed)))
		return;
	report_left(slot, why, caller);
	look(&front, slot->start, start, GUARD_CANARY, false);
	look(&tail, end, slot->start + slot->bytes, GUARD_CANARY, true);
	look_beyond(&tail, slot);
	if (slab_state(word) == SLAB_FREED)
		look(&block, start, start + poisoned_bytes(word), GUARD_POISON, false);
	if (!held)
		atomic_store_explicit(slot->word, word, memory_order_release);
	publish(&front, slot, word, why, caller);
	publish(&block, slot, word, why, caller);
	publish(&tail, slot, word, why, caller);
}

/* ---- sweeps ----------------------------------------------------------------------------------------------------- */

static void check_slot(const struct slab_slot *slot, enum ms_check_kind why, const struct ms_caller *caller)
{
	uint64_t word = atomic_load_explicit(slot->word, memory_order_acquire);

	if ((word & SLAB_BUSY) != 0 || (slab_state(word) != SLAB_LIVE && slab_state(word) != SLAB_FREED))
		return;
	if (slab_is_whole(slot, word))
		return;
	slab_report(slot, word, false, why, caller);
}

void slab_sweep_all(enum ms_check_kind why, const struct ms_caller *caller)
{
	uint64_t began = ms_ticks(), number, checks = 0;
	uint32_t idle = 0, chunks;

	/* Two at once do no harm; a last one must not be left out because somebody died in his. */
	if (!atomic_compare_exchange_strong(&slab_sweeping, &idle, 1) && why != MS_CHECK_EXIT && why != MS_CHECK_CRASH)
		return;
	number = atomic_fetch_add_explicit(&slab_sweep, 1, memory_order_acq_rel) + 1;
	chunks = atomic_load_explicit(&slab_chunks_used, memory_order_acquire);
	for (uint32_t c = 0; c < chunks; c++) {
		struct slab_chunk *chunk = &slab_chunks[c];
		uint32_t carved = atomic_load_explicit(&chunk->carved, memory_order_acquire);

		for (uint32_t i = 0; i < carved; i++) {
			struct slab_slot slot = {slab_low + c * SLAB_CHUNK_BYTES + (uint64_t)i * chunk->slot_bytes,
						 chunk->slot_bytes, &chunk->words[i]};

			check_slot(&slot, why, caller);
		}
		checks += carved;
	}
	atomic_fetch_add_explicit(&slab_sweep_checks, checks, memory_order_relaxed);
	atomic_store_explicit(&finished_ticks, began, memory_order_relaxed);
	atomic_store_explicit(&finished_sweep, number, memory_order_release);
	atomic_store_explicit(&slab_sweeping, 0, memory_order_release);
}
