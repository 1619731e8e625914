#include "fake_app.h"

#include <string.h>

#include "format/events.h"

const struct arena_geometry fake_geometry = {
	.slots = 24, .big_rings = 2, .big_ring_words = 1024, .small_ring_words = 512,
	.modules = 8, .nodes = 4096,
	.hash_slots = {8, 8, 8, 8, 8},
};

static bool take_slot(struct arena *a, uint32_t *index)
{
	uint64_t top = atomic_load(&a->header->free_slots);

	while ((uint32_t)top != 0) {
		uint32_t at = (uint32_t)top - 1;
		uint64_t next = ((top >> 32) + 1) << 32 | atomic_load(&a->slots[at].next_free);

		if (atomic_compare_exchange_weak(&a->header->free_slots, &top, next)) {
			*index = at;
			return true;
		}
	}
	*index = atomic_load(&a->header->slots_used);
	while (*index < a->header->slot_count)
		if (atomic_compare_exchange_weak(&a->header->slots_used, index, *index + 1))
			return true;
	return false;
}

bool fake_thread_start(struct fake_thread *t, struct arena *arena, uint32_t tid, uint32_t image, bool nested)
{
	*t = (struct fake_thread){.arena = arena};
	if (!take_slot(arena, &t->index))
		return false;
	t->slot = &arena->slots[t->index];
	t->head = atomic_load(&t->slot->head);
	t->slot->tid = tid;
	t->slot->image = image;
	t->slot->nested = nested;
	memcpy(t->slot->name, "fake", 5);
	atomic_store_explicit(&t->slot->state, MS_SLOT_LIVE, memory_order_release);
	return true;
}

void fake_enter(struct fake_thread *t)
{
	atomic_store_explicit(&t->slot->in_hook, 1, memory_order_relaxed);
}

void fake_leave(struct fake_thread *t)
{
	atomic_store_explicit(&t->slot->in_hook, 0, memory_order_release);
}

bool fake_has_room(const struct fake_thread *t, unsigned words)
{
	return t->head + words - atomic_load_explicit(&t->slot->tail, memory_order_acquire) <= t->slot->ring_words;
}

void fake_publish(struct fake_thread *t, uint64_t ticks, uint8_t kind, uint64_t address, unsigned n, const uint64_t *words)
{
	uint64_t *w = (uint64_t *)(void *)(t->arena->base + t->slot->ring_offset) + (t->head & (t->slot->ring_words - 1));

	w[0] = ticks;
	w[1] = MS_ENTRY_TAG(kind, n + 2) | (address & MS_ENTRY_ADDRESS_MASK);
	if (n > 0)
		memcpy(w + 2, words, n * sizeof *words);
	t->head += n + 2;
	atomic_store_explicit(&t->slot->head, t->head, memory_order_release);
}

void fake_alloc(struct fake_thread *t, uint64_t ticks, uint8_t kind, uint64_t address, uint64_t size, uint32_t node)
{
	uint64_t words[] = {(uint64_t)node << 32 | (size < MS_ENTRY_SIZE_ESCAPE ? size : MS_ENTRY_SIZE_ESCAPE), size, 0};
	unsigned n = size < MS_ENTRY_SIZE_ESCAPE ? 1 : 2;

	words[n] = 4; /* an alignment of 16 */
	fake_enter(t);
	fake_publish(t, ticks, kind, address, n + ms_event_kinds[kind].args, words);
	fake_leave(t);
}

void fake_free(struct fake_thread *t, uint64_t ticks, uint8_t kind, uint64_t address)
{
	static const uint64_t words[2] = {16, 4};

	fake_enter(t);
	fake_publish(t, ticks, kind, address, ms_event_kinds[kind].args, words);
	fake_leave(t);
}

uint32_t fake_node(struct arena *arena, uint32_t parent, uint64_t pc, uint32_t image)
{
	uint32_t n = atomic_fetch_add(&arena->header->node_count, 1);

	arena->nodes[n].parent = parent;
	arena->nodes[n].image = image;
	atomic_store_explicit(&arena->nodes[n].pc_flags, pc, memory_order_release);
	return n;
}

uint32_t fake_module(struct arena *arena, const char *path, uint64_t start, uint64_t end, uint32_t image)
{
	uint32_t i = atomic_load(&arena->header->module_count);
	struct ms_module_record *m = &arena->modules[i];

	*m = (struct ms_module_record){.load_bias = start, .start = start, .end = end, .image = image};
	strncpy(m->path, path, sizeof m->path - 1);
	atomic_store_explicit(&arena->header->module_count, i + 1, memory_order_release);
	return i;
}
