/*
 * test_annotations_random.c - tasks and scopes of random traces, into which their events are strewn, against the lives of blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/index_build.h"
#include "analyze/report.h"
#include "format/stream.h"
#include "format/trace_index.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "random_trace.h"

#define TASKS 12u
#define NAMES 3u

/* A trace with annotations, and to which task and scope each life of the random one belongs. */
struct strewn {
	struct random_trace t;
	struct ms_event *events;
	size_t count;
	size_t *at;                      /* by event of the random trace: where it stands now */
	uint32_t *task_of_life;          /* 0 = none */
	uint64_t *path_of_life;          /* names from the outside in, 4 bits each; 0 = none */
	uint32_t task_numbers;           /* so many were spawned, numbers 1 .. */
	struct ms_stream stream;
	uint64_t state;
};

static uint32_t rnd(struct strewn *s, uint32_t below)
{
	s->state = s->state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((s->state >> 33) % below);
}

/* What each thread is inside of, kept in the simplest way. */
struct where {
	uint32_t task[16], tasks;
	uint32_t name[16], names;
};

static void add(struct strewn *s, uint8_t kind, uint32_t thread, uint64_t time_ns, uint64_t a, uint64_t b)
{
	s->events[s->count++] = (struct ms_event){.kind = kind, .thread = thread, .time_ns = time_ns, .arg = {a, b}};
}

static void strew_one(struct strewn *s, struct where *w, uint32_t thread, uint64_t now)
{
	uint32_t what = rnd(s, 6);

	if (what == 0 && s->task_numbers < TASKS) {
		add(s, MS_EV_TASK_SPAWN, thread, now, s->task_numbers + 1, s->task_numbers ? rnd(s, s->task_numbers + 1) : 0);
		s->task_numbers++;
	} else if (what == 1 && s->task_numbers && w->tasks < 16) {
		uint32_t task = 1 + rnd(s, s->task_numbers);

		add(s, MS_EV_TASK_ENTER, thread, now, task, 0);
		w->task[w->tasks++] = task;
	} else if (what == 2 && w->tasks) { /* any of them, the last one it had entered */
		uint32_t i = rnd(s, w->tasks), task = w->task[i];

		for (uint32_t k = i; k < w->tasks; k++)
			i = w->task[k] == task ? k : i;
		add(s, MS_EV_TASK_LEAVE, thread, now, task, 0);
		w->tasks--;
		for (uint32_t k = i; k < w->tasks; k++)
			w->task[k] = w->task[k + 1];
	} else if (what == 3 && w->names < 4) {
		uint32_t name = 1 + rnd(s, NAMES);

		add(s, MS_EV_SCOPE_BEGIN, thread, now, name, 0);
		w->name[w->names++] = name;
	} else if (what == 4 && w->names) {
		if (rnd(s, 2)) {
			add(s, MS_EV_SCOPE_END, thread, now, 0, 0);
			w->names--;
		} else {
			uint32_t i = rnd(s, w->names), name = w->name[i];

			add(s, MS_EV_SCOPE_END, thread, now, name, 0);
			while (w->names && w->name[w->names - 1] != name)
				w->names--;
			w->names--;
		}
	}
}

static void strew(struct strewn *s, uint32_t seed, size_t target)
{
	struct where where[65] = {0};
	size_t life = 0;

	memset(s, 0, sizeof *s);
	s->state = seed;
	random_trace_make(&s->t, seed, target);
	s->events = calloc(s->t.event_count * 4 + 4, sizeof *s->events);
	s->at = calloc(s->t.event_count + 1, sizeof *s->at);
	s->task_of_life = calloc(s->t.life_count + 1, sizeof *s->task_of_life);
	s->path_of_life = calloc(s->t.life_count + 1, sizeof *s->path_of_life);
	for (size_t i = 0; i < s->t.event_count; i++) {
		const struct ms_event *e = &s->t.events[i];
		struct where *w = &where[e->thread];
		bool comes_back = e->kind == MS_EV_REALLOC_FAILED && e->address != 0x10000 + 16 * e->block;

		if (e->kind == MS_EV_IMAGE_START)
			memset(where, 0, sizeof where);
		else
			for (uint32_t n = rnd(s, 3); n; n--)
				strew_one(s, w, e->thread, e->time_ns);
		s->at[i] = s->count;
		s->events[s->count++] = *e;
		if (e->kind == MS_EV_THREAD_END)
			*w = (struct where){0};
		if (ms_event_kinds[e->kind].class_ != MS_CLASS_ALLOC || comes_back)
			continue;
		assert_true(life < s->t.life_count);
		s->task_of_life[life] = w->tasks ? w->task[w->tasks - 1] : 0;
		for (uint32_t k = 0; k < w->names; k++)
			s->path_of_life[life] = s->path_of_life[life] << 4 | w->name[k];
		life++;
	}
	assert_int_equal(life, s->t.life_count);
}

