/*
 * test_annotations.c - tasks, scopes, variables and pools: of traces worked out by hand; tasks and scopes also of random
 * ones, into which their events are strewn, against the lives of blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/index_build.h"
#include "analyze/report.h"
#include "format/trace_index.h"
#include "random_trace.h"
#include "small_trace.h"

static uint32_t text_id(struct small_trace *t, const char *text)
{
	return ms_writer_string(t->writer, text, strlen(text));
}

static void tell(struct small_trace *t, uint8_t kind, uint32_t thread, uint64_t a, uint64_t b)
{
	small_trace_event(t, &(struct ms_event){.kind = kind, .thread = thread, .arg = {a, b}});
}

/* Two tasks, the second one a child of the first; blocks of one are freed while the other is entered, by the other thread. */
static void test_tasks_by_hand(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_task *a, *b;
	uint64_t x, y;

	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 7);                    /* 10: in no task */
	tell(&t, MS_EV_TASK_SPAWN, 1, 1, 0);                             /* 20 */
	tell(&t, MS_EV_TASK_NAME, 1, 1, text_id(&t, "load"));
	tell(&t, MS_EV_TASK_KEY, 1, 1, 4711);
	tell(&t, MS_EV_TASK_ENTER, 1, 1, 0);                             /* 50 */
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);              /* 60 */
	tell(&t, MS_EV_TASK_SPAWN, 1, 2, 1);                             /* 70 */
	tell(&t, MS_EV_TASK_ENTER, 1, 2, 0);                             /* 80 */
	y = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);               /* 90 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 3);                    /* 100 */
	small_trace_free_block(&t, MS_EV_FREE, 1, x);                    /* 110: of the other task */
	tell(&t, MS_EV_TASK_LEAVE, 1, 2, 0);                             /* 120 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 20);                   /* 130 */
	tell(&t, MS_EV_TASK_LEAVE, 1, 1, 0);                             /* 140 */
	tell(&t, MS_EV_TASK_ENTER, 2, 2, 0);                             /* 150 */
	small_trace_free_block(&t, MS_EV_FREE, 2, y);                    /* 160 */
	small_trace_alloc(&t, MS_EV_MALLOC, 2, 2, 5);                    /* 170 */
	tell(&t, MS_EV_TASK_END, 2, 2, 0);                               /* 180 */
	tell(&t, MS_EV_TASK_LEAVE, 2, 9, 0);                             /* 190: of nobody */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.tasks.count, 2);
	a = &r.tasks.list[0];
	b = &r.tasks.list[1];
	assert_string_equal(a->name, "load");
	assert_true(a->has_key && a->key == 4711 && !b->has_key);
	assert_string_equal(b->name, "");
	assert_int_equal(a->parent, 0);
	assert_int_equal(b->parent, 1);
	assert_true(a->spawned && !a->ended && b->ended);
	assert_int_equal(a->spawn_ns, 20);
	assert_int_equal(a->first_enter_ns, 50);
	assert_int_equal(a->last_leave_ns, 140);
	assert_int_equal(a->inside_ns, 90);
	assert_int_equal(b->enters, 2);
	assert_int_equal(b->inside, 1);
	assert_int_equal(b->inside_ns, 40 + 50); /* the second one to the end, 200 */
	assert_int_equal(b->end_ns, 180);
	assert_int_equal(b->end_live_bytes, 8);
	assert_int_equal(a->own.allocations, 2);
	assert_int_equal(a->own.allocated_bytes, 120);
	assert_int_equal(a->own.freed_bytes, 100);
	assert_int_equal(a->own.frees, 1);
	assert_int_equal(a->own.live_bytes, 20);
	assert_int_equal(a->own.peak_bytes, 100);
	assert_int_equal(a->own.peak_ns, 60);
	assert_int_equal(b->own.allocated_bytes, 48);
	assert_int_equal(b->own.live_blocks, 2);
	assert_int_equal(b->own.live_bytes, 8);
	assert_int_equal(b->own.peak_bytes, 43);
	assert_int_equal(a->sum.members, 2);
	assert_int_equal(a->sum.live_bytes, 28);
	assert_int_equal(a->sum.allocated_bytes, 168);
	assert_int_equal(b->sum.members, 1);
	assert_int_equal(r.tasks.outside.live_bytes, 7);
	assert_int_equal(r.tasks.unbalanced, 1);
	assert_int_equal(r.tasks.thread_count, 3);
	assert_int_equal(r.tasks.threads[0].task, 1);
	assert_int_equal(r.tasks.threads[1].task, 2);
	assert_int_equal(r.tasks.threads[1].thread, 1);
	assert_int_equal(r.tasks.threads[1].inside_ns, 40);
	assert_int_equal(r.tasks.threads[2].thread, 2);
	assert_int_equal(a->threads, 1);
	assert_int_equal(b->threads, 2);
	assert_null(r.scopes.list);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* A window forgets what was counted and keeps who is inside of what; an index or none, all events are read. */
