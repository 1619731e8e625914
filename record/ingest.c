#include "ingest.h"

#include "evidence_ingest.h"

#include <stdlib.h>
#include <string.h>

/* Sums of culled blocks are written every 1/256 of the time so far, within bounds: in a week some thousand times. */
#define CULL_SUMS_SHARE    256u
#define CULL_SUMS_LEAST_NS UINT64_C(5000000000)
#define CULL_SUMS_MOST_NS  UINT64_C(300000000000)
#define CULL_SUMS_MOST     16384u        /* stacks: written at once */

static bool on_entry(void *context, struct merge_stream *s, const uint64_t *words, uint64_t ticks);
static void after_snapshot(struct ingest *g);
static void heap_passed(struct ingest *g, uint32_t thread, uint64_t time_ns);

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
	g->cull_due_ns = CULL_SUMS_LEAST_NS;
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

/* ---- events out -------------------------------------------------------------------------------------------------- */

static void fail(struct ingest *g, int status)
{
	if (g->status == MS_OK && status != MS_OK)
		g->status = status;
}

static void keyframe(struct ingest *g)
{
	size_t n = 0;
	struct ms_live_block *blocks = live_table_snapshot(&g->live, &n);

	/* Without memory for the snapshot there is no keyframe now: seeking gets slower, nothing else. */
	if (blocks || live_table_blocks(&g->live) == 0)
		fail(g, ms_writer_keyframe(g->writer, blocks, n, &g->error));
	/* Readers that start there do not know what was reallocated before. */
	for (uint32_t i = 0; i < g->arena->geometry.slots; i++)
		g->slots[i].reallocated.block = 0;
	free(blocks);
}

/* Stops while there is room for one more block (what the writer holds back) and what follows the events. */
static void check_room(struct ingest *g, uint64_t bytes_before)
{
	uint64_t bytes = ms_writer_stats(g->writer).bytes;

	if (bytes - bytes_before > g->largest_write)
		g->largest_write = bytes - bytes_before;
	if (g->room_bytes != 0 && bytes + g->largest_write + g->largest_write / 4 + g->keep_bytes > g->room_bytes)
		fail(g, MS_E_FULL);
}

static void write_batch(struct ingest *g)
{
	if (g->batch_count == 0)
		return;
	if (g->status == MS_OK) {
		uint64_t before = ms_writer_stats(g->writer).bytes;

		fail(g, ms_writer_events(g->writer, g->batch, g->batch_count, &g->error));
		check_room(g, before);
	}
	g->batch_count = 0;
	if (g->status == MS_OK && !g->cull && ms_writer_wants_keyframe(g->writer, live_table_blocks(&g->live)))
		keyframe(g);
}

/* The place of the next event. It is built there: a copy of something just written in pieces stalls the CPU. */
static inline struct ms_event *next_event(struct ingest *g)
{
	return __builtin_expect(g->cull != NULL, 0) ? &g->cull->next : &g->batch[g->batch_count];
}

static inline void put(struct ingest *g)
{
	g->events++;
	if (++g->batch_count == INGEST_BATCH)
		write_batch(g);
}

static void append_culling(struct ingest *g, uint32_t slot);

/* What next_event gave, of this slot (any one when it is no block's), is complete. The live table must stand exactly behind it: a keyframe may
   follow. */
static inline void append(struct ingest *g, uint32_t slot)
{
	if (__builtin_expect(g->cull != NULL, 0))
		append_culling(g, slot);
	else
		put(g);
}

/* ---- culling ----------------------------------------------------------------------------------------------------- */

static void leave(void *context, const struct ms_event *event)
{
	struct ingest *g = context;

	if (ms_event_kinds[event->kind].class_ == MS_CLASS_ALLOC)
		g->written_bytes += event->size_bytes;
	else if (event->block != 0)
		g->written_bytes -= event->size_bytes;
	else if (event->kind == MS_EV_IMAGE_START)
		g->written_bytes = 0;
	if (g->written_bytes > g->written_peak)
		g->written_peak = g->written_bytes;
	g->batch[g->batch_count] = *event;
	put(g);
}