static struct ms_trace *write_strewn(struct strewn *s)
{
	struct ms_writer_options options = {.events_per_block = 16, .level = 1};
	struct ms_trace *old, *trace;
	struct ms_writer *w;
	struct ms_error err = {0};
	struct ms_end end;

	assert_int_equal(ms_trace_open_memory(&old, s->t.bytes, s->t.size, &err), MS_OK);
	end = *ms_trace_end(old);
	ms_stream_init_memory(&s->stream);
	assert_int_equal(ms_writer_open(&w, &s->stream, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, ms_trace_process(old), &err), MS_OK);
	random_trace_strings(w);
	for (uint32_t id = 1; id <= ms_trace_module_count(old); id++)
		ms_writer_module(w, ms_trace_module(old, id));
	for (uint32_t id = 1; id <= ms_trace_thread_count(old); id++)
		ms_writer_thread(w, ms_trace_thread(old, id));
	for (uint32_t id = 1; id <= ms_trace_frame_count(old); id++)
		ms_writer_frame(w, ms_trace_frame(old, id)->address, ms_trace_frame(old, id)->module);
	for (uint32_t id = 1; id <= ms_trace_stack_count(old); id++)
		ms_writer_stack(w, ms_trace_stack(old, id)->parent, ms_trace_stack(old, id)->frame);
	if (ms_writer_events(w, s->events, s->count, &err))
		fail_msg("%s", err.message);
	assert_int_equal(ms_writer_end(w, &end, &err), MS_OK);
	ms_writer_close(w);
	ms_trace_close(old);
	assert_int_equal(ms_trace_open_memory(&trace, s->stream.memory, s->stream.position, &err), MS_OK);
	return trace;
}

static void free_strewn(struct strewn *s)
{
	ms_stream_free(&s->stream);
	free(s->events);
	free(s->at);
	free(s->task_of_life);
	free(s->path_of_life);
	random_trace_free(&s->t);
}

/* Names of a scope from the outside in, as path_of_life. */
static uint64_t path_of(const struct ms_report *r, uint32_t scope)
{
	const struct ms_scope *s = scope ? &r->scopes.list[scope - 1] : NULL;

	return s ? path_of(r, s->parent) << 4 | (uint64_t)(s->name[4] - '0') : 0; /* "text1" */
}

/* By definition, over the lives that belong to (task) or (path, thread; thread 0: any). */
static void check_owned(const struct strewn *s, const struct ms_owned *o, const uint32_t *task, const uint64_t *path, uint32_t thread)
{
	struct ms_owned truth = {0};
	bool *mine = calloc(s->t.life_count + 1, sizeof *mine);

	for (size_t i = 0; i < s->t.life_count; i++) {
		const struct life *l = &s->t.lives[i];

		mine[i] = (!task || s->task_of_life[i] == *task) && (!path || s->path_of_life[i] == *path) && (!thread || l->thread == thread);
		if (!mine[i])
			continue;
		truth.allocations += !l->by_realloc;
		truth.reallocations += l->by_realloc;
		truth.allocated_bytes += l->size;
		truth.frees += l->how == FREED || l->how == LOST_IN_MOVE;
		truth.freed_bytes += l->how == FREED || l->how == LOST_IN_MOVE || l->how == MOVED ? l->size : 0;
		truth.live_blocks += l->how == ALIVE;
		truth.live_bytes += l->how == ALIVE ? l->size : 0;
		truth.exec_blocks += l->how == GONE_BY_EXEC;
		truth.exec_bytes += l->how == GONE_BY_EXEC ? l->size : 0;
	}
	for (size_t m = 0; m < s->t.moment_count; m++) {
		uint64_t level = 0;

		for (size_t i = 0; i < s->t.life_count; i++)
			level += mine[i] && life_present(&s->t.lives[i], m) ? s->t.lives[i].size : 0;
		truth.peak_bytes = level > truth.peak_bytes ? level : truth.peak_bytes;
	}
	free(mine);
	assert_int_equal(o->allocations, truth.allocations);
	assert_int_equal(o->reallocations, truth.reallocations);
	assert_int_equal(o->allocated_bytes, truth.allocated_bytes);
	assert_int_equal(o->frees, truth.frees);
	assert_int_equal(o->freed_bytes, truth.freed_bytes);
	assert_int_equal(o->live_blocks, truth.live_blocks);
	assert_int_equal(o->live_bytes, truth.live_bytes);
	assert_int_equal(o->exec_blocks, truth.exec_blocks);
	assert_int_equal(o->exec_bytes, truth.exec_bytes);
	assert_int_equal(o->peak_bytes, truth.peak_bytes);
}

