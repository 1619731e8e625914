#include "live_at.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "moment.h"

int ms_live_at_open(struct ms_live_at *l, const struct ms_trace *trace, uint64_t time_ns, struct ms_error *err)
{
	int rc;

	*l = (struct ms_live_at){0};
	rc = ms_moment_events_until(&l->event, trace, time_ns, err);
	if (rc == MS_OK)
		rc = ms_cursor_open(&l->cursor, trace, MS_COLUMN_ADDRESS, l->event, 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_live(l->cursor, &l->blocks, &l->count, err);
	if (rc != MS_OK)
		ms_live_at_close(l);
	return rc;
}

void ms_live_at_close(struct ms_live_at *l)
{
	ms_cursor_close(l->cursor);
	*l = (struct ms_live_at){0};
}

static void add(struct ms_mapped *m, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	if (m->count == MS_MAPPED_RANGES)
		m->cut = true;
	else
		m->ranges[m->count++] = (struct ms_mapped_range){start, end};
}

static void cut(struct ms_mapped *m, uint64_t start, uint64_t end)
{
	for (size_t i = m->count; i-- > 0;) {
		struct ms_mapped_range r = m->ranges[i];

		if (r.end <= start || r.start >= end)
			continue;
		m->ranges[i] = m->ranges[--m->count];
		add(m, r.start, start < r.end ? start : r.end);
		add(m, end > r.start ? end : r.start, r.end);
	}
}

static uint64_t end_of(uint64_t start, uint64_t bytes)
{
	uint64_t end;

	return __builtin_add_overflow(start, bytes, &end) || end > UINT64_MAX - 4095 ? UINT64_MAX : (end + 4095) & ~UINT64_C(4095);
}

static void follow(struct ms_mapped *m, const struct ms_batch *b, uint32_t i)
{
	uint64_t start = b->address[i], end = end_of(start, b->size_bytes[i]);
	const uint64_t *arg = b->arg[i];

	switch (b->kind[i]) {
	case MS_EV_MMAP:
		cut(m, start, end); /* MAP_FIXED */
		if (arg[1] & MAP_ANONYMOUS)
			add(m, start, end);
		break;
	case MS_EV_MUNMAP:
		cut(m, start, end);
		break;
	case MS_EV_MREMAP: {
		size_t before = m->count;
		bool was = false;

		for (size_t k = 0; k < before; k++)
			was |= m->ranges[k].start < end_of(arg[0], arg[1]) && m->ranges[k].end > arg[0];
		cut(m, arg[0], end_of(arg[0], arg[1]));
		cut(m, start, end);
		if (was)
			add(m, start, end);
		break;
	}
	case MS_EV_IMAGE_START:
		m->count = 0;
		break;
	default:
		break;
	}
}

int ms_mapped_before(struct ms_mapped *m, const struct ms_trace *trace, uint64_t event, struct ms_error *err)
{
	struct ms_cursor *cursor = NULL;
	struct ms_batch batch;
	int rc;

	*m = (struct ms_mapped){.ranges = malloc(MS_MAPPED_RANGES * sizeof *m->ranges)};
	if (!m->ranges)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the program's mappings");
	rc = ms_cursor_open(&cursor, trace, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, 1, err);
	while (rc == MS_OK && (rc = ms_cursor_next(cursor, &batch, err)) == MS_OK && batch.count > 0 && batch.first_event < event)
		for (uint32_t i = 0; i < batch.count && batch.first_event + i < event; i++)
			follow(m, &batch, i);
	ms_cursor_close(cursor);
	if (rc != MS_OK) {
		free(m->ranges);
		*m = (struct ms_mapped){0};
	}
	return rc;
}
