#include "ingest.h"

#include "evidence_ingest.h"
#include "ingest_internal.h"

#include <stdlib.h>
#include <string.h>

static bool on_entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks);

int ingest_init(struct ingest *g, struct arena *arena, struct ms_writer *writer, const struct tick_clock *clock,
                uint32_t app_pid, struct ms_error *err)
{
	memset(g, 0, sizeof *g);
	g->arena = arena;
	g->writer = writer;
	g->clock = clock;
	g->app_pid = app_pid;
	g->free_stacks = arena->header->flags & MS_FLAG_FREE_STACKS;
	g->next_block = 1;
	g->heap_limit = UINT64_MAX;
	merge_init(&g->merge, on_entry, g, &g->live);
	if (live_table_init(&g->live) != MS_OK)
		goto fail_live;
	if (trace_tables_init(&g->tables, arena, writer) != MS_OK)
		goto fail_tables;
	g->slots = calloc(arena->geometry.slots, sizeof *g->slots);
	if (!g->slots)
		goto fail_slots;
	return MS_OK;

fail_slots:
	trace_tables_free(&g->tables);
fail_tables:
	live_table_free(&g->live);
fail_live:
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the tables of the collector");
}

void ingest_free(struct ingest *g)
{
	free(g->slots);
	g->slots = NULL;
	graph_ingest_free(&g->graph);
	ms_buffer_free(&g->notes);
	annotations_free(&g->annotations);
	if (g->cull)
		cull_free(g->cull);
	free(g->cull);
	g->cull = NULL;
	trace_tables_free(&g->tables);
	live_table_free(&g->live);
	merge_free(&g->merge);
}

/* ---- entries ----------------------------------------------------------------------------------------------------- */

/* Reads the words of one entry in order; what is not there reads as 0 and marks the entry as malformed. */
struct cursor {
	const uint64_t *at, *end;
	bool missing;
};

static inline uint64_t take(struct cursor *c)
{
	if (c->at == c->end) {
		c->missing = true;
		return 0;
	}
	return *c->at++;
}

static inline void take_size_stack(struct ingest *g, struct cursor *c, struct ms_event *e)
{
	uint64_t word = take(c);

	e->size_bytes = (uint32_t)word;
	if (e->size_bytes == MS_ENTRY_SIZE_ESCAPE)
		e->size_bytes = take(c);
	e->stack = (uint32_t)(word >> 32);
	if (e->stack)
		e->stack = trace_tables_stack(&g->tables, e->stack);
}

static inline void take_args(struct cursor *c, struct ms_event *e)
{
	for (unsigned i = 0; i < ms_event_kinds[e->kind].args; i++)
		e->arg[i] = take(c);
}

/* ---- samples: halves of reallocs ---- */

static void push_half(struct ingest_slot *s, uint64_t address)
{
	if (s->half_count == INGEST_HALVES)
		memmove(s->halves, s->halves + 1, (--s->half_count) * sizeof *s->halves);
	s->halves[s->half_count++] = address;
}

/* Was the first half written? Asked by second halves that name the old address. */
static bool has_half(const struct ingest_slot *s, uint64_t address)
{
	return s->half_count > 0 && s->halves[s->half_count - 1] == address;
}