static void sum_up(struct ms_owned *sum, const struct ms_owned *o)
{
	assert_int_equal(o->live_bytes, o->start_bytes + o->allocated_bytes - o->freed_bytes - o->exec_bytes);
	sum->allocations += o->allocations;
	sum->reallocations += o->reallocations;
	sum->frees += o->frees;
	sum->temporary_allocations += o->temporary_allocations;
	sum->allocated_bytes += o->allocated_bytes;
	sum->freed_bytes += o->freed_bytes;
	sum->live_bytes += o->live_bytes;
	sum->live_blocks += o->live_blocks;
	sum->start_bytes += o->start_bytes;
}

/* What all rows come to is what the report says of all. */
static void check_sums(const struct ms_report *r, const struct ms_owned *sum)
{
	const struct ms_report_totals *s = &r->totals;

	assert_int_equal(sum->allocations, s->allocations);
	assert_int_equal(sum->reallocations, s->reallocations);
	assert_int_equal(sum->frees, s->frees);
	assert_int_equal(sum->temporary_allocations, s->temporary_allocations);
	assert_int_equal(sum->allocated_bytes, s->allocated_bytes);
	assert_int_equal(sum->freed_bytes, s->freed_bytes);
	assert_int_equal(sum->live_bytes, s->live_bytes);
	assert_int_equal(sum->live_blocks, s->live_blocks);
	assert_int_equal(sum->start_bytes, r->window.start_bytes);
}

static void check_all_sums(const struct ms_report *r)
{
	struct ms_owned sum = {0};

	if (r->tasks.list) {
		sum_up(&sum, &r->tasks.outside);
		sum_up(&sum, &r->tasks.omitted);
		for (size_t i = 0; i < r->tasks.count; i++)
			sum_up(&sum, &r->tasks.list[i].own);
		check_sums(r, &sum);
	}
	sum = (struct ms_owned){0};
	if (r->scopes.list) {
		sum_up(&sum, &r->scopes.outside);
		for (size_t i = 0; i < r->scopes.count; i++)
			sum_up(&sum, &r->scopes.list[i].own);
		check_sums(r, &sum);
		sum = (struct ms_owned){0};
		sum_up(&sum, &r->scopes.outside);
		for (size_t i = 0; i < r->scopes.thread_count; i++)
			sum_up(&sum, &r->scopes.threads[i].own);
		check_sums(r, &sum);
	}
}

static unsigned tasks_checked, scopes_checked, windows_checked, checkpoints_checked;

/* The same trace with an index full of checkpoints: they do not know who is inside of what, so a window must not begin with one. */
static struct ms_trace *open_indexed(const struct strewn *s, struct ms_stream *index)
{
	struct ms_index_options options = {.interval = 30, .events_per_block = 1};
	struct ms_index_facts facts = {0};
	struct ms_error err = {0};
	struct ms_trace *t;

