/*
 * kept.c - see kept.h.
 */
#include "kept.h"

#include <stdatomic.h>

#include "guard_bytes.h"
#include "record/preload/raw.h"

#define UNIT 16u
#define UNITS (KEPT_BYTES / UNIT)
/* Room behind the ring, so that no entry wraps inside of itself. */
#define OVERHANG (KEPT_MOST + UNIT)
/* Threads may be writing this far ahead of the newest entry that is whole. */
#define IN_FLIGHT (8u * KEPT_MOST / UNIT)

static char *ring;
static _Atomic uint64_t next_unit = 1; /* 0 is "not kept" */

bool kept_start(void)
{
	if (ring == NULL)
		ring = ms_raw_memory(KEPT_BYTES + OVERHANG);
	return ring != NULL;
}

static char *unit_at(uint64_t unit)
{
	return ring + unit % UNITS * UNIT;
}

/* Most blocks are small: no string instruction for them, and no byte is read that is not theirs. */
static void copy_block(char *to, const char *from, uint64_t bytes)
{
	if (bytes > 256) {
		guard_copy(to, from, bytes);
		return;
	}
	for (; bytes >= 16; bytes -= 16, to += 16, from += 16)
		_mm_storeu_si128((__m128i *)(void *)to, _mm_loadu_si128((const __m128i *)(const void *)from));
	for (; bytes > 0; bytes--)
		*(volatile char *)to++ = *from++; /* volatile: or the loop becomes a call of memcpy */
}

uint32_t kept_store(uint64_t start, uint64_t bytes)
{
	uint64_t units = 1 + (bytes + UNIT - 1) / UNIT, at, next;
	uint64_t head[2] = {start, bytes};

	if (ring == NULL || bytes == 0 || bytes > KEPT_MOST)
		return 0;
	at = atomic_load_explicit(&next_unit, memory_order_relaxed);
	do {
		/* An entry ends within the overhang, and the next one begins at the ring's start. */
		next = at + units;
		if (next / UNITS != at / UNITS)
			next = (at / UNITS + 1) * UNITS;
	} while (!atomic_compare_exchange_weak_explicit(&next_unit, &at, next, memory_order_acq_rel, memory_order_relaxed));
	copy_block(unit_at(at), (const char *)head, sizeof(head));
	copy_block(unit_at(at) + UNIT, (const char *)(uintptr_t)start, bytes);
	return (uint32_t)at;
}

static bool still_there(uint32_t place)
{
	uint32_t age = (uint32_t)atomic_load_explicit(&next_unit, memory_order_acquire) - place;

	return age <= UNITS - IN_FLIGHT;
}

bool kept_restore(uint32_t place, uint64_t start, uint64_t bytes)
{
	uint64_t head[2];

	if (ring == NULL || place == 0 || !still_there(place))
		return false;
	guard_copy(head, unit_at(place), sizeof(head));
	if (head[0] != start || head[1] != bytes || bytes > KEPT_MOST)
		return false;
	guard_copy((void *)(uintptr_t)start, unit_at(place) + UNIT, bytes);
	return still_there(place);
}
