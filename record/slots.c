#include "slots.h"

#include <stdlib.h>
#include <string.h>

#include "annotation_ingest.h"
#include "format/events.h"

enum slot_life {
	LIFE_NONE = 0,   /* not in use */
	LIFE_LIVE,
	LIFE_GONE,       /* the thread is gone; what it published since is still to be read */
	LIFE_READ,       /* gone and read to the end; ends when its stream is empty */
};

struct slot_view {
	struct merge_stream stream;
	uint64_t tail;
	uint64_t newest;       /* stamp of the newest entry read */
	uint64_t outside;      /* base when last seen outside a hook */
	uint64_t promise;
	uint64_t lost, lost_reported;
	uint32_t tid, image;
	uint8_t life;          /* enum slot_life */
	bool nested;
};

/* Fewest words of an entry, by kind; 0 = no such kind in a ring. */
static uint8_t min_words[256];

static void fill_min_words(bool free_stacks)
{
	for (unsigned k = 0; k < 256; k++) {
		const struct ms_event_kind_info *info = &ms_event_kinds[k];
		static const uint8_t fixed[] = {
			[MS_CLASS_ALLOC] = 3, [MS_CLASS_FREE] = 2, [MS_CLASS_FAIL] = 3, [MS_CLASS_MAP] = 3, [MS_CLASS_OTHER] = 2,
		};

		min_words[k] = 0;
		if (info->name)
			min_words[k] = (uint8_t)(fixed[info->class_] + info->args + (info->class_ == MS_CLASS_FREE && free_stacks));
	}
	/* Their arguments are not those of the events (annotation_ingest.h, which looks at their lengths). */
	for (unsigned k = 0; k < 256; k++)
		if (annotation_kind((uint8_t)k))
			min_words[k] = 2;
	min_words[MS_ENTRY_GRAPH_BEGIN] = 3;
	min_words[MS_ENTRY_GRAPH_ROOT] = 7;
	min_words[MS_ENTRY_GRAPH_EDGES] = 5;
	min_words[MS_ENTRY_GRAPH_WORDS] = 4;
	min_words[MS_ENTRY_GRAPH_UNSCANNED] = 5;
	min_words[MS_ENTRY_GRAPH_END] = 5;
}

int slots_init(struct slots *s, struct arena *arena, struct merge *merge, const struct slots_ops *ops, void *context)
{
	*s = (struct slots){.arena = arena, .merge = merge, .ops = ops, .context = context};
	s->views = calloc(arena->geometry.slots, sizeof *s->views);
	if (!s->views)
		return MS_E_NOMEM;
	fill_min_words(arena->header->flags & MS_FLAG_FREE_STACKS);
	return MS_OK;
}

void slots_free(struct slots *s)
{
	if (!s->views)
		return;
	for (uint32_t i = 0; i < s->used; i++) /* it never falls */
		merge_stream_free(&s->views[i].stream);
	free(s->views);
	s->views = NULL;
}

/* A thread id came back: the thread that had it before is gone, whatever it announced. */
static void bury_namesakes(struct slots *s, uint32_t newcomer)
{
	const struct slot_view *n = &s->views[newcomer];
	bool reused = false;

	if (n->nested)
		return;
	for (uint32_t i = 0; i < s->used; i++) {
		const struct slot_view *v = &s->views[i];
		reused |= i != newcomer && v->life == LIFE_LIVE && v->tid == n->tid && v->image == n->image && !v->nested;
	}
	for (uint32_t i = 0; reused && i < s->used; i++) {
		struct slot_view *v = &s->views[i];
		if (i != newcomer && v->life == LIFE_LIVE && v->tid == n->tid && v->image == n->image)
			v->life = LIFE_GONE;
	}
}

static void come_to_life(struct slots *s, uint32_t i)
{
	struct slot_view *v = &s->views[i];
	const struct ms_slot *slot = &s->arena->slots[i];
	char name[sizeof slot->name + 1];

	v->stream.slot = i;
	if (merge_add(s->merge, &v->stream) != MS_OK)
		return; /* tried again at the next drain */
	v->life = LIFE_LIVE;
	v->tail = 0;
	v->newest = 0;
	v->outside = s->base;
	v->lost = v->lost_reported = 0;
	v->tid = slot->tid;
	v->image = slot->image;
	v->nested = slot->nested != 0;
	memcpy(name, slot->name, sizeof slot->name);
	name[sizeof slot->name] = '\0';
	s->live++;
	s->threads += !v->nested;
	bury_namesakes(s, i);
	s->ops->started(s->context, i, v->tid, v->image, v->nested, name);
}