	assert_int_equal(ms_trace_open_memory(&t, s->stream.memory, s->stream.position, &err), MS_OK);
	ms_stream_init_memory(index);
	assert_int_equal(ms_index_build_file(index, t, &options, &facts, &err), MS_OK);
	assert_int_equal(ms_trace_attach_index_memory(t, index->memory, index->position, &err), MS_OK);
	checkpoints_checked += (unsigned)facts.checkpoints;
	return t;
}

static void check_same(const struct ms_report *a, const struct ms_report *b)
{
	assert_int_equal(a->tasks.count, b->tasks.count);
	for (size_t i = 0; i < a->tasks.count; i++) {
		assert_memory_equal(&a->tasks.list[i].own, &b->tasks.list[i].own, sizeof a->tasks.list[i].own);
		assert_int_equal(a->tasks.list[i].enters, b->tasks.list[i].enters);
		assert_int_equal(a->tasks.list[i].inside_ns, b->tasks.list[i].inside_ns);
	}
	assert_int_equal(a->scopes.count, b->scopes.count);
	for (size_t i = 0; i < a->scopes.count; i++) {
		assert_memory_equal(&a->scopes.list[i].own, &b->scopes.list[i].own, sizeof a->scopes.list[i].own);
		assert_int_equal(a->scopes.list[i].inside_ns, b->scopes.list[i].inside_ns);
	}
}

static void check_random(uint32_t seed)
{
	struct strewn s;
	struct ms_trace *trace, *indexed;
	struct ms_stream index;
	struct ms_report r, w, with;
	struct ms_report_options options = {.threads = 1 + seed % 3};
	struct ms_error err = {0};
	const uint32_t no_task = 0;
	const uint64_t no_path = 0;
	char from[32];

	strew(&s, seed, 60 + seed % 400);
	trace = write_strewn(&s);
	indexed = open_indexed(&s, &index);
	assert_int_equal(ms_report_build(&r, trace, &options, &err), MS_OK);
	assert_int_equal(r.totals.live_bytes + r.totals.ended_by_exec.bytes + r.totals.freed_bytes, r.totals.allocated_bytes);
	check_all_sums(&r);
	if (r.tasks.list) {
		assert_int_equal(r.tasks.count, s.task_numbers);
		check_owned(&s, &r.tasks.outside, &no_task, NULL, 0);
	}
	for (uint32_t i = 0; i < r.tasks.count; i++, tasks_checked++) {
		uint32_t task = i + 1;

		check_owned(&s, &r.tasks.list[i].own, &task, NULL, 0);
	}
	if (r.scopes.list)
		check_owned(&s, &r.scopes.outside, NULL, &no_path, 0);
	for (uint32_t i = 0; i < r.scopes.count; i++, scopes_checked++) {
		uint64_t path = path_of(&r, i + 1);

		check_owned(&s, &r.scopes.list[i].own, NULL, &path, 0);
	}
	for (size_t i = 0; i < r.scopes.thread_count; i++) {
		uint64_t path = path_of(&r, r.scopes.threads[i].scope);

		check_owned(&s, &r.scopes.threads[i].own, NULL, &path, r.scopes.threads[i].thread);
	}
	for (unsigned i = 0; i < 3; i++, windows_checked++) {
		snprintf(from, sizeof from, "event:%u", rnd(&s, (uint32_t)s.count));
		options.from = from;
		assert_int_equal(ms_report_build(&w, trace, &options, &err), MS_OK);
		check_all_sums(&w);
		assert_int_equal(ms_report_build(&with, indexed, &options, &err), MS_OK);
		check_same(&w, &with);
		ms_report_free(&with);
		for (size_t k = 0; k < w.tasks.count; k++)
			assert_int_equal(w.tasks.list[k].own.live_bytes, r.tasks.list[k].own.live_bytes);
		for (size_t k = 0; k < w.scopes.count; k++)
			assert_int_equal(w.scopes.list[k].own.live_bytes, r.scopes.list[k].own.live_bytes);
		ms_report_free(&w);
	}
	ms_report_free(&r);
	ms_trace_close(indexed);
	ms_stream_free(&index);
	ms_trace_close(trace);
	free_strewn(&s);
}

static void test_random(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 150; seed++)
		check_random(seed);
	assert_true(tasks_checked > 500 && scopes_checked > 500 && windows_checked > 300 && checkpoints_checked > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
