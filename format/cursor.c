/*
 * cursor.c - the events of a trace, block by block, resolved against the live blocks.
 *
 * Two stages. Decoding (read, check, decompress, columns, everything that one block alone determines) runs ahead on a
 * thread of its own when asked for (cursor_decode.c); resolving (what a free ends, addresses) needs the block table and runs in
 * ms_cursor_next, a slice of a block at a time, so that what it writes stays in the cache for the caller.
 */
#include <stdlib.h>
#include <string.h>

#include "cursor_state.h"

/* ---- resolving --------------------------------------------------------------------------------------------------- */

/*
 * How far ahead of its use a block of the table is asked for. Blocks freed in another order than they were allocated
 * are all over the table, and each would cost the time of a memory access.
 */
#define AHEAD_PAGE 64
#define AHEAD_ENTRY 32

static inline __attribute__((always_inline)) void prefetch_free(const struct ms_cursor *c, const struct ms_decoded *d, uint32_t i)
{
	/* Allocations have the newest ids: their page is the one in use. */
	if (i + AHEAD_PAGE < d->count)
		ms_block_table_prefetch_page(&c->table, d->block[i + AHEAD_PAGE]);
	if (i + AHEAD_ENTRY < d->count && d->block[i + AHEAD_ENTRY] < d->first_block)
		ms_block_table_prefetch(&c->table, d->block[i + AHEAD_ENTRY]);
}

static inline void set_birth(struct ms_cursor *c, uint32_t k, const struct ms_block_entry *e)
{
	c->birth_stack[k] = e->stack;
	c->birth_thread[k] = e->thread;
	c->birth_ns[k] = e->birth >> 8;
	c->birth_kind[k] = (uint8_t)e->birth;
}

static void begin_realloc(struct ms_cursor *c, uint32_t thread, const struct ms_block_entry *old)
{
	struct ms_open_reallocs *r = &c->reallocs[thread];

	if (r->epoch != c->epoch)
		*r = (struct ms_open_reallocs){.epoch = c->epoch};
	r->blocks[r->depth++ % MS_CURSOR_REALLOCS] = *old;
}

/* The second half: a block that lives on keeps its birth. */
static void end_realloc(struct ms_cursor *c, uint32_t thread, bool failed, struct ms_block_entry *e)
{
	struct ms_open_reallocs *r = &c->reallocs[thread];
	struct ms_block_entry *old;

	if (r->epoch != c->epoch || r->depth == 0)
		return;
	old = &r->blocks[--r->depth % MS_CURSOR_REALLOCS];
	if (failed && old->birth != 0) {
		e->birth = old->birth;
		e->stack = old->stack;
		e->thread = old->thread;
	}
	*old = (struct ms_block_entry){0};
}

/* What is done about addresses: nothing, those of MAP events are picked out, or those of blocks are followed too. */
enum addresses { NO_ADDRESSES, MAP_ADDRESSES, ALL_ADDRESSES };

/* An allocation: event i of the block, element k of the batch. */
static inline int resolve_alloc(struct ms_cursor *c, struct ms_decoded *d, uint32_t i, uint32_t k, enum addresses addresses)
{
	struct ms_block_entry *e = ms_block_table_insert(&c->table, d->block[i]);

	if (__builtin_expect(e == NULL, 0))
		return ms_fail(&c->error, MS_E_NOMEM, c->current->offset, "no memory for the live blocks");
	e->size_bytes = d->size_bytes[i];
	e->birth = ms_block_birth(d->time_ns[i], d->kind[i]);
	e->stack = d->stack[i];
	e->thread = d->thread[i];
	if (addresses == MAP_ADDRESSES) {
		c->raw_at += d->address_code[c->alloc_at++] == MS_ADDRESS_RAW;
	} else if (addresses == ALL_ADDRESSES) {
		uint64_t code = d->address_code[c->alloc_at++];
		uint64_t raw = code == MS_ADDRESS_RAW ? d->raw_address[c->raw_at++] : 0;
		uint64_t address = ms_address_decode(&c->predictor, d->thread[i], d->size_bytes[i], code, raw);

		*ms_block_table_address(&c->table, d->block[i]) = address;
		c->address[k] = address;
		c->address_sum += address;
	}
	if (d->kind[i] == MS_EV_REALLOC || d->kind[i] == MS_EV_REALLOC_FAILED)
		end_realloc(c, d->thread[i], d->kind[i] == MS_EV_REALLOC_FAILED, e);
	set_birth(c, k, e);
	return MS_OK;
}

