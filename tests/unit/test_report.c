/* test_report.c - small traces whose report can be worked out by hand: the cases that other tools get wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analysis.h"
#include "small_trace.h"

/* Other tools compare allocation infos instead of blocks: a loop that keeps one block and frees another one of the same
   size and stack is all "temporary" to them, 1001 of 1001. */
static void test_temporary_is_about_blocks(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t previous;

	(void)state;
	small_trace_start(&t);
	previous = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 16);
	for (int i = 0; i < 100; i++) {
		uint64_t next = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 16);

		small_trace_free_block(&t, MS_EV_FREE, 1, previous);
		previous = next;
	}
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.totals.temporary_allocations, 0);
	assert_int_equal(r.totals.allocations, 101);
	assert_int_equal(r.totals.peak_bytes, 32);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_temporary_needs_its_own_thread(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t a, b, c;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 16);
	b = small_trace_alloc(&t, MS_EV_MALLOC, 2, 2, 16); /* what the other thread does in between does not count */
	small_trace_free_block(&t, MS_EV_FREE, 1, a);      /* temporary */
	small_trace_free_block(&t, MS_EV_FREE, 1, b);      /* next event of its free, but not of thread 2 */
	c = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 16);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MMAP, .thread = 1, .size_bytes = 4096, .arg = {3, 0x22}});
	small_trace_free_block(&t, MS_EV_FREE, 1, c);      /* temporary: a mapping is no allocation event */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.totals.temporary_allocations, 2);
	assert_int_equal(r.threads[0].temporary_allocations, 2);
	assert_int_equal(r.threads[0].ended_own.blocks, 2);
	assert_int_equal(r.threads[0].ended_others.blocks, 1);
	assert_int_equal(r.threads[0].ended_others.bytes, 16);
	assert_int_equal(r.threads[1].live_blocks, 0);
	assert_int_equal(r.mappings.mmaps, 1);
	assert_int_equal(r.mappings.anonymous_bytes, 4096);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* A peak that no sampling at frees, and no rounding to a percent, would find: 295 bytes, not 289. */
