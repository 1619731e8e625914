#include "cull.h"

#include <stdlib.h>

#include "format/errors.h"

#define INITIAL 4096u

int cull_init(struct cull *c, const struct cull_options *options)
{
	*c = (struct cull){.options = *options, .capacity = INITIAL, .used = 1};
	if (c->options.most == 0)
		c->options.most = CULL_MOST;
	if (c->capacity > c->options.most)
		c->capacity = c->options.most;
	c->pool = malloc(c->capacity * sizeof *c->pool);
	c->halves = calloc(options->slots, sizeof *c->halves);
	if (c->pool && c->halves)
		return MS_OK;
	cull_free(c);
	return MS_E_NOMEM;
}

void cull_free(struct cull *c)
{
	free(c->pool);
	free(c->halves);
	cull_sums_free(&c->sums);
	*c = (struct cull){0};
}

/* ---- entries ------------------------------------------------------------------------------------------------------ */

static bool is_young(uint64_t block)
{
	return (block & CULL_YOUNG) != 0;
}

static struct cull_entry *entry_of(const struct cull *c, uint64_t young)
{
	return &c->pool[young & ~CULL_YOUNG];
}

static uint32_t index_of(const struct cull *c, const struct cull_entry *e)
{
	return (uint32_t)(e - c->pool);
}

static void recycle(struct cull *c, struct cull_entry *e)
{
	e->number = 0;
	e->newer = c->free;
	c->free = index_of(c, e);
}

static void unlink_entry(struct cull *c, struct cull_entry *e)
{
	*(e->older ? &c->pool[e->older].newer : &c->oldest) = e->newer;
	*(e->newer ? &c->pool[e->newer].older : &c->newest) = e->older;
	e->waits = false;
	c->count--;
	if (e->references == 0)
		recycle(c, e);
}

/* ---- leaving ------------------------------------------------------------------------------------------------------ */

/* The id that a young one has become: its birth has left before. */
static uint64_t resolve(struct cull *c, uint64_t block)
{
	struct cull_entry *birth;

	if (!is_young(block))
		return block;
	birth = entry_of(c, block);
	block = birth->event.block;
	if (--birth->references == 0)
		recycle(c, birth);
	return block;
}

static void settle_birth(struct cull *c, struct cull_entry *e)
{
	uint64_t young = CULL_YOUNG | index_of(c, e);

	e->event.block = (*c->options.next_block)++;
	if (!e->ended) {
		struct live_entry *b = live_table_find(c->options.live, e->event.address);

		if (b && live_entry_block(b) == young)
			b->block_thread = (b->block_thread & ~LIVE_ENTRY_MASK) | e->event.block;
		c->young_bytes -= e->event.size_bytes;
	}
}

static void leave_oldest(struct cull *c)
{
	struct cull_entry *e = &c->pool[c->oldest];
	const struct ms_event_kind_info *kind = &ms_event_kinds[e->event.kind];
	struct ms_event event;

	if (kind->class_ == MS_CLASS_ALLOC)
		settle_birth(c, e);
	else if (kind->class_ == MS_CLASS_FREE)
		e->event.block = resolve(c, e->event.block);
	for (unsigned i = 0; i < kind->args; i++)
		if (kind->ref[i] == MS_REF_BLOCK)
			e->event.arg[i] = resolve(c, e->event.arg[i]);
	event = e->event;
	unlink_entry(c, e);
	c->options.leave(c->options.context, &event);
}

void cull_leave_until(struct cull *c, uint64_t time_ns)
{
	while (c->count > 0 && (time_ns == UINT64_MAX || c->pool[c->oldest].event.time_ns < time_ns))
		leave_oldest(c);
}

/* The entry for the next event: free, or made free. */
static uint32_t next_entry(struct cull *c)
{
	while (c->free == 0 && c->used == c->capacity) {
		uint32_t capacity = c->capacity < c->options.most / 2 ? c->capacity * 2 : c->options.most;
		struct cull_entry *pool = capacity > c->capacity ? realloc(c->pool, capacity * sizeof *pool) : NULL;

		if (pool) {
			c->pool = pool;
			c->capacity = capacity;
		} else {
			c->early++;
			leave_oldest(c);
		}
	}
	return c->free ? c->free : c->used;
}

static struct cull_entry *take_entry(struct cull *c)
{
	uint32_t index = next_entry(c);
	struct cull_entry *e = &c->pool[index];

	if (index == c->free)
		c->free = e->newer;
	else
		c->used++;
	*e = (struct cull_entry){.event = c->next, .number = ++c->number, .older = c->newest, .waits = true};
	*(c->newest ? &c->pool[c->newest].newer : &c->oldest) = index;
	c->newest = index;
	c->count++;
	return e;
}

uint64_t cull_young_id(struct cull *c)
{
	return CULL_YOUNG | next_entry(c);
}

/* ---- culling ------------------------------------------------------------------------------------------------------ */

/*
 * X(first kind, last kind of births, kind of the end, argument with the size, argument with the alignment): the ends that say nothing
 * but that a block has ended. NO: there is no such argument; others must say what the birth did.
 */
