#include "id_map.h"

#include <stdlib.h>
#include <string.h>

#define LEAST 64u

static size_t home(const struct id_map *m, uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h ^ h >> 32) & (m->capacity - 1);
}

/* Where the key stands, or the empty slot where it would. */
static size_t place_of(const struct id_map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].value != 0 && m->slots[i].key != key)
		i = (i + 1) & (m->capacity - 1);
	return i;
}

uint64_t id_map_get(const struct id_map *m, uint64_t key)
{
	return m->count == 0 ? 0 : m->slots[place_of(m, key)].value;
}

static bool grow(struct id_map *m)
{
	struct id_map bigger = {.capacity = m->capacity ? 2 * m->capacity : LEAST, .count = m->count};

	bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < m->capacity; i++)
		if (m->slots[i].value != 0)
			bigger.slots[place_of(&bigger, m->slots[i].key)] = m->slots[i];
	free(m->slots);
	*m = bigger;
	return true;
}

bool id_map_put(struct id_map *m, uint64_t key, uint64_t value)
{
	struct id_map_slot *slot;

	if (4 * (m->count + 1) > 3 * m->capacity && !grow(m))
		return false;
	slot = &m->slots[place_of(m, key)];
	m->count += slot->value == 0;
	*slot = (struct id_map_slot){key, value};
	return true;
}

void id_map_remove(struct id_map *m, uint64_t key)
{
	size_t hole, i;

	if (m->count == 0)
		return;
	hole = place_of(m, key);
	if (m->slots[hole].value == 0)
		return;
	for (i = (hole + 1) & (m->capacity - 1); m->slots[i].value != 0; i = (i + 1) & (m->capacity - 1)) {
		/* It may move into the hole when that does not come before its home. */
		if (((i - home(m, m->slots[i].key)) & (m->capacity - 1)) >= ((i - hole) & (m->capacity - 1))) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].value = 0;
	m->count--;
}

void id_map_clear(struct id_map *m)
{
	if (m->count > 0)
		memset(m->slots, 0, m->capacity * sizeof *m->slots);
	m->count = 0;
}

void id_map_free(struct id_map *m)
{
	free(m->slots);
	*m = (struct id_map){0};
}
