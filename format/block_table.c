#include "block_table.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_ENTRIES(class_) (64u >> 2 * (class_))

/* ---- memory: arrays of entries and nodes are recycled, because programs that allocate and free need them at a high
   rate ---- */

struct link {
	struct link *next;
};

static void push(void **list, void *p)
{
	struct link *link = p;

	link->next = *list;
	*list = link;
}

static void *pop(void **list, size_t bytes)
{
	struct link *link = *list;

	if (link == NULL)
		return malloc(bytes);
	*list = link->next;
	return link;
}

static void free_list(void **list)
{
	while (*list != NULL) {
		struct link *link = *list;

		*list = link->next;
		free(link);
	}
}

static struct ms_block_entry *take_entries(struct ms_block_table *t, unsigned class_)
{
	return pop(&t->free_entries[class_], CLASS_ENTRIES(class_) * sizeof(struct ms_block_entry));
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

/* Copies the live entries into the smallest array that takes them. Without memory the page stays as it is. */
static void pack_page(struct ms_block_table *t, struct ms_block_page *page)
{
	unsigned class_ = page->class_;
	struct ms_block_entry *packed, *to;
	uint64_t left = page->live;

	while (class_ + 1 < MS_PAGE_CLASSES && page->live_count <= CLASS_ENTRIES(class_ + 1))
		class_++;
	if (class_ == page->class_)
		return;
	packed = take_entries(t, class_);
	if (packed == NULL)
		return;
	for (to = packed; left != 0; left &= left - 1) {
		uint64_t bit = (uint64_t)__builtin_ctzll(left);

		*to++ = *ms_block_page_entry(page, bit);
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
		node = pop(&t->free_nodes, sizeof(*node));
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
	ms_block_table_clear(t);
	for (unsigned i = 0; i < MS_PAGE_CLASSES; i++)
		free_list(&t->free_entries[i]);
	free_list(&t->free_nodes);
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

				if (!visit(context, id, ms_block_page_entry(page, id)))
					return false;
			}
		}
	}
	return true;
}
