/* cursor_live.c - the blocks that live where a cursor stands; see cursor_state.h. */
#include <stdlib.h>

#include "cursor_state.h"

struct live_walk {
	const struct ms_block_table *table;
	bool addresses;                  /* they are followed here */
	void (*visit)(void *context, const struct ms_live_block *block);
	void *context;
};

static bool visit_live(void *context, uint64_t id, const struct ms_block_entry *e)
{
	const struct live_walk *walk = context;

	walk->visit(walk->context, &(struct ms_live_block){
		.block = id,
		.address = walk->addresses ? *ms_block_table_address(walk->table, id) : 0,
		.size_bytes = e->size_bytes,
		.birth_ns = e->birth >> 8,
		.stack = e->stack,
		.thread = e->thread,
		.kind = (uint8_t)e->birth,
	});
	return true;
}

int ms_cursor_walk_live(struct ms_cursor *c, void (*visit)(void *context, const struct ms_live_block *block), void *context,
			struct ms_error *err)
{
	struct live_walk walk = {.table = &c->table, .visit = visit, .context = context};

	if (ms_cursor_skip(c) != MS_OK) {
		if (err != NULL)
			*err = c->error;
		return c->status;
	}
	walk.addresses = c->addresses_to > 0 && c->position <= c->addresses_to &&
			 (c->addresses_from == 0 || c->position > c->addresses_from);
	ms_block_table_walk(&c->table, visit_live, &walk);
	return MS_OK;
}

struct live_list {
	struct ms_live_block *blocks;
	size_t count;
};

static void add_live(void *context, const struct ms_live_block *block)
{
	struct live_list *list = context;

	list->blocks[list->count++] = *block;
}

int ms_cursor_live(struct ms_cursor *c, const struct ms_live_block **blocks, size_t *n, struct ms_error *err)
{
	struct live_list list = {0};
	int rc;

	if (ms_cursor_skip(c) != MS_OK) {
		if (err != NULL)
			*err = c->error;
		return c->status;
	}
	if (c->table.live > c->live_capacity || c->live == NULL) {
		size_t capacity = c->table.live + c->table.live / 2 + 64;
		struct ms_live_block *live = realloc(c->live, capacity * sizeof(*live));

		if (live == NULL)
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu live blocks", capacity);
		c->live = live;
		c->live_capacity = capacity;
	}
	list.blocks = c->live;
	rc = ms_cursor_walk_live(c, add_live, &list, err);
	*blocks = c->live;
	*n = list.count;
	return rc;
}
