/*
 * live_table.h - the blocks that are alive, by address.
 *
 * An open-addressing table with linear probing. Removal shifts the followers back instead of leaving tombstones, so a
 * table that sees millions of short lives stays as fast as a fresh one. The capacity is a power of two, doubled at 5/8
 * load; memory comes from mmap with huge pages advised, because the table's cache and TLB misses are the main cost of
 * the collector. live_table_prefetch hides most of them when the address is known some events ahead.
 *
 * Blocks that can no longer be found by address, because an allocation returned their address without a free that we
 * saw, are kept as orphans: they never end, but they are part of the live set.
 *
 * Ownership: the table owns its memory until live_table_free. Pointers to entries are valid until the next insert,
 * remove or clear. Errors: live_table_init and live_table_insert return MS_E_NOMEM / NULL.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_LIVE_TABLE_H
#define MS_RECORD_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/trace_types.h"

struct live_table {
	struct ms_live_block *entries;   /* address 0 = empty */
	size_t capacity;                 /* power of two */
	size_t count;
	unsigned shift;                  /* 64 - log2(capacity) */
	struct ms_live_block *orphans;
	size_t orphan_count, orphan_capacity;
};

int live_table_init(struct live_table *t);
void live_table_free(struct live_table *t);

static inline size_t live_table_home(const struct live_table *t, uint64_t address)
{
	/* Fibonacci hashing; the low four bits of a malloc'ed address are zero. */
	return (size_t)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> t->shift);
}

static inline void live_table_prefetch(const struct live_table *t, uint64_t address)
{
	const struct ms_live_block *e = &t->entries[live_table_home(t, address)];
	__builtin_prefetch(e, 1);
	__builtin_prefetch((const char *)e + sizeof *e - 1, 1);
}

/* The block at this address, NULL when there is none. */
static inline struct ms_live_block *live_table_find(const struct live_table *t, uint64_t address)
{
	for (size_t i = live_table_home(t, address);; i = (i + 1) & (t->capacity - 1)) {
		if (t->entries[i].address == address)
			return &t->entries[i];
		if (t->entries[i].address == 0)
			return NULL;
	}
}

/* Room for a block at this address, which must not be 0 nor in the table. The caller fills the other fields. NULL when
   the table had to grow and could not. */
struct ms_live_block *live_table_insert(struct live_table *t, uint64_t address);

/* Removes the entry (from live_table_find). */
void live_table_remove(struct live_table *t, struct ms_live_block *entry);

/* Makes an orphan of the entry: it keeps living, but its address is free for another block. false = out of memory. */
bool live_table_orphan(struct live_table *t, struct ms_live_block *entry);

/* Blocks alive, orphans included. */
static inline size_t live_table_blocks(const struct live_table *t)
{
	return t->count + t->orphan_count;
}

/* Forgets every block; keeps the memory. */
void live_table_clear(struct live_table *t);

/* All blocks alive, sorted by block id; the caller frees with free(). NULL when there is none or no memory. */
struct ms_live_block *live_table_snapshot(const struct live_table *t, size_t *count);

#endif