/* Length of the whole, valid entries at words[from, n), up to the first that starts at or behind `until`. */
static size_t walk(const uint64_t *words, size_t from, size_t until, size_t n, uint64_t *newest)
{
	size_t i = from;

	while (i < until && i + 2 <= n) {
		uint64_t tag = words[i + 1];
		uint32_t length = MS_ENTRY_WORDS(tag), least = min_words[MS_ENTRY_KIND(tag)];

		if (least == 0 || length < least || i + length > n)
			break;
		*newest = words[i];
		i += length;
	}
	return i;
}

/* Copies ring words [tail, head) to the stream. Returns the number of words that were not entries. */
static size_t copy_out(struct slots *s, struct slot_view *v, const uint64_t *ring, uint64_t ring_words, uint64_t head)
{
	size_t n = (size_t)(head - v->tail);
	size_t at = (size_t)(v->tail & (ring_words - 1));
	size_t to_end = (size_t)ring_words - at;
	uint64_t *dst;
	size_t good;

	if (n > ring_words)
		return n;
	dst = merge_reserve(&v->stream, n);
	if (!dst) {
		s->out_of_memory = true;
		return n;
	}
	if (n <= to_end) {
		memcpy(dst, ring + at, n * sizeof *dst);
		good = walk(dst, 0, n, n, &v->newest);
	} else {
		/* The last entry before the end may run on into the slack; how far is known after the walk. */
		size_t with_slack = to_end + MS_RING_SLACK_WORDS < n ? to_end + MS_RING_SLACK_WORDS : n;

		memcpy(dst, ring + at, with_slack * sizeof *dst);
		good = walk(dst, 0, to_end, with_slack, &v->newest);
		if (good >= to_end) {
			memcpy(dst + good, ring + (good - to_end), (n - good) * sizeof *dst);
			good = walk(dst, good, n, n, &v->newest);
		}
	}
	merge_commit(&v->stream, good);
	s->drained_words += good;
	return n - good;
}

uint64_t slots_drain(struct slots *s, uint64_t now)
{
	uint64_t margin = s->ticks_per_ms * SLOTS_MARGIN_NS / 1000000;
	uint64_t base = now > margin && s->ticks_per_ms ? now - margin : 0;
	uint64_t watermark = base;
	uint32_t used = atomic_load_explicit(&s->arena->header->slots_used, memory_order_acquire);
	uint32_t images = atomic_load_explicit(&s->arena->header->images, memory_order_acquire);
	bool copied = false;

	s->used = used < s->arena->geometry.slots ? used : s->arena->geometry.slots;
	for (uint32_t i = 0; i < s->used; i++) {
		struct ms_slot *slot = &s->arena->slots[i];
		struct slot_view *v = &s->views[i];
		uint32_t in_hook;
		uint64_t head;

		if (v->life == LIFE_NONE) {
			if (atomic_load_explicit(&slot->state, memory_order_acquire) == MS_SLOT_LIVE)
				come_to_life(s, i);
			if (v->life == LIFE_NONE)
				continue;
		}
		if (v->life == LIFE_READ)
			continue;
		if (v->life == LIFE_LIVE && images > 0 && v->image + 1 < images)
			v->life = LIFE_GONE; /* another program runs in this process now */

		in_hook = atomic_load_explicit(&slot->in_hook, memory_order_acquire);
		head = atomic_load_explicit(&slot->head, memory_order_acquire);
		v->lost = atomic_load_explicit(&slot->lost, memory_order_relaxed);
		if (head != v->tail) {
			size_t bad = copy_out(s, v, arena_ring(s->arena, i), arena_ring_words(s->arena, i), head);

			s->damages += bad != 0;
			s->damaged_words += bad;
			v->tail = head;
			atomic_store_explicit(&slot->tail, head, memory_order_release);
			copied = true;
		}
		if (v->life == LIFE_GONE) {
			v->life = LIFE_READ;
			continue;
		}
		if (in_hook == 0)
			v->outside = base;
		v->promise = v->newest > v->outside ? v->newest : v->outside;
		if (v->promise < watermark)
			watermark = v->promise;
	}
	if (copied) {
		bool waiters = false;

		/* A waiter sets .waiting, fences, reads tail; here it is tail, fence, .waiting: one of the two sees the other. */
		atomic_thread_fence(memory_order_seq_cst);
		for (uint32_t i = 0; i < s->used; i++)
			waiters |= s->views[i].life == LIFE_LIVE &&
			           atomic_load_explicit(&s->arena->slots[i].waiting, memory_order_relaxed) != 0;
		if (waiters)
			arena_wake(s->arena);
	}
	s->base = base;
	if (watermark < base) {
		uint64_t patience = s->ticks_per_ms * (SLOTS_FORCE_NS / 1000000), oldest = merge_oldest(s->merge);
		uint64_t forced = merge_backlog(s->merge) > SLOTS_BACKLOG_WORDS ? base : now > patience ? now - patience : 0;

		if (forced > watermark && oldest <= forced) {
			watermark = forced;
			s->forced++;
		}
	}
	return watermark;
}

