/* random_trace.c - see random_trace.h. */
#include "random_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "format/stream.h"
#include "format/trace_writer.h"

#define MAX_THREADS 64
#define NESTED 4 /* how deep the replay follows reallocs inside reallocs */

struct pending {
	size_t life;                     /* SIZE_MAX: of a block that the trace does not know */
	bool used;
};

struct maker {
	struct random_trace *t;
	uint64_t state, now_ns, next_block;
	uint32_t image, first_thread, threads; /* of this image */
	uint64_t order[MAX_THREADS + 1];
	struct pending pending[MAX_THREADS + 1][NESTED + 1];
	unsigned depth[MAX_THREADS + 1];
	bool ended[MAX_THREADS + 1];
	size_t *live;                    /* lives that are present and not inside a realloc */
	size_t live_count;
	uint64_t *id_of_life;            /* its latest block id */
	uint64_t *address_of_life;       /* a block keeps its address when its realloc fails */
	bool free_stacks;
};

static uint32_t rnd(struct maker *m, uint32_t below)
{
	m->state = m->state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((m->state >> 33) % below);
}

static size_t moment(struct maker *m)
{
	m->t->moment_ns[m->t->moment_count] = m->now_ns;
	return m->t->moment_count++;
}

static struct ms_event *event(struct maker *m, uint8_t kind, uint32_t thread)
{
	struct ms_event *e = &m->t->events[m->t->event_count++];

	memset(e, 0, sizeof *e);
	e->kind = kind;
	e->thread = thread;
	e->time_ns = m->now_ns;
	m->t->events_of_thread[thread]++;
	if (ms_event_kinds[kind].class_ == MS_CLASS_ALLOC || ms_event_kinds[kind].class_ == MS_CLASS_FREE)
		m->order[thread]++;
	return e;
}

static uint64_t some_size(struct maker *m)
{
	static const uint64_t sizes[] = {0, 1, 8, 16, 24, 24, 24, 100, 4096, 65535, 65536, 70000, 1000000};

	return rnd(m, 3) ? sizes[rnd(m, sizeof sizes / sizeof *sizes)] : rnd(m, 200000);
}

static uint32_t some_stack(struct maker *m)
{
	return rnd(m, m->t->stack_count + 1);
}

static void begin(struct maker *m, uint8_t kind, uint32_t thread, bool by_realloc)
{
	struct ms_event *e = event(m, kind, thread);
	size_t i = m->t->life_count++;
	struct life *l = &m->t->lives[i];

	e->size_bytes = some_size(m);
	e->stack = some_stack(m);
	e->block = m->next_block++;
	e->address = 0x10000 + 16 * e->block;
	memset(l, 0, sizeof *l);
	l->size = e->size_bytes;
	l->birth_ns = m->now_ns;
	l->stack = e->stack;
	l->thread = thread;
	l->begin = moment(m);
	l->end = SIZE_MAX;
	l->by_realloc = by_realloc;
	l->kind = kind;
	l->birth_order = m->order[thread];
	m->id_of_life[i] = e->block;
	m->address_of_life[i] = e->address;
	m->live[m->live_count++] = i;
}

static size_t take_live(struct maker *m)
{
	uint32_t i = rnd(m, (uint32_t)m->live_count);
	size_t life;

	if (rnd(m, 2)) /* the newest half of the time: short lives and temporary blocks */
		i = (uint32_t)m->live_count - 1;
	life = m->live[i];
	m->live[i] = m->live[--m->live_count];
	return life;
}

static void end_event(struct maker *m, uint8_t kind, uint32_t thread, size_t life)
{
	struct ms_event *e = event(m, kind, thread);
	struct life *l = life == SIZE_MAX ? NULL : &m->t->lives[life];

	if (m->free_stacks)
		e->stack = some_stack(m);
	e->address = 0x70000000;
	if (l) {
		e->block = m->id_of_life[life];
		e->size_bytes = l->size;
		e->address = m->address_of_life[life];
		l->end = moment(m);
		l->end_ns = m->now_ns;
		l->end_thread = thread;
		l->free_order = m->order[thread];
		l->how = FREED;
	} else {
		moment(m);
		m->t->unmatched++;
		m->t->unmatched_of_thread[thread]++;
	}
}