/* A free of a block. */
static inline int resolve_free(struct ms_cursor *c, struct ms_decoded *d, uint32_t i, uint32_t k, enum addresses addresses)
{
	const uint64_t block = d->block[i];
	const struct ms_block_entry *e = ms_block_table_find(&c->table, block);

	if (__builtin_expect(e == NULL, 0))
		return ms_fail(&c->error, MS_E_CORRUPT, c->current->offset, "event %llu ends block %llu, which is not live",
			       (unsigned long long)(d->first_event + i), (unsigned long long)block);
	d->size_bytes[i] = e->size_bytes;
	set_birth(c, k, e);
	if (addresses == ALL_ADDRESSES) {
		c->address[k] = *ms_block_table_address(&c->table, block);
		ms_address_freed(&c->predictor, d->thread[i], e->size_bytes, c->address[k]);
	}
	if (d->kind[i] == MS_EV_REALLOC_FREE)
		begin_realloc(c, d->thread[i], e);
	ms_block_table_remove(&c->table, block);
	return MS_OK;
}

static void resolve_other(struct ms_cursor *c, struct ms_decoded *d, uint32_t i, uint32_t k, enum addresses addresses)
{
	static const struct ms_block_entry none;
	const unsigned class_ = ms_event_kinds[d->kind[i]].class_;

	set_birth(c, k, &none);
	if (d->kind[i] == MS_EV_REALLOC_FREE)
		begin_realloc(c, d->thread[i], &none);
	else if (d->kind[i] == MS_EV_REALLOC_OUT)
		end_realloc(c, d->thread[i], false, NULL);
	if (addresses != NO_ADDRESSES)
		c->address[k] = class_ == MS_CLASS_FREE || class_ == MS_CLASS_MAP ? d->raw_address[c->raw_at++] : 0;
	if (d->kind[i] == MS_EV_IMAGE_START) {
		ms_block_table_clear(&c->table);
		c->epoch++;
	}
}

/* Resolves events [c->at, c->at + n) of the current block. */
static inline __attribute__((always_inline)) int resolve_slice(struct ms_cursor *c, uint32_t n, enum addresses addresses)
{
	struct ms_decoded *d = c->current->decoded;

	for (uint32_t k = 0, i = c->at; k < n; k++, i++) {
		const unsigned class_ = ms_event_kinds[d->kind[i]].class_;
		int rc = MS_OK;

		prefetch_free(c, d, i);
		if (class_ == MS_CLASS_ALLOC)
			rc = resolve_alloc(c, d, i, k, addresses);
		else if (class_ == MS_CLASS_FREE && d->block[i] != 0)
			rc = resolve_free(c, d, i, k, addresses);
		else
			resolve_other(c, d, i, k, addresses);
		if (__builtin_expect(rc != MS_OK, 0))
			return rc;
	}
	c->at += n;
	return MS_OK;
}

static int resolve(struct ms_cursor *c, uint32_t n)
{
	const struct ms_decoded *d = c->current->decoded;
	int rc;

	if (!d->has_addresses)
		return resolve_slice(c, n, NO_ADDRESSES);
	if (!ms_cursor_follows_addresses(c, d->first_event))
		return resolve_slice(c, n, MAP_ADDRESSES);
	rc = resolve_slice(c, n, ALL_ADDRESSES);
	if (rc == MS_OK && c->at == d->count && d->address_sum != 0 && d->address_sum != c->address_sum)
		return ms_fail(&c->error, MS_E_CORRUPT, c->current->offset,
			       "the addresses of the block do not add up to what it says");
	return rc;
}

