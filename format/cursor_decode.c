/* cursor_decode.c - from blocks of the file to decoded events; see cursor_state.h. */
#include "cursor_state.h"

static int check_header(const struct ms_decoded *d, const struct ms_block_info *info, struct ms_error *err)
{
	if (d->first_event != info->first_event || d->count != info->count || d->time_ns[0] != info->first_time_ns ||
	    d->time_ns[d->count - 1] != info->last_time_ns)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the Events block and its header differ");
	return MS_OK;
}

static int decode_events(struct ms_cursor *c, struct ms_cursor_slot *slot, const struct ms_block_info *info)
{
	const struct ms_id_limits limits = ms_trace_limits(c->trace);
	const uint32_t columns = c->columns | (ms_cursor_follows_addresses(c, info->first_event) ? MS_COLUMN_ADDRESS : 0);
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
static void fill(struct ms_cursor *c, struct ms_cursor_slot *slot)
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

static bool is_last(const struct ms_cursor_slot *slot)
{
	return slot->rc != MS_OK || slot->decoded->count == 0;
}

static void *decode_ahead(void *context)
{
	struct ms_cursor *c = context;
	bool more = true;

	while (more) {
		struct ms_cursor_slot *slot;
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

struct ms_cursor_slot *ms_cursor_next_slot(struct ms_cursor *c)
{
	struct ms_cursor_slot *slot;

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

void ms_cursor_decode_ahead(struct ms_cursor *c)
{
	c->has_thread = pthread_create(&c->thread, NULL, decode_ahead, c) == 0;
}

void ms_cursor_stop_decoding(struct ms_cursor *c)
{
	if (!c->has_thread)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	c->has_thread = false;
}
