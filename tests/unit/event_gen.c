#include "event_gen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/trace_reader.h"
#include "format/trace_writer.h"

uint64_t gen_random(struct gen *g)
{
	/* splitmix64 */
	uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(struct gen *g, uint64_t n)
{
	return gen_random(g) % n;
}

/* Which kinds come how often: ordinary ones first, then those of an odd stream. */
static const uint8_t alloc_kinds[] = {MS_EV_MALLOC, MS_EV_MALLOC, MS_EV_CALLOC, MS_EV_NEW, MS_EV_NEW_ARRAY,
				      MS_EV_REALLOC_NEW, MS_EV_POSIX_MEMALIGN, MS_EV_NEW_ALIGNED};
static const uint8_t free_kinds[] = {MS_EV_FREE, MS_EV_FREE, MS_EV_DELETE, MS_EV_DELETE_SIZED, MS_EV_REALLOC_ZERO,
				     MS_EV_DELETE_ARRAY_SIZED_ALIGNED};
static const uint8_t odd_kinds[] = {MS_EV_MMAP, MS_EV_MUNMAP, MS_EV_MREMAP, MS_EV_BRK, MS_EV_SBRK, MS_EV_ALLOC_FAILED,
				    MS_EV_THREAD_START, MS_EV_THREAD_NAME, MS_EV_MODULE_LOAD, MS_EV_FORK, MS_EV_MARK,
				    MS_EV_LOST, MS_EV_EXEC, MS_EV_FREE};

static uint64_t pick_size(struct gen *g)
{
	if (g->odd && below(g, 50) == 0)
		return gen_random(g) >> below(g, 64);
	return 8 * below(g, 40) + below(g, 2);
}

static uint64_t pick_address(struct gen *g)
{
	if (g->odd && below(g, 50) == 0)
		return gen_random(g);
	return UINT64_C(0x555500000000) + 16 * below(g, 1 << 20);
}

static struct ms_event *new_event(struct gen *g, unsigned kind, uint32_t thread)
{
	struct ms_event *e = &g->events[g->count];

	/* Mostly short steps, sometimes none, sometimes far. */
	g->time_ns += below(g, 20) == 0 ? gen_random(g) >> (24 + below(g, 40)) : below(g, 300);
	*e = (struct ms_event){.time_ns = g->time_ns, .kind = (uint8_t)kind, .thread = thread};
	g->births[g->count] = (struct gen_birth){0};
	for (unsigned i = 0; i < ms_event_kinds[kind].args; i++)
		e->arg[i] = below(g, 3) == 0 ? gen_random(g) : below(g, 64);
	if (ms_event_kinds[kind].has_stack ||
	    (g->free_stacks && ms_event_kinds[kind].class_ == MS_CLASS_FREE))
		e->stack = (uint32_t)below(g, g->stacks + 1);
	if (ms_event_kinds[kind].has_size)
		e->size_bytes = pick_size(g);
	g->count++;
	return e;
}

static void add_live(struct gen *g, struct ms_event *e, const struct ms_live_block *old)
{
	struct ms_live_block *b;

	if (g->live_count == g->live_capacity) {
		g->live_capacity = g->live_capacity ? 2 * g->live_capacity : 64;
		g->live = realloc(g->live, g->live_capacity * sizeof(*g->live));
		assert_non_null(g->live);
	}
	b = &g->live[g->live_count++];
	e->block = g->next_block++;
	*b = (struct ms_live_block){.block = e->block,
				    .address = e->address,
				    .size_bytes = e->size_bytes,
				    .birth_ns = old != NULL ? old->birth_ns : e->time_ns,
				    .stack = old != NULL ? old->stack : e->stack,
				    .thread = old != NULL ? old->thread : e->thread,
				    .kind = old != NULL ? old->kind : e->kind};
	g->births[e - g->events] =
		(struct gen_birth){b->size_bytes, b->birth_ns, b->stack, b->thread, b->kind};
}

static void add_alloc(struct gen *g, unsigned kind, uint32_t thread)
{
	struct ms_event *e = new_event(g, kind, thread);

	e->address = pick_address(g);
	add_live(g, e, NULL);
}

/* Frees a random live block; *freed is what it was. */
static void add_free(struct gen *g, unsigned kind, uint32_t thread, struct ms_live_block *freed)
{
	struct ms_event *e = new_event(g, kind, thread);
	/* Often a young one. */
	size_t i = below(g, 2) ? below(g, g->live_count) : g->live_count - 1 - below(g, g->live_count) / 8;

	*freed = g->live[i];
	memmove(&g->live[i], &g->live[i + 1], (g->live_count - i - 1) * sizeof(*g->live));
	g->live_count--;
	e->block = freed->block;
	e->address = freed->address;
	e->size_bytes = freed->size_bytes;
	g->births[e - g->events] =
		(struct gen_birth){freed->size_bytes, freed->birth_ns, freed->stack, freed->thread, freed->kind};
}

static void add_odd(struct gen *g, uint32_t thread)
{
	unsigned kind = odd_kinds[below(g, sizeof(odd_kinds))];
	struct ms_event *e = new_event(g, kind, thread);

	switch (kind) {
	case MS_EV_THREAD_NAME:
	case MS_EV_MARK:
	case MS_EV_EXEC:
		e->arg[0] = below(g, g->strings + 1);
		break;
	case MS_EV_MODULE_LOAD:
		e->arg[0] = 1 + below(g, g->modules);
		break;
	case MS_EV_FREE: /* of nothing that lives */
		e->address = pick_address(g);
		break;
	default:
		if (ms_event_kinds[kind].class_ == MS_CLASS_MAP)
			e->address = pick_address(g);
		break;
	}
	g->births[e - g->events].size_bytes = e->size_bytes;
}

void gen_init(struct gen *g, uint64_t seed, size_t n, bool odd)
{
	*g = (struct gen){.state = seed,
			  .threads = 1 + (uint32_t)(seed % 5),
			  .stacks = 300,
			  .frames = 120,
			  .strings = 20,
			  .modules = 3,
			  .free_stacks = seed % 2 == 1,
			  .odd = odd,
			  .next_block = 1};
	g->events = calloc(n + 2, sizeof(*g->events));
	g->births = calloc(n + 2, sizeof(*g->births));
	assert_non_null(g->events);
	assert_non_null(g->births);
	while (g->count < n) {
		uint32_t thread = 1 + (uint32_t)below(g, g->threads);
		uint64_t roll = below(g, 1000);
		struct ms_live_block freed;

		if (roll < 20 && odd) {
			add_odd(g, thread);
		} else if (roll < 21 && odd && below(g, 20) == 0) {
			new_event(g, MS_EV_IMAGE_START, thread)->arg[0] = 1;
			g->live_count = 0;
		} else if (roll < 60 && g->live_count > 0 && g->count + 1 < n) {
			bool fails = odd && below(g, 4) == 0;

			add_free(g, MS_EV_REALLOC_FREE, thread, &freed);
			if (fails) {
				struct ms_event *e = new_event(g, MS_EV_REALLOC_FAILED, thread);

				e->address = freed.address;
				e->size_bytes = freed.size_bytes;
				add_live(g, e, &freed);
			} else {
				add_alloc(g, MS_EV_REALLOC, thread);
			}
		} else if (roll < 530 || g->live_count == 0) {
			add_alloc(g, alloc_kinds[below(g, sizeof(alloc_kinds))], thread);
		} else {
			add_free(g, free_kinds[below(g, sizeof(free_kinds))], thread, &freed);
		}
	}
}

void gen_free(struct gen *g)
{
	free(g->events);
	free(g->births);
	free(g->live);
}

/* The live set before event `at`, sorted by id. */
static struct ms_live_block *live_before(const struct gen *g, size_t at, size_t *count)
{
	struct ms_live_block *live = calloc(at + 1, sizeof(*live));
	size_t n = 0;

	assert_non_null(live);
	for (size_t i = 0; i < at; i++) {
		const struct ms_event *e = &g->events[i];
		const struct gen_birth *b = &g->births[i];

		if (ms_event_kinds[e->kind].class_ == MS_CLASS_ALLOC) {
			live[n++] = (struct ms_live_block){.block = e->block,
							   .address = e->address,
							   .size_bytes = e->size_bytes,
							   .birth_ns = b->birth_ns,
							   .stack = b->stack,
							   .thread = b->thread,
							   .kind = b->kind};
		} else if (ms_event_kinds[e->kind].class_ == MS_CLASS_FREE && e->block != 0) {
			size_t k = n;

			while (live[k - 1].block != e->block)
				k--;
			memmove(&live[k - 1], &live[k], (n - k) * sizeof(*live));
			n--;
		} else if (e->kind == MS_EV_IMAGE_START) {
			n = 0;
		}
	}
	*count = n;
	return live;
}

static void write_tables(struct gen *g, struct ms_writer *w)
{
	char text[64];

	for (uint32_t i = 0; i < g->strings; i++) {
		int length = snprintf(text, sizeof(text), "string-%u", i);

		assert_int_equal(ms_writer_string(w, text, (size_t)length), i + 1);
	}
	for (uint32_t i = 0; i < g->modules; i++) {
		struct ms_module m = {.path = "string-1",
				      .build_id = (const uint8_t *)"0123456789abcdefghij",
				      .build_id_bytes = 20,
				      .load_bias = 0x1000 * i,
				      .start = 0x10000 * i,
				      .end = 0x10000 * i + 0x8000};

		assert_int_equal(ms_writer_module(w, &m), i + 1);
	}
	for (uint32_t i = 0; i < g->threads; i++)
		assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1000 + i, .is_main = i == 0}), i + 1);
	for (uint32_t i = 0; i < g->frames; i++)
		assert_int_equal(ms_writer_frame(w, 0x10000 + 7 * i, i % (g->modules + 1)), i + 1);
	for (uint32_t i = 0; i < g->stacks; i++)
		assert_int_equal(ms_writer_stack(w, i == 0 ? 0 : (uint32_t)below(g, i + 1),
						 1 + (uint32_t)below(g, g->frames)),
				 i + 1);
}

