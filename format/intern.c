#include "intern.h"

#include <stdlib.h>
#include <xxhash.h>

static struct ms_intern_slot *find(struct ms_intern_slot *slots, size_t capacity, uint64_t low, uint64_t high)
{
	for (size_t i = low;; i++) {
		struct ms_intern_slot *slot = &slots[i & (capacity - 1)];

		if (slot->id == 0 || (slot->low == low && slot->high == high))
			return slot;
	}
}

static bool grow(struct ms_intern *t)
{
	size_t capacity = t->capacity ? 2 * t->capacity : 256;
	struct ms_intern_slot *slots = calloc(capacity, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < t->capacity; i++) {
		if (t->slots[i].id != 0)
			*find(slots, capacity, t->slots[i].low, t->slots[i].high) = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->capacity = capacity;
	return true;
}

uint32_t ms_intern(struct ms_intern *t, const void *bytes, size_t size, bool *is_new)
{
	XXH128_hash_t hash = XXH3_128bits(bytes, size);
	struct ms_intern_slot *slot;

	*is_new = false;
	if (t->count >= t->capacity / 2 && !grow(t))
		return 0;
	slot = find(t->slots, t->capacity, hash.low64, hash.high64);
	if (slot->id == 0) {
		*slot = (struct ms_intern_slot){.low = hash.low64, .high = hash.high64, .id = ++t->count};
		*is_new = true;
	}
	return slot->id;
}

void ms_intern_free(struct ms_intern *t)
{
	free(t->slots);
	*t = (struct ms_intern){0};
}