#define NO 2
#define RIGHT_ENDS(X)                                                         \
	X(MALLOC, PVALLOC, FREE, NO, NO)                                      \
	X(MALLOC, PVALLOC, REALLOC_FREE, NO, NO)                              \
	X(MALLOC, PVALLOC, REALLOC_ZERO, NO, NO)                              \
	X(MALLOC, REALLOC, FREE_SIZED, 0, NO)                                 \
	X(NEW, NEW, DELETE, NO, NO)                                           \
	X(NEW, NEW, DELETE_SIZED, 0, NO)                                      \
	X(NEW_ARRAY, NEW_ARRAY, DELETE_ARRAY, NO, NO)                         \
	X(NEW_ARRAY, NEW_ARRAY, DELETE_ARRAY_SIZED, 0, NO)                    \
	X(NEW_ALIGNED, NEW_ALIGNED, DELETE_ALIGNED, NO, 0)                    \
	X(NEW_ALIGNED, NEW_ALIGNED, DELETE_SIZED_ALIGNED, 0, 1)               \
	X(NEW_ARRAY_ALIGNED, NEW_ARRAY_ALIGNED, DELETE_ARRAY_ALIGNED, NO, 0)  \
	X(NEW_ARRAY_ALIGNED, NEW_ARRAY_ALIGNED, DELETE_ARRAY_SIZED_ALIGNED, 0, 1)

static bool ends_rightly(const struct ms_event *birth, const struct ms_event *end)
{
	static const struct {
		uint8_t first, last, end, size, alignment;
	} rules[] = {
#define X(first, last, end, size, alignment) {MS_EV_##first, MS_EV_##last, MS_EV_##end, size, alignment},
		RIGHT_ENDS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (rules[i].end != end->kind || birth->kind < rules[i].first || birth->kind > rules[i].last)
			continue;
		return (rules[i].size == NO || end->arg[rules[i].size] == birth->size_bytes) &&
		       (rules[i].alignment == NO || end->arg[rules[i].alignment] == birth->arg[0]);
	}
	return false;
}

/* Is every event of the chain still here? Then nothing of it has been recycled. */
static bool whole(const struct cull *c, const struct cull_entry *e)
{
	return e->first_number != 0 && c->pool[e->first].number == e->first_number && c->pool[e->first].waits;
}

/* Takes the chain that ends with this birth out of the queue; the event `end` is not in it. */
static void cull_chain(struct cull *c, struct cull_entry *birth, uint64_t end_ns)
{
	for (;;) {
		bool reallocated = birth->event.kind == MS_EV_REALLOC;
		struct cull_entry *half = &c->pool[birth->source];

		/* Cannot fail: cull_push has made room. */
		(void)cull_sums_add(&c->sums, birth->event.stack, reallocated, birth->event.size_bytes, end_ns - birth->event.time_ns);
		c->culled_blocks++;
		unlink_entry(c, birth);
		if (!reallocated)
			return;
		birth = &c->pool[half->source];
		end_ns = half->event.time_ns;
		birth->references--;
		unlink_entry(c, half);
	}
}

/* How many stacks the chain can add. */
static bool room_for_sums(struct cull *c, const struct cull_entry *birth)
{
	size_t count = c->sums.count;
	bool room;

	for (const struct cull_entry *e = birth; e->event.kind == MS_EV_REALLOC; e = &c->pool[c->pool[e->source].source])
		c->sums.count++;
	room = cull_sums_reserve(&c->sums);
	c->sums.count = count;
	return room;
}

static void push_birth(struct cull *c, uint32_t slot)
{
	struct cull_entry *e = take_entry(c);
	struct cull_half half = c->halves[slot];

	c->young_bytes += e->event.size_bytes;
	if (c->young_bytes > c->most_young_bytes)
		c->most_young_bytes = c->young_bytes;
	e->first = index_of(c, e);
	e->first_number = e->event.size_bytes < CULL_LARGE ? e->number : 0;
	if (e->event.kind != MS_EV_REALLOC && e->event.kind != MS_EV_REALLOC_FAILED)
		return;
	c->halves[slot] = (struct cull_half){0};
	if (e->event.kind == MS_EV_REALLOC_FAILED || half.number == 0 || c->pool[half.entry].number != half.number ||
	    !c->pool[half.entry].waits) {
		e->first_number = 0;
		return;
	}
	e->source = half.entry;
	e->first = c->pool[half.entry].first;
	e->first_number = e->first_number ? c->pool[half.entry].first_number : 0;
}

static void push_end(struct cull *c, uint32_t slot)
{
	struct cull_entry *birth = is_young(c->next.block) ? entry_of(c, c->next.block) : NULL, *e;
	bool right = birth && ends_rightly(&birth->event, &c->next) && whole(c, birth);

	if (birth) {
		birth->ended = true;
		birth->references++;
		c->young_bytes -= birth->event.size_bytes;
	}
	if (right && c->next.kind != MS_EV_REALLOC_FREE &&
	    c->next.time_ns - c->pool[birth->first].event.time_ns <= c->options.window_ns && room_for_sums(c, birth)) {
		birth->references--;
		cull_chain(c, birth, c->next.time_ns);
		return;
	}
	e = take_entry(c); /* moves the pool; the oldest leave */
	if (c->next.kind != MS_EV_REALLOC_FREE)
		return;
	c->halves[slot] = (struct cull_half){index_of(c, e), e->number};
	if (right) {
		birth = entry_of(c, c->next.block);
		e->source = index_of(c, birth);
		e->first = birth->first;
		e->first_number = birth->first_number;
	}
}

void cull_push(struct cull *c, uint32_t slot)
{
	const struct ms_event_kind_info *kind = &ms_event_kinds[c->next.kind];

	for (unsigned i = 0; i < kind->args; i++) {
		if (kind->ref[i] == MS_REF_BLOCK && is_young(c->next.arg[i])) {
			entry_of(c, c->next.arg[i])->first_number = 0;
			entry_of(c, c->next.arg[i])->references++;
		}
	}
	if (kind->class_ == MS_CLASS_ALLOC)
		push_birth(c, slot);
	else if (kind->class_ == MS_CLASS_FREE)
		push_end(c, slot);
	else
		take_entry(c);
}

void cull_forget_half(struct cull *c, uint32_t slot)
{
	c->halves[slot] = (struct cull_half){0};
}