static void test_tasks_of_a_window(void **state)
{
	struct ms_report_options options = {.from = "event:4", .threads = 1};
	struct small_trace t;
	struct ms_report r;
	struct ms_error err = {0};
	uint64_t x;

	(void)state;
	small_trace_start(&t);
	tell(&t, MS_EV_TASK_SPAWN, 1, 1, 0);
	tell(&t, MS_EV_TASK_ENTER, 1, 1, 0);
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 10);
	small_trace_free_block(&t, MS_EV_FREE, 1, x); /* 50 */
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 30);
	small_trace_free_block(&t, MS_EV_FREE, 2, x); /* 70 */
	tell(&t, MS_EV_TASK_END, 1, 1, 0);
	assert_int_equal(ms_report_build(&r, small_trace_open(&t, &small_trace_exited), &options, &err), MS_OK);
	assert_int_equal(r.tasks.count, 1);
	assert_int_equal(r.tasks.list[0].own.start_bytes, 10);
	assert_int_equal(r.tasks.list[0].own.allocated_bytes, 30);
	assert_int_equal(r.tasks.list[0].own.freed_bytes, 30);
	assert_int_equal(r.tasks.list[0].own.live_bytes, 10);
	assert_int_equal(r.tasks.list[0].own.peak_bytes, 40);
	assert_int_equal(r.tasks.list[0].enters, 1); /* still inside */
	assert_int_equal(r.tasks.list[0].spawn_ns, 10);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* Two paths of the same name, one inside the other thread's; an end that skips one; an end too many. */
static void test_scopes_by_hand(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_scope *outer, *inner, *alone;
	uint32_t parse, read;
	uint64_t x;

	(void)state;
	small_trace_start(&t);
	parse = text_id(&t, "parse");
	read = text_id(&t, "read");
	tell(&t, MS_EV_SCOPE_BEGIN, 1, parse, 0);              /* 10 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 100);        /* 20 */
	tell(&t, MS_EV_SCOPE_BEGIN, 1, read, 0);               /* 30 */
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 10);     /* 40 */
	tell(&t, MS_EV_SCOPE_BEGIN, 2, parse, 0);              /* 50 */
	small_trace_alloc(&t, MS_EV_MALLOC, 2, 1, 1000);       /* 60 */
	small_trace_free_block(&t, MS_EV_FREE, 2, x);          /* 70 */
	tell(&t, MS_EV_SCOPE_END, 1, parse, 0);                /* 80: read was left without an end */
	tell(&t, MS_EV_SCOPE_END, 1, parse, 0);                /* 90: nothing is open */
	tell(&t, MS_EV_SCOPE_BEGIN, 1, read, 0);               /* 100 */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 5);          /* 110 */
	tell(&t, MS_EV_SCOPE_END, 1, 0, 0);                    /* 120: the innermost */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 2);          /* 130 */
	small_trace_report(&t, &small_trace_exited, &r);       /* 140 */
	assert_int_equal(r.scopes.count, 3);
	outer = &r.scopes.list[0];
	inner = &r.scopes.list[1];
	alone = &r.scopes.list[2];
	assert_string_equal(outer->name, "parse");
	assert_string_equal(inner->name, "read");
	assert_string_equal(alone->name, "read");
	assert_int_equal(inner->parent, 1);
	assert_int_equal(inner->depth, 2);
	assert_int_equal(alone->parent, 0);
	assert_int_equal(outer->calls, 2);
	assert_int_equal(outer->threads, 2);
	assert_int_equal(outer->inside, 1);
	assert_int_equal(outer->inside_ns, 70 + 90);
	assert_int_equal(outer->longest_ns, 90);
	assert_int_equal(outer->own.live_bytes, 1100);
	assert_int_equal(outer->sum.live_bytes, 1100);
	assert_int_equal(outer->sum.allocated_bytes, 1110);
	assert_int_equal(inner->own.peak_bytes, 10);
	assert_int_equal(inner->own.live_bytes, 0);
	assert_int_equal(inner->inside_ns, 50);
	assert_int_equal(alone->own.live_bytes, 5);
	assert_int_equal(r.scopes.outside.live_bytes, 2);
	assert_int_equal(r.scopes.unbalanced, 2);
	assert_int_equal(r.scopes.thread_count, 4);
	assert_int_equal(r.scopes.threads[1].scope, 1);
	assert_int_equal(r.scopes.threads[1].thread, 2);
	assert_int_equal(r.scopes.threads[1].own.peak_bytes, 1000);
	assert_null(r.tasks.list);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* Recursion that makes more paths than have rows: what is begun there belongs to the last one that has. */