int ingest_cull(struct ingest *g, uint64_t window_ns)
{
	g->cull = malloc(sizeof *g->cull);
	if (g->cull && cull_init(g->cull, &(struct cull_options){.window_ns = window_ns, .slots = g->arena->geometry.slots, .live = &g->live,
	                                                         .next_block = &g->next_block, .leave = leave, .context = g}) == MS_OK)
		return MS_OK;
	free(g->cull);
	g->cull = NULL;
	return MS_E_NOMEM;
}

uint64_t ingest_written_peak(const struct ingest *g)
{
	return g->cull ? g->written_peak : g->peak_bytes;
}

/* Nothing waits any more: the written events are all there are. */
static inline void empty_queue(struct ingest *g)
{
	if (g->cull)
		cull_leave_until(g->cull, UINT64_MAX);
}

static void append_culling(struct ingest *g, uint32_t slot)
{
	uint8_t kind = g->cull->next.kind;

	if (g->live_bytes > g->cull_peak_bytes) {
		g->cull_peak_bytes = g->live_bytes;
		g->cull_peak_ns = g->cull->next.time_ns;
	}
	cull_push(g->cull, slot);
	if (kind == MS_EV_MARK || kind == MS_EV_SNAPSHOT || kind == MS_EV_EXEC || kind == MS_EV_IMAGE_START)
		empty_queue(g);
}

/* The sums until now, if there are any. */
static void write_sums(struct ingest *g)
{
	struct cull *c = g->cull;
	struct ms_culled sums = {
		.from_ns = g->cull_from_ns, .to_ns = g->last_ns, .peak_bytes = g->cull_peak_bytes, .peak_ns = g->cull_peak_ns,
		.young_bytes = c->most_young_bytes, .early_events = c->early,
	};
	uint64_t before = ms_writer_stats(g->writer).bytes;

	if (c->sums.count == 0 && c->early == 0)
		return;
	sums.rows = cull_sums_list(&c->sums, &sums.row_count);
	fail(g, ms_writer_culled(g->writer, &sums, &g->error));
	cull_sums_clear(&c->sums);
	c->most_young_bytes = c->young_bytes;
	c->early = 0;
	g->cull_from_ns = sums.to_ns;
	g->cull_peak_bytes = g->live_bytes;
	g->cull_peak_ns = sums.to_ns;
	if (g->status == MS_OK)
		check_room(g, before);
}

/* After a merge, at that time: what has waited long enough leaves; keyframes and sums that are due are written. */
static void run_cull(struct ingest *g, uint64_t now_ns)
{
	cull_leave_until(g->cull, now_ns > g->cull->options.window_ns ? now_ns - g->cull->options.window_ns : 0);
	if (g->status == MS_OK && ms_writer_wants_keyframe(g->writer, live_table_blocks(&g->live))) {
		empty_queue(g);
		write_batch(g);
		if (g->status == MS_OK && ms_writer_wants_keyframe(g->writer, live_table_blocks(&g->live)))
			keyframe(g);
	}
	if (g->status != MS_OK || (now_ns < g->cull_due_ns && g->cull->sums.count < CULL_SUMS_MOST))
		return;
	write_sums(g);
	g->cull_due_ns = now_ns + (now_ns / CULL_SUMS_SHARE < CULL_SUMS_LEAST_NS  ? CULL_SUMS_LEAST_NS :
	                           now_ns / CULL_SUMS_SHARE > CULL_SUMS_MOST_NS ? CULL_SUMS_MOST_NS :
	                                                                          now_ns / CULL_SUMS_SHARE);
}

static inline uint64_t time_of(struct ingest *g, uint64_t ticks)
{
	uint64_t ns = tick_clock_ns(g->clock, ticks);

	/* A refinement of the clock's rate can turn by a few nanoseconds. */
	if (ns > g->last_ns)
		g->last_ns = ns;
	return g->last_ns;
}

static void emit_other(struct ingest *g, uint8_t kind, uint32_t thread, uint64_t time_ns, uint64_t arg0)
{
	*next_event(g) = (struct ms_event){.time_ns = time_ns, .kind = kind, .thread = thread, .arg = {arg0, 0}};
	append(g, 0);
}

