#include "live_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "format/errors.h"

#define INITIAL_CAPACITY ((size_t)1 << 12)

static struct ms_live_block *map_entries(size_t capacity)
{
	size_t bytes = capacity * sizeof(struct ms_live_block);
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (bytes >= (size_t)4 << 20)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

int live_table_init(struct live_table *t)
{
	*t = (struct live_table){.capacity = INITIAL_CAPACITY, .shift = 64 - 12};
	t->entries = map_entries(t->capacity);
	return t->entries ? MS_OK : MS_E_NOMEM;
}

void live_table_free(struct live_table *t)
{
	if (t->entries)
		munmap(t->entries, t->capacity * sizeof *t->entries);
	free(t->orphans);
	*t = (struct live_table){0};
}

static struct ms_live_block *free_entry(const struct live_table *t, uint64_t address)
{
	size_t i = live_table_home(t, address);

	while (t->entries[i].address != 0)
		i = (i + 1) & (t->capacity - 1);
	return &t->entries[i];
}

static bool grow(struct live_table *t)
{
	struct live_table bigger = *t;

	bigger.capacity = t->capacity * 2;
	bigger.shift = t->shift - 1;
	bigger.entries = map_entries(bigger.capacity);
	if (!bigger.entries)
		return false;
	/* The high bits of the hash choose the home, so old and new order agree: this walks both tables forwards. */
	for (size_t i = 0; i < t->capacity; i++)
		if (t->entries[i].address != 0)
			*free_entry(&bigger, t->entries[i].address) = t->entries[i];
	munmap(t->entries, t->capacity * sizeof *t->entries);
	*t = bigger;
	return true;
}

struct ms_live_block *live_table_insert(struct live_table *t, uint64_t address)
{
	struct ms_live_block *e;

	if ((t->count + 1) * 8 > t->capacity * 5 && !grow(t) && t->count + 1 >= t->capacity)
		return NULL;
	e = free_entry(t, address);
	e->address = address;
	t->count++;
	return e;
}

void live_table_remove(struct live_table *t, struct ms_live_block *entry)
{
	size_t mask = t->capacity - 1;
	size_t hole = (size_t)(entry - t->entries);

	/* Backward shift: an entry behind the hole may move into it if the hole is not before its home. */
	for (size_t i = (hole + 1) & mask; t->entries[i].address != 0; i = (i + 1) & mask) {
		size_t home = live_table_home(t, t->entries[i].address);
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->entries[hole] = t->entries[i];
			hole = i;
		}
	}
	t->entries[hole].address = 0;
	t->count--;
}

bool live_table_orphan(struct live_table *t, struct ms_live_block *entry)
{
	if (t->orphan_count == t->orphan_capacity) {
		size_t capacity = t->orphan_capacity ? t->orphan_capacity * 2 : 64;
		struct ms_live_block *p = realloc(t->orphans, capacity * sizeof *p);
		if (!p)
			return false;
		t->orphans = p;
		t->orphan_capacity = capacity;
	}
	t->orphans[t->orphan_count++] = *entry;
	live_table_remove(t, entry);
	return true;
}

void live_table_clear(struct live_table *t)
{
	/* Dropping the pages is cheaper than writing zeros over a large table. */
	if (madvise(t->entries, t->capacity * sizeof *t->entries, MADV_DONTNEED) != 0)
		memset(t->entries, 0, t->capacity * sizeof *t->entries);
	t->count = 0;
	t->orphan_count = 0;
}

static int by_block(const void *a, const void *b)
{
	uint64_t x = ((const struct ms_live_block *)a)->block, y = ((const struct ms_live_block *)b)->block;
	return (x > y) - (x < y);
}

struct ms_live_block *live_table_snapshot(const struct live_table *t, size_t *count)
{
	size_t total = live_table_blocks(t), n = 0;
	struct ms_live_block *out;

	*count = 0;
	if (total == 0 || !(out = malloc(total * sizeof *out)))
		return NULL;
	for (size_t i = 0; i < t->capacity; i++)
		if (t->entries[i].address != 0)
			out[n++] = t->entries[i];
	if (t->orphan_count)
		memcpy(out + n, t->orphans, t->orphan_count * sizeof *out);
	qsort(out, total, sizeof *out, by_block);
	*count = total;
	return out;
}
