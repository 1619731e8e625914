#include "block_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/*
 * Arrays and nodes are cut from chunks and recycled, each in a list of its own: programs that allocate and free need
 * them at a high rate. A chunk is as large as a huge page and asks for one: the table is read at random.
 */
#define CHUNK_BYTES ((size_t)2 << 20)

struct link {
	struct link *next;
};

static void push(void **list, void *p)
{
	struct link *link = p;

	link->next = *list;
	*list = link;
}

static void *take(struct ms_block_table *t, void **list, size_t bytes)
{
	struct link *link = *list;

	if (link != NULL) {
		*list = link->next;
		return link;
	}
	if (t->chunk_left < bytes) {
		struct link *chunk = aligned_alloc(CHUNK_BYTES, CHUNK_BYTES);

		if (chunk == NULL)
			return NULL;
		(void)madvise(chunk, CHUNK_BYTES, MADV_HUGEPAGE);
		push(&t->chunks, chunk);
		t->chunk_left = CHUNK_BYTES - 64; /* the link, and alignment to a cache line */
	}
	t->chunk_left -= bytes;
	return (uint8_t *)t->chunks + 64 + t->chunk_left;
}

static size_t class_bytes(const struct ms_block_table *t, unsigned class_)
{
	return MS_PAGE_ENTRIES(class_) * (sizeof(struct ms_block_entry) + (t->addresses ? sizeof(uint64_t) : 0));
}

static struct ms_block_entry *take_entries(struct ms_block_table *t, unsigned class_)
{
	return take(t, &t->free_entries[class_], class_bytes(t, class_));
}

/* ---- pages ------------------------------------------------------------------------------------------------------- */

static void drop_page(struct ms_block_table *t, uint64_t id)
{
	struct ms_block_node *node = t->roots[id >> 12];
	struct ms_block_page *page = &node->pages[id >> 6 & 63];

	push(&t->free_entries[page->class_], page->entries);
	*page = (struct ms_block_page){0};
	if (--node->pages_used == 0) {
		push(&t->free_nodes, node);
		t->roots[id >> 12] = NULL;
	}
}

static uint64_t *addresses_of(struct ms_block_entry *entries, unsigned class_)
{
	return (uint64_t *)(void *)(entries + MS_PAGE_ENTRIES(class_));
}

/* Copies the live entries into the smallest array that takes them. Without memory the page stays as it is. */
static void pack_page(struct ms_block_table *t, struct ms_block_page *page)
{
	unsigned class_ = page->class_, to = 0;
	struct ms_block_entry *packed;

	while (class_ + 1 < MS_PAGE_CLASSES && page->live_count <= MS_PAGE_ENTRIES(class_ + 1))
		class_++;
	if (class_ == page->class_)
		return;
	packed = take_entries(t, class_);
	if (packed == NULL)
		return;
	for (uint64_t left = page->live; left != 0; left &= left - 1, to++) {
		unsigned from = ms_block_page_index(page, (uint64_t)__builtin_ctzll(left));

		packed[to] = page->entries[from];
		if (t->addresses)
			addresses_of(packed, class_)[to] = addresses_of(page->entries, page->class_)[from];
	}
	push(&t->free_entries[page->class_], page->entries);
	page->entries = packed;
	page->kept = page->live;
	page->class_ = (uint8_t)class_;
}

void ms_block_table_shrink(struct ms_block_table *t, uint64_t id)
{
	struct ms_block_page *page = ms_block_table_page(t, id);

	/* The newest page is about to take more blocks. */
	if (id >> 6 == t->newest >> 6)
		return;
	if (page->live_count == 0)
		drop_page(t, id);
	else
		pack_page(t, page);
}

static bool grow_roots(struct ms_block_table *t, uint64_t root)
{
	size_t count = t->root_count ? t->root_count : 16;
	struct ms_block_node **roots;

	while (count <= root)
		count *= 2;
	roots = realloc(t->roots, count * sizeof(struct ms_block_node *));
	if (roots == NULL)
		return false;
	memset(roots + t->root_count, 0, (count - t->root_count) * sizeof(struct ms_block_node *));
	t->roots = roots;
	t->root_count = count;
	return true;
}

struct ms_block_entry *ms_block_table_new_page(struct ms_block_table *t, uint64_t id)
{
	uint64_t root = id >> 12, before = t->newest;
	struct ms_block_node *node;
	struct ms_block_page *page;
	struct ms_block_entry *entries;

	if (root >= SIZE_MAX / 16 || (root >= t->root_count && !grow_roots(t, root)))
		return NULL;
	entries = take_entries(t, 0);
	if (entries == NULL)
		return NULL;
	node = t->roots[root];
	if (node == NULL) {
		node = take(t, &t->free_nodes, sizeof(*node));
		if (node == NULL) {
			push(&t->free_entries[0], entries);
			return NULL;
		}
		memset(node, 0, sizeof(*node));
		t->roots[root] = node;
	}
	node->pages_used++;
	page = &node->pages[id >> 6 & 63];
	*page = (struct ms_block_page){
		.live = UINT64_C(1) << (id & 63), .kept = UINT64_MAX, .entries = entries, .live_count = 1};
	t->live++;
	t->newest = id;
	/* The page that was the newest is now one like any other. */
	page = ms_block_table_page(t, before);
	if (page != NULL && page->entries != NULL)
		ms_block_table_shrink(t, before);
	return &entries[id & 63];
}

/* ---- the whole table --------------------------------------------------------------------------------------------- */

void ms_block_table_clear(struct ms_block_table *t)
{
	for (size_t root = 0; root < t->root_count; root++) {
		for (unsigned i = 0; i < 64 && t->roots[root] != NULL; i++) {
			if (t->roots[root]->pages[i].entries != NULL)
				drop_page(t, (uint64_t)root << 12 | i << 6);
		}
	}
	t->live = 0;
}

void ms_block_table_free(struct ms_block_table *t)
{
	while (t->chunks != NULL) {
		struct link *chunk = t->chunks;

		t->chunks = chunk->next;
		free(chunk);
	}
	free(t->roots);
	*t = (struct ms_block_table){0};
}

bool ms_block_table_walk(const struct ms_block_table *t,
			 bool (*visit)(void *context, uint64_t id, const struct ms_block_entry *entry), void *context)
{
	for (size_t root = 0; root < t->root_count; root++) {
		for (unsigned i = 0; i < 64 && t->roots[root] != NULL; i++) {
			const struct ms_block_page *page = &t->roots[root]->pages[i];

			for (uint64_t left = page->live; left != 0; left &= left - 1) {
				uint64_t id = (uint64_t)root << 12 | i << 6 | (uint64_t)__builtin_ctzll(left);

				if (!visit(context, id, ms_block_table_find(t, id)))
					return false;
			}
		}
	}
	return true;
}
