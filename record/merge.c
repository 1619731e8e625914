#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "arena_layout.h"
#include "format/errors.h"
#include "format/events.h"

/* Entries between the two prefetches of an address (its place in the table's index; the block that stands there), and
   between the second and its use: each about the latency of a cache miss at full speed. */
#define PREFETCH_STEP (MERGE_LEAD / 2)

void merge_init(struct merge *m, merge_entry_fn entry, void *context, const struct live_table *table)
{
	*m = (struct merge){.entry = entry, .context = context, .table = table, .window_ticks = MERGE_WINDOW_NS, .near_ticks = MERGE_NEAR_NS};
}

void merge_free(struct merge *m)
{
	free(m->streams);
	free(m->heap);
	m->streams = m->heap = NULL;
	m->stream_count = m->stream_capacity = m->heap_count = 0;
}

int merge_add(struct merge *m, struct merge_stream *s)
{
	if (m->stream_count == m->stream_capacity) {
		size_t capacity = m->stream_capacity ? m->stream_capacity * 2 : 16;
		struct merge_stream **streams = realloc(m->streams, capacity * sizeof(struct merge_stream *));
		struct merge_stream **heap;

		if (!streams)
			return MS_E_NOMEM;
		m->streams = streams;
		heap = realloc(m->heap, capacity * sizeof(struct merge_stream *));
		if (!heap)
			return MS_E_NOMEM;
		m->heap = heap;
		m->stream_capacity = capacity;
	}
	m->streams[m->stream_count++] = s;
	return MS_OK;
}

void merge_remove(struct merge *m, struct merge_stream *s)
{
	for (size_t i = 0; i < m->stream_count; i++) {
		if (m->streams[i] == s) {
			m->streams[i] = m->streams[--m->stream_count];
			return;
		}
	}
}

void merge_stream_free(struct merge_stream *s)
{
	free(s->words);
	*s = (struct merge_stream){.slot = s->slot};
}

uint64_t *merge_reserve(struct merge_stream *s, size_t n)
{
	if (s->capacity - s->end >= n)
		return s->words + s->end;
	if (s->begin > 0) {
		memmove(s->words, s->words + s->begin, (s->end - s->begin) * sizeof *s->words);
		s->end -= s->begin;
		s->ahead -= s->begin;
		s->begin = 0;
	}
	if (s->capacity - s->end < n) {
		size_t capacity = s->capacity ? s->capacity : 4096;
		uint64_t *words;

		while (capacity - s->end < n)
			capacity *= 2;
		words = realloc(s->words, capacity * sizeof *words);
		if (!words)
			return NULL;
		s->words = words;
		s->capacity = capacity;
	}
	return s->words + s->end;
}

void merge_commit(struct merge_stream *s, size_t n)
{
	s->end += n;
}

size_t merge_backlog(const struct merge *m)
{
	size_t words = 0;

	for (size_t i = 0; i < m->stream_count; i++)
		words += m->streams[i]->end - m->streams[i]->begin;
	return words;
}

size_t merge_waiting(const struct merge *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->stream_count; i++) {
		const struct merge_stream *s = m->streams[i];

		for (size_t at = s->begin; at < s->end; at += MS_ENTRY_WORDS(s->words[at + 1]))
			n++;
	}
	return n;
}

uint64_t merge_oldest(const struct merge *m)
{
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < m->stream_count; i++) {
		const struct merge_stream *s = m->streams[i];
		if (merge_pending(s) && s->words[s->begin] < oldest)
			oldest = s->words[s->begin];
	}
	return oldest;
}

static inline uint64_t front(const struct merge_stream *s)
{
	return s->words[s->begin];
}

/* Hands the oldest entry of s to the consumer at time `ticks`; false when s has to wait. */
static inline bool hand_out(struct merge *m, struct merge_stream *s, uint64_t ticks)
{
	const uint64_t *words = s->words + s->begin;
	uint32_t length = MS_ENTRY_WORDS(words[1]);

	while (s->lead < MERGE_LEAD && s->ahead < s->end) {
		uint64_t tag = s->words[s->ahead + 1], address = tag & MS_ENTRY_ADDRESS_MASK;
		if (m->table) {
			live_table_prefetch(m->table, address);
			live_table_prefetch_entry(m->table, s->addresses[(s->met - PREFETCH_STEP) % MERGE_LEAD]);
		}
		s->addresses[s->met++ % MERGE_LEAD] = address;
		s->ahead += MS_ENTRY_WORDS(tag);
		s->lead++;
	}
	if (!m->entry(m->context, s, words, ticks))
		return false;
	m->last_ticks = ticks;
	s->was_held = s->insist = false;
	s->consumed += length;
	s->begin += length;
	s->lead--;
	if (s->begin == s->end)
		s->begin = s->end = s->ahead = 0;
	return true;
}

static void sift_down(struct merge *m, size_t i)
{
	struct merge_stream *s = m->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= m->heap_count)
			break;
		if (child + 1 < m->heap_count && front(m->heap[child + 1]) < front(m->heap[child]))
			child++;
		if (front(m->heap[child]) >= front(s))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = s;
}

