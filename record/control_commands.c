/* control_commands.c - see control_commands.h. */
#include "control_commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recording.h"

struct asked {
	struct recording *r;
	const struct control_request *request;
	struct control_answer *answer;
};

static void reply(struct asked *a, bool done, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void reply(struct asked *a, bool done, const char *format, ...)
{
	va_list args;

	a->answer->done = done;
	va_start(args, format);
	vsnprintf(a->answer->text, sizeof a->answer->text, format, args);
	va_end(args);
}

static uint32_t births(const struct recording *r)
{
	return atomic_load_explicit(&r->arena.header->births, memory_order_relaxed);
}

/* The stamp stands outside of the time in which births are left out: what was left out lies between the two events. */
static void set_paused(struct asked *a, bool paused)
{
	struct ms_arena_header *h = a->r->arena.header;
	const uint32_t usual = ms_births_usual(h);
	uint64_t ticks = tick_clock_now(a->r->clock.source);

	if ((births(a->r) == MS_BIRTHS_NONE) == paused) {
		reply(a, true, "%s already", paused ? "paused" : "recording");
		return;
	}
	if (paused)
		atomic_store_explicit(&h->births_unseen, 1, memory_order_relaxed);
	atomic_store_explicit(&h->births, paused ? MS_BIRTHS_NONE : usual, memory_order_relaxed);
	if (!paused)
		ticks = tick_clock_now(a->r->clock.source);
	if (ingest_note(&a->r->ingest, ticks, paused ? MS_EV_PAUSE : MS_EV_RESUME, NULL, 0, MS_ASKED_CONTROL) != MS_OK)
		reply(a, false, "no memory");
	else
		reply(a, true, "%s", paused ? "paused" : "recording");
}

static void pause_(struct asked *a)
{
	set_paused(a, true);
}

static void resume(struct asked *a)
{
	set_paused(a, false);
}

static void snapshot(struct asked *a)
{
	const char *name = a->request->text;
	size_t bytes = a->request->text_bytes;
	char own[32];

	if (!name || bytes == 0) {
		bytes = (size_t)snprintf(own, sizeof own, "control-%" PRIu64, a->r->control_snapshots + 1);
		name = own;
	}
	a->r->control_snapshots++;
	if (ingest_note(&a->r->ingest, tick_clock_now(a->r->clock.source), MS_EV_SNAPSHOT, name, bytes, MS_ASKED_CONTROL) != MS_OK)
		reply(a, false, "no memory");
	else
		reply(a, true, "snapshot %.*s", bytes < 200 ? (int)bytes : 200, name);
}

static void mark(struct asked *a)
{
	const struct control_request *q = a->request;

	if (ingest_note(&a->r->ingest, tick_clock_now(a->r->clock.source), MS_EV_MARK, q->text ? q->text : "", q->text_bytes, 0) != MS_OK)
		reply(a, false, "no memory");
	else
		reply(a, true, "marked");
}

static void stop(struct asked *a)
{
	a->r->stop_asked = true;
	a->answer->later = true;
}

static void status(struct asked *a)
{
	const struct recording *r = a->r;
	const struct ingest *g = &r->ingest;
	const char *state = r->stopped ? "full" : !r->process_written ? "starting" : births(r) == MS_BIRTHS_NONE ? "paused" : "recording";
	uint64_t now = tick_clock_now(r->clock.source);

	reply(a, true, "state=%s pid=%ld seconds=%.3f events=%" PRIu64 " file_bytes=%" PRIu64 " live_bytes=%" PRIu64 " live_blocks=%" PRIu64
	      " peak_bytes=%" PRIu64 " lost_events=%" PRIu64 " pauses=%" PRIu64 " snapshots=%" PRIu64, state, (long)r->facts.pid,
	      r->process_written ? (double)tick_clock_ns(&r->clock, now) / 1e9 : 0.0, g->events, ms_writer_stats(r->writer).bytes,
	      g->live_bytes, (uint64_t)live_table_blocks(&g->live), g->peak_bytes, g->lost_events, g->pauses, g->snapshots);
}

static const struct {
	const char *name;
	void (*run)(struct asked *a);
	bool text;                       /* it must have one */
	bool early, late;                /* also before the program has started; when the trace is full */
} commands[] = {
	{"pause", pause_, false, false, false},
	{"resume", resume, false, false, false},
	{"snapshot", snapshot, false, false, false},
	{"mark", mark, true, false, false},
	{"stop", stop, false, false, true},
	{"status", status, false, true, true},
};

void control_command(void *context, const struct control_request *request, struct control_answer *answer)
{
	struct asked a = {context, request, answer};
	size_t i = 0;

	while (i < sizeof commands / sizeof *commands && strcmp(commands[i].name, request->command) != 0)
		i++;
	if (i == sizeof commands / sizeof *commands)
		reply(&a, false, "no command is named '%.40s'", request->command);
	else if (commands[i].text && !request->text)
		reply(&a, false, "%s needs a text", request->command);
	else if (!commands[i].late && a.r->stopped)
		reply(&a, false, "nothing is recorded any more: %s", a.r->error.message);
	else if (!commands[i].early && !a.r->process_written)
		reply(&a, false, "the program has not started yet");
	else
		commands[i].run(&a);
}