void gen_write(struct gen *g, struct ms_stream *s, const struct gen_options *o)
{
	static const char *const command[] = {"prog", "--with space", ""};
	const struct ms_process process = {.command = command,
					   .command_count = 3,
					   .executable = "/usr/bin/prog",
					   .kernel = "Linux 6.1",
					   .pid = 4711,
					   .page_size_bytes = 4096,
					   .clock_hz = 1000000000,
					   .free_stacks = g->free_stacks};
	const struct ms_writer_options options = {.events_per_block = o->events_per_block};
	const size_t every = o->keyframe_every;
	struct ms_writer *w;
	struct ms_error err = {0};

	ms_stream_init_memory(s);
	assert_int_equal(ms_writer_open(&w, s, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	write_tables(g, w);
	for (size_t i = 0; i < g->count;) {
		size_t n = every ? every - i % every : g->count;

		/* Not between the halves of a realloc; that has a test of its own. */
		while (i + n < g->count && g->events[i + n - 1].kind == MS_EV_REALLOC_FREE)
			n++;
		n = n < g->count - i ? n : g->count - i;
		if (every && i > 0) {
			size_t live_count;
			struct ms_live_block *live = live_before(g, i, &live_count);

			assert_int_equal(ms_writer_keyframe(w, live, live_count, &err), MS_OK);
			free(live);
		}
		if (ms_writer_events(w, g->events + i, n, &err) != MS_OK)
			fail_msg("%s", err.message);
		i += n;
	}
	for (uint32_t frame = 1; frame <= g->frames; frame += 2) {
		assert_int_equal(ms_writer_symbol(w, &(struct ms_symbol){.frame = frame, .function = 1, .line = frame}, &err),
				 MS_OK);
		assert_int_equal(ms_writer_symbol(w, &(struct ms_symbol){.frame = frame, .function = 2}, &err), MS_OK);
	}
	if (!o->no_end) {
		const struct ms_end end = {.time_ns = g->time_ns + 1, .ended = MS_ENDED_EXITED, .exit_code = -3};

		assert_int_equal(ms_writer_end(w, &end, &err), MS_OK);
	} else {
		assert_int_equal(ms_writer_flush(w, &err), MS_OK);
	}
	ms_writer_close(w);
}

size_t gen_compare(const struct gen *g, const struct ms_trace *t, size_t first, unsigned threads, uint32_t columns,
		   bool whole)
{
	struct ms_cursor *c;
	struct ms_batch batch;
	struct ms_error err = {0};
	size_t at = first;
	int rc = ms_cursor_open(&c, t, columns, first, threads, &err);

	if (rc != MS_OK) {
		assert_false(whole);
		assert_true(err.message[0] != 0);
		return 0;
	}
	while ((rc = ms_cursor_next(c, &batch, &err)) == MS_OK && batch.count > 0) {
		assert_int_equal(batch.first_event, at);
		assert_true(at + batch.count <= g->count);
		for (uint32_t i = 0; i < batch.count; i++, at++) {
			const struct ms_event *e = &g->events[at];
			const struct gen_birth *b = &g->births[at];
			const unsigned class_ = ms_event_kinds[e->kind].class_;
			const bool of_block = class_ == MS_CLASS_ALLOC || (class_ == MS_CLASS_FREE && e->block != 0);

			if (batch.kind[i] != e->kind || batch.time_ns[i] != e->time_ns || batch.thread[i] != e->thread ||
			    batch.size_bytes[i] != e->size_bytes || batch.block[i] != e->block ||
			    batch.stack[i] != e->stack)
				fail_msg("event %zu differs", at);
			if (of_block ? batch.birth_stack[i] != b->stack || batch.birth_thread[i] != b->thread ||
					       batch.birth_ns[i] != b->birth_ns || batch.birth_kind[i] != b->kind
				     : batch.birth_stack[i] != 0 || batch.birth_thread[i] != 0 ||
					       batch.birth_ns[i] != 0 || batch.birth_kind[i] != 0)
				fail_msg("the birth of the block of event %zu differs", at);
			if ((columns & MS_COLUMN_ADDRESS) && batch.address[i] != e->address)
				fail_msg("the address of event %zu differs", at);
			if ((columns & MS_COLUMN_ARGS) &&
			    (batch.arg[i][0] != e->arg[0] || batch.arg[i][1] != e->arg[1]))
				fail_msg("an argument of event %zu differs", at);
		}
		if (!(columns & MS_COLUMN_ADDRESS))
			assert_null(batch.address);
	}
	if (whole) {
		if (rc != MS_OK)
			fail_msg("%s", err.message);
		assert_int_equal(at, g->count);
	} else if (rc != MS_OK) {
		assert_true(err.message[0] != 0);
		assert_true(err.offset != MS_NO_OFFSET);
	}
	ms_cursor_close(c);
	return at - first;
}