/* false: the free that must come before it has not come yet. */
static bool allocate(struct ingest *g, struct merge_stream *stream, struct ingest_slot *s, struct ms_event *e)
{
	struct live_entry *old = live_table_find(&g->live, e->address);
	struct ms_live_block b;

	if (__builtin_expect(old != NULL, 0)) {
		if (merge_await(&g->merge, stream, e->address, MERGE_WANT_FREE))
			return false;
		g->overlapping++;
		ingest_empty_queue(g); /* orphans have their ids */
		if (!live_table_orphan(&g->live, old))
			live_table_remove(&g->live, old);
	}
	if (e->kind == MS_EV_REALLOC_FAILED)
		e->size_bytes = s->reallocated.address == e->address ? s->reallocated.size_bytes : 0;
	e->block = g->cull ? cull_young_id(g->cull) : g->next_block++;
	b = (struct ms_live_block){
		.block = e->block,
		.address = e->address,
		.size_bytes = e->size_bytes,
		.birth_ns = e->time_ns,
		.stack = e->stack,
		.thread = e->thread,
		.kind = e->kind,
	};
	if (e->kind == MS_EV_REALLOC_FAILED && s->reallocated.block != 0 && s->reallocated.address == e->address) {
		/* The block that lives on keeps its birth: readers do the same, and keyframes must agree with them. */
		b.birth_ns = s->reallocated.birth_ns;
		b.stack = s->reallocated.stack;
		b.thread = s->reallocated.thread;
		b.kind = s->reallocated.kind;
	}
	if (!live_table_insert(&g->live, &b)) {
		ingest_fail(g, ms_fail(&g->error, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the table of live blocks"));
		return true;
	}
	g->live_bytes += e->size_bytes;
	if (g->live_bytes > g->peak_bytes)
		g->peak_bytes = g->live_bytes;
	return true;
}

/*
 * The allocation of an unknown block may come a moment later, from a thread with another clock. Where blocks live that nobody saw
 * begin (a sample, a pause, an attach) an unknown block is one of those, and an allocation at its address a moment later is its next life:
 * only the next tenth of a microsecond is looked at then.
 */
static bool await_birth(struct ingest *g, struct merge_stream *stream, uint64_t address)
{
	bool unseen = atomic_load_explicit(&g->arena->header->births_unseen, memory_order_relaxed) != 0;

	return (unseen ? merge_await_near : merge_await)(&g->merge, stream, address, MERGE_WANT_ALLOC);
}

/* false: the allocation that must come before it has not come yet. */
static bool release(struct ingest *g, struct merge_stream *stream, struct ingest_slot *s, struct ms_event *e)
{
	struct live_entry *b = live_table_find(&g->live, e->address);

	if (__builtin_expect(b == NULL, 0) && await_birth(g, stream, e->address))
		return false;
	if (e->kind == MS_EV_REALLOC_FREE)
		s->reallocated = b ? live_table_unpack(&g->live, b) : (struct ms_live_block){0};
	if (!b) {
		*(g->arena->sampled ? &g->unsampled_ends : &g->unmatched_frees) += 1;
		return true;
	}
	if (g->arena->sampled && e->kind == MS_EV_REALLOC_FREE)
		push_half(s, e->address);
	e->block = live_entry_block(b);
	e->size_bytes = live_entry_size(&g->live, b);
	g->live_bytes -= e->size_bytes;
	live_table_remove(&g->live, b);
	return true;
}

/* THREAD_NAME, EXEC, MARK: a length and bytes; the event has the string's id. */
static uint64_t take_text(struct ingest *g, struct cursor *c)
{
	uint64_t length = take(c), room = (uint64_t)(c->end - c->at) * sizeof *c->at;

	if (length > room) {
		c->missing = true;
		length = room;
	}
	return ms_writer_string(g->writer, (const char *)c->at, (size_t)length);
}

/* ---- heap graphs -------------------------------------------------------------------------------------------------- */

static void write_before_graph(void *context)
{
	ingest_write_batch(context);
}

static uint32_t thread_of(void *context, uint32_t tid)
{
	const struct ingest *g = context;

	for (uint32_t i = 0; i < g->arena->geometry.slots; i++)
		if (g->slots[i].active && g->slots[i].thread && g->slots[i].tid == tid && g->slots[i].image == g->image)
			return g->slots[i].thread;
	return 0;
}

static struct graph_input graph_input(struct ingest *g, uint64_t time_ns)
{
	uint64_t used = ms_writer_stats(g->writer).bytes + g->largest_write + g->keep_bytes;

	return (struct graph_input){
		.arena = g->arena,
		.live = &g->live,
		.tables = &g->tables,
		.writer = g->writer,
		.clock = g->clock,
		.thread_of = thread_of,
		.context = g,
		.time_ns = time_ns,
		.event = g->events,
		.room_bytes = g->room_bytes == 0 ? UINT64_MAX : g->room_bytes > used ? g->room_bytes - used : 0,
		.error = &g->error,
	};
}

static bool graph_entry(struct ingest *g, const struct cursor *c, const struct ms_event *e, uint32_t slot)
{
	struct graph_input in;
	int status;
	bool good;

	if (e->kind == MS_ENTRY_GRAPH_BEGIN)
		ingest_empty_queue(g); /* the live blocks are those that the written events have left */
	in = graph_input(g, e->time_ns);
	status = g->status;
	good = graph_ingest_entry(&g->graph, &in, e->kind, slot, c->at, (size_t)(c->end - c->at), write_before_graph, &status);
	ingest_fail(g, status);
	return good;
}

/* ---- annotations ------------------------------------------------------------------------------------------------- */

static void append_annotations(struct ingest *g, const struct annotation_events *found, uint32_t thread, uint64_t time_ns)
{
	for (unsigned i = 0; i < found->count; i++) {
		*ingest_next(g) = (struct ms_event){.time_ns = time_ns, .kind = found->event[i].kind, .thread = thread,
		                                   .arg = {found->event[i].arg[0], found->event[i].arg[1]}};
		ingest_append(g, 0);
	}
}

/* false: an allocation that comes before it has not come yet. */
static bool annotate(struct ingest *g, struct merge_stream *stream, const struct cursor *c, uint8_t kind, uint64_t address, uint32_t thread,
                     uint64_t time_ns)
{
	const struct annotation_input in = {.tables = &g->tables, .writer = g->writer, .live = &g->live};
	struct annotation_events found;
	int status;

	if (address != 0 && live_table_find(&g->live, address) == NULL && await_birth(g, stream, address))
		return false;
	status = annotation_ingest(&g->annotations, &in, kind, address, thread, c->at, (size_t)(c->end - c->at), &found);
	if (status == MS_E_CORRUPT)
		g->malformed++;
	else if (status != MS_OK)
		ingest_fail(g, ms_fail(&g->error, status, MS_NO_OFFSET, "no memory for what the program says about its blocks"));
	append_annotations(g, &found, thread, time_ns);
	if (kind == MS_EV_SNAPSHOT && found.count > 0)
		ingest_after_snapshot(g);
	return true;
}

/* The pool of an event that has it as an argument. */
static void name_pool(struct ingest *g, struct ms_event *e)
{
	const struct ms_event event = *e;
	struct annotation_events found = {.count = 0};
	uint64_t pool;

	if (annotation_pool(&g->annotations, event.arg[0], &pool, &found) != MS_OK)
		ingest_fail(g, ms_fail(&g->error, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the pools of the program"));
	append_annotations(g, &found, event.thread, event.time_ns);
	e = ingest_next(g);
	*e = event;
	e->arg[0] = pool;
}

int ingest_finish(struct ingest *g)
{
	struct graph_input in = graph_input(g, g->last_ns);
	int status;

	ingest_empty_queue(g);
	ingest_write_batch(g);
	status = g->status;
	graph_ingest_finish(&g->graph, &in, &status);
	ingest_fail(g, status);
	return g->status;
}

/* ---- entries, the rest -------------------------------------------------------------------------------------------- */

/* false: no event of the trace. */
static bool other(struct ingest *g, struct cursor *c, struct ms_event *e, uint32_t slot)
{
	if (e->kind >= MS_ENTRY_GRAPH_BEGIN && e->kind <= MS_ENTRY_GRAPH_END) {
		c->missing = !graph_entry(g, c, e, slot);
		return false;
	}
	switch (e->kind) {
	case MS_EV_THREAD_START:
	case MS_EV_THREAD_END:
	case MS_EV_LOST:
	case MS_EV_IMAGE_START:
		return false; /* the slots tell */
	case MS_EV_THREAD_NAME:
	case MS_EV_EXEC:
	case MS_EV_MARK:
		e->arg[0] = take_text(g, c);
		return true;
	case MS_EV_MODULE_LOAD:
		e->arg[0] = trace_tables_load(&g->tables, take(c));
		return e->arg[0] != 0;
	case MS_EV_MODULE_UNLOAD: {
		uint64_t index = take(c);
		e->arg[0] = trace_tables_module(&g->tables, index);
		trace_tables_unload(&g->tables, index);
		return e->arg[0] != 0;
	}
	case MS_EV_EVIDENCE: {
		const uint64_t *at = c->at;

		e->arg[0] = evidence_ingest(&g->tables, g->writer, g->clock, c->at, (size_t)(c->end - c->at));
		c->missing = e->arg[0] == 0;
		g->evidence += e->arg[0] != 0 && evidence_shows_error(at);
		return e->arg[0] != 0;
	}
	case MS_EV_REALLOC_OUT: {
		struct ingest_slot *s = &g->slots[slot];
		bool half = has_half(s, e->address);

		e->address = 0;
		s->half_count -= half;
		return half || !g->arena->sampled;
	}
	case MS_EV_FORK:
	case MS_EV_VFORK:
		g->children++;
		take_args(c, e);
		return true;
	default:
		take_args(c, e);
		return true;
	}
}

static bool on_entry(void *context, struct merge_stream *stream, const uint64_t *words, uint64_t ticks)
{
	struct ingest *g = context;
	struct ingest_slot *s = &g->slots[stream->slot];
	struct cursor c = {words + 2, words + MS_ENTRY_WORDS(words[1]), false};
	uint64_t time_ns = ingest_time(g, ticks);
	struct ms_event *e;

	if (__builtin_expect(g->status != MS_OK, 0))
		return true;
	if (__builtin_expect(!s->started, 0))
		ingest_begin_thread(g, s, time_ns);
	e = ingest_next(g);
	*e = (struct ms_event){
		.time_ns = time_ns,
		.address = words[1] & MS_ENTRY_ADDRESS_MASK,
		.thread = s->thread,
		.kind = MS_ENTRY_KIND(words[1]),
	};
	switch (ms_event_kinds[e->kind].class_) {
	case MS_CLASS_ALLOC:
		take_size_stack(g, &c, e);
		take_args(&c, e);
		if (c.missing || e->address == 0)
			goto malformed;
		if (g->arena->sampled && e->kind == MS_EV_REALLOC_FAILED && !has_half(s, e->address))
			return true; /* a block that is not in the sample lives on */
		if (!allocate(g, stream, s, e))
			return false;
		if (e->kind == MS_EV_REALLOC || e->kind == MS_EV_REALLOC_FAILED)
			s->half_count -= s->half_count > 0; /* as readers pair them */
		break;
	case MS_CLASS_FREE:
		take_args(&c, e);
		if (g->free_stacks)
			e->stack = trace_tables_stack(&g->tables, (uint32_t)take(&c));
		if (c.missing || e->address == 0)
			goto malformed;
		if (!release(g, stream, s, e))
			return false;
		if (g->arena->sampled && e->block == 0)
			return true;
		break;
	case MS_CLASS_FAIL:
	case MS_CLASS_MAP:
		take_size_stack(g, &c, e);
		take_args(&c, e);
		if (c.missing)
			goto malformed;
		if (__builtin_expect(e->kind == MS_EV_POOL_ALLOC || e->kind == MS_EV_POOL_FREE, 0))
			name_pool(g, e);
		break;
	default:
		if (annotation_kind(e->kind))
			return annotate(g, stream, &c, e->kind, e->address, e->thread, e->time_ns);
		if (!other(g, &c, e, stream->slot)) {
			if (c.missing)
				goto malformed;
			return true;
		}
		if (c.missing)
			goto malformed;
		g->pauses += e->kind == MS_EV_PAUSE;
		break;
	}
	ingest_append(g, stream->slot);
	if (__builtin_expect(g->live_bytes > g->heap_limit, 0))
		ingest_heap_passed(g, s->thread, time_ns);
	return true;

malformed:
	g->malformed++;
	return true;
}

int ingest_run(struct ingest *g, uint64_t watermark)
{
	if (__builtin_expect(g->notes.size != 0, 0))
		ingest_run_notes(g, watermark);
	merge_run(&g->merge, watermark);
	g->watermark = watermark;
	if (__builtin_expect(g->cull != NULL, 0))
		ingest_run_cull(g, watermark == UINT64_MAX ? g->last_ns : tick_clock_ns(g->clock, watermark));
	return g->status;
}