static void test_scope_limit(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint32_t name;

	(void)state;
	small_trace_start(&t);
	name = text_id(&t, "down");
	for (unsigned i = 0; i < MS_SCOPES_MAX + 10; i++)
		tell(&t, MS_EV_SCOPE_BEGIN, 1, name, 0);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 100);
	for (unsigned i = 0; i < 11; i++)
		tell(&t, MS_EV_SCOPE_END, 1, name, 0);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 1, 3);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.scopes.count, MS_SCOPES_MAX);
	assert_int_equal(r.scopes.omitted_calls, 10);
	assert_int_equal(r.scopes.unbalanced, 0);
	assert_int_equal(r.scopes.list[MS_SCOPES_MAX - 1].own.live_bytes, 100);
	assert_int_equal(r.scopes.list[MS_SCOPES_MAX - 2].own.live_bytes, 3);
	assert_int_equal(r.scopes.list[0].sum.live_bytes, 103);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* ---- variables ------------------------------------------------------------------------------------------------------- */

static void realloc_to(struct small_trace *t, uint32_t thread, uint64_t *block, uint64_t size)
{
	small_trace_free_block(t, MS_EV_REALLOC_FREE, thread, *block);
	*block = small_trace_alloc(t, MS_EV_REALLOC, thread, 2, size);
}

static void check_event(const struct ms_report *r, uint64_t biography, uint64_t event, uint8_t kind, uint64_t time_ns, uint32_t thread, uint64_t other)
{
	const struct ms_biography *b = &r->variables.biographies[biography - 1];
	const struct ms_biography_event *e = &r->variables.events[b->first_event + event];

	assert_true(event < b->event_count);
	assert_int_equal(e->biography, biography);
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->time_ns, time_ns);
	assert_int_equal(e->thread, thread);
	assert_int_equal(e->other, other);
}

