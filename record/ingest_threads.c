/* ingest_threads.c - the threads and images of ingest.h: slots begin, lose and end. */
#include "ingest_internal.h"

#include <string.h>

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

void ingest_begin_thread(struct ingest *g, struct ingest_slot *s, uint64_t time_ns)
{
	struct ingest_slot *same = partner(g, s);

	s->started = true;
	if (!same && g->row_ahead && s->tid == g->app_pid && s->image == g->image) {
		s->thread = g->row_ahead;
		g->row_ahead = 0;
		ingest_emit_name(g, s->thread, time_ns, s->name, strlen(s->name));
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
	ingest_emit(g, MS_EV_THREAD_START, s->thread, time_ns, 0);
	ingest_emit_name(g, s->thread, time_ns, s->name, strlen(s->name));
}

static void end_thread(struct ingest *g, struct ingest_slot *s, uint64_t time_ns)
{
	/* The last one of its slots. */
	if (s->active && s->thread && !partner(g, s))
		ingest_emit(g, MS_EV_THREAD_END, s->thread, time_ns, 0);
	s->active = false;
}

/* Another program runs in the process: its threads are gone, and so is every block. */
static void begin_image(struct ingest *g, uint32_t image, uint32_t thread, uint64_t time_ns)
{
	for (uint32_t i = 0; i < g->arena->geometry.slots; i++)
		if (g->slots[i].active && g->slots[i].image < image)
			end_thread(g, &g->slots[i], time_ns);
	g->image = image;
	ingest_empty_queue(g);
	live_table_clear(&g->live);
	g->live_bytes = 0;
	trace_tables_image(&g->tables, image);
	annotation_image(&g->annotations);
	ingest_emit(g, MS_EV_IMAGE_START, thread, time_ns, image);
}

/* The time of what is noticed between two merges: the watermark, everything before it has been handed out. */
static uint64_t time_between(struct ingest *g)
{
	return g->watermark == UINT64_MAX ? g->last_ns : ingest_time(g, g->watermark);
}

void ingest_slot_lost(struct ingest *g, uint32_t slot, uint64_t events)
{
	struct ingest_slot *s = &g->slots[slot];

	g->lost_events += events;
	if (g->cull)
		cull_forget_half(g->cull, slot);
	if (s->active && !s->started)
		ingest_begin_thread(g, s, time_between(g));
	s->half_count = 0;
	if (s->thread)
		ingest_emit(g, MS_EV_LOST, s->thread, time_between(g), events);
}

void ingest_slot_ended(struct ingest *g, uint32_t slot)
{
	end_thread(g, &g->slots[slot], time_between(g));
}
