/*
 * The events of a trace, block by block, resolved against the live blocks.
 *
 * Two stages. Decoding (read, check, decompress, columns, everything that one block alone determines) runs ahead on a
 * thread of its own when asked for; resolving (what a free ends, addresses) needs the block table and runs in
 * ms_cursor_next, a slice of a block at a time, so that what it writes stays in the cache for the caller.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "block_table.h"
#include "checkpoint.h"
#include "columns.h"
#include "trace_fb.h"
#include "trace_index.h"
#include "trace_internal.h"

#define SLICE 4096 /* events in a batch */
#define SLOTS 3    /* blocks decoded ahead, with the one in use */

struct slot {
	struct ms_decoded *decoded;      /* count 0: the end */
	uint64_t offset;                 /* of the block */
	bool after_keyframe;             /* a Keyframe stands between the Events block before and this one */
	int rc;
	struct ms_error error;
};

/*
 * The reallocs that a thread is inside of: for each the block as it was, in case the second half fails; birth 0 when it
 * was not known. More than one only when a signal handler calls realloc, too.
 */
#define MAX_REALLOCS 4
struct open_reallocs {
	uint64_t epoch;                  /* valid when it is that of the cursor */
	uint64_t depth;
	struct ms_block_entry blocks[MAX_REALLOCS]; /* by depth modulo MAX_REALLOCS: the outermost are forgotten */
};

struct ms_cursor {
	const struct ms_trace *trace;
	uint32_t columns;
	/* Addresses of blocks are followed in [addresses_from, addresses_to). */
	uint64_t addresses_from, addresses_to;
	uint64_t live_event;             /* no batch reaches across it */

	/* Decoding: used by the background thread while there is one. */
	struct ms_unpacker unpacker;
	size_t next_index;               /* of the next block to look at */
	uint64_t decode_event;           /* ordinal that the next Events block must start with */

	/* Hand-over of slots. */
	struct slot slots[SLOTS];
	unsigned slot_count;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t decoded, taken;         /* blocks; under lock */
	bool stop;                       /* under lock */

	/* Resolving. */
	struct slot *current;
	uint32_t at;                     /* events of the current block already delivered */
	uint32_t alloc_at, raw_at;       /* positions in its address columns */
	uint64_t skip_to;                /* ordinal: events before it are resolved, but not delivered */
	uint64_t limit;                  /* ordinal: events from it on wait */
	uint64_t position;               /* ordinal of the next event to resolve */
	uint64_t next_block;
	uint64_t last_time_ns;
	uint64_t address_sum;
	struct ms_block_table table;
	struct open_reallocs *reallocs;  /* by thread id */
	uint64_t epoch;
	struct ms_address_predictor predictor;
	int status;                      /* the first error sticks */
	struct ms_error error;

	/* What a batch points to, beside the decoded block. */
	uint32_t birth_stack[SLICE], birth_thread[SLICE];
	uint64_t birth_ns[SLICE];
	uint8_t birth_kind[SLICE];
	uint64_t address[SLICE];
	struct ms_live_block *live;      /* of ms_cursor_live */
	size_t live_capacity;
};

/* ---- decoding ---------------------------------------------------------------------------------------------------- */

static int check_header(const struct ms_decoded *d, const struct ms_block_info *info, struct ms_error *err)
{
	if (d->first_event != info->first_event || d->count != info->count || d->time_ns[0] != info->first_time_ns ||
	    d->time_ns[d->count - 1] != info->last_time_ns)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the Events block and its header differ");
	return MS_OK;
}

/* In the Events block that starts with this event? */
static bool follows_addresses(const struct ms_cursor *c, uint64_t first_event)
{
	return first_event >= c->addresses_from && first_event < c->addresses_to;
}

