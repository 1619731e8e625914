/* own_memory.c - see own_memory.h. */
#include "own_memory.h"

#include <stdatomic.h>

#define PLACES 8192u
#define TAKEN UINT64_C(1) /* a place that is being filled */
#define PAGE UINT64_C(4096)

static struct {
	_Atomic uint64_t start, bytes; /* start 0: empty */
} places[PLACES];
static _Atomic uint32_t used; /* places that were ever taken */

void ms_own_add(uint64_t start, uint64_t bytes)
{
	uint32_t seen = atomic_load_explicit(&used, memory_order_acquire);

	for (uint32_t i = 0; i < PLACES; i++) {
		uint64_t empty = 0;

		if (atomic_load_explicit(&places[i].start, memory_order_relaxed) != 0 ||
		    !atomic_compare_exchange_strong(&places[i].start, &empty, TAKEN))
			continue;
		while (seen < i + 1 && !atomic_compare_exchange_weak(&used, &seen, i + 1))
			;
		atomic_store_explicit(&places[i].bytes, (bytes + PAGE - 1) & ~(PAGE - 1), memory_order_relaxed);
		atomic_store_explicit(&places[i].start, start, memory_order_release);
		return;
	}
}

void ms_own_remove(uint64_t start, uint64_t bytes)
{
	uint32_t count = atomic_load_explicit(&used, memory_order_acquire);

	(void)bytes;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = atomic_load_explicit(&places[i].start, memory_order_acquire);
		uint64_t length = atomic_load_explicit(&places[i].bytes, memory_order_relaxed);

		if (at <= TAKEN || start - at >= length)
			continue;
		if (at == start)
			atomic_store_explicit(&places[i].start, 0, memory_order_release);
		else
			atomic_store_explicit(&places[i].bytes, start - at, memory_order_relaxed);
		return;
	}
}

bool ms_own_at(uint32_t i, uint64_t *start, uint64_t *end)
{
	if (i >= atomic_load_explicit(&used, memory_order_acquire))
		return false;
	*start = atomic_load_explicit(&places[i].start, memory_order_acquire);
	*end = *start + atomic_load_explicit(&places[i].bytes, memory_order_relaxed);
	if (*start <= TAKEN)
		*start = *end = 0;
	return true;
}