static void lose_pending(struct maker *m, uint32_t thread, unsigned i)
{
	struct life *l = &m->t->lives[m->pending[thread][i].life];

	if (m->pending[thread][i].life != SIZE_MAX) {
		l->how = LOST_IN_MOVE;
		l->settled = m->t->moment_count - 1;
	}
}

static void realloc_begins(struct maker *m, uint32_t thread)
{
	struct pending *p = m->pending[thread];
	size_t life = m->live_count && rnd(m, 8) ? take_live(m) : SIZE_MAX;

	end_event(m, MS_EV_REALLOC_FREE, thread, life);
	if (life != SIZE_MAX)
		m->t->lives[life].how = MOVED;
	if (m->depth[thread] == NESTED) {
		lose_pending(m, thread, 0);
		memmove(p, p + 1, (NESTED - 1) * sizeof *p);
		m->depth[thread]--;
	}
	p[m->depth[thread]++].life = life;
}

/* The block comes back as if nothing had happened. */
static void come_back(struct maker *m, size_t life)
{
	struct life *l = &m->t->lives[life];

	l->gaps[l->gap_count][0] = l->end;
	l->end = SIZE_MAX;
	l->how = ALIVE;
	l->gaps[l->gap_count++][1] = moment(m);
}

static void realloc_ends(struct maker *m, uint32_t thread)
{
	size_t life = m->pending[thread][--m->depth[thread]].life;
	struct life *l = life == SIZE_MAX ? NULL : &m->t->lives[life];

	if (rnd(m, 4) || (l && l->gap_count == 60)) {
		begin(m, MS_EV_REALLOC, thread, l != NULL);
		if (l)
			l->settled = m->t->moment_count - 1;
		return;
	}
	m->t->failed++;
	if (!l) {
		begin(m, MS_EV_REALLOC_FAILED, thread, false);
		return;
	}
	struct ms_event *e = event(m, MS_EV_REALLOC_FAILED, thread);

	e->block = m->next_block++;
	e->size_bytes = l->size;
	e->address = m->address_of_life[life];
	e->stack = some_stack(m);
	m->id_of_life[life] = e->block;
	m->live[m->live_count++] = life;
	come_back(m, life);
}

static void thread_gap(struct maker *m, uint8_t kind, uint32_t thread)
{
	struct ms_event *e = event(m, kind, thread);

	e->arg[0] = 3;
	moment(m);
	for (unsigned i = 0; i < m->depth[thread]; i++)
		lose_pending(m, thread, i);
	m->depth[thread] = 0;
	if (kind == MS_EV_THREAD_END)
		m->ended[thread] = true;
}

/* What is inside a realloc when no more events come is alive. */
static void settle(struct maker *m)
{
	for (uint32_t thread = 1; thread <= m->t->thread_count; thread++) {
		for (unsigned i = 0; i < m->depth[thread]; i++)
			if (m->pending[thread][i].life != SIZE_MAX)
				come_back(m, m->pending[thread][i].life);
		m->depth[thread] = 0;
	}
}

static void add_threads(struct maker *m, uint32_t count)
{
	m->first_thread = m->t->thread_count + 1;
	m->threads = count;
	for (uint32_t i = 0; i < count; i++)
		m->t->threads[m->t->thread_count++] = (struct ms_thread){.tid = 100 + m->first_thread + i, .image = m->image,
		                                                        .is_main = i == 0};
}

static void exec_image(struct maker *m)
{
	size_t at;

	settle(m);
	m->image++;
	m->t->images++;
	add_threads(m, 1 + rnd(m, 3));
	event(m, MS_EV_IMAGE_START, m->first_thread)->arg[0] = m->image;
	at = moment(m);
	for (size_t i = 0; i < m->t->life_count; i++)
		if (m->t->lives[i].how == ALIVE) {
			m->t->lives[i].how = GONE_BY_EXEC;
			m->t->lives[i].end = at;
		}
	m->live_count = 0;
}

/* Births are in the trace all the same: what a pause means for counts is nothing. */
static void pauses_and_snapshots(struct maker *m, uint32_t thread)
{
	static const uint8_t kinds[] = {MS_EV_PAUSE, MS_EV_RESUME, MS_EV_SNAPSHOT};
	struct ms_event *e = event(m, kinds[rnd(m, 3)], thread);

	e->arg[0] = e->kind == MS_EV_SNAPSHOT ? 1 + rnd(m, RANDOM_TRACE_STRINGS) : rnd(m, MS_ASKED_COUNT);
	e->arg[1] = e->kind == MS_EV_SNAPSHOT ? rnd(m, MS_ASKED_COUNT) : 0;
	moment(m);
}

