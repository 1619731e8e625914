/*
 * chrome.c - a timeline in Chrome's trace event format: the Perfetto UI (ui.perfetto.dev), chrome://tracing.
 *
 *   counters   "live bytes", "live blocks": in each of 1000 steps of time the first, the last, the least and the largest levels, each at the instant when it
 *              was so: the largest of all is the peak. "blocks begun", "blocks ended": in each bucket of the report's timeline. What was
 *              measured of the process (resident memory, ...): its samples; cumulative ones as they are
 *   slices     threads, from their start to their end
 *   instants   marks, the peak, findings, heap graphs
 *
 * Time is in microseconds with three decimals (nanoseconds) since the start of the recording, also of a window. Events are in order of time.
 * Text is JSON: control characters are escaped, what is no UTF-8 becomes U+FFFD.
 *
 * Source: the "Trace Event Format" document of the Chromium project.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/block_steps.h"
#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "format/trace_reader.h"
#include "format/version.h"
#include "render/escape.h"
#include "render/report_names.h"

#define STEPS 1000u

struct chrome;

/* What stands beside the levels; made in any order, written by time. */
struct moment {
	uint64_t time_ns;
	uint32_t order;                  /* as it was made */
	void (*put)(struct chrome *c, const struct moment *m);
	const void *what;
	uint64_t value;
};

struct level {
	uint64_t time_ns, bytes, blocks;
	uint64_t event;                  /* the how-manieth it is of its step of time */
};

enum { FIRST, LEAST, MOST, MOST_BLOCKS, LAST, LEVELS };

struct chrome {
	FILE *out;
	const struct ms_export_input *in;
	struct moment *moments;
	size_t count, capacity, next;
	bool any, failed;
	struct level levels[LEVELS];     /* of the step that is not written yet */
	uint64_t step, number;           /* which one; events in it, 0 = none */
	struct level now;
};

/* ---- events of the format ------------------------------------------------------------------------------------------------ */

/* {"ph": ..., "name": ..., "pid": ..., "ts": ... and what belongs to every event. */
static void open_event(struct chrome *c, char phase, const char *name, uint64_t time_ns)
{
	fprintf(c->out, "%s\n{\"ph\": \"%c\", \"name\": ", c->any ? "," : "", phase);
	c->any = true;
	ms_escape_json(c->out, name);
	fprintf(c->out, ", \"pid\": %" PRIu32 ", \"ts\": %" PRIu64 ".%03" PRIu64, c->in->report->trace.process->pid, time_ns / 1000, time_ns % 1000);
}

static void put_counter(struct chrome *c, const char *name, const char *key, uint64_t value, uint64_t time_ns)
{
	open_event(c, 'C', name, time_ns);
	fputs(", \"args\": {", c->out);
	ms_escape_json(c->out, key);
	fprintf(c->out, ": %" PRIu64 "}}", value);
}

static void put_level(struct chrome *c, const struct level *l)
{
	put_counter(c, "live bytes", "bytes", l->bytes, l->time_ns);
	put_counter(c, "live blocks", "blocks", l->blocks, l->time_ns);
}

static uint32_t tid_of(const struct ms_report *r, uint32_t thread)
{
	for (size_t i = 0; i < r->thread_count; i++)
		if (r->threads[i].id == thread)
			return r->threads[i].tid;
	return 0;
}

static void put_thread(struct chrome *c, const struct moment *m)
{
	const struct ms_report_thread *t = m->what;
	uint64_t end = t->end_ns < c->in->report->window.to_ns ? t->end_ns : c->in->report->window.to_ns;

	open_event(c, 'X', *t->name ? t->name : "thread", m->time_ns);
	end = end > m->time_ns ? end - m->time_ns : 0;
	fprintf(c->out, ", \"dur\": %" PRIu64 ".%03" PRIu64 ", \"tid\": %" PRIu32 ", \"args\": {\"thread\": %" PRIu32 ", \"allocations\": %" PRIu64
	        ", \"allocated_bytes\": %" PRIu64 ", \"peak_bytes\": %" PRIu64 "}}",
	        end / 1000, end % 1000, t->tid, t->id, t->allocations, t->allocated_bytes, t->peak_bytes);
}

static void put_mark(struct chrome *c, const struct moment *m)
{
	const struct ms_phase *p = m->what;

	open_event(c, 'i', *p->name ? p->name : "mark", m->time_ns);
	fprintf(c->out, ", \"s\": \"p\", \"args\": {\"live_bytes\": %" PRIu64 "}}", p->start_bytes);
}

static void put_snapshot(struct chrome *c, const struct moment *m)
{
	const struct ms_report_snapshot *s = m->what;

	open_event(c, 'i', *s->name ? s->name : "snapshot", m->time_ns);
	fprintf(c->out, ", \"s\": \"p\", \"args\": {\"live_bytes\": %" PRIu64 "}}", s->live_bytes);
}

