#include "event_encode.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "predict.h"
#include "trace_fb.h"
#include "varint.h"

/* A column under construction; `base` has room for the worst case, which costs address space only. */
struct column {
	uint8_t *base, *end;
	uint32_t count;
};

/* The same with codec Patched: the bytes, and apart from them the values that do not fit into one. */
struct patched {
	uint8_t *base, *end;
	uint64_t *patches;
	uint32_t patch_count;
};

#define PLAIN_COLUMNS(X)                                                                                               \
	X(kinds, 1)                                                                                                    \
	X(threads, 2 * MS_VARINT_MAX_BYTES)                                                                            \
	X(raw_addresses, MS_VARINT_MAX_BYTES)                                                                          \
	X(args, 2 * MS_VARINT_MAX_BYTES)

#define PATCHED_COLUMNS(X)                                                                                             \
	X(times)                                                                                                       \
	X(sizes)                                                                                                       \
	X(stacks)                                                                                                      \
	X(addresses)                                                                                                   \
	X(frees)

struct ms_event_encoder {
#define X(name, bytes) struct column name;
	PLAIN_COLUMNS(X)
#undef X
#define X(name) struct patched name;
	PATCHED_COLUMNS(X)
#undef X
	uint32_t thread, thread_run;
	uint64_t first_event, first_block, first_time, last_time, last_raw, address_sum;
	bool free_stacks;
	uint64_t next_block;
	struct ms_stack_predictor stack_predictor;
	struct ms_size_predictor size_predictor;
	struct ms_free_predictor free_predictor;
	struct ms_address_predictor address_predictor;
};

int ms_event_encoder_create(struct ms_event_encoder **out, uint32_t max_events, struct ms_error *err)
{
	struct ms_event_encoder *e = calloc(1, sizeof(*e));
	bool ok = e != NULL;

#define X(name, bytes) ok = ok && (e->name.base = malloc((size_t)max_events * (bytes))) != NULL;
	PLAIN_COLUMNS(X)
#undef X
#define X(name)                                                                                                        \
	ok = ok && (e->name.base = malloc((size_t)max_events * (2 + MS_PATCH_BYTES))) != NULL &&                                                    \
	     (e->name.patches = malloc(max_events * sizeof(uint64_t))) != NULL;
	PATCHED_COLUMNS(X)
#undef X
	if (!ok) {
		ms_event_encoder_destroy(e);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the columns of %u events", max_events);
	}
	*out = e;
	return MS_OK;
}

void ms_event_encoder_destroy(struct ms_event_encoder *e)
{
	if (e == NULL)
		return;
#define X(name, bytes) free(e->name.base);
	PLAIN_COLUMNS(X)
#undef X
#define X(name)                                                                                                        \
	free(e->name.base);                                                                                            \
	free(e->name.patches);
	PATCHED_COLUMNS(X)
#undef X
	free(e);
}

void ms_event_encoder_reset(struct ms_event_encoder *e, uint64_t first_event, uint64_t first_block, bool free_stacks)
{
#define X(name, bytes)                                                                                                 \
	e->name.end = e->name.base;                                                                                    \
	e->name.count = 0;
	PLAIN_COLUMNS(X)
#undef X
#define X(name)                                                                                                        \
	e->name.end = e->name.base;                                                                                    \
	e->name.patch_count = 0;
	PATCHED_COLUMNS(X)
#undef X
	e->thread_run = 0;
	e->first_event = first_event;
	e->first_block = first_block;
	e->last_raw = 0;
	e->address_sum = 0;
	e->free_stacks = free_stacks;
	e->next_block = first_block;
	memset(&e->stack_predictor, 0, sizeof(e->stack_predictor));
	memset(&e->size_predictor, 0, sizeof(e->size_predictor));
	memset(&e->free_predictor, 0, sizeof(e->free_predictor));
	memset(&e->address_predictor, 0, sizeof(e->address_predictor));
}

static inline void put(struct column *c, uint64_t v)
{
	c->end = ms_varint_put(c->end, v);
	c->count++;
}

static inline void put_patched(struct patched *c, uint64_t v)
{
	if (__builtin_expect(v < MS_PATCHED, 1)) {
		*c->end++ = (uint8_t)v;
	} else {
		*c->end++ = MS_PATCHED;
		c->patches[c->patch_count++] = v - MS_PATCHED;
	}
}

static void put_thread_run(struct ms_event_encoder *e)
{
	if (e->thread_run == 0)
		return;
	e->threads.end = ms_varint_put(e->threads.end, e->thread);
	e->threads.end = ms_varint_put(e->threads.end, e->thread_run);
	e->threads.count += e->thread_run;
	e->thread_run = 0;
}

static void put_raw_address(struct ms_event_encoder *e, uint64_t address)
{
	put(&e->raw_addresses, ms_zigzag(address - e->last_raw));
	e->last_raw = address;
}