/* A keyframe of a damaged trace need not have all blocks. */
static bool forget_address(void *context, uint64_t id, const struct ms_block_entry *entry)
{
	(void)entry;
	*ms_block_table_address(context, id) = 0;
	return true;
}

/* The addresses of the live blocks, at a keyframe up to which they were not followed. */
static int load_addresses(struct ms_cursor *c)
{
	struct ms_cursor *at = NULL;
	const struct ms_live_block *blocks;
	size_t n;
	int rc = ms_cursor_open(&at, c->trace, MS_COLUMN_ADDRESS, c->addresses_from, 1, &c->error);

	if (rc == MS_OK)
		rc = ms_cursor_live(at, &blocks, &n, &c->error);
	if (rc == MS_OK) {
		ms_block_table_walk(&c->table, forget_address, &c->table);
		for (size_t i = 0; i < n; i++)
			if (ms_block_table_find(&c->table, blocks[i].block))
				*ms_block_table_address(&c->table, blocks[i].block) = blocks[i].address;
	}
	ms_cursor_close(at);
	return rc;
}

/* Takes the next decoded block as the current one. */
static int advance(struct ms_cursor *c)
{
	struct ms_cursor_slot *slot = ms_cursor_next_slot(c);

	c->current = slot;
	c->at = c->alloc_at = c->raw_at = 0;
	c->address_sum = 0;
	if (slot->rc != MS_OK) {
		c->error = slot->error;
		return slot->rc;
	}
	if (slot->decoded->count == 0)
		return MS_OK;
	if (slot->decoded->first_block != c->next_block)
		return ms_fail(&c->error, MS_E_CORRUPT, slot->offset,
			       "the Events block starts with block id %llu, %llu is expected",
			       (unsigned long long)slot->decoded->first_block, (unsigned long long)c->next_block);
	if (slot->decoded->time_ns[0] < c->last_time_ns)
		return ms_fail(&c->error, MS_E_CORRUPT, slot->offset, "the Events block starts before the one before it ends");
	c->next_block += slot->decoded->allocs;
	c->last_time_ns = slot->decoded->time_ns[slot->decoded->count - 1];
	if (slot->after_keyframe)
		c->epoch++;
	if (slot->decoded->has_addresses)
		memset(&c->predictor, 0, sizeof(c->predictor));
	if (slot->decoded->first_event == c->addresses_from && c->addresses_from > 0)
		return load_addresses(c);
	return MS_OK;
}

/* Resolves the next slice, which does not reach across skip_to. *n = 0: the end. Fails with the status that sticks. */
static int resolve_next(struct ms_cursor *c, uint32_t *n)
{
	const struct ms_decoded *d;
	uint64_t event;

	*n = 0;
	if (c->status == MS_OK && c->current != NULL && c->current->decoded->count == 0)
		return MS_OK; /* the end, again */
	if (c->status == MS_OK && c->position >= c->limit)
		return MS_OK;
	if (c->status == MS_OK && (c->current == NULL || c->at == c->current->decoded->count))
		c->status = advance(c);
	if (c->status != MS_OK)
		return c->status;
	d = c->current->decoded;
	event = d->first_event + c->at;
	*n = d->count - c->at < MS_CURSOR_SLICE ? d->count - c->at : MS_CURSOR_SLICE;
	if (event < c->skip_to && c->skip_to - event < *n)
		*n = (uint32_t)(c->skip_to - event);
	if (c->limit - event < *n)
		*n = (uint32_t)(c->limit - event);
	if (event < c->live_event && c->live_event - event < *n)
		*n = (uint32_t)(c->live_event - event);
	if (*n != 0)
		c->status = resolve(c, *n);
	return c->status;
}

int ms_cursor_skip(struct ms_cursor *c)
{
	uint32_t n = 1;

	while (n != 0 && c->position < c->skip_to) {
		if (resolve_next(c, &n) != MS_OK)
			return c->status;
		c->position += n;
	}
	return MS_OK;
}