/* A list is tracked, grows, is cloned, changes hands and is freed; its copy lives under another name. */
static void test_variables_by_hand(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_tracked *list, *copy;
	const struct ms_biography *b;
	uint32_t first, second;
	uint64_t x, y, z, old;

	(void)state;
	small_trace_start(&t);
	first = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id(&t, "list"), .type = text_id(&t, "int *"),
	                                                         .file = text_id(&t, "a.c"), .line = 12, .frame = 1});
	second = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id(&t, "copy"), .line = 13});
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);  /* 10 */
	old = x;
	tell(&t, MS_EV_TRACK, 1, first, x);                  /* 20 */
	realloc_to(&t, 1, &x, 300);                          /* 30, 40 */
	y = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 50);   /* 50 */
	tell(&t, MS_EV_CLONE, 1, x, y);                      /* 60 */
	tell(&t, MS_EV_TRACK, 2, second, y);                 /* 70: by another thread */
	tell(&t, MS_EV_BORROW, 2, y, 0);                     /* 80 */
	tell(&t, MS_EV_RETURN, 2, y, 0);                     /* 90 */
	tell(&t, MS_EV_TRACK, 1, second, 0);                 /* 100: of no block */
	z = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 8);    /* 110 */
	tell(&t, MS_EV_MOVE, 1, x, z);                       /* 120 */
	tell(&t, MS_EV_MOVE_SIZE, 1, 6, 0);                  /* 130 */
	small_trace_free_block(&t, MS_EV_FREE, 2, x);        /* 140 */
	tell(&t, MS_EV_BORROW, 1, 0, 0);                     /* 150 */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.variables.count, 2);
	list = &r.variables.list[0];
	copy = &r.variables.list[1];
	assert_string_equal(list->name, "list");
	assert_string_equal(list->type, "int *");
	assert_string_equal(list->file, "a.c");
	assert_string_equal(list->function, "main");
	assert_int_equal(list->line, 12);
	assert_int_equal(list->tracks, 1);
	assert_int_equal(list->blocks, 1);
	assert_int_equal(list->freed, 1);
	assert_int_equal(list->live_bytes, 0);
	assert_int_equal(list->peak_bytes, 300);
	assert_int_equal(list->peak_ns, 40);
	assert_int_equal(list->reallocations, 1);
	assert_int_equal(list->clones, 1);
	assert_int_equal(list->moves, 1);
	assert_int_equal(list->hand_overs, 1);
	assert_string_equal(copy->type, "");
	assert_int_equal(copy->tracks, 2);
	assert_int_equal(copy->untracked, 1);
	assert_int_equal(copy->live_bytes, 50);
	assert_int_equal(copy->borrows, 1);
	assert_int_equal(copy->returns, 1);
	assert_int_equal(r.variables.unknown, 1);
	assert_int_equal(r.variables.biography_count, 3);
	b = r.variables.biographies;
	assert_int_equal(b[0].first_block, old);
	assert_int_equal(b[0].block, x);
	assert_int_equal(b[0].variable, first);
	assert_int_equal(b[0].size_bytes, 300);
	assert_int_equal(b[0].birth_ns, 10);
	assert_int_equal(b[0].end, MS_BIO_FREED);
	assert_int_equal(b[0].end_thread, 2);
	assert_int_equal(b[0].event_count, 7);
	check_event(&r, 1, 0, MS_BIO_BORN, 10, 1, 0);
	check_event(&r, 1, 1, MS_BIO_TRACKED, 20, 1, 0);
	check_event(&r, 1, 2, MS_BIO_REALLOCATED, 40, 1, x);
	check_event(&r, 1, 3, MS_BIO_CLONED_TO, 60, 1, y);
	check_event(&r, 1, 4, MS_BIO_MOVED_TO, 120, 1, z);
	assert_int_equal(r.variables.events[b[0].first_event + 4].bytes, 6);
	check_event(&r, 1, 5, MS_BIO_HANDED, 140, 2, 0);
	check_event(&r, 1, 6, MS_BIO_FREED, 140, 2, 0);
	assert_int_equal(b[1].variable, second);
	assert_int_equal(b[1].end, MS_BIO_BORN);
	assert_int_equal(b[1].event_count, 6);
	check_event(&r, 2, 1, MS_BIO_CLONED_FROM, 60, 1, x);
	check_event(&r, 2, 2, MS_BIO_HANDED, 70, 2, 0);
	check_event(&r, 2, 3, MS_BIO_TRACKED, 70, 2, 0);
	assert_int_equal(b[2].variable, 0);
	check_event(&r, 3, 1, MS_BIO_MOVED_FROM, 120, 1, x);
	assert_string_equal(ms_report_headline(&r, b[0].node)->function, "grow");
	ms_report_free(&r);
	small_trace_free(&t);
}