void ms_event_encoder_add(struct ms_event_encoder *e, const struct ms_event *event)
{
	const struct ms_event_kind_info *kind = &ms_event_kinds[event->kind];
	uint64_t delta, code;

	if (e->kinds.count == 0)
		e->first_time = e->last_time = event->time_ns;
	delta = event->time_ns - e->last_time;
	e->last_time = event->time_ns;
	*e->kinds.end++ = event->kind;
	e->kinds.count++;
	put_patched(&e->times, delta);
	if (event->thread != e->thread) {
		put_thread_run(e);
		e->thread = event->thread;
	}
	e->thread_run++;

	if (kind->has_stack || (e->free_stacks && kind->class_ == MS_CLASS_FREE))
		put_patched(&e->stacks, ms_stack_encode(&e->stack_predictor, event->thread, event->stack));
	if (kind->has_size)
		put_patched(&e->sizes, ms_size_encode(&e->size_predictor, event->stack, event->size_bytes));
	switch (kind->class_) {
	case MS_CLASS_ALLOC:
		code = ms_address_encode(&e->address_predictor, event->thread, event->size_bytes, event->address);
		put_patched(&e->addresses, code);
		if (code == MS_ADDRESS_RAW)
			put_raw_address(e, event->address);
		e->address_sum += event->address;
		e->next_block++;
		break;
	case MS_CLASS_FREE:
		put_patched(&e->frees, ms_free_encode(&e->free_predictor, e->next_block - 1, event->block));
		if (event->block != 0) {
			ms_address_freed(&e->address_predictor, event->thread, event->size_bytes, event->address);
			break;
		}
		/* fall through */
	case MS_CLASS_MAP:
		put_raw_address(e, event->address);
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < kind->args; i++)
		put(&e->args, event->arg[i]);
}

uint32_t ms_event_encoder_count(const struct ms_event_encoder *e)
{
	return e->kinds.count;
}

uint64_t ms_event_encoder_first_time(const struct ms_event_encoder *e)
{
	return e->first_time;
}

static ms_fb_ref finish_column(struct ms_fb_builder *b, uint8_t codec, uint32_t count, ms_fb_ref data)
{
	if (data == 0)
		return 0;
	fb_start_column(b);
	fb_column_set_codec(b, codec);
	fb_column_set_count(b, count);
	fb_column_set_data(b, data);
	return fb_finish_column(b);
}

/* A column without values is left out. */
static ms_fb_ref put_column(struct ms_fb_builder *b, uint8_t codec, const struct column *c)
{
	if (c->count == 0)
		return 0;
	return finish_column(b, codec, c->count, ms_fb_put_vector(b, c->base, 1, (size_t)(c->end - c->base), 1));
}

static ms_fb_ref put_patched_column(struct ms_fb_builder *b, struct patched *c)
{
	const uint32_t count = (uint32_t)(c->end - c->base);
	ms_fb_ref data;

	if (count == 0)
		return 0;
	c->end = ms_column_put_patches(c->end, c->patches, c->patch_count);
	data = ms_fb_put_vector(b, c->base, 1, (size_t)(c->end - c->base), 1);
	return finish_column(b, FB_CODEC_PATCHED, count, data);
}

/*
 * Times: when many of them need a patch, their low bytes say more in their own place. Turns the column from Patched into
 * Split8.
 */
static ms_fb_ref put_times(struct ms_fb_builder *b, struct patched *c)
{
	const uint32_t count = (uint32_t)(c->end - c->base);
	uint32_t patches = 0, more = 0;
	ms_fb_ref data;

	if (c->patch_count < count / 2)
		return put_patched_column(b, c);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t v = c->base[i] == MS_PATCHED ? c->patches[patches++] + MS_PATCHED : c->base[i];

		c->base[i] = (uint8_t)v;
		v >>= 8;
		*c->end++ = v < MS_PATCHED ? (uint8_t)v : MS_PATCHED;
		if (v >= MS_PATCHED)
			c->patches[more++] = v - MS_PATCHED;
	}
	c->end = ms_column_put_patches(c->end, c->patches, more);
	data = ms_fb_put_vector(b, c->base, 1, (size_t)(c->end - c->base), 1);
	return finish_column(b, FB_CODEC_SPLIT8, count, data);
}

ms_fb_ref ms_event_encoder_finish(struct ms_event_encoder *e, struct ms_fb_builder *b)
{
	ms_fb_ref kinds, times, threads, sizes, stacks, addresses, frees, raw_addresses, args;

	put_thread_run(e);
	kinds = put_column(b, FB_CODEC_U8, &e->kinds);
	times = put_times(b, &e->times);
	threads = put_column(b, FB_CODEC_RUN, &e->threads);
	sizes = put_patched_column(b, &e->sizes);
	stacks = put_patched_column(b, &e->stacks);
	addresses = put_patched_column(b, &e->addresses);
	frees = put_patched_column(b, &e->frees);
	raw_addresses = put_column(b, FB_CODEC_DELTA, &e->raw_addresses);
	args = put_column(b, FB_CODEC_VARINT, &e->args);
	fb_start_events(b);
	fb_events_set_first_event(b, e->first_event);
	fb_events_set_first_block(b, e->first_block);
	fb_events_set_first_time_ns(b, e->first_time);
	fb_events_set_address_sum(b, e->address_sum);
	fb_events_set_kinds(b, kinds);
	fb_events_set_times(b, times);
	fb_events_set_threads(b, threads);
	fb_events_set_sizes(b, sizes);
	fb_events_set_stacks(b, stacks);
	fb_events_set_addresses(b, addresses);
	fb_events_set_frees(b, frees);
	fb_events_set_raw_addresses(b, raw_addresses);
	fb_events_set_args(b, args);
	fb_events_set_count(b, e->kinds.count);
	fb_events_set_free_stacks(b, e->free_stacks);
	return fb_finish_events(b);
}