static void play(struct maker *m, size_t target)
{
	static const uint8_t alloc_kinds[] = {MS_EV_MALLOC, MS_EV_CALLOC, MS_EV_REALLOC_NEW, MS_EV_MEMALIGN, MS_EV_NEW};
	static const uint8_t free_kinds[] = {MS_EV_FREE, MS_EV_REALLOC_ZERO, MS_EV_DELETE, MS_EV_DELETE_SIZED};

	while (m->t->event_count < target) {
		uint32_t what = rnd(m, 100), thread = m->first_thread + rnd(m, m->threads);

		m->now_ns += rnd(m, 4) ? rnd(m, 6) : rnd(m, 5000);
		if (m->ended[thread])
			continue;
		if (what < 38) {
			begin(m, alloc_kinds[rnd(m, 5)], thread, false);
		} else if (what < 66) {
			if (m->live_count)
				end_event(m, free_kinds[rnd(m, 4)], thread, take_live(m));
		} else if (what < 76) {
			realloc_begins(m, thread);
		} else if (what < 88) {
			if (m->depth[thread])
				realloc_ends(m, thread);
		} else if (what < 91) {
			end_event(m, MS_EV_FREE, thread, SIZE_MAX);
		} else if (what < 93) {
			struct ms_event *e = event(m, MS_EV_ALLOC_FAILED, thread);

			e->size_bytes = some_size(m);
			e->arg[0] = MS_EV_MALLOC;
			m->t->failed++;
			moment(m);
		} else if (what < 96) {
			struct ms_event *e = event(m, MS_EV_MMAP, thread);

			e->size_bytes = 4096;
			e->address = 0x7f0000000000;
			m->t->mmaps++;
			m->t->mapped_bytes += 4096;
			moment(m);
		} else if (what < 97) {
			event(m, MS_EV_MARK, thread)->arg[0] = 1 + rnd(m, RANDOM_TRACE_STRINGS);
			moment(m);
			pauses_and_snapshots(m, thread);
			event(m, MS_EV_THREAD_NAME, thread)->arg[0] = 1 + rnd(m, RANDOM_TRACE_STRINGS);
			moment(m);
		} else if (what < 98) {
			thread_gap(m, MS_EV_LOST, thread);
		} else if (what == 98 && m->threads > 1 && thread != m->first_thread) {
			thread_gap(m, MS_EV_THREAD_END, thread);
		} else if (what == 99 && m->image < 4 && rnd(m, 3) == 0) {
			exec_image(m);
		}
	}
	settle(m);
}

void random_trace_strings(struct ms_writer *w)
{
	for (uint32_t i = 1; i <= RANDOM_TRACE_STRINGS; i++) {
		char text[16];

		snprintf(text, sizeof text, "text%u", i);
		assert_int_equal(ms_writer_string(w, text, strlen(text)), i);
	}
}