static int decode_events(struct ms_cursor *c, struct slot *slot, const struct ms_block_info *info)
{
	const struct ms_id_limits limits = ms_trace_limits(c->trace);
	const uint32_t columns = c->columns | (follows_addresses(c, info->first_event) ? MS_COLUMN_ADDRESS : 0);
	struct ms_block_header header;
	const uint8_t *body;
	int rc = ms_trace_block_header(c->trace, info, &header, &slot->error);

	if (rc == MS_OK)
		rc = ms_block_unpack(&c->unpacker, &c->trace->source, info->offset, &header, NULL, &body, &slot->error);
	if (rc == MS_OK)
		rc = ms_events_decode(slot->decoded, body, &limits, columns, info->offset, &slot->error);
	if (rc == MS_OK)
		rc = check_header(slot->decoded, info, &slot->error);
	if (rc == MS_OK && slot->decoded->first_event != c->decode_event)
		rc = ms_fail(&slot->error, MS_E_CORRUPT, info->offset, "event %llu is expected, the block starts with %llu",
			     (unsigned long long)c->decode_event, (unsigned long long)slot->decoded->first_event);
	if (rc == MS_OK) {
		c->decode_event += slot->decoded->count;
		ms_trace_count_read(c->trace, slot->decoded->count);
	}
	return rc;
}

/* Decodes the next Events block into the slot; count 0 when there is none. */
static void fill(struct ms_cursor *c, struct slot *slot)
{
	slot->after_keyframe = false;
	slot->decoded->count = 0;
	slot->rc = MS_OK;
	for (; c->next_index < ms_trace_block_count(c->trace); c->next_index++) {
		const struct ms_block_info *info = ms_trace_block(c->trace, c->next_index);

		if (info->kind == MS_BLOCK_KEYFRAME)
			slot->after_keyframe = true;
		if (info->kind != MS_BLOCK_EVENTS)
			continue;
		slot->offset = info->offset;
		slot->rc = decode_events(c, slot, info);
		c->next_index++;
		return;
	}
}

static bool is_last(const struct slot *slot)
{
	return slot->rc != MS_OK || slot->decoded->count == 0;
}

