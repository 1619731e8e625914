#include "live_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "format/errors.h"

#define INITIAL_BITS 12u
#define MOST_BITS 31u
#define INITIAL_POOL ((size_t)1 << 12)
#define HUGE_FROM_BYTES ((size_t)4 << 20)

/* Zeroed pages. Huge ones for large tables: misses of the TLB are a good part of the cost. */
static void *map_pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (bytes >= HUGE_FROM_BYTES)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

int live_table_init(struct live_table *t)
{
	*t = (struct live_table){.capacity = (size_t)1 << INITIAL_BITS, .shift = 32 - INITIAL_BITS,
	                         .pool_capacity = INITIAL_POOL, .pool_used = 1};
	t->index = map_pages(t->capacity * sizeof *t->index);
	t->pool = map_pages(t->pool_capacity * sizeof *t->pool);
	if (t->index && t->pool)
		return MS_OK;
	live_table_free(t);
	return MS_E_NOMEM;
}

void live_table_free(struct live_table *t)
{
	if (t->index)
		munmap(t->index, t->capacity * sizeof *t->index);
	if (t->pool)
		munmap(t->pool, t->pool_capacity * sizeof *t->pool);
	free(t->large);
	free(t->orphans);
	*t = (struct live_table){0};
}

static void fill_slot(struct live_table *t, uint64_t slot)
{
	size_t i = live_table_home(t, (uint32_t)(slot >> 32));

	while (t->index[i] != 0)
		i = (i + 1) & (t->capacity - 1);
	t->index[i] = slot;
}

static bool grow_index(struct live_table *t)
{
	struct live_table bigger = *t;

	if (t->shift <= 32 - MOST_BITS)
		return false;
	bigger.capacity = t->capacity * 2;
	bigger.shift = t->shift - 1;
	bigger.index = map_pages(bigger.capacity * sizeof *bigger.index);
	if (!bigger.index)
		return false;
	/* The high bits of the hash choose the home, so old and new order agree: this walks both tables forwards. */
	for (size_t i = 0; i < t->capacity; i++)
		if (t->index[i] != 0)
			fill_slot(&bigger, t->index[i]);
	munmap(t->index, t->capacity * sizeof *t->index);
	*t = bigger;
	return true;
}

