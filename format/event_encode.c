#include "event_encode.h"

#include <stdlib.h>
#include <string.h>

#include "predict.h"
#include "trace_fb.h"
#include "varint.h"

/* A column under construction; `base` has room for the worst case, which costs address space only. */
struct column {
	uint8_t *base, *end;
	uint32_t count;
};

/* The encoded columns; times are two: low bytes, and varints of the rest. */
#define COLUMNS(X)                                                                                                     \
	X(kinds, 1)                                                                                                    \
	X(time_low, 1)                                                                                                 \
	X(time_high, MS_VARINT_MAX_BYTES)                                                                              \
	X(threads, 2 * MS_VARINT_MAX_BYTES)                                                                            \
	X(sizes, MS_VARINT_MAX_BYTES)                                                                                  \
	X(stacks, MS_VARINT_MAX_BYTES)                                                                                 \
	X(addresses, MS_VARINT_MAX_BYTES)                                                                              \
	X(frees, MS_VARINT_MAX_BYTES)                                                                                  \
	X(raw_addresses, MS_VARINT_MAX_BYTES)                                                                          \
	X(args, 2 * MS_VARINT_MAX_BYTES)

struct ms_event_encoder {
#define X(name, bytes) struct column name;
	COLUMNS(X)
#undef X
	uint32_t thread, thread_run;
	uint64_t first_event, first_block, first_time, last_time, last_raw, address_sum;
	bool free_stacks;
	struct ms_predictor predict;
};

int ms_event_encoder_create(struct ms_event_encoder **out, uint32_t max_events, struct ms_error *err)
{
	struct ms_event_encoder *e = calloc(1, sizeof(*e));
	bool ok = e != NULL;

#define X(name, bytes) ok = ok && (e->name.base = malloc((size_t)max_events * (bytes))) != NULL;
	COLUMNS(X)
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
	COLUMNS(X)
#undef X
	free(e);
}

void ms_event_encoder_reset(struct ms_event_encoder *e, uint64_t first_event, uint64_t first_block, bool free_stacks)
{
#define X(name, bytes)                                                                                                 \
	e->name.end = e->name.base;                                                                                    \
	e->name.count = 0;
	COLUMNS(X)
#undef X
	e->thread_run = 0;
	e->first_event = first_event;
	e->first_block = first_block;
	e->last_raw = 0;
	e->address_sum = 0;
	e->free_stacks = free_stacks;
	ms_predict_reset(&e->predict);
}

static inline void put(struct column *c, uint64_t v)
{
	if (v < 0x80)
		*c->end++ = (uint8_t)v;
	else
		c->end = ms_varint_put(c->end, v);
	c->count++;
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

void ms_event_encoder_add(struct ms_event_encoder *e, const struct ms_event *event)
{
	const struct ms_event_kind_info *kind = &ms_event_kinds[event->kind];
	uint64_t delta;

	if (e->kinds.count == 0)
		e->first_time = e->last_time = event->time_ns;
	delta = event->time_ns - e->last_time;
	e->last_time = event->time_ns;
	*e->kinds.end++ = event->kind;
	e->kinds.count++;
	*e->time_low.end++ = (uint8_t)delta;
	put(&e->time_high, delta >> 8);
	if (event->thread != e->thread) {
		put_thread_run(e);
		e->thread = event->thread;
	}
	e->thread_run++;

	if (kind->has_stack || (e->free_stacks && kind->class_ == MS_CLASS_FREE))
		put(&e->stacks, ms_predict_stack_code(&e->predict, event->thread, event->stack));
	if (kind->has_size)
		put(&e->sizes, ms_predict_size_code(&e->predict, event->stack, event->size_bytes));
	switch (kind->class_) {
	case MS_CLASS_ALLOC:
		put(&e->addresses, ms_predict_address_code(&e->predict, event->address));
		e->address_sum += event->address;
		break;
	case MS_CLASS_FREE:
		put(&e->frees, ms_predict_free_code(&e->predict, event->block));
		if (event->block != 0)
			break;
		/* fall through */
	case MS_CLASS_MAP:
		put(&e->raw_addresses, ms_zigzag(event->address - e->last_raw));
		e->last_raw = event->address;
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

static ms_fb_ref put_column2(struct ms_fb_builder *b, uint8_t codec, uint32_t count, const struct column *first,
			     const struct column *second)
{
	size_t first_bytes = (size_t)(first->end - first->base);
	size_t second_bytes = second != NULL ? (size_t)(second->end - second->base) : 0;
	uint8_t *room;
	ms_fb_ref data = ms_fb_put_room(b, 1, first_bytes + second_bytes, 1, &room);

	if (data == 0)
		return 0;
	memcpy(room, first->base, first_bytes);
	if (second != NULL)
		memcpy(room + first_bytes, second->base, second_bytes);
	fb_start_column(b);
	fb_column_set_codec(b, codec);
	fb_column_set_count(b, count);
	fb_column_set_data(b, data);
	return fb_finish_column(b);
}

static ms_fb_ref put_column(struct ms_fb_builder *b, uint8_t codec, const struct column *c)
{
	return c->count > 0 ? put_column2(b, codec, c->count, c, NULL) : 0;
}

ms_fb_ref ms_event_encoder_finish(struct ms_event_encoder *e, struct ms_fb_builder *b)
{
	ms_fb_ref kinds, times, threads, sizes, stacks, addresses, frees, raw_addresses, args;

	put_thread_run(e);
	kinds = put_column(b, FB_CODEC_U8, &e->kinds);
	times = put_column2(b, FB_CODEC_SPLIT8, e->kinds.count, &e->time_low, &e->time_high);
	threads = put_column(b, FB_CODEC_RUN, &e->threads);
	sizes = put_column(b, FB_CODEC_VARINT, &e->sizes);
	stacks = put_column(b, FB_CODEC_VARINT, &e->stacks);
	addresses = put_column(b, FB_CODEC_VARINT, &e->addresses);
	frees = put_column(b, FB_CODEC_VARINT, &e->frees);
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