static void *decode_ahead(void *context)
{
	struct ms_cursor *c = context;
	bool more = true;

	while (more) {
		struct slot *slot;
		bool stop;

		pthread_mutex_lock(&c->lock);
		while (c->decoded - c->taken >= c->slot_count && !c->stop)
			pthread_cond_wait(&c->changed, &c->lock);
		stop = c->stop;
		slot = &c->slots[c->decoded % c->slot_count];
		pthread_mutex_unlock(&c->lock);
		if (stop)
			break;
		fill(c, slot);
		more = !is_last(slot);
		pthread_mutex_lock(&c->lock);
		c->decoded++;
		pthread_cond_broadcast(&c->changed);
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

/* The next decoded block; gives the one before back. */
static struct slot *next_slot(struct ms_cursor *c)
{
	struct slot *slot;

	if (!c->has_thread) {
		fill(c, &c->slots[0]);
		return &c->slots[0];
	}
	pthread_mutex_lock(&c->lock);
	if (c->current != NULL) {
		c->taken++;
		pthread_cond_broadcast(&c->changed);
	}
	while (c->decoded == c->taken)
		pthread_cond_wait(&c->changed, &c->lock);
	slot = &c->slots[c->taken % c->slot_count];
	pthread_mutex_unlock(&c->lock);
	return slot;
}

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
	struct open_reallocs *r = &c->reallocs[thread];

	if (r->epoch != c->epoch)
		*r = (struct open_reallocs){.epoch = c->epoch};
	r->blocks[r->depth++ % MAX_REALLOCS] = *old;
}

/* The second half: a block that lives on keeps its birth. */
static void end_realloc(struct ms_cursor *c, uint32_t thread, bool failed, struct ms_block_entry *e)
{
	struct open_reallocs *r = &c->reallocs[thread];
	struct ms_block_entry *old;

	if (r->epoch != c->epoch || r->depth == 0)
		return;
	old = &r->blocks[--r->depth % MAX_REALLOCS];
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
	if (!follows_addresses(c, d->first_event))
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
	struct slot *slot = next_slot(c);

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
	*n = d->count - c->at < SLICE ? d->count - c->at : SLICE;
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

/* Goes on to just before the event skip_to, or to the end. */
static int skip(struct ms_cursor *c)
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
	if (skip(c) != MS_OK || resolve_next(c, &n) != MS_OK)
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

/* ---- keyframes --------------------------------------------------------------------------------------------------- */

enum { KEY_BLOCK, KEY_ADDRESS, KEY_SIZE, KEY_STACK, KEY_THREAD, KEY_KIND, KEY_TIME, KEY_COLUMNS };

/* Adds the blocks of one Keyframe block to the table. */
static int load_keyframe_part(struct ms_cursor *c, const struct ms_source *source, const struct ms_block_info *info,
			      uint64_t *entries, uint64_t *live_blocks, uint64_t *before, struct ms_error *err)
{
	const struct ms_id_limits limits = ms_trace_limits(c->trace);
	uint64_t *values[KEY_COLUMNS] = {NULL};
	struct ms_block_header header;
	struct fb_keyframe k;
	int rc = ms_listed_block_header(source, info, &header, err);

	if (rc == MS_OK)
		rc = ms_block_unpack(&c->unpacker, source, info->offset, &header, NULL, &k.at, err);
	if (rc != MS_OK)
		return rc;
	const struct fb_column columns[KEY_COLUMNS] = {
		fb_keyframe_blocks(k),	fb_keyframe_addresses(k), fb_keyframe_sizes(k), fb_keyframe_stacks(k),
		fb_keyframe_threads(k), fb_keyframe_kinds(k),	  fb_keyframe_times(k)};
	const uint32_t count = fb_column_count(columns[KEY_BLOCK]);

	if (fb_keyframe_event(k) != info->first_event || count != info->count ||
	    fb_keyframe_time_ns(k) != info->first_time_ns || fb_keyframe_next_block(k) > fb_keyframe_event(k) + 1 + c->trace->start_blocks ||
	    count > MS_MAX_RAW_BYTES)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the Keyframe block and its header differ");
	for (unsigned i = 0; i < KEY_COLUMNS; i++) {
		struct ms_fb_vector data = fb_column_data(columns[i]);

		values[i] = malloc(((size_t)count + 1) * sizeof(uint64_t));
		if (values[i] == NULL) {
			rc = ms_fail(err, MS_E_NOMEM, info->offset, "no memory for %u live blocks", count);
			goto done;
		}
		if (fb_column_count(columns[i]) != count ||
		    ms_column_decode64(values[i], count, fb_column_codec(columns[i]), data.data, data.count) != MS_OK) {
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "column %u of the keyframe does not decode", i);
			goto done;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		struct ms_block_entry *e;

		if (values[KEY_BLOCK][i] <= *before || values[KEY_BLOCK][i] >= fb_keyframe_next_block(k) ||
		    values[KEY_STACK][i] > limits.stacks || values[KEY_THREAD][i] - 1 >= limits.threads ||
		    values[KEY_KIND][i] > UINT8_MAX || ms_event_kinds[values[KEY_KIND][i]].class_ != MS_CLASS_ALLOC ||
		    values[KEY_TIME][i] > info->first_time_ns) {
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "live block %llu of the keyframe is not valid",
				     (unsigned long long)values[KEY_BLOCK][i]);
			goto done;
		}
		e = ms_block_table_insert(&c->table, values[KEY_BLOCK][i]);
		if (e == NULL) {
			rc = ms_fail(err, MS_E_NOMEM, info->offset, "no memory for the live blocks");
			goto done;
		}
		*e = (struct ms_block_entry){
			.size_bytes = values[KEY_SIZE][i],
			.birth = ms_block_birth(values[KEY_TIME][i], (uint8_t)values[KEY_KIND][i]),
			.stack = (uint32_t)values[KEY_STACK][i],
			.thread = (uint32_t)values[KEY_THREAD][i],
		};
		if (c->table.addresses)
			*ms_block_table_address(&c->table, values[KEY_BLOCK][i]) = values[KEY_ADDRESS][i];
		*before = values[KEY_BLOCK][i];
	}
	*entries += count;
	ms_trace_count_loaded(c->trace, count);
	*live_blocks = fb_keyframe_live_blocks(k);
	c->next_block = fb_keyframe_next_block(k);
done:
	for (unsigned i = 0; i < KEY_COLUMNS; i++)
		free(values[i]);
	return rc;
}

/* The first part of the last keyframe at or before the event: its place among the blocks, or their number when there is none. */
static size_t keyframe_before(const struct ms_trace *t, uint64_t event)
{
	const size_t count = ms_trace_block_count(t);
	size_t first = count;

	for (size_t i = 0; i < count && (event > 0 || ms_trace_is_part(t)); i++) {
		const struct ms_block_info *info = ms_trace_block(t, i);

		if (info->kind == MS_BLOCK_KEYFRAME && info->first_event <= event &&
		    (first == count || info->first_event != ms_trace_block(t, first)->first_event))
			first = i;
	}
	return first;
}

/* The parts of one keyframe, of which the first is block number `first` of the file; *behind: the one behind them. */
static int load_keyframe(struct ms_cursor *c, const struct ms_source *source, size_t first,
			 const struct ms_block_info *(*block)(const struct ms_trace *, size_t), size_t *behind, struct ms_error *err)
{
	const struct ms_block_info *start = block(c->trace, first), *info;
	uint64_t entries = 0, live_blocks = 0, before = 0;
	size_t i = first;

	c->decode_event = c->position = start->first_event;
	c->last_time_ns = start->first_time_ns;
	for (; (info = block(c->trace, i)) != NULL; i++) {
		int rc;

		if (info->kind != MS_BLOCK_KEYFRAME || info->first_event != c->decode_event)
			break;
		rc = load_keyframe_part(c, source, info, &entries, &live_blocks, &before, err);
		if (rc != MS_OK)
			return rc;
	}
	*behind = i;
	if (ms_trace_is_part(c->trace) && c->position == 0 && c->next_block != entries + 1)
		return ms_fail(err, MS_E_CORRUPT, start->offset, "a part begins with block id %llu, %llu is expected",
			       (unsigned long long)c->next_block, (unsigned long long)entries + 1);
	if (entries != live_blocks)
		return ms_fail(err, MS_E_CORRUPT, start->offset, "the keyframe has %llu of its %llu live blocks",
			       (unsigned long long)entries, (unsigned long long)live_blocks);
	return MS_OK;
}

/* The reallocs under way at a checkpoint; all is checked. */
static void restore_reallocs(struct ms_cursor *c, const struct ms_checkpoint *from)
{
	for (size_t i = 0; i < MS_ROWS(from->reallocs, struct ms_checkpoint_realloc); i++) {
		const struct ms_checkpoint_realloc *row = MS_ROW(from->reallocs, struct ms_checkpoint_realloc, i);
		struct open_reallocs *r = &c->reallocs[row->thread];

		if (r->epoch != c->epoch)
			*r = (struct open_reallocs){.epoch = c->epoch};
		r->depth = row->depth;
		if (row->kind != 0)
			r->blocks[row->slot] = (struct ms_block_entry){
				.birth = ms_block_birth(row->birth_ns, (uint8_t)row->kind),
				.stack = (uint32_t)row->stack,
				.thread = (uint32_t)row->birth_thread,
			};
	}
}

static int start_at_checkpoint(struct ms_cursor *c, const struct ms_index_place *place, struct ms_error *err)
{
	struct ms_checkpoint from = {0};
	size_t behind;
	int rc = ms_trace_read_place(c->trace, place, &from, err);

	if (rc == MS_OK)
		rc = load_keyframe(c, ms_trace_index_source(c->trace), place->keyframe, ms_trace_index_block, &behind, err);
	if (rc == MS_OK && (c->next_block != from.next_block || c->last_time_ns != from.time_ns))
		rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "a checkpoint of the index and its keyframe differ");
	if (rc == MS_OK) {
		restore_reallocs(c, &from);
		c->next_index = place->resume;
	}
	ms_checkpoint_free(&from);
	return rc;
}

