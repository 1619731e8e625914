/*
 * live_table.h - the blocks that are alive, by address.
 *
 *   index   open addressing, linear probing:  tag (upper half of the hash) << 32 | number of an entry, 0 = empty
 *   pool    the entries, in no order; freed ones form a list, the last one freed is used next
 *
 * The index is the only part that must have room to spare (a power of two, doubled at 13/16 load) and has 8 bytes per
 * slot; the pool holds as many entries of 32 bytes as there were blocks at once, and grows in place or by moving page
 * tables. So a program with millions of blocks costs little more memory than its blocks need, and touching fresh memory
 * is what costs most. A short-lived block finds its entry in the cache, where the one before it left it. Growing and removing need
 * the tags only, not the entries. Removal shifts the followers back instead of leaving tombstones, so a table that sees
 * millions of short lives stays as fast as a fresh one.
 *
 * The misses that are left are hidden by two calls when the address is known some events ahead: live_table_prefetch,
 * and, when that line should have arrived, live_table_prefetch_entry.
 *
 * Blocks that can no longer be found by address, because an allocation returned their address without a free that we
 * saw, are kept as orphans: they never end, but they are part of the live set.
 *
 * Ownership: the table owns its memory until live_table_free. Pointers to entries are valid until the next insert,
 * remove or clear. Errors: live_table_init returns MS_E_NOMEM, live_table_insert false.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_LIVE_TABLE_H
#define MS_RECORD_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/trace_types.h"

/*
 * A block, packed: addresses, block ids and half a thread id share words. A size that does not fit (0xffffffff) stands
 * in live_table.large; there are few blocks of 4 GiB. Limits: 2^48 blocks, 2^56 ns (two years) since the start.
 */
struct live_entry {
	uint64_t address_thread;         /* address | upper half of the thread id << 48; address 0 = free */
	uint64_t block_thread;           /* block id | lower half << 48; free: number of the next free entry */
	uint64_t birth_kind;             /* birth_ns | kind << 56 */
	uint32_t size_bytes, stack;
};
_Static_assert(sizeof(struct live_entry) == 32, "two to a cache line");

#define LIVE_ENTRY_MASK UINT64_C(0x0000ffffffffffff)
#define LIVE_ENTRY_SIZE_ESCAPE UINT32_MAX

struct live_large {
	size_t number;                   /* of the entry */
	uint64_t size_bytes;
};

struct live_table {
	uint64_t *index;
	size_t capacity;                 /* of the index: a power of two */
	size_t count;
	unsigned shift;                  /* 32 - log2(capacity) */
	struct live_entry *pool;         /* [0] is not used */
	size_t pool_capacity, pool_used; /* entries that there is room for, that were ever used */
	size_t free_entry;               /* head of the list of free entries, 0 = none */
	struct live_large *large;
	size_t large_count, large_capacity;
	struct ms_live_block *orphans;
	size_t orphan_count, orphan_capacity;
};

int live_table_init(struct live_table *t);
void live_table_free(struct live_table *t);

/* Upper half of a Fibonacci hash; the low four bits of a malloc'ed address are zero. */
static inline uint32_t live_table_tag(uint64_t address)
{
	return (uint32_t)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static inline size_t live_table_home(const struct live_table *t, uint32_t tag)
{
	return tag >> t->shift;
}

static inline void live_table_prefetch(const struct live_table *t, uint64_t address)
{
	__builtin_prefetch(&t->index[live_table_home(t, live_table_tag(address))], 1);
}

static inline void live_table_prefetch_entry(const struct live_table *t, uint64_t address)
{
	uint32_t tag = live_table_tag(address);

	for (size_t i = live_table_home(t, tag);; i = (i + 1) & (t->capacity - 1)) {
		uint64_t slot = t->index[i];

		if (slot != 0 && slot >> 32 != tag)
			continue;
		__builtin_prefetch(&t->pool[(uint32_t)slot], 1);
		return;
	}
}

/* The block at this address, NULL when there is none. */
static inline struct live_entry *live_table_find(const struct live_table *t, uint64_t address)
{
	uint32_t tag = live_table_tag(address);

	for (size_t i = live_table_home(t, tag);; i = (i + 1) & (t->capacity - 1)) {
		uint64_t slot = t->index[i];

		if (slot == 0)
			return NULL;
		if (slot >> 32 == tag && (t->pool[(uint32_t)slot].address_thread & LIVE_ENTRY_MASK) == address)
			return &t->pool[(uint32_t)slot];
	}
}

/* Adds a block whose address is not 0, below 2^48 and not in the table. false when the table had to grow and could not. */
bool live_table_insert(struct live_table *t, const struct ms_live_block *block);

static inline uint64_t live_entry_block(const struct live_entry *entry)
{
	return entry->block_thread & LIVE_ENTRY_MASK;
}

/* Size of a block that live_table.large has. */
uint64_t live_table_large_size(const struct live_table *t, const struct live_entry *entry);

static inline uint64_t live_entry_size(const struct live_table *t, const struct live_entry *entry)
{
	return entry->size_bytes != LIVE_ENTRY_SIZE_ESCAPE ? entry->size_bytes : live_table_large_size(t, entry);
}

/* The whole block. */
struct ms_live_block live_table_unpack(const struct live_table *t, const struct live_entry *entry);

/* Removes the entry (from live_table_find). */
void live_table_remove(struct live_table *t, struct live_entry *entry);

/* Makes an orphan of the entry: it keeps living, but its address is free for another block. false = out of memory. */
bool live_table_orphan(struct live_table *t, struct live_entry *entry);

/* Blocks alive, orphans included. */
static inline size_t live_table_blocks(const struct live_table *t)
{
	return t->count + t->orphan_count;
}

/* Forgets every block; keeps the address space. */
void live_table_clear(struct live_table *t);

/* All blocks alive, sorted by block id; the caller frees with free(). NULL when there is none or no memory. */
struct ms_live_block *live_table_snapshot(const struct live_table *t, size_t *count);

#endif