/* A realloc that fails: the block goes by another id. One that is under way at the end: the block is alive. */
static void test_variables_and_reallocs(void **state)
{
	struct ms_report_options options = {.from = "event:4", .threads = 1};
	struct small_trace t;
	struct ms_report r;
	struct ms_error err = {0};
	const struct ms_trace *trace;
	uint32_t v;
	uint64_t x, y;

	(void)state;
	small_trace_start(&t);
	v = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id(&t, "v")});
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	tell(&t, MS_EV_TRACK, 1, v, x);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, x);
	y = t.next_block++;
	t.size_of[y] = 100;
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_REALLOC_FAILED, .thread = 1, .size_bytes = 100, .block = y,
	                                         .address = 0x10000 * x});
	tell(&t, MS_EV_TRACK, 1, v, y);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, y);
	trace = small_trace_open(&t, &small_trace_exited);
	assert_int_equal(ms_report_build(&r, trace, NULL, &err), MS_OK);
	assert_int_equal(r.variables.biography_count, 1);
	assert_int_equal(r.variables.list[0].blocks, 1);
	assert_int_equal(r.variables.list[0].live_bytes, 100);
	assert_int_equal(r.variables.biographies[0].first_block, x);
	assert_int_equal(r.variables.biographies[0].block, y);
	assert_int_equal(r.variables.biographies[0].event_count, 4);
	check_event(&r, 1, 2, MS_BIO_REALLOC_FAILED, 40, 1, 0);
	ms_report_free(&r);
	assert_int_equal(ms_report_build(&r, trace, &options, &err), MS_OK);
	assert_int_equal(r.variables.list[0].live_bytes, 100);
	assert_int_equal(r.variables.list[0].tracks, 0);
	assert_int_equal(r.variables.biography_count, 1);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* What is beyond the limits is counted, and the figures of the variable know it. */
static void test_variable_limits(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint32_t v;

	(void)state;
	small_trace_start(&t);
	v = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id(&t, "v")});
	for (unsigned i = 0; i < MS_BIOGRAPHIES_MAX + 7; i++) {
		small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = 1, .stack = 2, .size_bytes = 10, .block = i + 1,
		                                         .address = 0x10000 + 16 * i});
		tell(&t, MS_EV_TRACK, 1, v, i + 1);
	}
	for (unsigned i = 0; i < MS_BIOGRAPHY_EVENTS + 5; i++)
		tell(&t, MS_EV_BORROW, 1, 1, 0);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .block = 1, .size_bytes = 10, .address = 0x10000});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .block = MS_BIOGRAPHIES_MAX + 2, .size_bytes = 10,
	                                         .address = 0x10000 + 16 * (MS_BIOGRAPHIES_MAX + 1)});
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.variables.biography_count, MS_BIOGRAPHIES_MAX);
	assert_int_equal(r.variables.omitted, 7);
	assert_int_equal(r.variables.list[0].blocks, MS_BIOGRAPHIES_MAX + 7);
	assert_int_equal(r.variables.list[0].live_blocks, MS_BIOGRAPHIES_MAX + 5);
	assert_int_equal(r.variables.list[0].freed, 2);
	assert_int_equal(r.variables.biographies[0].event_count, MS_BIOGRAPHY_EVENTS + 1);
	assert_int_equal(r.variables.biographies[0].omitted, 7);
	assert_int_equal(r.variables.biographies[0].end, MS_BIO_FREED);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* ---- pools ----------------------------------------------------------------------------------------------------------- */

static void give(struct small_trace *t, uint64_t pool, uint64_t address, uint64_t size)
{
	small_trace_event(t, &(struct ms_event){.kind = MS_EV_POOL_ALLOC, .thread = 1, .stack = 2, .address = address, .size_bytes = size,
	                                        .arg = {pool}});
}

static void take_back(struct small_trace *t, uint64_t pool, uint64_t address)
{
	small_trace_event(t, &(struct ms_event){.kind = MS_EV_POOL_FREE, .thread = 1, .address = address, .arg = {pool}});
}

