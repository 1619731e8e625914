/* keyframe_trace.c - see keyframe_trace.h. */
#include "keyframe_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/trace_writer.h"

#define DEPTH 4

/* What a thread's reallocs took, newest last. */
struct taken {
	uint64_t block[DEPTH];
	bool forgotten[DEPTH];           /* a keyframe came since: its birth is not known any more */
	unsigned depth;
};

static void take(struct taken *k, uint64_t block)
{
	if (k->depth == DEPTH) {
		memmove(k->block, k->block + 1, (DEPTH - 1) * sizeof *k->block);
		memmove(k->forgotten, k->forgotten + 1, (DEPTH - 1) * sizeof *k->forgotten);
		k->depth--;
	}
	k->block[k->depth] = block;
	k->forgotten[k->depth++] = false;
}

/*
 * The reader of events forgets what reallocs took at each keyframe, and the count of steps at a thread's end or loss: births follow the
 * one, parents the other.
 */
void model_at(struct model *m, const struct keyframe_trace *t, uint64_t event)
{
	size_t n = t->random.event_count + 2;
	struct taken births[65] = {{{0}, {0}, 0}}, parents[65] = {{{0}, {0}, 0}};

	*m = (struct model){
		.alive = calloc(n, sizeof *m->alive), .failed = calloc(n, sizeof *m->failed), .block = calloc(n, sizeof *m->block),
		.parent = calloc(n, sizeof *m->parent), .next_block = 1,
	};
	for (uint64_t i = 0; i < event; i++) {
		const struct ms_event *e = &t->random.events[i];
		unsigned class_ = ms_event_kinds[e->kind].class_;

		if (i && i % t->every == 0)
			memset(births, 0, sizeof births);
		if (class_ == MS_CLASS_ALLOC) {
			struct taken *b = &births[e->thread], *p = &parents[e->thread];
			uint64_t born_as = 0;

			m->next_block = e->block + 1;
			m->alive[e->block] = true;
			m->failed[e->block] = e->kind == MS_EV_REALLOC_FAILED;
			if (e->kind == MS_EV_REALLOC || e->kind == MS_EV_REALLOC_FAILED) {
				born_as = b->depth ? b->block[--b->depth] : 0;
				m->parent[e->block] = p->depth ? p->block[--p->depth] : 0;
			}
			m->block[e->block] = (struct ms_live_block){
				.block = e->block, .address = e->address, .size_bytes = e->size_bytes, .birth_ns = e->time_ns,
				.stack = e->stack, .thread = e->thread, .kind = e->kind,
			};
			if (e->kind == MS_EV_REALLOC_FAILED && born_as) {
				m->block[e->block] = m->block[born_as];
				m->block[e->block].block = e->block;
			}
		} else if (class_ == MS_CLASS_FREE) {
			m->alive[e->block] = false;
			if (e->kind == MS_EV_REALLOC_FREE) {
				take(&births[e->thread], e->block);
				take(&parents[e->thread], e->block);
			}
		} else if (e->kind == MS_EV_THREAD_END || e->kind == MS_EV_LOST) {
			parents[e->thread].depth = 0;
		} else if (e->kind == MS_EV_IMAGE_START) {
			memset(m->alive, 0, n * sizeof *m->alive);
			memset(births, 0, sizeof births);
			memset(parents, 0, sizeof parents);
		}
	}
}

void model_free(struct model *m)
{
	free(m->alive);
	free(m->failed);
	free(m->block);
	free(m->parent);
}

static void write_keyframe(struct ms_writer *w, const struct keyframe_trace *t, uint64_t event)
{
	struct ms_live_block *live;
	struct ms_error err;
	struct model m;
	size_t n = 0;

	model_at(&m, t, event);
	live = calloc(m.next_block, sizeof *live);
	for (uint64_t id = 1; id < m.next_block; id++)
		if (m.alive[id])
			live[n++] = m.block[id];
	assert_int_equal(ms_writer_keyframe(w, live, n, &err), MS_OK);
	free(live);
	model_free(&m);
}

void keyframe_trace_make(struct keyframe_trace *t, uint32_t seed, size_t events, uint64_t every)
{
	struct ms_process process = {.executable = "/bin/program", .pid = 42, .page_size_bytes = 4096, .clock_hz = 1000000000, .free_stacks = true};
	struct ms_writer_options options = {.events_per_block = 1 + seed % 97, .level = 1};
	struct ms_end end = {.ended = MS_ENDED_EXITED, .symbolized = true};
	struct random_trace *r = &t->random;
	struct ms_writer *w;
	struct ms_error err;
	uint32_t module;

	memset(t, 0, sizeof *t);
	random_trace_make(r, seed, events);
	t->every = every;
	ms_stream_init_memory(&t->stream);
	assert_int_equal(ms_writer_open(&w, &t->stream, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	random_trace_strings(w);
	module = ms_writer_module(w, &(struct ms_module){.path = "/bin/program", .load_bias = 0x1000, .start = 0x1000, .end = 0x100000});
	for (uint32_t i = 0; i < r->thread_count; i++)
		assert_int_equal(ms_writer_thread(w, &r->threads[i]), i + 1);
	for (uint32_t i = 0; i < r->frame_count; i++)
		assert_int_equal(ms_writer_frame(w, 0x2000 + 16 * i, module), i + 1);
	for (uint32_t i = 0; i < r->stack_count; i++)
		assert_int_equal(ms_writer_stack(w, r->stacks[i].parent, r->stacks[i].frame), i + 1);
	for (size_t i = 0; i < r->event_count; i++) {
		if (i && i % every == 0)
			write_keyframe(w, t, i);
		assert_int_equal(ms_writer_events(w, &r->events[i], 1, &err), MS_OK);
	}
	end.time_ns = r->event_count ? r->events[r->event_count - 1].time_ns + 10 : 10;
	assert_int_equal(ms_writer_end(w, &end, &err), MS_OK);
	ms_writer_close(w);
	if (ms_trace_open_memory(&t->trace, t->stream.memory, t->stream.position, &err))
		fail_msg("%s", err.message);
}

void keyframe_trace_free(struct keyframe_trace *t)
{
	ms_trace_close(t->trace);
	ms_stream_free(&t->stream);
	random_trace_free(&t->random);
}