static void write_trace(struct maker *m)
{
	static const char *const functions[] = {"main", "parse", "grow(int)", "std::vector<int>::push_back(int const&)"};
	struct random_trace *t = m->t;
	const char *command[] = {"program", "--flag"};
	struct ms_process process = {
		.command = command, .command_count = 2, .executable = "/bin/program", .host = "host", .pid = 42,
		.page_size_bytes = 4096, .start_time_unix_ns = 1700000000123456789, .clock_hz = 1000000000,
		.free_stacks = m->free_stacks, .working_directory = "/", .kernel = "Linux", .architecture = "x86_64",
		.recorder = "test", .allocator = "libc.so.6",
	};
	struct ms_writer_options options = {.events_per_block = 1 + rnd(m, rnd(m, 3) ? 12 : 200), .level = 1};
	struct ms_end end = {.time_ns = m->now_ns + 10, .ended = MS_ENDED_EXITED, .exit_code = 7, .symbolized = true};
	struct ms_stream stream;
	struct ms_writer *w;
	struct ms_error err = {0};
	uint32_t module;

	ms_stream_init_memory(&stream);
	assert_int_equal(ms_writer_open(&w, &stream, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	random_trace_strings(w);
	module = ms_writer_module(w, &(struct ms_module){.path = "/bin/program", .load_bias = 0x1000, .start = 0x1000,
	                                                 .end = 0x100000});
	assert_int_equal(module, 1);
	for (uint32_t i = 0; i < t->thread_count; i++)
		assert_int_equal(ms_writer_thread(w, &t->threads[i]), i + 1);
	for (uint32_t i = 0; i < t->frame_count; i++)
		assert_int_equal(ms_writer_frame(w, 0x2000 + (t->frame_text[i] < 4 ? 16 * i : t->frame_text[i]), module), i + 1);
	for (uint32_t i = 0; i < t->stack_count; i++)
		assert_int_equal(ms_writer_stack(w, t->stacks[i].parent, t->stacks[i].frame), i + 1);
	assert_int_equal(ms_writer_events(w, t->events, t->event_count, &err), MS_OK);
	for (uint32_t i = 0; i < t->frame_count; i++) {
		uint32_t text = t->frame_text[i];

		if (text >= 4) /* no symbol: reads as its offset */
			continue;
		assert_int_equal(ms_writer_symbol(w, &(struct ms_symbol){
			.frame = i + 1, .function = ms_writer_string(w, functions[text], strlen(functions[text])),
			.file = ms_writer_string(w, "a.c", 3), .line = 10 + text}, &err), MS_OK);
	}
	assert_int_equal(ms_writer_end(w, &end, &err), MS_OK);
	ms_writer_close(w);
	t->size = stream.position;
	t->bytes = malloc(t->size);
	memcpy(t->bytes, stream.memory, t->size);
	ms_stream_free(&stream);
}

void random_trace_make(struct random_trace *t, uint32_t seed, size_t target)
{
	struct maker *m = calloc(1, sizeof *m);
	size_t room = target + 16;

	memset(t, 0, sizeof *t);
	m->t = t;
	m->state = seed * 2654435761u + 1;
	m->next_block = 1;
	t->events = calloc(room, sizeof *t->events);
	t->lives = calloc(room, sizeof *t->lives);
	t->moment_ns = calloc(room * 2 + 64, sizeof *t->moment_ns);
	m->live = calloc(room, sizeof *m->live);
	m->id_of_life = calloc(room, sizeof *m->id_of_life);
	m->address_of_life = calloc(room, sizeof *m->address_of_life);
	m->free_stacks = rnd(m, 2);
	t->images = 1;
	t->frame_count = 1 + rnd(m, 12);
	for (uint32_t i = 0; i < t->frame_count; i++)
		t->frame_text[i] = rnd(m, 7);
	t->stack_count = 1 + rnd(m, 20);
	for (uint32_t i = 0; i < t->stack_count; i++)
		t->stacks[i] = (struct ms_stack){.parent = rnd(m, i + 1), .frame = 1 + rnd(m, t->frame_count)};
	add_threads(m, 1 + rnd(m, 4));
	play(m, target);
	write_trace(m);
	free(m->live);
	free(m->id_of_life);
	free(m->address_of_life);
	free(m);
}

void random_trace_free(struct random_trace *t)
{
	free(t->events);
	free(t->lives);
	free(t->moment_ns);
	free(t->bytes);
	memset(t, 0, sizeof *t);
}

bool life_present(const struct life *l, size_t moment)
{
	if (moment < l->begin || moment >= l->end)
		return false;
	for (size_t g = 0; g < l->gap_count; g++)
		if (moment >= l->gaps[g][0] && moment < l->gaps[g][1])
			return false;
	return true;
}

/* What their frames read like, in base 7 after a leading 1. */
void random_trace_paths(const struct random_trace *t, uint64_t path_of_stack[64])
{
	path_of_stack[0] = 1;
	for (uint32_t id = 1; id <= t->stack_count; id++) {
		const struct ms_stack *s = &t->stacks[id - 1];

		path_of_stack[id] = path_of_stack[s->parent] * 7 + t->frame_text[s->frame - 1];
	}
}

uint64_t random_trace_path_of_node(const struct ms_report *r, uint32_t node)
{
	const struct ms_report_line *l;

	if (node == 0)
		return 1;
	assert_int_equal(r->nodes[node].line_count, 1);
	l = &r->lines[r->nodes[node].first_line];
	assert_string_equal(l->module, "/bin/program");
	return random_trace_path_of_node(r, r->nodes[node].parent) * 7 + (*l->function ? l->line - 10 : l->offset - 0x1000);
}
