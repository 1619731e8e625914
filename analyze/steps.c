/*
 * steps.c - pairs the halves of reallocs, takes failed ones back, ends what exec ended, finds temporary blocks, and keeps
 * the running number of live bytes. The one place that knows how blocks are counted.
 */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

#include "format/checkpoint.h"
#include "mix64.h"

#define MOVES_PER_THREAD 4

/* A block that left through the first half of a realloc. */
struct move {
	uint64_t block;                  /* the id it began with */
	uint64_t recorded;               /* the one it went by */
	uint64_t size_bytes, birth_ns, time_ns;
	uint32_t site, stack, birth_thread, thread; /* stack: of its birth, the one of the site */
	uint8_t family;
	bool known;                      /* false: the trace does not know the block; nothing was counted */
};

struct thread_steps {
	uint64_t last_block;             /* window 1: begun by its last allocation event, else 0 */
	uint64_t events;                 /* window > 1: allocation events so far */
	struct recent *recent;           /* window > 1: ring of the blocks that it began last, ids ascending */
	uint32_t recent_next, recent_count;
	uint32_t move_count;
	struct move *moves;              /* MOVES_PER_THREAD, newest last */
};
struct recent {
	uint64_t block, event;
};

/* A block that goes by a new id since its realloc failed. */
struct alias {
	uint64_t recorded;               /* 0 = free slot */
	uint64_t block, birth_ns;
	uint32_t site, stack, birth_thread;
	uint8_t family;
};

/* A step without an event of its own. */
struct queued {
	struct move move;
	uint64_t time_ns, goes_by;
	uint8_t step, kind;
};

struct ms_steps {
	uint8_t step_of_kind[256];
	const struct ms_stack_map *stacks;
	struct thread_steps *threads;
	uint32_t thread_count, window;
	uint32_t waiting;                /* moves of all threads */
	uint64_t first_block;            /* blocks before it are gone with their image (or unmatched: 0) */
	uint64_t newest_block;
	uint64_t live_bytes, live_blocks;
	uint64_t last_ns;
	bool tell_from;

	struct queued *queue;
	size_t queue_head, queue_count, queue_capacity;

	struct alias *aliases;           /* open addressing, power of two */
	size_t alias_capacity, alias_count;

	ms_steps_moved *moved;
	void *moved_context;

	struct {                         /* the arrays of a view of one step */
		uint64_t time_ns, size_bytes, block, birth_ns, live_bytes, live_blocks;
		uint32_t thread, stack, site, birth_thread;
		uint8_t step, kind, family;
	} one;
};

/* Beyond enum ms_step: what needs more than the event itself. */
enum { RARE = MS_STEP_COUNT, RARE_FAILED_REALLOC = RARE, RARE_IMAGE, RARE_THREAD_GAP, RARE_REALLOC_OUT };

static void fill_step_of_kind(uint8_t table[256])
{
	static const uint8_t of_class[] = {
		[MS_CLASS_NONE] = MS_STEP_NOTE, [MS_CLASS_ALLOC] = MS_STEP_ALLOCATE, [MS_CLASS_FREE] = MS_STEP_FREE,
		[MS_CLASS_FAIL] = MS_STEP_FAIL, [MS_CLASS_MAP] = MS_STEP_MAP, [MS_CLASS_OTHER] = MS_STEP_NOTE,
	};
	static const struct {
		uint8_t kind, step;
	} special[] = {
		{MS_EV_REALLOC, MS_STEP_REALLOCATE}, {MS_EV_REALLOC_FREE, MS_STEP_MOVE},
		{MS_EV_REALLOC_FAILED, RARE_FAILED_REALLOC}, {MS_EV_IMAGE_START, RARE_IMAGE},
		{MS_EV_THREAD_END, RARE_THREAD_GAP}, {MS_EV_LOST, RARE_THREAD_GAP},
		{MS_EV_REALLOC_OUT, RARE_REALLOC_OUT},
	};

	for (int k = 0; k < 256; k++)
		table[k] = of_class[ms_event_kinds[k].class_];
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		table[special[i].kind] = special[i].step;
}