/* Starts at the last keyframe or checkpoint at or before first_event, if there is one. */
static int start(struct ms_cursor *c, uint64_t first_event, struct ms_error *err)
{
	const size_t count = ms_trace_block_count(c->trace), first = keyframe_before(c->trace, first_event);
	const struct ms_index_place *place = first_event > 0 ? ms_trace_place_before(c->trace, first_event) : NULL;

	c->skip_to = first_event;
	c->next_block = 1;
	if (place != NULL && (first == count || place->event > ms_trace_block(c->trace, first)->first_event)) {
		struct ms_error why;
		int rc = start_at_checkpoint(c, place, &why);

		if (rc == MS_OK)
			return MS_OK;
		if (rc == MS_E_NOMEM)
			return ms_fail(err, rc, why.offset, "%s", why.message);
		/* A damaged index is as good as none. */
		const bool addresses = c->table.addresses;

		ms_block_table_free(&c->table);
		c->table = (struct ms_block_table){.addresses = addresses};
		c->epoch++;
		c->decode_event = c->position = c->last_time_ns = 0;
		c->next_block = 1;
	}
	if (first == count && ms_trace_is_part(c->trace))
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "a part of a trace does not say what is alive when it begins");
	if (first == count)
		return MS_OK;
	return load_keyframe(c, &c->trace->source, first, ms_trace_block, &c->next_index, err);
}

