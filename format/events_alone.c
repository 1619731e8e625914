/* What an Events block alone says, without resolving its events: ids of blocks, and times. */
#include <stdlib.h>
#include <string.h>

#include "trace_fb.h"
#include "trace_internal.h"

static int load(const struct ms_trace *t, size_t index, struct ms_unpacker *unpacker, struct fb_events *e, struct ms_error *err)
{
	const struct ms_block_info *info = ms_trace_block(t, index);
	struct ms_block_header header;
	int rc;

	if (info == NULL || info->kind != MS_BLOCK_EVENTS)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "block %zu of the file holds no events", index);
	rc = ms_trace_block_header(t, info, &header, err);
	if (rc == MS_OK)
		rc = ms_block_unpack(unpacker, &t->source, info->offset, &header, NULL, &e->at, err);
	return rc;
}

int ms_trace_first_block(const struct ms_trace *t, size_t index, uint64_t *first, struct ms_error *err)
{
	struct ms_unpacker unpacker = {0};
	struct fb_events e;
	int rc = load(t, index, &unpacker, &e, err);

	if (rc == MS_OK)
		*first = fb_events_first_block(e);
	ms_unpacker_free(&unpacker);
	return rc;
}

uint64_t ms_trace_events_read(const struct ms_trace *t)
{
	return atomic_load_explicit(&t->events_read, memory_order_relaxed);
}

int ms_trace_event_times(const struct ms_trace *t, size_t index, uint64_t **times_ns, uint32_t *count, struct ms_error *err)
{
	const struct ms_id_limits limits = ms_trace_limits(t);
	struct ms_unpacker unpacker = {0};
	struct ms_decoded *d = NULL;
	struct fb_events e;
	int rc;

	*times_ns = NULL;
	*count = 0;
	rc = load(t, index, &unpacker, &e, err);
	if (rc == MS_OK)
		rc = ms_decoded_create(&d, 0, err);
	if (rc == MS_OK)
		rc = ms_events_decode(d, e.at, &limits, 0, ms_trace_block(t, index)->offset, err);
	if (rc == MS_OK && d->count != ms_trace_block(t, index)->count)
		rc = ms_fail(err, MS_E_CORRUPT, ms_trace_block(t, index)->offset, "the Events block and its header differ");
	if (rc == MS_OK) {
		*times_ns = malloc(d->count * sizeof **times_ns);
		if (*times_ns != NULL)
			memcpy(*times_ns, d->time_ns, d->count * sizeof **times_ns);
		else
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the times of %u events", d->count);
		*count = d->count;
		ms_trace_count_read(t, d->count);
	}
	ms_decoded_destroy(d);
	ms_unpacker_free(&unpacker);
	return rc;
}