/* As an instant at either end: spans belong to threads there, and a pause is of the process. */
static void put_pause(struct chrome *c, const struct moment *m)
{
	const struct ms_report_pause *p = m->what;

	open_event(c, 'i', m->value ? "recording resumed" : "recording paused", m->time_ns);
	fprintf(c->out, ", \"s\": \"p\", \"args\": {\"paused_ns\": %" PRIu64 "}}", p->to_ns - p->from_ns);
}

static void put_peak(struct chrome *c, const struct moment *m)
{
	open_event(c, 'i', "peak", m->time_ns);
	fprintf(c->out, ", \"s\": \"p\", \"args\": {\"live_bytes\": %" PRIu64 ", \"live_blocks\": %" PRIu64 "}}", c->in->report->totals.peak_bytes,
	        c->in->report->totals.peak_blocks);
}

static void put_finding(struct chrome *c, const struct moment *m)
{
	const struct ms_finding *f = m->what;

	open_event(c, 'i', ms_finding_kinds[f->kind].name, m->time_ns);
	fprintf(c->out, ", \"s\": \"t\", \"tid\": %" PRIu32 ", \"args\": {\"message\": ", tid_of(c->in->report, f->thread));
	ms_escape_json(c->out, f->message);
	fputs("}}", c->out);
}

static void put_graph(struct chrome *c, const struct moment *m)
{
	const struct ms_graph *g = m->what;

	open_event(c, 'i', "heap graph", m->time_ns);
	fprintf(c->out, ", \"s\": \"p\", \"args\": {\"reason\": ");
	ms_escape_json(c->out, ms_graph_reason_name(g->reason));
	fprintf(c->out, ", \"blocks\": %" PRIu64 ", \"edges\": %" PRIu64 ", \"pause_ns\": %" PRIu64 "}}", g->blocks, g->edges, g->pause_ns);
}

static void put_bucket(struct chrome *c, const struct moment *m)
{
	const struct ms_report_bucket *b = m->what;

	put_counter(c, "blocks begun", "blocks", b->allocations, m->time_ns);
	put_counter(c, "blocks ended", "blocks", b->frees, m->time_ns);
}

static void put_sample(struct chrome *c, const struct moment *m)
{
	static const char *const units[] = {[MS_UNIT_BYTES] = "bytes", [MS_UNIT_COUNT] = "count", [MS_UNIT_NANOSECONDS] = "ns", [MS_UNIT_PERCENT] = "percent"};
	const struct ms_series *s = m->what;

	put_counter(c, ms_trace_string(c->in->trace, s->name), s->unit <= MS_UNIT_PERCENT ? units[s->unit] : "value", m->value, m->time_ns);
}

/* ---- moments --------------------------------------------------------------------------------------------------------------- */

static void add(struct chrome *c, uint64_t time_ns, void (*put)(struct chrome *, const struct moment *), const void *what, uint64_t value)
{
	const struct ms_report_window *w = &c->in->report->window;

	if (time_ns < w->from_ns || time_ns > w->to_ns)
		return;
	if (c->count == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : 256;
		struct moment *grown = realloc(c->moments, capacity * sizeof *grown);

		if (!grown) {
			c->failed = true;
			return;
		}
		c->moments = grown;
		c->capacity = capacity;
	}
	c->moments[c->count] = (struct moment){time_ns, (uint32_t)c->count, put, what, value};
	c->count++;
}