static void sift_up(struct merge *m, size_t i)
{
	struct merge_stream *s = m->heap[i];

	while (i > 0 && front(m->heap[(i - 1) / 2]) > front(s)) {
		m->heap[i] = m->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	m->heap[i] = s;
}

static void heap_add(struct merge *m, struct merge_stream *s)
{
	m->heap[m->heap_count] = s;
	sift_up(m, m->heap_count++);
}

static void heap_drop_first(struct merge *m)
{
	m->heap[0] = m->heap[--m->heap_count];
	if (m->heap_count > 0)
		sift_down(m, 0);
}

static void build_heap(struct merge *m, uint64_t watermark)
{
	m->heap_count = 0;
	for (size_t i = 0; i < m->stream_count; i++) {
		struct merge_stream *s = m->streams[i];
		if (merge_pending(s) && front(s) <= watermark && !s->held_by)
			m->heap[m->heap_count++] = s;
	}
	for (size_t i = m->heap_count / 2; i-- > 0;)
		sift_down(m, i);
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

static void release(struct merge *m, struct merge_stream *s)
{
	s->held_by = NULL;
	m->held_count--;
	heap_add(m, s);
}

/* Those that waited for what `by` has handed out. */
static void release_held(struct merge *m, const struct merge_stream *by)
{
	for (size_t i = 0; i < m->stream_count; i++) {
		struct merge_stream *s = m->streams[i];
		if (s->held_by == by && by->consumed > s->held_until)
			release(m, s);
	}
}

/* Streams that wait for each other: cannot follow from any order of real events, but from wrong ones. One of them goes on.
   false when every chain of waiting ends at a stream that only waits for the watermark. */
static bool break_circle(struct merge *m)
{
	for (size_t i = 0; i < m->stream_count; i++) {
		struct merge_stream *s = m->streams[i];
		const struct merge_stream *at = s->held_by;

		for (size_t steps = 0; at && at != s && steps < m->stream_count; steps++)
			at = at->held_by;
		if (at == s) {
			s->insist = true;
			release(m, s);
			return true;
		}
	}
	return false;
}

/* ---- the merge --------------------------------------------------------------------------------------------------- */

static inline bool hand_out_first(struct merge *m, struct merge_stream *s)
{
	uint64_t stamp = front(s);
	bool was_held = s->was_held;

	if (__builtin_expect(stamp >= m->last_ticks, 1))
		return hand_out(m, s, stamp);
	if (!hand_out(m, s, m->last_ticks))
		return false;
	if (was_held)
		m->reordered++;
	else
		m->late++;
	s->was_held = was_held; /* what its thread did next may have waited with it */
	return true;
}

void merge_run(struct merge *m, uint64_t watermark)
{
	build_heap(m, watermark);
	while (m->heap_count > 0 || (m->held_count > 0 && break_circle(m))) {
		struct merge_stream *s = m->heap[0];
		uint64_t limit = watermark; /* s goes on until another stream is older */
		bool done;

		if (m->heap_count > 1 && front(m->heap[1]) < limit)
			limit = front(m->heap[1]);
		if (m->heap_count > 2 && front(m->heap[2]) < limit)
			limit = front(m->heap[2]);
		do {
			done = hand_out_first(m, s);
		} while (done && merge_pending(s) && front(s) <= limit && m->held_count == 0);

		if (!done || !merge_pending(s) || front(s) > watermark)
			heap_drop_first(m);
		else
			sift_down(m, 0);
		if (done && m->held_count > 0)
			release_held(m, s);
	}
}

/* Position of the first entry about this address within the window if it is of the wanted class, else s->end. */
static size_t find_first(const struct merge_stream *s, uint64_t address, uint8_t wanted_class, uint64_t latest)
{
	for (size_t i = s->begin; i < s->end && s->words[i] <= latest; i += MS_ENTRY_WORDS(s->words[i + 1])) {
		uint64_t tag = s->words[i + 1];
		uint8_t class_ = ms_event_kinds[MS_ENTRY_KIND(tag)].class_;

		if ((tag & MS_ENTRY_ADDRESS_MASK) == address && (class_ == MS_CLASS_ALLOC || class_ == MS_CLASS_FREE))
			return class_ == wanted_class ? i : s->end;
	}
	return s->end;
}

static bool await(struct merge *m, struct merge_stream *s, uint64_t address, enum merge_wanted wanted, uint64_t window_ticks)
{
	uint8_t wanted_class = wanted == MERGE_WANT_FREE ? MS_CLASS_FREE : MS_CLASS_ALLOC;
	uint64_t latest = front(s) + window_ticks, best = UINT64_MAX;

	if (s->insist)
		return false;
	for (size_t i = 0; i < m->stream_count; i++) {
		struct merge_stream *other = m->streams[i];
		size_t at;

		if (other == s || !merge_pending(other))
			continue;
		at = find_first(other, address, wanted_class, latest);
		if (at < other->end && other->words[at] < best) {
			best = other->words[at];
			s->held_by = other;
			s->held_until = other->consumed + (at - other->begin);
		}
	}
	if (!s->held_by)
		return false;
	s->was_held = true;
	m->held_count++;
	return true;
}

bool merge_await(struct merge *m, struct merge_stream *s, uint64_t address, enum merge_wanted wanted)
{
	return await(m, s, address, wanted, m->window_ticks);
}

bool merge_await_near(struct merge *m, struct merge_stream *s, uint64_t address, enum merge_wanted wanted)
{
	return await(m, s, address, wanted, m->near_ticks);
}