/* ---- temporary blocks --------------------------------------------------------------------------------------------- */

static int remember_block(const struct ms_steps *s, struct thread_steps *t, uint64_t block)
{
	if (!t->recent) {
		t->recent = malloc(s->window * sizeof *t->recent);
		if (!t->recent)
			return MS_E_NOMEM;
	}
	t->recent[t->recent_next] = (struct recent){block, t->events};
	t->recent_next = t->recent_next + 1 == s->window ? 0 : t->recent_next + 1;
	t->recent_count += t->recent_count < s->window;
	return MS_OK;
}

/* Was the block begun by this thread, at most window events ago? Block ids only grow, so the ring is sorted. */
static bool is_recent(const struct ms_steps *s, const struct thread_steps *t, uint64_t block)
{
	uint32_t oldest = t->recent_count < s->window ? 0 : t->recent_next, low = 0, high = t->recent_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, at = oldest + middle;

		if (at >= s->window)
			at -= s->window;
		if (t->recent[at].block == block)
			return t->events - t->recent[at].event <= s->window;
		if (t->recent[at].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* ---- blocks whose realloc failed ---------------------------------------------------------------------------------- */

static struct alias *alias_slot(struct alias *table, size_t capacity, uint64_t recorded)
{
	size_t i = ms_mix64(recorded) & (capacity - 1);

	while (table[i].recorded && table[i].recorded != recorded)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static int alias_add(struct ms_steps *s, const struct alias *a)
{
	if (s->alias_count * 2 >= s->alias_capacity) {
		size_t capacity = s->alias_capacity ? s->alias_capacity * 2 : 16;
		struct alias *grown = calloc(capacity, sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		for (size_t i = 0; i < s->alias_capacity; i++)
			if (s->aliases[i].recorded)
				*alias_slot(grown, capacity, s->aliases[i].recorded) = s->aliases[i];
		free(s->aliases);
		s->aliases = grown;
		s->alias_capacity = capacity;
	}
	*alias_slot(s->aliases, s->alias_capacity, a->recorded) = *a;
	s->alias_count++;
	return MS_OK;
}

/* Takes it out, by backward shift so that no tombstones stay. */
static bool alias_take(struct ms_steps *s, uint64_t recorded, struct alias *out)
{
	struct alias *a = alias_slot(s->aliases, s->alias_capacity, recorded);
	size_t mask = s->alias_capacity - 1, hole = (size_t)(a - s->aliases);

	if (!a->recorded)
		return false;
	*out = *a;
	for (size_t i = (hole + 1) & mask; s->aliases[i].recorded; i = (i + 1) & mask) {
		size_t home = ms_mix64(s->aliases[i].recorded) & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			s->aliases[hole] = s->aliases[i];
			hole = i;
		}
	}
	s->aliases[hole].recorded = 0;
	s->alias_count--;
	return true;
}

/* ---- the queue of steps without events ---------------------------------------------------------------------------- */

static int enqueue(struct ms_steps *s, const struct move *m, uint8_t step, uint64_t time_ns, uint8_t kind)
{
	if (s->queue_head == s->queue_count)
		s->queue_head = s->queue_count = 0;
	if (s->queue_count == s->queue_capacity) {
		size_t capacity = s->queue_capacity ? s->queue_capacity * 2 : 8;
		struct queued *grown = realloc(s->queue, capacity * sizeof *grown);

		if (!grown)
			return MS_E_NOMEM;
		s->queue = grown;
		s->queue_capacity = capacity;
	}
	s->queue[s->queue_count++] = (struct queued){.move = *m, .time_ns = time_ns, .goes_by = m->recorded, .step = step, .kind = kind};
	return MS_OK;
}

/* Empties the waiting moves of a thread into the queue. */
static int settle_thread(struct ms_steps *s, struct thread_steps *t, uint8_t step, uint64_t time_ns)
{
	for (uint32_t i = 0; i < t->move_count; i++)
		if (t->moves[i].known && enqueue(s, &t->moves[i], step, time_ns, 0))
			return MS_E_NOMEM;
	s->waiting -= t->move_count;
	t->move_count = 0;
	return MS_OK;
}

static int settle_all(struct ms_steps *s, uint64_t time_ns)
{
	for (uint32_t i = 0; i < s->thread_count && s->waiting; i++)
		if (settle_thread(s, &s->threads[i], MS_STEP_RETURN, time_ns))
			return MS_E_NOMEM;
	return MS_OK;
}

/* ---- moves -------------------------------------------------------------------------------------------------------- */

/* The oldest one makes room: its other half must have been lost. */
static int push_move(struct ms_steps *s, struct thread_steps *t, const struct move *m)
{
	if (!t->moves) {
		t->moves = malloc(MOVES_PER_THREAD * sizeof *t->moves);
		if (!t->moves)
			return MS_E_NOMEM;
	}
	if (t->move_count == MOVES_PER_THREAD) {
		if (t->moves[0].known && enqueue(s, &t->moves[0], MS_STEP_LOSE, m->time_ns, 0))
			return MS_E_NOMEM;
		memmove(t->moves, t->moves + 1, (MOVES_PER_THREAD - 1) * sizeof *t->moves);
		t->move_count--;
		s->waiting--;
	}
	t->moves[t->move_count++] = *m;
	s->waiting++;
	return MS_OK;
}

static bool pop_move(struct ms_steps *s, struct thread_steps *t, struct move *m)
{
	if (t->move_count == 0)
		return false;
	*m = t->moves[--t->move_count];
	s->waiting--;
	return true;
}

/* ---- views of one step -------------------------------------------------------------------------------------------- */

static void view_one(struct ms_steps *s, struct ms_view *view, uint64_t moved_ns)
{
	s->one.live_bytes = s->live_bytes;
	s->one.live_blocks = s->live_blocks;
	*view = (struct ms_view){
		.count = 1, .step = &s->one.step, .kind = &s->one.kind, .time_ns = &s->one.time_ns,
		.thread = &s->one.thread, .stack = &s->one.stack, .size_bytes = &s->one.size_bytes,
		.block = &s->one.block, .site = &s->one.site, .birth_thread = &s->one.birth_thread,
		.birth_ns = &s->one.birth_ns, .family = &s->one.family, .live_bytes = &s->one.live_bytes, .live_blocks = &s->one.live_blocks,
		.moved_ns = moved_ns,
	};
}

static void view_queued(struct ms_steps *s, const struct queued *q, struct ms_view *view)
{
	const struct move *m = &q->move;

	if (q->step == MS_STEP_RETURN) {
		s->live_bytes += m->size_bytes;
		s->live_blocks++;
	} else if (q->step == MS_STEP_RESUME) {
		s->live_bytes -= m->size_bytes;
		s->live_blocks--;
	}
	s->one.step = q->step;
	s->one.kind = q->kind;
	s->one.time_ns = q->time_ns;
	s->one.size_bytes = m->size_bytes;
	s->one.block = m->block;
	s->one.birth_ns = m->birth_ns;
	s->one.thread = m->thread;
	s->one.stack = 0;
	s->one.site = m->site;
	s->one.birth_thread = m->birth_thread;
	s->one.family = m->family;
	view_one(s, view, m->time_ns);
	view->moved = m->recorded;
	view->goes_by = q->goes_by;
}

static void view_image(struct ms_steps *s, const struct ms_batch *b, uint32_t i, struct ms_view *view)
{
	s->live_bytes = s->live_blocks = 0;
	s->first_block = s->newest_block + 1;
	if (s->aliases)
		memset(s->aliases, 0, s->alias_capacity * sizeof *s->aliases);
	s->alias_count = 0;
	memset(&s->one, 0, sizeof s->one);
	s->one.step = MS_STEP_IMAGE;
	s->one.kind = b->kind[i];
	s->one.time_ns = b->time_ns[i];
	s->one.thread = b->thread[i];
	view_one(s, view, 0);
}

/* ---- the run of plain steps --------------------------------------------------------------------------------------- */

/* The failed realloc at event i: its block comes back under the event's block id. Not found: there is no block to bring
   back, the event is the first that the trace sees of this block. */
static int take_back(struct ms_steps *s, const struct ms_batch *b, uint32_t i, bool *found)
{
	struct thread_steps *t = &s->threads[b->thread[i]];
	struct move m;

	*found = pop_move(s, t, &m) && m.known;
	if (!*found) /* what the reader took it for does not count */
		return alias_add(s, &(struct alias){b->block[i], b->block[i], b->time_ns[i], s->stacks->node_of_stack[b->stack[i]],
		                                    b->stack[i], b->thread[i], b->kind[i]});
	if (alias_add(s, &(struct alias){b->block[i], m.block, m.birth_ns, m.site, m.stack, m.birth_thread, m.family}))
		return MS_E_NOMEM;
	if (s->moved)
		s->moved(s->moved_context, m.recorded, b->block[i], true);
	t->last_block = 0;
	t->events++;
	s->newest_block = b->block[i];
	if (enqueue(s, &m, MS_STEP_RETURN, b->time_ns[i], b->kind[i]))
		return MS_E_NOMEM;
	s->queue[s->queue_count - 1].goes_by = b->block[i];
	return MS_OK;
}

/* The realloc at event i went on with a block that the trace does not have: of the old one it is the end. */
static int lose_move(struct ms_steps *s, const struct ms_batch *b, uint32_t i, bool *found)
{
	struct move m;

	*found = pop_move(s, &s->threads[b->thread[i]], &m) && m.known;
	return *found ? enqueue(s, &m, MS_STEP_LOSE, b->time_ns[i], b->kind[i]) : MS_OK;
}

/*
 * Steps of events i .. until a rare one or the view is full. Returns how many, or a negative status.
 * Inside, an event costs one table look-up for its step, one for its site, and one line of its thread.
 */
static int64_t run(struct ms_steps *s, const struct ms_batch *b, uint32_t i, struct ms_view_room *room,
                   struct ms_view *view)
{
	uint32_t n = b->count - i < MS_VIEW_EVENTS ? b->count - i : MS_VIEW_EVENTS, k;
	const uint8_t *kind = b->kind + i;
	const uint32_t *thread = b->thread + i, *birth_stack = b->birth_stack + i, *node = s->stacks->node_of_stack;
	const uint32_t *birth_thread = b->birth_thread + i;
	const uint8_t *family = b->birth_kind + i;
	const uint64_t *size = b->size_bytes + i, *block = b->block + i, *birth_ns = b->birth_ns + i;
	uint64_t live_bytes = s->live_bytes, live_blocks = s->live_blocks, newest = s->newest_block;
	uint64_t first_block = s->first_block;
	bool wide = s->window > 1, aliases = s->alias_count > 0;

	if (aliases) {
		memcpy(room->birth_thread, birth_thread, n * sizeof *birth_thread);
		memcpy(room->birth_ns, birth_ns, n * sizeof *birth_ns);
		memcpy(room->family, family, n * sizeof *family);
		birth_thread = room->birth_thread;
		birth_ns = room->birth_ns;
		family = room->family;
	}
	for (k = 0; k < n; k++) {
		unsigned step = s->step_of_kind[kind[k]];
		struct thread_steps *t = &s->threads[thread[k]];
		uint64_t id = block[k];
		uint32_t site = node[birth_stack[k]];

		if (step >= RARE) {
			if (k > 0 && ((step != RARE_THREAD_GAP && step != RARE_REALLOC_OUT) || t->move_count))
				break;
			/* The first of a view: the caller has dealt with it, what is left is plain. */
			if (step == RARE_FAILED_REALLOC) {
				step = MS_STEP_ALLOCATE;
				site = node[b->stack[i]];
				room->birth_thread[k] = thread[k];
				room->birth_ns[k] = b->time_ns[i];
				room->family[k] = kind[k];
			} else {
				step = MS_STEP_NOTE;
			}
		}
		if (step == MS_STEP_REALLOCATE) {
			struct move m;

			if (!pop_move(s, t, &m) || !m.known) {
				step = MS_STEP_ALLOCATE;
			} else {
				room->from[k] = m.recorded;
				if (s->moved)
					s->moved(s->moved_context, m.recorded, id, false);
			}
		}
		if (step == MS_STEP_ALLOCATE || step == MS_STEP_REALLOCATE) {
			newest = id;
			live_bytes += size[k];
			live_blocks++;
			t->last_block = id;
			t->events++;
			if (wide && remember_block(s, t, id))
				return MS_E_NOMEM;
		} else if (step == MS_STEP_FREE || step == MS_STEP_MOVE) {
			bool move = step == MS_STEP_MOVE, known = id >= first_block;
			struct alias a = {.stack = birth_stack[k]};

			t->events++;
			if (aliases && known && s->alias_count && alias_take(s, id, &a)) {
				id = a.block;
				site = a.site;
				room->birth_thread[k] = a.birth_thread;
				room->birth_ns[k] = a.birth_ns;
				room->family[k] = a.family;
			}
			if (known) {
				live_bytes -= size[k];
				live_blocks--;
				if (!move && (wide ? is_recent(s, t, id) : t->last_block == id))
					step |= MS_STEP_TEMPORARY;
			} else {
				step = MS_STEP_UNMATCHED;
				site = 0;
			}
			t->last_block = 0;
			if (move) {
				struct move m = {
					.block = id, .recorded = block[k], .size_bytes = size[k], .birth_ns = birth_ns[k],
					.time_ns = b->time_ns[i + k], .site = site, .stack = a.stack, .birth_thread = birth_thread[k],
					.thread = thread[k], .family = family[k], .known = known,
				};

				if (push_move(s, t, &m))
					return MS_E_NOMEM;
			}
		}
		room->step[k] = (uint8_t)step;
		room->site[k] = site;
		room->live_bytes[k] = live_bytes;
		room->live_blocks[k] = live_blocks;
	}
	s->live_bytes = live_bytes;
	s->live_blocks = live_blocks;
	s->newest_block = newest;
	*view = (struct ms_view){
		.count = k, .step = room->step, .kind = kind, .time_ns = b->time_ns + i, .thread = thread,
		.stack = b->stack + i, .size_bytes = size, .block = block, .site = room->site,
		.birth_thread = birth_thread, .birth_ns = birth_ns, .family = family, .birth_kind = b->birth_kind + i, .birth_stack = birth_stack,
		.live_bytes = room->live_bytes, .live_blocks = room->live_blocks,
		.address = b->address ? b->address + i : NULL, .arg = b->arg ? b->arg + i : NULL,
		.from = s->tell_from ? room->from : NULL,
	};
	return k;
}

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to replay the trace");
}

/* What must happen before the event at i can be part of a run. *consumed: the event is dealt with (its step is queued
   or, for an image, is this view). */
static int prepare_rare(struct ms_steps *s, const struct ms_batch *b, uint32_t i, struct ms_view *view, bool *consumed,
                        bool *produced)
{
	unsigned step = s->step_of_kind[b->kind[i]];

	if (step == RARE_FAILED_REALLOC)
		return take_back(s, b, i, consumed);
	if (step == RARE_REALLOC_OUT)
		return lose_move(s, b, i, consumed);
	if (step == RARE_THREAD_GAP)
		return settle_thread(s, &s->threads[b->thread[i]], MS_STEP_LOSE, b->time_ns[i]);
	if (step == RARE_IMAGE) {
		if (s->waiting && settle_all(s, b->time_ns[i]))
			return MS_E_NOMEM;
		if (s->queue_head < s->queue_count)
			return MS_OK;
		view_image(s, b, i, view);
		*consumed = *produced = true;
	}
	return MS_OK;
}

int ms_steps_next(struct ms_steps *s, const struct ms_batch *b, uint32_t *position, struct ms_view_room *room,
                  struct ms_view *view, bool *produced, struct ms_error *err)
{
	*produced = false;
	while (!*produced) {
		bool consumed = false;
		int64_t n;

		if (s->queue_head < s->queue_count) {
			view_queued(s, &s->queue[s->queue_head++], view);
			*produced = true;
			break;
		}
		if (!b || *position >= b->count)
			break;
		if (s->step_of_kind[b->kind[*position]] >= RARE) {
			if (prepare_rare(s, b, *position, view, &consumed, produced))
				return no_memory(err);
			s->last_ns = b->time_ns[*position];
			*position += consumed;
			if (consumed || s->queue_head < s->queue_count)
				continue;
		}
		n = run(s, b, *position, room, view);
		if (n < 0)
			return no_memory(err);
		*position += (uint32_t)n;
		s->last_ns = b->time_ns[*position - 1];
		*produced = true;
	}
	return MS_OK;
}

/* Every move that waits, as a step; it goes on waiting. */
static int repeat_moves(struct ms_steps *s, uint8_t step, const uint64_t *time_ns)
{
	for (uint32_t i = 0; i < s->thread_count && s->waiting; i++)
		for (uint32_t k = 0; k < s->threads[i].move_count; k++) {
			const struct move *m = &s->threads[i].moves[k];

			if (m->known && enqueue(s, m, step, time_ns ? *time_ns : m->time_ns, 0))
				return MS_E_NOMEM;
		}
	return MS_OK;
}

int ms_steps_window(struct ms_steps *s, uint64_t time_ns, struct ms_error *err)
{
	if (repeat_moves(s, MS_STEP_RETURN, &time_ns) || enqueue(s, &(struct move){0}, MS_STEP_WINDOW, time_ns, 0) ||
	    repeat_moves(s, MS_STEP_RESUME, NULL))
		return no_memory(err);
	return MS_OK;
}

int ms_steps_pause(struct ms_steps *s, struct ms_error *err)
{
	if (repeat_moves(s, MS_STEP_RETURN, &s->last_ns) || repeat_moves(s, MS_STEP_RESUME, NULL))
		return no_memory(err);
	return MS_OK;
}

void ms_steps_tell_from(struct ms_steps *s)
{
	s->tell_from = true;
}

size_t ms_steps_waiting(const struct ms_steps *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->thread_count && s->waiting; i++)
		for (uint32_t k = 0; k < s->threads[i].move_count; k++)
			n += s->threads[i].moves[k].known;
	return n;
}

bool ms_steps_waits(const struct ms_steps *s, uint64_t block)
{
	for (uint32_t i = 0; i < s->thread_count && s->waiting; i++)
		for (uint32_t k = 0; k < s->threads[i].move_count; k++)
			if (s->threads[i].moves[k].known && s->threads[i].moves[k].recorded == block)
				return true;
	return false;
}

void ms_steps_follow(struct ms_steps *s, ms_steps_moved *moved, void *context)
{
	s->moved = moved;
	s->moved_context = context;
}

/* ---- checkpoints --------------------------------------------------------------------------------------------------- */

int ms_steps_save(const struct ms_steps *s, struct ms_checkpoint *c, struct ms_error *err)
{
	c->first_block = s->first_block;
	c->live_bytes = s->live_bytes;
	c->live_blocks = s->live_blocks;
	for (size_t i = 0; i < MS_ROWS(c->threads, struct ms_checkpoint_thread); i++) {
		struct ms_checkpoint_thread *t = MS_ROW(c->threads, struct ms_checkpoint_thread, i);

		t->last_block = s->threads[t->thread].last_block;
	}
	for (uint32_t i = 0; i < s->thread_count && s->waiting; i++)
		for (uint32_t k = 0; k < s->threads[i].move_count; k++) {
			const struct move *m = &s->threads[i].moves[k];
			struct ms_checkpoint_move row = {
				.thread = i, .block = m->block, .size_bytes = m->size_bytes, .birth_ns = m->known ? m->birth_ns : 0,
				.birth_thread = m->birth_thread, .stack = m->stack, .time_ns = m->time_ns, .known = m->known,
				.kind = m->family, .recorded = m->recorded,
			};

			if (ms_buffer_append(&c->moves, &row, sizeof row))
				return no_memory(err);
		}
	for (size_t i = 0; i < s->alias_capacity; i++) {
		const struct alias *a = &s->aliases[i];
		struct ms_checkpoint_alias row = {
			.recorded = a->recorded, .block = a->block, .birth_ns = a->birth_ns, .birth_thread = a->birth_thread,
			.stack = a->stack, .kind = a->family,
		};

		if (a->recorded && ms_buffer_append(&c->aliases, &row, sizeof row))
			return no_memory(err);
	}
	return MS_OK;
}

int ms_steps_restore(struct ms_steps *s, const struct ms_checkpoint *c, struct ms_error *err)
{
	const uint32_t *node = s->stacks->node_of_stack;

	s->first_block = c->first_block;
	s->newest_block = c->next_block - 1;
	s->live_bytes = c->live_bytes;
	s->live_blocks = c->live_blocks;
	s->last_ns = c->time_ns;
	for (size_t i = 0; i < MS_ROWS(c->threads, struct ms_checkpoint_thread); i++) {
		const struct ms_checkpoint_thread *t = MS_ROW(c->threads, struct ms_checkpoint_thread, i);

		s->threads[t->thread].last_block = t->last_block;
	}
	for (size_t i = 0; i < MS_ROWS(c->moves, struct ms_checkpoint_move); i++) {
		const struct ms_checkpoint_move *m = MS_ROW(c->moves, struct ms_checkpoint_move, i);

		if (push_move(s, &s->threads[m->thread], &(struct move){
			.block = m->block, .size_bytes = m->size_bytes, .birth_ns = m->birth_ns, .time_ns = m->time_ns,
			.site = node[m->stack], .stack = (uint32_t)m->stack, .birth_thread = (uint32_t)m->birth_thread,
			.thread = (uint32_t)m->thread, .known = m->known, .family = (uint8_t)m->kind, .recorded = m->recorded,
		}))
			return no_memory(err);
	}
	for (size_t i = 0; i < MS_ROWS(c->aliases, struct ms_checkpoint_alias); i++) {
		const struct ms_checkpoint_alias *a = MS_ROW(c->aliases, struct ms_checkpoint_alias, i);

		if (alias_add(s, &(struct alias){a->recorded, a->block, a->birth_ns, node[a->stack], (uint32_t)a->stack,
		                                 (uint32_t)a->birth_thread, (uint8_t)a->kind}))
			return no_memory(err);
	}
	return MS_OK;
}

void ms_steps_true_birth(const struct ms_steps *s, struct ms_live_block *b)
{
	const struct alias *a = s->alias_count ? alias_slot(s->aliases, s->alias_capacity, b->block) : NULL;

	if (!a || !a->recorded)
		return;
	b->block = a->block;
	b->birth_ns = a->birth_ns;
	b->stack = a->stack;
	b->thread = a->birth_thread;
	b->kind = a->family;
}

int ms_steps_level(struct ms_steps *s, uint64_t bytes, uint64_t blocks, uint64_t newest_block, uint64_t time_ns)
{
	if (s->live_bytes == bytes && s->live_blocks == blocks && s->newest_block >= newest_block)
		return MS_OK;
	if (s->newest_block)
		return MS_E_CORRUPT;
	s->live_bytes = bytes;
	s->live_blocks = blocks;
	s->newest_block = newest_block;
	s->last_ns = time_ns;
	return MS_OK;
}

int ms_steps_end(struct ms_steps *s, struct ms_error *err)
{
	return settle_all(s, s->last_ns) ? no_memory(err) : MS_OK;
}

int ms_steps_open(struct ms_steps **out, const struct ms_stack_map *stacks, uint32_t thread_count,
                  uint32_t temporary_window, struct ms_error *err)
{
	struct ms_steps *s = calloc(1, sizeof *s);

	*out = NULL;
	if (!s)
		return no_memory(err);
	s->threads = calloc((size_t)thread_count + 1, sizeof *s->threads);
	if (!s->threads) {
		free(s);
		return no_memory(err);
	}
	s->thread_count = thread_count + 1;
	s->stacks = stacks;
	s->window = temporary_window;
	s->first_block = 1;
	fill_step_of_kind(s->step_of_kind);
	*out = s;
	return MS_OK;
}

void ms_steps_close(struct ms_steps *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->thread_count; i++) {
		free(s->threads[i].recent);
		free(s->threads[i].moves);
	}
	free(s->threads);
	free(s->queue);
	free(s->aliases);
	free(s);
}