static void test_pools_by_hand(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_pool *p;
	uint64_t parent, base;

	(void)state;
	small_trace_start(&t);
	parent = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 1000);   /* 10 */
	base = 0x10000 * parent;
	tell(&t, MS_EV_POOL_CREATE, 1, 1, parent);                  /* 20 */
	tell(&t, MS_EV_POOL_NAME, 1, 1, text_id(&t, "arena"));
	give(&t, 1, base, 100);                                     /* 40 */
	give(&t, 1, base + 100, 200);                               /* 50 */
	take_back(&t, 1, base);                                     /* 60 */
	take_back(&t, 1, base + 8);                                 /* 70: none of its own */
	give(&t, 1, base + 100, 50);                                /* 80: given out again without a free */
	give(&t, 1, base + 990, 20);                                /* 90: over the end */
	tell(&t, MS_EV_POOL_RESET, 1, 1, 0);                        /* 100 */
	give(&t, 1, base, 30);                                      /* 110 */
	tell(&t, MS_EV_POOL_CREATE, 1, 2, 0);                       /* 120: not in a block */
	give(&t, 2, base, 5);                                       /* 130 */
	small_trace_free_block(&t, MS_EV_FREE, 1, parent);          /* 140 */
	tell(&t, MS_EV_POOL_DESTROY, 1, 1, 0);                      /* 150 */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.totals.allocated_bytes, 1000); /* never part of the totals */
	assert_int_equal(r.pools.count, 2);
	p = &r.pools.list[0];
	assert_string_equal(p->name, "arena");
	assert_true(p->created && p->destroyed);
	assert_int_equal(p->create_ns, 20);
	assert_int_equal(p->destroy_ns, 150);
	assert_int_equal(p->parent_block, parent);
	assert_int_equal(p->parent_bytes, 1000);
	assert_int_equal(p->parent_end_ns, 140);
	assert_int_equal(p->allocations, 5);
	assert_int_equal(p->allocated_bytes, 400);
	assert_int_equal(p->frees, 2);
	assert_int_equal(p->freed_bytes, 300);
	assert_int_equal(p->replaced, 1);
	assert_int_equal(p->resets, 1);
	assert_int_equal(p->reset_blocks, 2);
	assert_int_equal(p->reset_bytes, 70);
	assert_int_equal(p->destroyed_blocks, 1);
	assert_int_equal(p->destroyed_bytes, 30);
	assert_int_equal(p->live_bytes, 0);
	assert_int_equal(p->peak_bytes, 300);
	assert_int_equal(p->peak_blocks, 2);
	assert_int_equal(p->peak_ns, 50);
	assert_int_equal(p->unmatched_frees, 1);
	assert_int_equal(p->outside, 1);
	assert_int_equal(r.pools.list[1].live_bytes, 5);
	assert_int_equal(r.pools.list[1].parent_block, 0);
	assert_int_equal(r.pools.site_count, 2);
	assert_int_equal(r.pools.sites[0].pool, 1);
	assert_int_equal(r.pools.sites[0].allocations, 5);
	assert_string_equal(ms_report_headline(&r, r.pools.sites[0].node)->function, "grow");
	ms_report_free(&r);
	small_trace_free(&t);
}

/* Many blocks by address, freed in another order: what is left is what was not freed. */
static void test_pool_blocks(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t live = 0;

	(void)state;
	small_trace_start(&t);
	tell(&t, MS_EV_POOL_CREATE, 1, 1, 0);
	for (uint64_t i = 0; i < 3000; i++)
		give(&t, 1, 0x100000 + 16 * i, i);
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t k = i * 1237 % 3000;

		if (k % 3)
			take_back(&t, 1, 0x100000 + 16 * k);
		else
			live += k;
	}
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.pools.list[0].live_blocks, 1000);
	assert_int_equal(r.pools.list[0].live_bytes, live);
	assert_int_equal(r.pools.list[0].unmatched_frees, 0);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* ---- random traces ------------------------------------------------------------------------------------------------- */

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
		cmocka_unit_test(test_tasks_by_hand), cmocka_unit_test(test_tasks_of_a_window), cmocka_unit_test(test_scopes_by_hand),
		cmocka_unit_test(test_scope_limit), cmocka_unit_test(test_variables_by_hand), cmocka_unit_test(test_variables_and_reallocs),
		cmocka_unit_test(test_variable_limits), cmocka_unit_test(test_pools_by_hand), cmocka_unit_test(test_pool_blocks),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
