/*
 * block_table.h - the live heap blocks by id, in memory that follows their number.
 *
 * Ids are dense and grow, so there is nothing to hash:
 *
 *   roots[id >> 12] -> node of 64 pages -> page[id >> 6 & 63] -> entries, addresses
 *
 * A page holds the blocks of 64 ids. `live` has a bit for each live one; `kept` has a bit for each that still has an
 * entry, in order of id. A new page keeps all 64; when few of them are left alive it is packed to those, and when none
 * is left it is dropped, so that a long-lived block keeps a few entries alive, not 64. What stays for ever is one pointer
 * per 4096 ids. Addresses stand apart and only in a table made for them: most readers do not want any.
 *
 * Errors: NULL = out of memory. Ownership: what find and insert return belongs to the table, valid until the next insert
 * or remove. Memory given up is reused, and returned by ms_block_table_free.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_BLOCK_TABLE_H
#define MS_FORMAT_BLOCK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_block_entry {
	uint64_t size_bytes;
	uint64_t birth;                 /* ms_block_birth */
	uint32_t stack, thread;
};
_Static_assert(sizeof(struct ms_block_entry) == 24, "size matters: one per live block");

/* Time (at most MS_MAX_TIME_NS) and kind of the allocation in one word. */
static inline uint64_t ms_block_birth(uint64_t time_ns, uint8_t kind)
{
	return time_ns << 8 | kind;
}

struct ms_block_page {
	uint64_t live, kept;
	struct ms_block_entry *entries; /* one for each bit of kept, in order of id; NULL when live is 0 */
	uint8_t live_count;
	uint8_t class_;                 /* of the array: room for MS_PAGE_ENTRIES(class_) entries, then their addresses */
};

#define MS_PAGE_CLASSES 4
#define MS_PAGE_ENTRIES(class_) (64u >> 2 * (class_))

struct ms_block_node {
	struct ms_block_page pages[64];
	uint32_t pages_used;
};

struct ms_block_table {
	bool addresses;                 /* set before the first insert: entries have one */
	struct ms_block_node **roots;
	size_t root_count;
	uint64_t live;                  /* blocks */
	uint64_t newest;                /* id inserted last; its page stays whole */
	void *chunks;                   /* all memory of pages and nodes */
	size_t chunk_left;              /* bytes not given out yet of the first chunk */
	void *free_entries[MS_PAGE_CLASSES]; /* arrays and nodes given up, linked through their first word */
	void *free_nodes;
};

/* Zero-initialised is empty. */
void ms_block_table_free(struct ms_block_table *t);
/* Removes every block. */
void ms_block_table_clear(struct ms_block_table *t);

/* Slow paths of the functions below. */
struct ms_block_entry *ms_block_table_new_page(struct ms_block_table *t, uint64_t id);
void ms_block_table_shrink(struct ms_block_table *t, uint64_t id);

static inline struct ms_block_page *ms_block_table_page(const struct ms_block_table *t, uint64_t id)
{
	uint64_t root = id >> 12;

	if (root >= t->root_count || t->roots[root] == NULL)
		return NULL;
	return &t->roots[root]->pages[id >> 6 & 63];
}

static inline unsigned ms_block_page_index(const struct ms_block_page *page, uint64_t id)
{
	unsigned bit = id & 63;

	if (page->kept == UINT64_MAX)
		return bit;
	return (unsigned)__builtin_popcountll(page->kept & ((UINT64_C(1) << bit) - 1));
}

/* The entry of a live block, NULL when it is not live. */
static inline struct ms_block_entry *ms_block_table_find(const struct ms_block_table *t, uint64_t id)
{
	struct ms_block_page *page = ms_block_table_page(t, id);

	if (page == NULL || (page->live >> (id & 63) & 1) == 0)
		return NULL;
	return &page->entries[ms_block_page_index(page, id)];
}

/* Where the address of a live block stands, in a table that has them. */
static inline uint64_t *ms_block_table_address(const struct ms_block_table *t, uint64_t id)
{
	const struct ms_block_page *page = ms_block_table_page(t, id);

	return (uint64_t *)(void *)(page->entries + MS_PAGE_ENTRIES(page->class_)) + ms_block_page_index(page, id);
}

/*
 * Announces that a block will be looked up: first for its page, some lookups later for its entry. Always inlined: a
 * function that only prefetches looks pure to gcc, which then drops the call.
 */
static inline __attribute__((always_inline)) void ms_block_table_prefetch_page(const struct ms_block_table *t, uint64_t id)
{
	uint64_t root = id >> 12;

	if (root < t->root_count && t->roots[root] != NULL)
		__builtin_prefetch(&t->roots[root]->pages[id >> 6 & 63]);
}

static inline __attribute__((always_inline)) void ms_block_table_prefetch(const struct ms_block_table *t, uint64_t id)
{
	const struct ms_block_page *page = ms_block_table_page(t, id);

	if (page != NULL && page->kept == UINT64_MAX)
		__builtin_prefetch(&page->entries[id & 63]);
	else if (page != NULL)
		__builtin_prefetch(page->entries);
}

/* Adds block id, which must be larger than every id added before; its entry is not initialised. NULL: no memory. */
static inline struct ms_block_entry *ms_block_table_insert(struct ms_block_table *t, uint64_t id)
{
	struct ms_block_page *page = ms_block_table_page(t, id);

	if (page == NULL || page->entries == NULL)
		return ms_block_table_new_page(t, id);
	page->live |= UINT64_C(1) << (id & 63);
	page->live_count++;
	t->live++;
	t->newest = id;
	return &page->entries[id & 63];
}

/* Removes a live block. Its entry, if still wanted, must have been copied before. */
static inline void ms_block_table_remove(struct ms_block_table *t, uint64_t id)
{
	struct ms_block_page *page = ms_block_table_page(t, id);

	page->live &= ~(UINT64_C(1) << (id & 63));
	page->live_count--;
	t->live--;
	/* Exactly the counts at which a page fits the next smaller class. */
	if ((page->live_count & (page->live_count - 1)) == 0)
		ms_block_table_shrink(t, id);
}

/* Calls visit for each live block in order of id, until it returns false. */
bool ms_block_table_walk(const struct ms_block_table *t,
			 bool (*visit)(void *context, uint64_t id, const struct ms_block_entry *entry), void *context);

#endif