static int by_time(const void *pa, const void *pb)
{
	const struct moment *a = pa, *b = pb;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static void collect(struct chrome *c)
{
	const struct ms_report *r = c->in->report;
	const struct ms_trace *t = c->in->trace;

	for (size_t i = 0; i < r->thread_count; i++)
		add(c, r->threads[i].start_ns > r->window.from_ns ? r->threads[i].start_ns : r->window.from_ns, put_thread, &r->threads[i], 0);
	for (size_t i = 1; i < r->phases.count; i++)
		add(c, r->phases.list[i].from_ns, put_mark, &r->phases.list[i], 0);
	for (size_t i = 0; i < r->snapshots.count; i++)
		add(c, r->snapshots.list[i].time_ns, put_snapshot, &r->snapshots.list[i], 0);
	for (size_t i = 0; i < r->pauses.count; i++) {
		add(c, r->pauses.list[i].from_ns, put_pause, &r->pauses.list[i], 0);
		if (r->pauses.list[i].ended)
			add(c, r->pauses.list[i].to_ns, put_pause, &r->pauses.list[i], 1);
	}
	if (r->totals.peak_bytes)
		add(c, r->totals.peak_time_ns, put_peak, NULL, 0);
	for (size_t i = 0; i < r->findings.count; i++)
		if (r->findings.list[i].run == 1)
			add(c, r->findings.list[i].time_ns, put_finding, &r->findings.list[i], 0);
	for (size_t i = 0; i < ms_trace_graph_count(t); i++)
		add(c, ms_trace_graph(t, i)->time_ns, put_graph, ms_trace_graph(t, i), 0);
	for (size_t i = 0; i < r->timeline_count; i++)
		add(c, r->timeline[i].start_ns, put_bucket, &r->timeline[i], 0);
	for (uint32_t id = 1; id <= ms_trace_series_count(t); id++) {
		size_t n;
		const struct ms_sample *s = ms_trace_samples(t, id, &n);

		for (size_t i = 0; i < n; i++)
			add(c, s[i].time_ns, put_sample, ms_trace_series(t, id), s[i].value);
	}
	if (c->count)
		qsort(c->moments, c->count, sizeof *c->moments, by_time);
}

static void put_moments(struct chrome *c, uint64_t until_ns)
{
	for (; c->next < c->count && c->moments[c->next].time_ns <= until_ns; c->next++)
		c->moments[c->next].put(c, &c->moments[c->next]);
}

/* ---- levels ---------------------------------------------------------------------------------------------------------------- */

static int by_event(const void *pa, const void *pb)
{
	const struct level *a = pa, *b = pb;

	return (a->event > b->event) - (a->event < b->event);
}

static void put_step(struct chrome *c)
{
	if (!c->number)
		return;
	qsort(c->levels, LEVELS, sizeof *c->levels, by_event);
	for (int i = 0; i < LEVELS; i++) {
		if (i && c->levels[i].event == c->levels[i - 1].event)
			continue;
		put_moments(c, c->levels[i].time_ns);
		put_level(c, &c->levels[i]);
	}
	c->number = 0;
}

static void take_level(struct chrome *c, struct level *l)
{
	l->event = c->number++;
	if (l->event == 0) {
		for (int i = 0; i < LEVELS; i++)
			c->levels[i] = *l;
		return;
	}
	c->levels[LAST] = *l;
	if (l->bytes < c->levels[LEAST].bytes)
		c->levels[LEAST] = *l;
	if (l->bytes > c->levels[MOST].bytes)
		c->levels[MOST] = *l;
	if (l->blocks > c->levels[MOST_BLOCKS].blocks)
		c->levels[MOST_BLOCKS] = *l;
}

static int visit(void *context, const struct ms_block_step *s, struct ms_error *err)
{
	struct chrome *c = context;
	const struct ms_report_window *w = &c->in->report->window;
	uint64_t width = (w->to_ns - w->from_ns) / STEPS + 1, step = (s->time_ns - w->from_ns) / width;

	c->now = (struct level){s->time_ns, s->live_bytes, s->live_blocks, 0};
	if (s->kind == MS_BLOCKS_START)
		return MS_OK;
	if (step != c->step)
		put_step(c);
	c->step = step;
	take_level(c, &c->now);
	return ferror(c->out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

/* ---- the file -------------------------------------------------------------------------------------------------------------- */

static void put_names(struct chrome *c)
{
	const struct ms_report *r = c->in->report;

	open_event(c, 'M', "process_name", r->window.from_ns);
	fputs(", \"args\": {\"name\": ", c->out);
	ms_escape_json(c->out, ms_export_base(ms_export_program(r)));
	fputs("}}", c->out);
	for (size_t i = 0; i < r->thread_count; i++) {
		if (!*r->threads[i].name)
			continue;
		open_event(c, 'M', "thread_name", r->window.from_ns);
		fprintf(c->out, ", \"tid\": %" PRIu32 ", \"args\": {\"name\": ", r->threads[i].tid);
		ms_escape_json(c->out, r->threads[i].name);
		fputs("}}", c->out);
	}
}

static int write_chrome(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report_window *w = &in->report->window;
	struct chrome c = {.out = out, .in = in, .now = {w->from_ns, w->start_bytes, w->start_blocks, 0}};
	int rc;

	collect(&c);
	fputs("{\"displayTimeUnit\": \"ms\", \"otherData\": {\"creator\": \"memscope-" MS_VERSION "\"}, \"traceEvents\": [", out);
	put_names(&c);
	put_level(&c, &c.now);
	rc = ms_block_steps(in->report, in->trace, visit, &c, err);
	put_step(&c);
	put_moments(&c, UINT64_MAX);
	c.now.time_ns = w->to_ns;
	put_level(&c, &c.now);
	fputs("\n]}\n", out);
	free(c.moments);
	if (rc == MS_OK && c.failed)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu moments", c.count);
	return rc == MS_OK && ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : rc;
}

const struct ms_export ms_export_chrome = {
	.name = "chrome",
	.summary = "timeline as Chrome trace events: Perfetto UI, chrome://tracing",
	.suffix = ".trace.json",
	.write = write_chrome,
};