int ms_cursor_save(const struct ms_cursor *c, struct ms_checkpoint *out, struct ms_error *err)
{
	out->event = c->position;
	out->time_ns = c->last_time_ns;
	out->next_block = c->next_block;
	for (uint32_t thread = 1; thread <= c->trace->tables.thread_count; thread++) {
		const struct open_reallocs *r = &c->reallocs[thread];
		bool any = false;

		if (r->epoch != c->epoch || r->depth == 0)
			continue;
		for (uint64_t slot = MAX_REALLOCS; slot-- > 0;) {
			const struct ms_block_entry *e = &r->blocks[slot];
			struct ms_checkpoint_realloc row = {.thread = thread, .depth = r->depth, .slot = slot};

			if (e->birth == 0 && (any || slot > 0))
				continue;
			if (e->birth != 0) {
				row.birth_ns = e->birth >> 8;
				row.kind = (uint8_t)e->birth;
				row.stack = e->stack;
				row.birth_thread = e->thread;
			}
			any = true;
			if (ms_buffer_append(&out->reallocs, &row, sizeof(row)) != 0)
				return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a checkpoint");
		}
	}
	return MS_OK;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void choose_addresses(struct ms_cursor *c, uint64_t live_event)
{
	size_t keyframe;

	c->live_event = live_event;
	if (c->columns & MS_COLUMN_ADDRESS) {
		c->addresses_to = UINT64_MAX;
		return;
	}
	if (live_event == 0 || live_event == UINT64_MAX)
		return;
	keyframe = keyframe_before(c->trace, live_event - 1); /* at least one event behind it: addresses are loaded with its block */
	if (keyframe < ms_trace_block_count(c->trace))
		c->addresses_from = ms_trace_block(c->trace, keyframe)->first_event;
	c->addresses_to = live_event;
}

static int open_cursor(struct ms_cursor **out, const struct ms_trace *t, uint32_t columns, uint64_t first_event,
		       uint64_t live_event, unsigned threads, struct ms_error *err)
{
	struct ms_cursor *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a cursor");
	c->trace = t;
	c->columns = columns;
	choose_addresses(c, live_event);
	c->table.addresses = c->addresses_to > 0 || (live_event == 0 && ms_trace_is_part(t));
	c->epoch = 1;
	c->limit = UINT64_MAX;
	c->slot_count = threads > 1 ? SLOTS : 1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->reallocs = calloc((size_t)t->tables.thread_count + 1, sizeof(*c->reallocs));
	rc = c->reallocs != NULL ? MS_OK
				 : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u threads",
					   t->tables.thread_count);
	for (unsigned i = 0; i < c->slot_count && rc == MS_OK; i++)
		rc = ms_decoded_create(&c->slots[i].decoded, columns | (c->addresses_to ? MS_COLUMN_ADDRESS : 0), err);
	if (rc == MS_OK)
		rc = start(c, first_event, err);
	if (rc == MS_OK && threads > 1) {
		/* Without a thread everything works, only not ahead. */
		c->has_thread = pthread_create(&c->thread, NULL, decode_ahead, c) == 0;
	}
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
	if (c->has_thread) {
		pthread_mutex_lock(&c->lock);
		c->stop = true;
		pthread_cond_broadcast(&c->changed);
		pthread_mutex_unlock(&c->lock);
		pthread_join(c->thread, NULL);
	}
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

	if (skip(c) != MS_OK) {
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

	if (skip(c) != MS_OK) {
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