static void emit_name(struct ingest *g, uint32_t thread, uint64_t time_ns, const char *name, size_t length)
{
	uint32_t id = ms_writer_string(g->writer, name, length);

	if (id != 0)
		emit_other(g, MS_EV_THREAD_NAME, thread, time_ns, id);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

void ingest_slot_started(struct ingest *g, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name)
{
	struct ingest_slot *s = &g->slots[slot];

	if (g->cull)
		cull_forget_half(g->cull, slot);
	*s = (struct ingest_slot){.tid = tid, .image = image, .nested = nested, .active = true};
	strncpy(s->name, name, sizeof s->name - 1);
}

/* A handler's slot and its thread's slot are one thread. */
static struct ingest_slot *partner(struct ingest *g, const struct ingest_slot *s)
{
	for (uint32_t i = 0; i < g->arena->geometry.slots; i++) {
		struct ingest_slot *p = &g->slots[i];
		if (p != s && p->active && p->thread && p->tid == s->tid && p->image == s->image && p->nested != s->nested)
			return p;
	}
	return NULL;
}

static void begin_image(struct ingest *g, uint32_t image, uint32_t thread, uint64_t time_ns);

/* Before the first entry of a slot. */
static void begin_thread(struct ingest *g, struct ingest_slot *s, uint64_t time_ns)
{
	struct ingest_slot *same = partner(g, s);

	s->started = true;
	if (!same && g->row_ahead && s->tid == g->app_pid && s->image == g->image) {
		s->thread = g->row_ahead;
		g->row_ahead = 0;
		emit_name(g, s->thread, time_ns, s->name, strlen(s->name));
		return;
	}
	if (same) {
		s->thread = same->thread;
		return;
	}
	s->thread = ms_writer_thread(g->writer, &(struct ms_thread){.tid = s->tid, .image = s->image, .is_main = s->tid == g->app_pid});
	if (s->image > g->image)
		begin_image(g, s->image, s->thread, time_ns);
	if (s->tid == g->app_pid || g->main_thread == 0)
		g->main_thread = s->thread;
	emit_other(g, MS_EV_THREAD_START, s->thread, time_ns, 0);
	emit_name(g, s->thread, time_ns, s->name, strlen(s->name));
}

static void end_thread(struct ingest *g, struct ingest_slot *s, uint64_t time_ns)
{
	/* The last one of its slots. */
	if (s->active && s->thread && !partner(g, s))
		emit_other(g, MS_EV_THREAD_END, s->thread, time_ns, 0);
	s->active = false;
}

/* Another program runs in the process: its threads are gone, and so is every block. */
static void begin_image(struct ingest *g, uint32_t image, uint32_t thread, uint64_t time_ns)
{
	for (uint32_t i = 0; i < g->arena->geometry.slots; i++)
		if (g->slots[i].active && g->slots[i].image < image)
			end_thread(g, &g->slots[i], time_ns);
	g->image = image;
	empty_queue(g);
	live_table_clear(&g->live);
	g->live_bytes = 0;
	trace_tables_image(&g->tables, image);
	annotation_image(&g->annotations);
	emit_other(g, MS_EV_IMAGE_START, thread, time_ns, image);
}

/* The time of what is noticed between two merges: the watermark, everything before it has been handed out. */
static uint64_t time_between(struct ingest *g)
{
	return g->watermark == UINT64_MAX ? g->last_ns : time_of(g, g->watermark);
}

void ingest_slot_lost(struct ingest *g, uint32_t slot, uint64_t events)
{
	struct ingest_slot *s = &g->slots[slot];

	g->lost_events += events;
	if (g->cull)
		cull_forget_half(g->cull, slot);
	if (s->active && !s->started)
		begin_thread(g, s, time_between(g));
	s->half_count = 0;
	if (s->thread)
		emit_other(g, MS_EV_LOST, s->thread, time_between(g), events);
}

void ingest_slot_ended(struct ingest *g, uint32_t slot)
{
	end_thread(g, &g->slots[slot], time_between(g));
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
		empty_queue(g); /* orphans have their ids */
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
		fail(g, ms_fail(&g->error, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the table of live blocks"));
		return true;
	}
	g->live_bytes += e->size_bytes;
	if (g->live_bytes > g->peak_bytes)
		g->peak_bytes = g->live_bytes;
	return true;
}

/* false: the allocation that must come before it has not come yet. */
static bool release(struct ingest *g, struct merge_stream *stream, struct ingest_slot *s, struct ms_event *e)
{
	struct live_entry *b = live_table_find(&g->live, e->address);

	if (__builtin_expect(b == NULL, 0) && merge_await(&g->merge, stream, e->address, MERGE_WANT_ALLOC))
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
	write_batch(context);
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
		empty_queue(g); /* the live blocks are those that the written events have left */
	in = graph_input(g, e->time_ns);
	status = g->status;
	good = graph_ingest_entry(&g->graph, &in, e->kind, slot, c->at, (size_t)(c->end - c->at), write_before_graph, &status);
	fail(g, status);
	return good;
}

/* ---- annotations ------------------------------------------------------------------------------------------------- */

static void append_annotations(struct ingest *g, const struct annotation_events *found, uint32_t thread, uint64_t time_ns)
{
	for (unsigned i = 0; i < found->count; i++) {
		*next_event(g) = (struct ms_event){.time_ns = time_ns, .kind = found->event[i].kind, .thread = thread,
		                                   .arg = {found->event[i].arg[0], found->event[i].arg[1]}};
		append(g, 0);
	}
}

/* false: an allocation that comes before it has not come yet. */
static bool annotate(struct ingest *g, struct merge_stream *stream, const struct cursor *c, uint8_t kind, uint64_t address, uint32_t thread,
                     uint64_t time_ns)
{
	const struct annotation_input in = {.tables = &g->tables, .writer = g->writer, .live = &g->live};
	struct annotation_events found;
	int status;

	if (address != 0 && live_table_find(&g->live, address) == NULL && merge_await(&g->merge, stream, address, MERGE_WANT_ALLOC))
		return false;
	status = annotation_ingest(&g->annotations, &in, kind, address, thread, c->at, (size_t)(c->end - c->at), &found);
	if (status == MS_E_CORRUPT)
		g->malformed++;
	else if (status != MS_OK)
		fail(g, ms_fail(&g->error, status, MS_NO_OFFSET, "no memory for what the program says about its blocks"));
	append_annotations(g, &found, thread, time_ns);
	if (kind == MS_EV_SNAPSHOT && found.count > 0)
		after_snapshot(g);
	return true;
}

/* The pool of an event that has it as an argument. */
static void name_pool(struct ingest *g, struct ms_event *e)
{
	const struct ms_event event = *e;
	struct annotation_events found = {.count = 0};
	uint64_t pool;

	if (annotation_pool(&g->annotations, event.arg[0], &pool, &found) != MS_OK)
		fail(g, ms_fail(&g->error, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the pools of the program"));
	append_annotations(g, &found, event.thread, event.time_ns);
	e = next_event(g);
	*e = event;
	e->arg[0] = pool;
}

int ingest_finish(struct ingest *g)
{
	struct graph_input in = graph_input(g, g->last_ns);
	int status;

	empty_queue(g);
	write_batch(g);
	status = g->status;
	graph_ingest_finish(&g->graph, &in, &status);
	fail(g, status);
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
	uint64_t time_ns = time_of(g, ticks);
	struct ms_event *e;

	if (__builtin_expect(g->status != MS_OK, 0))
		return true;
	if (__builtin_expect(!s->started, 0))
		begin_thread(g, s, time_ns);
	e = next_event(g);
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
	append(g, stream->slot);
	if (__builtin_expect(g->live_bytes > g->heap_limit, 0))
		heap_passed(g, s->thread, time_ns);
	return true;

malformed:
	g->malformed++;
	return true;
}

/* ---- events of the collector's own --------------------------------------------------------------------------------- */

/* Behind a snapshot that was appended: somebody will look at this moment, so it gets a keyframe where that pays. */
static void after_snapshot(struct ingest *g)
{
	g->snapshots++;
	/* Culling: the snapshot itself still waits, and so may live blocks. */
	if (g->cull || !ms_writer_keyframe_helps(g->writer, live_table_blocks(&g->live)))
		return;
	write_batch(g);
	if (g->status == MS_OK)
		keyframe(g);
}

static void emit_note(struct ingest *g, const struct ingest_note *note, uint32_t thread, uint64_t time_ns)
{
	*next_event(g) = (struct ms_event){.time_ns = time_ns, .kind = note->kind, .thread = thread, .arg = {note->arg[0], note->arg[1]}};
	append(g, 0);
	g->pauses += note->kind == MS_EV_PAUSE;
	if (note->kind == MS_EV_SNAPSHOT)
		after_snapshot(g);
}

/* Live bytes are above the limit behind the newest event, which is the thread's. */
static void heap_passed(struct ingest *g, uint32_t thread, uint64_t time_ns)
{
	struct ingest_note note = {.arg = {0, MS_ASKED_HEAP}, .kind = MS_EV_SNAPSHOT};
	char name[INGEST_NAME];

	if (!g->heap_passed || !g->heap_passed(g->heap_context, name))
		return;
	note.arg[0] = ms_writer_string(g->writer, name, strlen(name));
	if (note.arg[0] != 0)
		emit_note(g, &note, thread, time_ns);
}

int ingest_note(struct ingest *g, uint64_t ticks, uint8_t kind, const char *text, size_t text_bytes, uint64_t asked_by)
{
	struct ingest_note note = {.ticks = ticks, .kind = kind};

	note.arg[kind == MS_EV_SNAPSHOT] = kind == MS_EV_MARK ? 0 : asked_by;
	if (text)
		note.arg[0] = ms_writer_string(g->writer, text, text_bytes);
	return ms_buffer_append(&g->notes, &note, sizeof note) == 0 ? MS_OK : MS_E_NOMEM;
}

/* A program that has done nothing yet, as one that was attached to and waits: its main thread's row begins before its slot does. */
static void begin_main_thread(struct ingest *g, uint64_t time_ns)
{
	g->main_thread = g->row_ahead =
		ms_writer_thread(g->writer, &(struct ms_thread){.tid = g->app_pid, .image = g->image, .is_main = true});
	emit_other(g, MS_EV_THREAD_START, g->main_thread, time_ns, 0);
}

/* Those whose time has come, each behind the entries before it. */
static void run_notes(struct ingest *g, uint64_t watermark)
{
	const struct ingest_note *notes = (const struct ingest_note *)(const void *)g->notes.data;
	size_t n = g->notes.size / sizeof *notes, i = 0;

	for (; i < n && notes[i].ticks <= watermark; i++) {
		merge_run(&g->merge, notes[i].ticks);
		if (g->status == MS_OK && g->main_thread == 0)
			begin_main_thread(g, time_of(g, notes[i].ticks));
		if (g->status == MS_OK)
			emit_note(g, &notes[i], g->main_thread, time_of(g, notes[i].ticks));
	}
	g->notes.size -= i * sizeof *notes;
	if (i > 0 && g->notes.size > 0)
		memmove(g->notes.data, g->notes.data + i * sizeof *notes, g->notes.size);
}

int ingest_run(struct ingest *g, uint64_t watermark)
{
	if (__builtin_expect(g->notes.size != 0, 0))
		run_notes(g, watermark);
	merge_run(&g->merge, watermark);
	g->watermark = watermark;
	if (__builtin_expect(g->cull != NULL, 0))
		run_cull(g, watermark == UINT64_MAX ? g->last_ns : tick_clock_ns(g->clock, watermark));
	return g->status;
}

void ingest_end_culling(struct ingest *g)
{
	if (!g->cull)
		return;
	empty_queue(g);
	if (ms_writer_status(g->writer) == MS_OK)
		write_sums(g);
}

int ingest_flush(struct ingest *g, bool flush)
{
	write_batch(g);
	if (flush && g->status == MS_OK) {
		uint64_t before = ms_writer_stats(g->writer).bytes;

		fail(g, ms_writer_flush(g->writer, &g->error));
		check_room(g, before);
	}
	return g->status;
}
