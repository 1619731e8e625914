/*
 * The queue in which short-lived blocks vanish, against a model that knows the whole story: random births, ends, reallocs, failed reallocs,
 * annotations and pauses of several threads. What is written and what is culled is everything, each exactly once; ids are dense and ends name the
 * births they ended; the live table is the one that the written events leave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/errors.h"
#include "record/cull.h"

#define EVENTS    40000u
#define SLOTS     3u
#define ADDRESSES 150u
#define WINDOW_NS 5000u

static uint64_t seed;

static uint64_t dice(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* One event of the story. Blocks are known by the index of their birth. */
struct told {
	struct ms_event event;           /* without block */
	uint32_t slot;
	uint32_t birth;                  /* FREE: what it ends; CLONE: what it names; else itself */
	uint32_t half;                   /* REALLOC, REALLOC_FAILED: its REALLOC_FREE */
	uint64_t left_ns;                /* before the event: everything older leaves */
	bool culled;
	uint64_t id;                     /* of a birth that is written */
};

struct story {
	struct told *told;
	size_t count;
	uint32_t alive[ADDRESSES];       /* birth + 1 */
	uint32_t half[SLOTS];            /* REALLOC_FREE + 1 that waits */
};

static uint64_t address_of(uint32_t i)
{
	return 0x10000 + 64 * (uint64_t)i;
}

static uint32_t place_of(const struct ms_event *e)
{
	return (uint32_t)((e->address - 0x10000) / 64);
}

static struct told *tell(struct story *s, uint64_t *now, uint32_t slot, uint8_t kind)
{
	struct told *t = &s->told[s->count];

	*now += dice(40);
	*t = (struct told){.event = {.time_ns = *now, .kind = kind, .thread = slot + 1, .stack = (uint32_t)dice(20)}, .slot = slot,
	                   .birth = (uint32_t)s->count};
	s->count++;
	return t;
}

static void tell_birth(struct story *s, uint64_t *now, uint32_t slot, uint8_t kind, uint32_t place)
{
	struct told *t = tell(s, now, slot, kind);

	t->event.address = address_of(place);
	t->event.size_bytes = dice(500) == 0 ? CULL_LARGE : dice(1000);
	s->alive[place] = t->birth + 1;
}

