#include "mapped.h"

#include "format/checkpoint.h"
#include "format/trace_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The first range that ends behind the address; they are sorted and do not overlap. */
static size_t range_at(const struct ms_mapped *m, uint64_t address)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts n ranges in place of ranges [from, to). */
static void splice(struct ms_mapped *m, size_t from, size_t to, const struct ms_mapped_range *ranges, size_t n)
{
	if (m->count - (to - from) + n > MS_MAPPED_RANGES) {
		m->cut = true;
		n--; /* more than were there before: one at most */
	}
	memmove(m->ranges + from + n, m->ranges + to, (m->count - to) * sizeof *m->ranges);
	memcpy(m->ranges + from, ranges, n * sizeof *ranges);
	m->count = m->count - (to - from) + n;
}

static void cut(struct ms_mapped *m, uint64_t start, uint64_t end)
{
	struct ms_mapped_range rest[2];
	size_t from = range_at(m, start), to = from, n = 0;

	while (to < m->count && m->ranges[to].start < end)
		to++;
	if (from == to)
		return;
	if (m->ranges[from].start < start)
		rest[n++] = (struct ms_mapped_range){m->ranges[from].start, start};
	if (m->ranges[to - 1].end > end)
		rest[n++] = (struct ms_mapped_range){end, m->ranges[to - 1].end};
	splice(m, from, to, rest, n);
}

/* Nothing is there: it was cut out before. */
static void add(struct ms_mapped *m, uint64_t start, uint64_t end)
{
	size_t at = range_at(m, start);

	if (start < end)
		splice(m, at, at, &(struct ms_mapped_range){start, end}, 1);
}

static uint64_t end_of(uint64_t start, uint64_t bytes)
{
	uint64_t end;

	return __builtin_add_overflow(start, bytes, &end) || end > UINT64_MAX - 4095 ? UINT64_MAX : (end + 4095) & ~UINT64_C(4095);
}

void ms_mapped_follow(struct ms_mapped *m, uint8_t kind, uint64_t address, uint64_t size_bytes, const uint64_t arg[2])
{
	uint64_t start = address, end = end_of(start, size_bytes);

	switch (kind) {
	case MS_EV_MMAP:
		cut(m, start, end); /* MAP_FIXED */
		if (arg[1] & MAP_ANONYMOUS)
			add(m, start, end);
		break;
	case MS_EV_MUNMAP:
		cut(m, start, end);
		break;
	case MS_EV_MREMAP: {
		uint64_t old_end = end_of(arg[0], arg[1]);
		size_t old = range_at(m, arg[0]);
		bool was = old < m->count && m->ranges[old].start < old_end;

		cut(m, arg[0], old_end);
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

int ms_mapped_open(struct ms_mapped *m, struct ms_error *err)
{
	*m = (struct ms_mapped){.ranges = malloc(MS_MAPPED_RANGES * sizeof *m->ranges)};
	return m->ranges ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the program's mappings");
}

void ms_mapped_close(struct ms_mapped *m)
{
	free(m->ranges);
	*m = (struct ms_mapped){0};
}

int ms_mapped_before(struct ms_mapped *m, const struct ms_trace *trace, uint64_t event, struct ms_error *err)
{
	struct ms_cursor *cursor = NULL;
	struct ms_checkpoint from = {0};
	struct ms_batch batch;
	bool found;
	int rc = ms_trace_checkpoint_before(trace, event, &from, &found, err);

	m->count = 0;
	m->cut = false;
	if (rc == MS_OK && found) {
		m->count = MS_ROWS(from.mapped, struct ms_checkpoint_range);
		m->cut = from.mapped_cut;
		for (size_t i = 0; i < m->count; i++) {
			const struct ms_checkpoint_range *r = MS_ROW(from.mapped, struct ms_checkpoint_range, i);

			m->ranges[i] = (struct ms_mapped_range){r->start, r->end};
		}
	}
	if (rc == MS_OK)
		rc = ms_cursor_open(&cursor, trace, MS_COLUMN_MAP_ADDRESS | MS_COLUMN_ARGS, found ? from.event : 0, 1, err);
	ms_checkpoint_free(&from);
	while (rc == MS_OK && (rc = ms_cursor_next(cursor, &batch, err)) == MS_OK && batch.count > 0 && batch.first_event < event)
		for (uint32_t i = 0; i < batch.count && batch.first_event + i < event; i++)
			if (ms_event_kinds[batch.kind[i]].class_ == MS_CLASS_MAP)
				ms_mapped_follow(m, batch.kind[i], batch.address[i], batch.size_bytes[i], batch.arg[i]);
			else if (batch.kind[i] == MS_EV_IMAGE_START)
				ms_mapped_follow(m, MS_EV_IMAGE_START, 0, 0, batch.arg[i]);
	ms_cursor_close(cursor);
	return rc;
}