int ms_cursor_next(struct ms_cursor *c, struct ms_batch *batch, struct ms_error *err)
{
	uint32_t n;

	*batch = (struct ms_batch){0};
	if (ms_cursor_skip(c) != MS_OK || resolve_next(c, &n) != MS_OK)
		goto fail;
	c->position += n;
	if (n != 0) {
		const struct ms_decoded *d = c->current->decoded;
		const uint32_t first = c->at - n;

		*batch = (struct ms_batch){
			.count = n,
			.first_event = d->first_event + first,
			.kind = d->kind + first,
			.time_ns = d->time_ns + first,
			.thread = d->thread + first,
			.size_bytes = d->size_bytes + first,
			.block = d->block + first,
			.stack = d->stack + first,
			.birth_stack = c->birth_stack,
			.birth_thread = c->birth_thread,
			.birth_ns = c->birth_ns,
			.birth_kind = c->birth_kind,
			.address = c->columns & MS_COLUMN_ADDRESS || (c->columns & MS_COLUMN_MAP_ADDRESS && d->maps) ? c->address : NULL,
			.arg = c->columns & MS_COLUMN_ARGS ? (const uint64_t(*)[2])(d->arg + first) : NULL,
		};
	}
	return MS_OK;

fail:
	if (err != NULL)
		*err = c->error;
	return c->status;
}

void ms_cursor_forget_reallocs(struct ms_cursor *c)
{
	c->epoch++;
}

uint64_t ms_cursor_next_block(const struct ms_cursor *c)
{
	uint64_t next = c->next_block;

	/* it counts the whole block that is being resolved */
	for (uint32_t i = c->at; c->current != NULL && i < c->current->decoded->count; i++)
		next -= ms_event_kinds[c->current->decoded->kind[i]].class_ == MS_CLASS_ALLOC;
	return next;
}

void ms_cursor_limit(struct ms_cursor *c, uint64_t event)
{
	c->limit = event;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static int open_cursor(struct ms_cursor **out, const struct ms_trace *t, uint32_t columns, uint64_t first_event,
		       uint64_t live_event, unsigned threads, struct ms_error *err)
{
	struct ms_cursor *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a cursor");
	c->trace = t;
	c->columns = columns;
	ms_cursor_choose_addresses(c, live_event);
	c->table.addresses = c->addresses_to > 0 || (live_event == 0 && ms_trace_is_part(t));
	c->epoch = 1;
	c->limit = UINT64_MAX;
	c->slot_count = threads > 1 ? MS_CURSOR_SLOTS : 1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->reallocs = calloc((size_t)t->tables.thread_count + 1, sizeof(*c->reallocs));
	rc = c->reallocs != NULL ? MS_OK
				 : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u threads",
					   t->tables.thread_count);
	for (unsigned i = 0; i < c->slot_count && rc == MS_OK; i++)
		rc = ms_decoded_create(&c->slots[i].decoded, columns | (c->addresses_to ? MS_COLUMN_ADDRESS : 0), err);
	if (rc == MS_OK)
		rc = ms_cursor_start(c, first_event, err);
	if (rc == MS_OK && threads > 1)
		ms_cursor_decode_ahead(c);
	if (rc != MS_OK) {
		ms_cursor_close(c);
		return rc;
	}
	*out = c;
	return MS_OK;
}

int ms_cursor_open(struct ms_cursor **out, const struct ms_trace *t, uint32_t columns, uint64_t first_event,
		   unsigned threads, struct ms_error *err)
{
	return open_cursor(out, t, columns, first_event, UINT64_MAX, threads, err);
}

int ms_cursor_open_live(struct ms_cursor **out, const struct ms_trace *t, uint32_t columns, uint64_t first_event,
			uint64_t live_event, unsigned threads, struct ms_error *err)
{
	return open_cursor(out, t, columns, first_event, live_event, threads, err);
}

void ms_cursor_close(struct ms_cursor *c)
{
	if (c == NULL)
		return;
	ms_cursor_stop_decoding(c);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	for (unsigned i = 0; i < c->slot_count; i++)
		ms_decoded_destroy(c->slots[i].decoded);
	ms_unpacker_free(&c->unpacker);
	ms_block_table_free(&c->table);
	free(c->reallocs);
	free(c->live);
	free(c);
}