static void tell_one(struct story *s, uint64_t *now)
{
	static const uint8_t births[] = {MS_EV_MALLOC, MS_EV_MALLOC, MS_EV_NEW, MS_EV_CALLOC, MS_EV_REALLOC_NEW, MS_EV_NEW_ALIGNED};
	uint32_t slot = (uint32_t)dice(SLOTS), place = (uint32_t)dice(ADDRESSES);
	struct told *t;

	/* A first half waits: nothing else of this thread comes before the second. */
	if (s->half[slot]) {
		struct told *half = &s->told[s->half[slot] - 1];
		bool failed = dice(10) == 0;

		if (failed)
			place = place_of(&half->event);
		if (s->alive[place])
			return;
		tell_birth(s, now, slot, failed ? MS_EV_REALLOC_FAILED : MS_EV_REALLOC, place);
		s->told[s->count - 1].half = s->half[slot] - 1;
		s->half[slot] = 0;
		return;
	}
	if (s->alive[place]) {
		struct told *birth = &s->told[s->alive[place] - 1];
		uint8_t kind = birth->event.kind == MS_EV_NEW         ? MS_EV_DELETE_SIZED :
		               birth->event.kind == MS_EV_NEW_ALIGNED ? MS_EV_DELETE_ALIGNED :
		                                                        MS_EV_FREE;

		switch (dice(12)) {
		case 0:
			t = tell(s, now, slot, MS_EV_CLONE);
			t->birth = s->alive[place] - 1;
			return;
		case 1: /* wrong, or the right one of a few */
			kind = dice(2) ? MS_EV_DELETE_ARRAY : MS_EV_REALLOC_ZERO;
			break;
		case 2:
		case 3:
		case 4:
			kind = MS_EV_REALLOC_FREE;
			break;
		case 5:
			return;
		}
		t = tell(s, now, slot, kind);
		t->birth = s->alive[place] - 1;
		t->event.address = address_of(place);
		t->event.size_bytes = birth->event.size_bytes;
		t->event.arg[0] = kind == MS_EV_DELETE_SIZED ? birth->event.size_bytes + (dice(8) == 0) : 0;
		s->alive[place] = 0;
		if (kind == MS_EV_REALLOC_FREE) {
			s->half[slot] = t - s->told + 1;
			/* A failed one needs its address: nobody takes it meanwhile. */
		}
		return;
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		if (s->half[i] && place_of(&s->told[s->half[i] - 1].event) == place)
			return;
	if (dice(30) == 0) {
		t = tell(s, now, slot, dice(2) ? MS_EV_FORK : MS_EV_FREE);
		t->event.address = t->event.kind == MS_EV_FREE ? address_of(place) : 0;
		t->birth = UINT32_MAX;
		return;
	}
	tell_birth(s, now, slot, births[dice(sizeof births)], place);
}

static bool is_end(const struct told *t)
{
	return ms_event_kinds[t->event.kind].class_ == MS_CLASS_FREE && t->birth != UINT32_MAX;
}

/* Said again in other words than cull.c does. */
static bool plain(uint8_t birth, const struct told *end, uint64_t size)
{
	switch (end->event.kind) {
	case MS_EV_FREE:
	case MS_EV_REALLOC_FREE:
	case MS_EV_REALLOC_ZERO:
		return birth != MS_EV_NEW && birth != MS_EV_NEW_ALIGNED;
	case MS_EV_DELETE_SIZED:
		return birth == MS_EV_NEW && end->event.arg[0] == size;
	case MS_EV_DELETE_ALIGNED:
		return birth == MS_EV_NEW_ALIGNED;
	default:
		return false;
	}
}

/* Decides for the chain that ends with event `end` whether all of it is culled, and marks it. left[i]: number of the event at which i had left. */
static void judge(struct story *s, const size_t *left, const bool *named, size_t end, uint64_t window)
{
	struct told *t = &s->told[end];
	size_t at = t->birth, last = end;

	if (t->event.kind == MS_EV_REALLOC_FREE)
		return;
	for (bool mark = false;; at = t->birth, last = end) {
		for (;;) {
			const struct told *birth = &s->told[at];

			if (!mark && (named[at] || birth->event.size_bytes >= CULL_LARGE || birth->event.kind == MS_EV_REALLOC_FAILED ||
			              !plain(birth->event.kind, &s->told[last], birth->event.size_bytes)))
				return;
			if (mark)
				s->told[at].culled = s->told[last].culled = true;
			if (birth->event.kind != MS_EV_REALLOC)
				break;
			last = birth->half;
			at = s->told[last].birth;
		}
		if (!mark && (left[at] <= end || t->event.time_ns - s->told[at].event.time_ns > window))
			return;
		if (mark)
			return;
		mark = true;
	}
}

struct run {
	struct story *story;
	struct cull cull;
	struct live_table live;
	uint64_t next_block;
	struct ms_event *written;
	size_t written_count;
};

static void written(void *context, const struct ms_event *event)
{
	struct run *r = context;

	r->written[r->written_count++] = *event;
}

static void play(struct run *r, const struct told *t)
{
	struct ms_event *e = &r->cull.next;
	const struct live_entry *old;

	if (t->left_ns)
		cull_leave_until(&r->cull, t->left_ns);
	*e = t->event;
	switch (ms_event_kinds[e->kind].class_) {
	case MS_CLASS_ALLOC:
		e->block = cull_young_id(&r->cull);
		assert_true(live_table_insert(&r->live, &(struct ms_live_block){.block = e->block, .address = e->address,
		                                                                .size_bytes = e->size_bytes, .kind = e->kind}));
		break;
	case MS_CLASS_FREE:
		old = live_table_find(&r->live, e->address);
		assert_int_equal(old != NULL, t->birth != UINT32_MAX);
		if (old) {
			e->block = live_entry_block(old);
			live_table_remove(&r->live, (struct live_entry *)(uintptr_t)old);
		}
		break;
	default:
		if (e->kind == MS_EV_CLONE)
			e->arg[0] = live_entry_block(live_table_find(&r->live, r->story->told[t->birth].event.address));
	}
	cull_push(&r->cull, t->slot);
}

/* What was written is the story without what was culled. */
static void compare(struct run *r)
{
	size_t at = 0;
	uint64_t next = 1;

	for (size_t i = 0; i < r->story->count; i++) {
		struct told *t = &r->story->told[i];
		const struct ms_event *e = &r->written[at];

		if (t->culled)
			continue;
		assert_true(at < r->written_count);
		at++;
		assert_int_equal(e->time_ns, t->event.time_ns);
		assert_int_equal(e->kind, t->event.kind);
		assert_int_equal(e->address, t->event.address);
		assert_int_equal(e->thread, t->event.thread);
		if (ms_event_kinds[e->kind].class_ == MS_CLASS_ALLOC)
			t->id = next++;
		else if (t->birth != UINT32_MAX && e->kind != MS_EV_FORK)
			assert_false(r->story->told[t->birth].culled);
		if (ms_event_kinds[e->kind].class_ == MS_CLASS_ALLOC || ms_event_kinds[e->kind].class_ == MS_CLASS_FREE)
			assert_int_equal(e->block, t->birth == UINT32_MAX ? 0 : r->story->told[t->birth].id);
		if (e->kind == MS_EV_CLONE)
			assert_int_equal(e->arg[0], r->story->told[t->birth].id);
	}
	assert_int_equal(at, r->written_count);
	assert_int_equal(next, r->next_block);
}

/* The sums are those of the culled blocks. */
static void compare_sums(struct run *r)
{
	struct ms_culled_row want[20] = {{0}};
	const struct ms_culled_row *rows;
	uint64_t blocks = 0;
	size_t n, used = 0;

	for (size_t i = 0; i < r->story->count; i++) {
		const struct told *t = &r->story->told[i], *birth = is_end(t) ? &r->story->told[t->birth] : NULL;
		struct ms_culled_row *w = birth ? &want[birth->event.stack] : NULL;

		if (!t->culled || !birth)
			continue;
		w->allocations += birth->event.kind != MS_EV_REALLOC;
		w->reallocations += birth->event.kind == MS_EV_REALLOC;
		w->bytes += birth->event.size_bytes;
		w->lifetime_ns += t->event.time_ns - birth->event.time_ns;
		blocks++;
	}
	assert_int_equal(r->cull.culled_blocks, blocks);
	rows = cull_sums_list(&r->cull.sums, &n);
	for (uint32_t stack = 0; stack < 20; stack++) {
		if (want[stack].allocations + want[stack].reallocations == 0)
			continue;
		assert_true(used < n);
		assert_int_equal(rows[used].stack, stack);
		assert_int_equal(rows[used].allocations, want[stack].allocations);
		assert_int_equal(rows[used].reallocations, want[stack].reallocations);
		assert_int_equal(rows[used].bytes, want[stack].bytes);
		assert_int_equal(rows[used].lifetime_ns, want[stack].lifetime_ns);
		used++;
	}
	assert_int_equal(used, n);
	cull_sums_clear(&r->cull.sums);
}

static void compare_live(const struct run *r)
{
	size_t n, want = 0;
	struct ms_live_block *blocks = live_table_snapshot(&r->live, &n);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(blocks[i].block, r->story->told[r->story->alive[(blocks[i].address - 0x10000) / 64] - 1].id);
	for (size_t i = 0; i < ADDRESSES; i++)
		want += r->story->alive[i] != 0;
	assert_int_equal(n, want);
	free(blocks);
}

static void open_run(struct run *r, struct story *s, uint32_t most)
{
	memset(r, 0, sizeof *r);
	r->story = s;
	r->next_block = 1;
	r->written = malloc((s->count + 1) * sizeof *r->written);
	assert_non_null(r->written);
	assert_int_equal(live_table_init(&r->live), MS_OK);
	assert_int_equal(cull_init(&r->cull, &(struct cull_options){.window_ns = WINDOW_NS, .most = most, .slots = SLOTS, .live = &r->live,
	                                                            .next_block = &r->next_block, .leave = written, .context = r}),
	                 MS_OK);
}

static void close_run(struct run *r)
{
	free(r->written);
	cull_free(&r->cull);
	live_table_free(&r->live);
}

static void tell_story(struct story *s, unsigned number)
{
	uint64_t now = 0;

	memset(s, 0, sizeof *s);
	seed = 0x9e3779b97f4a7c15 * (number + 1);
	s->told = calloc(EVENTS, sizeof *s->told);
	assert_non_null(s->told);
	while (s->count < EVENTS) {
		size_t before = s->count;

		tell_one(s, &now);
		if (s->count > before && dice(20) == 0) /* a merge is over; now and then everything leaves */
			s->told[before].left_ns = dice(40) == 0 ? UINT64_MAX : now > 2 * WINDOW_NS ? now - WINDOW_NS - dice(200) : 0;
	}
}

static void random_stories(void **state)
{
	(void)state;
	for (unsigned number = 0; number < 20; number++) {
		struct story s;
		struct run r;
		size_t *left, culled = 0;
		bool *named;

		tell_story(&s, number);
		left = malloc(s.count * sizeof *left);
		named = calloc(s.count, sizeof *named);
		assert_true(left && named);
		for (size_t i = 0, first = 0; i < s.count; i++) { /* times never fall: those that leave are the first ones */
			left[i] = SIZE_MAX;
			for (; first < i && s.told[i].left_ns && s.told[first].event.time_ns < s.told[i].left_ns; first++)
				left[first] = i;
		}
		for (size_t i = 0; i < s.count; i++) {
			if (s.told[i].event.kind == MS_EV_CLONE)
				named[s.told[i].birth] = true;
			if (is_end(&s.told[i]))
				judge(&s, left, named, i, WINDOW_NS);
		}
		for (size_t i = 0; i < s.count; i++)
			culled += s.told[i].culled;
		assert_true(culled > s.count / 20 && culled < s.count);
		open_run(&r, &s, 0);
		for (size_t i = 0; i < s.count; i++)
			play(&r, &s.told[i]);
		cull_leave_until(&r.cull, UINT64_MAX);
		compare(&r);
		compare_sums(&r);
		compare_live(&r);
		assert_int_equal(r.cull.count, 0);
		assert_int_equal(r.cull.young_bytes, 0);
		assert_int_equal(r.cull.early, 0);
		close_run(&r);
		free(left);
		free(named);
		free(s.told);
	}
}

/* A queue with little room: the oldest leave early and are counted, and nothing is lost. */
static void little_room(void **state)
{
	static const uint32_t rooms[] = {4, 7, 64};

	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		struct story s;
		struct run r;
		size_t at = 0;
		uint64_t ends = 0;

		tell_story(&s, 100 + k);
		open_run(&r, &s, rooms[k]);
		for (size_t i = 0; i < s.count; i++) {
			play(&r, &s.told[i]);
			assert_true(r.cull.count < rooms[k]);
		}
		cull_leave_until(&r.cull, UINT64_MAX);
		assert_true(r.cull.early > 0);
		/* Culled is what was not written: each end with its birth. */
		for (size_t i = 0; i < s.count; i++) {
			const struct ms_event *e = &r.written[at];

			s.told[i].culled = at == r.written_count || memcmp(&e->time_ns, &s.told[i].event.time_ns, 8) != 0 ||
			                   e->kind != s.told[i].event.kind || e->address != s.told[i].event.address ||
			                   e->thread != s.told[i].event.thread;
			at += !s.told[i].culled;
			if (is_end(&s.told[i])) {
				assert_int_equal(s.told[i].culled, s.told[s.told[i].birth].culled);
				ends += s.told[i].culled;
			}
		}
		assert_int_equal(ends, r.cull.culled_blocks);
		compare(&r);
		compare_sums(&r);
		compare_live(&r);
		close_run(&r);
		free(s.told);
	}
}

/* The most bytes of young blocks at once bound the culled ones. */
static void young_bytes(void **state)
{
	struct story s = {.count = 8};
	struct run r;

	(void)state;
	s.told = calloc(8, sizeof *s.told);
	assert_non_null(s.told);
	for (uint32_t i = 0; i < 4; i++) {
		s.told[i] = (struct told){.event = {.time_ns = i, .kind = MS_EV_MALLOC, .address = address_of(i), .size_bytes = 100}, .birth = i};
		s.told[4 + i] = (struct told){.event = {.time_ns = 10 + i, .kind = MS_EV_FREE, .address = address_of(i)}, .birth = i};
	}
	open_run(&r, &s, 0);
	for (size_t i = 0; i < 8; i++)
		play(&r, &s.told[i]);
	assert_int_equal(r.cull.most_young_bytes, 400);
	assert_int_equal(r.cull.young_bytes, 0);
	assert_int_equal(r.cull.count, 0);
	assert_int_equal(r.written_count, 0);
	assert_int_equal(r.cull.culled_blocks, 4);
	close_run(&r);
	free(s.told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_stories),
		cmocka_unit_test(little_room),
		cmocka_unit_test(young_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