void slots_discard(struct slots *s)
{
	uint32_t used = atomic_load_explicit(&s->arena->header->slots_used, memory_order_acquire);

	s->used = used < s->arena->geometry.slots ? used : s->arena->geometry.slots;
	for (uint32_t i = 0; i < s->used; i++) {
		struct ms_slot *slot = &s->arena->slots[i];
		uint64_t head = atomic_load_explicit(&slot->head, memory_order_acquire);

		if (head != atomic_load_explicit(&slot->tail, memory_order_relaxed))
			atomic_store_explicit(&slot->tail, head, memory_order_release);
	}
	atomic_thread_fence(memory_order_seq_cst);
	for (uint32_t i = 0; i < s->used; i++) {
		if (atomic_load_explicit(&s->arena->slots[i].waiting, memory_order_relaxed) != 0) {
			arena_wake(s->arena);
			break;
		}
	}
}

static void report_lost(struct slots *s, uint32_t i)
{
	struct slot_view *v = &s->views[i];

	if (v->lost > v->lost_reported)
		s->ops->lost(s->context, i, v->lost - v->lost_reported);
	v->lost_reported = v->lost;
}

static void end(struct slots *s, uint32_t i)
{
	struct slot_view *v = &s->views[i];

	report_lost(s, i);
	s->ops->ended(s->context, i);
	merge_remove(s->merge, &v->stream);
	merge_stream_free(&v->stream);
	v->life = LIFE_NONE;
	s->live--;
}

void slots_sweep(struct slots *s, bool all)
{
	uint64_t suspicious = s->base > 5 * s->ticks_per_ms ? s->base - 5 * s->ticks_per_ms : 0;

	for (uint32_t i = 0; i < s->used; i++) {
		struct slot_view *v = &s->views[i];

		if (v->life == LIFE_NONE)
			continue;
		if (v->lost != v->lost_reported)
			report_lost(s, i);
		if (v->life == LIFE_READ && !merge_pending(&v->stream)) {
			end(s, i);
			arena_recycle(s->arena, i);
		} else if (v->life == LIFE_LIVE && (all || v->promise < suspicious ||
		           atomic_load_explicit(&s->arena->slots[i].ended, memory_order_relaxed) != 0)) {
			if (!s->ops->alive(s->context, v->tid))
				v->life = LIFE_GONE;
		}
	}
}

void slots_finish(struct slots *s)
{
	for (uint32_t i = 0; i < s->used; i++)
		if (s->views[i].life != LIFE_NONE)
			end(s, i);
}

void slots_leave(struct slots *s)
{
	for (uint32_t i = 0; i < s->used; i++)
		if (s->views[i].life != LIFE_NONE)
			report_lost(s, i);
}

uint32_t slots_free_count(const struct slots *s)
{
	return s->arena->geometry.slots - s->live;
}
