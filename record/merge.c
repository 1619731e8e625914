#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "arena_layout.h"
#include "format/errors.h"
#include "format/events.h"

#define PREFETCH_LEAD 12u    /* entries; about the latency of one cache miss at full speed */
#define PULL_DEPTH 8u        /* nested merge_pull; each level holds one stream busy */

void merge_init(struct merge *m, merge_entry_fn entry, void *context, const struct live_table *table)
{
	*m = (struct merge){.entry = entry, .context = context, .table = table, .window_ticks = MERGE_WINDOW_NS};
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

/* Takes the oldest entry of s out and hands it to the consumer at time `ticks`. */
static inline void hand_out(struct merge *m, struct merge_stream *s, uint64_t ticks)
{
	const uint64_t *words = s->words + s->begin;

	while (s->lead < PREFETCH_LEAD && s->ahead < s->end) {
		uint64_t tag = s->words[s->ahead + 1];
		if (m->table)
			live_table_prefetch(m->table, tag & MS_ENTRY_ADDRESS_MASK);
		s->ahead += MS_ENTRY_WORDS(tag);
		s->lead++;
	}
	s->begin += MS_ENTRY_WORDS(words[1]);
	s->lead--;
	m->last_ticks = ticks;
	s->busy = true;
	m->entry(m->context, s, words, ticks);
	s->busy = false;
	if (s->begin == s->end)
		s->begin = s->end = s->ahead = 0;
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

static void build_heap(struct merge *m, uint64_t watermark)
{
	m->heap_count = 0;
	m->heap_stale = false;
	for (size_t i = 0; i < m->stream_count; i++) {
		struct merge_stream *s = m->streams[i];
		if (merge_pending(s) && front(s) <= watermark)
			m->heap[m->heap_count++] = s;
	}
	for (size_t i = m->heap_count / 2; i-- > 0;)
		sift_down(m, i);
}

void merge_run(struct merge *m, uint64_t watermark)
{
	build_heap(m, watermark);
	while (m->heap_count > 0) {
		struct merge_stream *s = m->heap[0];
		uint64_t limit = watermark; /* s goes on until another stream is older */

		if (m->heap_count > 1 && front(m->heap[1]) < limit)
			limit = front(m->heap[1]);
		if (m->heap_count > 2 && front(m->heap[2]) < limit)
			limit = front(m->heap[2]);
		do {
			uint64_t ticks = front(s);
			if (ticks < m->last_ticks) {
				ticks = m->last_ticks;
				m->late++;
			}
			hand_out(m, s, ticks);
		} while (merge_pending(s) && front(s) <= limit && !m->heap_stale);

		if (m->heap_stale) {
			build_heap(m, watermark);
			continue;
		}
		if (!merge_pending(s) || front(s) > watermark)
			m->heap[0] = m->heap[--m->heap_count];
		if (m->heap_count > 0)
			sift_down(m, 0);
	}
}

/* Position of the first entry about this address within the window, s->end when there is none. */
static size_t find_mention(const struct merge_stream *s, uint64_t address, uint64_t latest)
{
	for (size_t i = s->begin; i < s->end && s->words[i] <= latest; i += MS_ENTRY_WORDS(s->words[i + 1])) {
		uint64_t tag = s->words[i + 1];
		uint8_t class_ = ms_event_kinds[MS_ENTRY_KIND(tag)].class_;

		if ((tag & MS_ENTRY_ADDRESS_MASK) == address && (class_ == MS_CLASS_ALLOC || class_ == MS_CLASS_FREE))
			return i;
	}
	return s->end;
}

bool merge_pull(struct merge *m, uint64_t address, enum merge_wanted wanted, uint64_t ticks)
{
	uint8_t wanted_class = wanted == MERGE_WANT_FREE ? MS_CLASS_FREE : MS_CLASS_ALLOC;
	struct merge_stream *from = NULL;
	size_t position = 0, busy = 0;
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < m->stream_count; i++) {
		struct merge_stream *s = m->streams[i];
		size_t at;

		busy += s->busy;
		if (s->busy || !merge_pending(s))
			continue;
		at = find_mention(s, address, ticks + m->window_ticks);
		if (at < s->end && s->words[at] < best) {
			best = s->words[at];
			from = s;
			position = at;
		}
	}
	if (!from || busy >= PULL_DEPTH ||
	    ms_event_kinds[MS_ENTRY_KIND(from->words[position + 1])].class_ != wanted_class)
		return false;

	m->heap_stale = true;
	/* begin is reset to 0 when the stream runs empty: then everything up to position has been handed out, too. */
	while (merge_pending(from) && from->begin <= position) {
		/* What waits in other streams is not older than the entry that asked: its time fits them all. */
		hand_out(m, from, m->last_ticks);
		m->reordered++;
	}
	return true;
}