static void test_peak_to_the_byte(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t a, b;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 200);
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 94);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 1);
	small_trace_free_block(&t, MS_EV_FREE, 1, b);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 294); /* 295 again: the first time counts */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.totals.peak_bytes, 295);
	assert_int_equal(r.totals.peak_time_ns, 30);
	assert_int_equal(r.totals.peak_blocks, 3);
	assert_int_equal(r.site_count, 2);
	assert_int_equal(r.sites[0].peak_bytes, 201);
	assert_int_equal(r.sites[0].own_peak_bytes, 201);
	assert_int_equal(r.sites[1].peak_bytes, 94);       /* share of the global peak ... */
	assert_int_equal(r.sites[1].own_peak_bytes, 294);  /* ... and its own, as two numbers */
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_realloc_forms(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t a, b, c;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_REALLOC_NEW, 1, 2, 10);  /* realloc(NULL, 10) */
	small_trace_free_block(&t, MS_EV_REALLOC_ZERO, 1, a);    /* realloc(p, 0) */
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, b);
	c = small_trace_alloc(&t, MS_EV_REALLOC, 1, 3, 41);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, c);    /* this one fails: the block lives on where it was */
	t.size_of[t.next_block] = 41;
	small_trace_alloc(&t, MS_EV_REALLOC_FAILED, 1, 2, 41);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.totals.allocations, 2);
	assert_int_equal(r.totals.frees, 1);
	assert_int_equal(r.totals.reallocations, 1);
	assert_int_equal(r.totals.allocated_bytes, 10 + 40 + 41);
	assert_int_equal(r.totals.freed_bytes, 10 + 40);
	assert_int_equal(r.totals.live_blocks, 1);
	assert_int_equal(r.totals.live_bytes, 41);
	assert_int_equal(r.totals.failed_allocations, 1);
	assert_int_equal(r.sites[1].live_bytes, 41);             /* at the site of the realloc that succeeded */
	assert_int_equal(r.sites[1].reallocations, 1);
	assert_int_equal(r.sites[0].live_bytes, 0);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_exec_ends_blocks(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t a;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 1000);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 24);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 2, a);    /* a thread is inside realloc when another one execs */
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_IMAGE_START, .thread = 1, .arg = {1}});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 5);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.trace.images, 2);
	assert_int_equal(r.totals.ended_by_exec.blocks, 2);
	assert_int_equal(r.totals.ended_by_exec.bytes, 1024);
	assert_int_equal(r.totals.live_bytes, 5);
	assert_int_equal(r.totals.live_blocks, r.totals.allocations - r.totals.frees - 2);
	assert_int_equal(r.sites[0].live_bytes, 5);
	assert_int_equal(r.sites[0].peak_bytes, 1000);
	assert_int_equal(r.totals.reallocations, 0);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_truncated_trace(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	small_trace_report(&t, NULL, &r);
	assert_int_equal(r.trace.ended, MS_REPORT_TRUNCATED);
	assert_false(r.trace.complete);
	assert_int_equal(r.trace.duration_ns, 10);
	assert_int_equal(r.totals.live_bytes, 100);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_what_makes_a_trace_incomplete(void **state)
{
	static const struct {
		struct ms_end end;
		enum ms_report_ended ended;
		bool complete;
	} cases[] = {
		{{.ended = MS_ENDED_EXITED, .exit_code = 3}, MS_REPORT_EXITED, true},
		{{.ended = MS_ENDED_SIGNALED, .term_signal = 9}, MS_REPORT_SIGNALED, true},
		{{.ended = MS_ENDED_RUNNING}, MS_REPORT_RUNNING, false},
		{{.ended = MS_ENDED_UNKNOWN}, MS_REPORT_UNKNOWN, false},
		{{.ended = MS_ENDED_EXITED, .lost_events = 1}, MS_REPORT_EXITED, false},
		{{.ended = MS_ENDED_EXITED, .lost_stacks = 1}, MS_REPORT_EXITED, false},
		{{.ended = MS_ENDED_EXITED, .lost_threads = 1}, MS_REPORT_EXITED, false},
		{{.ended = MS_ENDED_EXITED, .size_limit_reached = true}, MS_REPORT_EXITED, false},
		{{.ended = MS_ENDED_EXITED, .late_events = 1}, MS_REPORT_EXITED, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct small_trace t;
		struct ms_report r;

		small_trace_start(&t);
		small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 1);
		small_trace_report(&t, &cases[i].end, &r);
		assert_int_equal(r.trace.ended, cases[i].ended);
		assert_int_equal(r.trace.complete, cases[i].complete);
		assert_int_equal(r.trace.exit_code, cases[i].end.exit_code);
		assert_int_equal(r.trace.term_signal, cases[i].end.term_signal);
		assert_int_equal(r.trace.lost_events, cases[i].end.lost_events);
		ms_report_free(&r);
		small_trace_free(&t);
	}
}

/* LOST records count even where the end record, which has the sum, is missing. */
static void test_lost_events_of_a_cut_trace(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start(&t);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_LOST, .thread = 1, .arg = {17}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_LOST, .thread = 2, .arg = {3}});
	small_trace_report(&t, NULL, &r);
	assert_int_equal(r.trace.lost_events, 20);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_thread_names_and_times(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint32_t name;

	(void)state;
	small_trace_start(&t);
	name = ms_writer_string(t.writer, "worker", 6);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_THREAD_START, .thread = 2});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_THREAD_NAME, .thread = 2, .arg = {name}});
	small_trace_alloc(&t, MS_EV_MALLOC, 2, 2, 8);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_THREAD_END, .thread = 2});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 8);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.thread_count, 2);
	assert_string_equal(r.threads[1].name, "worker");
	assert_string_equal(r.threads[0].name, "");
	assert_int_equal(r.threads[1].start_ns, 10);
	assert_int_equal(r.threads[1].end_ns, 40);
	assert_true(r.threads[1].ended);
	assert_false(r.threads[0].ended);
	assert_true(r.threads[0].is_main);
	assert_int_equal(r.threads[1].tid, 43);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_mappings(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start(&t);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MMAP, .thread = 1, .size_bytes = 100, .arg = {1, 0x02}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MMAP, .thread = 1, .size_bytes = 50, .arg = {1, 0x22}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MUNMAP, .thread = 1, .size_bytes = 30});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MREMAP, .thread = 1, .size_bytes = 70, .arg = {4096, 50}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MREMAP, .thread = 1, .size_bytes = 10, .arg = {4096, 70}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_SBRK, .thread = 1, .arg = {2 * 500}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_SBRK, .thread = 1, .arg = {2 * 300 - 1}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_BRK, .thread = 1});
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.mappings.mmaps, 2);
	assert_int_equal(r.mappings.mapped_bytes, 150);
	assert_int_equal(r.mappings.anonymous_mmaps, 1);
	assert_int_equal(r.mappings.anonymous_bytes, 50);
	assert_int_equal(r.mappings.munmaps, 1);
	assert_int_equal(r.mappings.unmapped_bytes, 30);
	assert_int_equal(r.mappings.mremaps, 2);
	assert_int_equal(r.mappings.mremap_grown_bytes, 20);
	assert_int_equal(r.mappings.mremap_shrunk_bytes, 60);
	assert_int_equal(r.mappings.brks, 3);
	assert_int_equal(r.mappings.sbrk_grown_bytes, 500);
	assert_int_equal(r.mappings.sbrk_shrunk_bytes, 300);
	assert_int_equal(r.totals.allocations, 0);
	assert_int_equal(r.totals.peak_bytes, 0);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_headline_is_no_allocator(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 4, 8);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 8);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 0, 8);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.site_count, 3);
	assert_null(ms_report_headline(&r, r.sites[0].node)); /* without a stack */
	assert_string_equal(ms_report_headline(&r, r.sites[1].node)->function, "grow");
	assert_string_equal(ms_report_headline(&r, r.sites[2].node)->function, "main");
	assert_string_equal(r.lines[r.nodes[r.sites[2].node].first_line].function, "operator new(unsigned long)");
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_symbolized_share(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint32_t bare, stack;

	(void)state;
	small_trace_start(&t);
	bare = ms_writer_frame(t.writer, 0x400999, t.module);
	stack = ms_writer_stack(t.writer, 1, bare);
	assert_int_not_equal(stack, 0);
	for (int i = 0; i < 3; i++)
		small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 8); /* 2 named frames each */
	t.now_ns += 10;
	assert_int_equal(ms_writer_events(t.writer, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = 1, .stack = stack,
	                                  .block = t.next_block, .time_ns = t.now_ns, .size_bytes = 1}, 1, NULL), MS_OK);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.trace.frames, 5);
	assert_int_equal(r.trace.symbolized_frames, 4);
	assert_int_equal(r.trace.frame_uses, 8);
	assert_int_equal(r.trace.symbolized_frame_uses, 7);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_empty_trace(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.trace.events, 0);
	assert_int_equal(r.site_count, 0);
	assert_int_equal(r.totals.peak_bytes, 0);
	assert_int_equal(r.timeline_count, 4);
	assert_true(r.trace.complete);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_timeline(void **state)
{
	struct small_trace t;
	struct ms_report r;
	uint64_t a;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);       /* 10 ns */
	small_trace_free_block(&t, MS_EV_FREE, 1, a);             /* 20 */
	t.now_ns = 70;
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 7);             /* 80; the end is at 90: 91 instants in 4 steps */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.timeline_count, 4);
	assert_int_equal(r.timeline[1].start_ns, 23);
	assert_int_equal(r.timeline[0].max_live_bytes, 100);
	assert_int_equal(r.timeline[0].min_live_bytes, 0);
	assert_int_equal(r.timeline[0].last_live_bytes, 0);
	assert_int_equal(r.timeline[0].allocations, 1);
	assert_int_equal(r.timeline[0].frees, 1);
	assert_int_equal(r.timeline[1].max_live_bytes, 0);
	assert_int_equal(r.timeline[3].last_live_blocks, 1);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void count_progress(void *arg, uint64_t done, uint64_t total)
{
	uint64_t *seen = arg;

	assert_true(done <= total && done > *seen);
	*seen = done;
}