static bool grow_pool(struct live_table *t)
{
	size_t bytes = t->pool_capacity * sizeof *t->pool;
	void *p;

	if (t->pool_capacity > UINT32_MAX / 2)
		return false;
	p = mremap(t->pool, bytes, bytes * 2, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return false;
	if (bytes * 2 >= HUGE_FROM_BYTES)
		(void)madvise(p, bytes * 2, MADV_HUGEPAGE);
	t->pool = p;
	t->pool_capacity *= 2;
	return true;
}

/* The number of an entry that nobody uses, 0 when there is no memory. */
static size_t take_entry(struct live_table *t)
{
	size_t number = t->free_entry;

	if (number) {
		t->free_entry = (size_t)t->pool[number].block_thread;
		return number;
	}
	if (t->pool_used == t->pool_capacity && !grow_pool(t))
		return 0;
	return t->pool_used++;
}

static void give_entry(struct live_table *t, size_t number)
{
	t->pool[number].address_thread = 0;
	t->pool[number].block_thread = t->free_entry;
	t->free_entry = number;
}

static size_t find_large(const struct live_table *t, const struct live_entry *entry)
{
	size_t number = (size_t)(entry - t->pool), i = 0;

	while (t->large[i].number != number)
		i++;
	return i;
}

uint64_t live_table_large_size(const struct live_table *t, const struct live_entry *entry)
{
	return t->large[find_large(t, entry)].size_bytes;
}

static bool add_large(struct live_table *t, size_t number, uint64_t size_bytes)
{
	if (t->large_count == t->large_capacity) {
		size_t capacity = t->large_capacity ? t->large_capacity * 2 : 16;
		struct live_large *p = realloc(t->large, capacity * sizeof *p);
		if (!p)
			return false;
		t->large = p;
		t->large_capacity = capacity;
	}
	t->large[t->large_count++] = (struct live_large){number, size_bytes};
	return true;
}

bool live_table_insert(struct live_table *t, const struct ms_live_block *block)
{
	bool large = block->size_bytes >= LIVE_ENTRY_SIZE_ESCAPE;
	size_t number;

	if ((t->count + 1) * 16 > t->capacity * 13 && !grow_index(t) && t->count + 1 >= t->capacity)
		return false;
	number = take_entry(t);
	if (!number)
		return false;
	if (large && !add_large(t, number, block->size_bytes)) {
		give_entry(t, number);
		return false;
	}
	fill_slot(t, (uint64_t)live_table_tag(block->address) << 32 | number);
	t->pool[number] = (struct live_entry){
		.address_thread = block->address | (uint64_t)(block->thread >> 16) << 48,
		.block_thread = block->block | (uint64_t)block->thread << 48,
		.birth_kind = block->birth_ns | (uint64_t)block->kind << 56,
		.size_bytes = large ? LIVE_ENTRY_SIZE_ESCAPE : (uint32_t)block->size_bytes,
		.stack = block->stack,
	};
	t->count++;
	return true;
}

struct ms_live_block live_table_unpack(const struct live_table *t, const struct live_entry *entry)
{
	return (struct ms_live_block){
		.block = live_entry_block(entry),
		.address = entry->address_thread & LIVE_ENTRY_MASK,
		.size_bytes = live_entry_size(t, entry),
		.birth_ns = entry->birth_kind & (UINT64_MAX >> 8),
		.stack = entry->stack,
		.thread = (uint32_t)(entry->address_thread >> 48 << 16 | entry->block_thread >> 48),
		.kind = (uint8_t)(entry->birth_kind >> 56),
	};
}

void live_table_remove(struct live_table *t, struct live_entry *entry)
{
	size_t mask = t->capacity - 1, number = (size_t)(entry - t->pool);
	uint64_t slot = (uint64_t)live_table_tag(entry->address_thread & LIVE_ENTRY_MASK) << 32 | number;
	size_t hole = live_table_home(t, (uint32_t)(slot >> 32));

	while (t->index[hole] != slot)
		hole = (hole + 1) & mask;
	/* Backward shift: a slot behind the hole may move into it if the hole is not before its home. */
	for (size_t i = (hole + 1) & mask; t->index[i] != 0; i = (i + 1) & mask) {
		size_t home = live_table_home(t, (uint32_t)(t->index[i] >> 32));
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->index[hole] = t->index[i];
			hole = i;
		}
	}
	t->index[hole] = 0;
	if (entry->size_bytes == LIVE_ENTRY_SIZE_ESCAPE)
		t->large[find_large(t, entry)] = t->large[--t->large_count];
	give_entry(t, number);
	t->count--;
}

bool live_table_orphan(struct live_table *t, struct live_entry *entry)
{
	if (t->orphan_count == t->orphan_capacity) {
		size_t capacity = t->orphan_capacity ? t->orphan_capacity * 2 : 64;
		struct ms_live_block *p = realloc(t->orphans, capacity * sizeof *p);
		if (!p)
			return false;
		t->orphans = p;
		t->orphan_capacity = capacity;
	}
	t->orphans[t->orphan_count++] = live_table_unpack(t, entry);
	live_table_remove(t, entry);
	return true;
}

/* Dropping the pages is cheaper than writing zeros over a large table. */
static void wipe(void *p, size_t bytes)
{
	if (madvise(p, bytes, MADV_DONTNEED) != 0)
		memset(p, 0, bytes);
}

void live_table_clear(struct live_table *t)
{
	wipe(t->index, t->capacity * sizeof *t->index);
	wipe(t->pool, t->pool_capacity * sizeof *t->pool);
	t->pool_used = 1;
	t->free_entry = 0;
	t->count = 0;
	t->large_count = 0;
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
	for (size_t i = 1; i < t->pool_used; i++)
		if ((t->pool[i].address_thread & LIVE_ENTRY_MASK) != 0)
			out[n++] = live_table_unpack(t, &t->pool[i]);
	if (t->orphan_count)
		memcpy(out + n, t->orphans, t->orphan_count * sizeof *out);
	qsort(out, total, sizeof *out, by_block);
	*count = total;
	return out;
}