static void test_options(void **state)
{
	struct small_trace t;
	struct ms_report r;
	struct ms_error err = {0};
	uint64_t seen = 0;
	struct ms_report_options wide = {.temporary_window = MS_TEMPORARY_WINDOW_MAX + 1};
	struct ms_report_options many = {.timeline_buckets = MS_TIMELINE_BUCKETS_MAX + 1};
	struct ms_report_options progress = {.progress = count_progress, .progress_arg = &seen};

	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	small_trace_open(&t, &small_trace_exited);
	assert_int_equal(ms_report_build(&r, t.trace, &wide, &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "65536"));
	assert_int_equal(ms_report_build(&r, t.trace, &many, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_report_build(&r, t.trace, &progress, &err), MS_OK);
	assert_int_equal(seen, 1);
	ms_report_free(&r);
	assert_null(r.sites);
	assert_int_equal(ms_report_build(&r, t.trace, NULL, &err), MS_OK);
	assert_string_equal(r.trace.file, "");
	assert_int_equal(r.timeline_count, 21); /* no more steps than there are instants */
	ms_report_free(&r);
	ms_report_free(NULL);
	small_trace_free(&t);
}

/* ---- the list of analyses ----------------------------------------------------------------------------------------- */

static void test_analysis_tables(void **state)
{
	const struct ms_analysis_ops *first = ms_analyses[0], *two[2];
	struct ms_analysis_ops bad;
	struct ms_error err = {0};

	(void)state;
	assert_int_equal(ms_analysis_check(ms_analyses, ms_analysis_count, &err), MS_OK);
	two[0] = first;
	two[1] = &bad;
#define REJECTED(change, text)                                                  \
	do {                                                                        \
		bad = *first;                                                           \
		bad.name = "other";                                                     \
		change;                                                                 \
		assert_int_equal(ms_analysis_check(two, 2, &err), MS_E_ARGUMENT);       \
		assert_non_null(strstr(err.message, text));                             \
	} while (0)
	REJECTED(bad.name = NULL, "no name");
	REJECTED(bad.name = "", "no name");
	REJECTED(bad.name = "Big", "only a-z");
	REJECTED(bad.name = first->name, "two analyses");
	REJECTED(bad.summary = NULL, "no summary");
	REJECTED(bad.columns = 1u << 30, "columns");
	REJECTED(bad.create = NULL, "callback");
	REJECTED(bad.view = NULL, "callback");
	REJECTED(bad.finish = NULL, "callback");
	REJECTED(bad.destroy = NULL, "callback");
	bad = *first;
	bad.name = "other";
	assert_int_equal(ms_analysis_check(two, 2, &err), MS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_temporary_is_about_blocks),
		cmocka_unit_test(test_temporary_needs_its_own_thread),
		cmocka_unit_test(test_peak_to_the_byte),
		cmocka_unit_test(test_realloc_forms),
		cmocka_unit_test(test_exec_ends_blocks),
		cmocka_unit_test(test_truncated_trace),
		cmocka_unit_test(test_what_makes_a_trace_incomplete),
		cmocka_unit_test(test_lost_events_of_a_cut_trace),
		cmocka_unit_test(test_thread_names_and_times),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_headline_is_no_allocator),
		cmocka_unit_test(test_symbolized_share),
		cmocka_unit_test(test_empty_trace),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_analysis_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
