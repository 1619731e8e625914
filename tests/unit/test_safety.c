/* test_safety.c - facts about hand-overs and odd sizes; and the findings of two runs in one report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/companion.h"
#include "format/evidence.h"
#include "small_trace.h"

static struct small_trace t;
static struct ms_report report;

static int teardown(void **state)
{
	(void)state;
	ms_report_free(&report);
	small_trace_free(&t);
	return 0;
}

static void test_handovers(void **state)
{
	(void)state;
	small_trace_start(&t);
	for (int i = 0; i < 3; i++)
		small_trace_free_block(&t, MS_EV_FREE, 2, small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100));
	small_trace_free_block(&t, MS_EV_FREE, 1, small_trace_alloc(&t, MS_EV_MALLOC, 2, 2, 7));
	small_trace_free_block(&t, MS_EV_FREE, 1, small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 7));
	small_trace_report(&t, &small_trace_exited, &report);
	assert_int_equal(report.safety.frees, 5);
	assert_int_equal(report.safety.frees_with_stack, 0);
	assert_int_equal(report.safety.handover_count, 2);
	assert_int_equal(report.safety.handovers[0].from, 1);
	assert_int_equal(report.safety.handovers[0].to, 2);
	assert_int_equal(report.safety.handovers[0].blocks, 3);
	assert_int_equal(report.safety.handovers[0].bytes, 300);
	assert_int_equal(report.safety.handovers[1].from, 2);
	assert_int_equal(report.safety.handovers[1].bytes, 7);
	assert_int_equal(report.safety.boundary_count, 0);
	assert_int_equal(report.safety.odd_size_count, 0);
}

/* Frees from a library's code of blocks that the program's code made. */
static void test_boundaries(void **state)
{
	uint32_t library, frame, stack;

	(void)state;
	small_trace_start_as(&t, &(struct ms_process){.free_stacks = true});
	library = ms_writer_module(t.writer, &(struct ms_module){.path = "/lib/libz.so", .start = 0x900000, .end = 0x910000});
	frame = ms_writer_frame(t.writer, 0x900100, library);
	stack = ms_writer_stack(t.writer, 1, frame);
	for (int i = 0; i < 2; i++) {
		uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 50);
		struct ms_event e = {.kind = MS_EV_FREE, .thread = 1, .block = a, .size_bytes = 50, .address = 0x10000 * a,
		                     .stack = stack, .time_ns = t.now_ns += 10};

		assert_int_equal(ms_writer_events(t.writer, &e, 1, NULL), MS_OK);
	}
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .stack = 1, .size_bytes = 9,
	                                         .block = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 9), .address = 0x30000});
	small_trace_report(&t, &small_trace_exited, &report);
	assert_int_equal(report.safety.frees_with_stack, 3);
	assert_int_equal(report.safety.boundary_count, 1);
	assert_string_equal(report.safety.boundaries[0].from, "/opt/app");
	assert_string_equal(report.safety.boundaries[0].to, "/lib/libz.so");
	assert_int_equal(report.safety.boundaries[0].blocks, 2);
	assert_int_equal(report.safety.boundaries[0].bytes, 100);
}

static void test_odd_sizes(void **state)
{
	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 0);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 0);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 1);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_ALLOC_FAILED, .thread = 1, .stack = 3, .size_bytes = (uint64_t)-8,
	                                         .arg = {MS_EV_MALLOC}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_ALLOC_FAILED, .thread = 1, .stack = 3, .size_bytes = 1ull << 40,
	                                         .arg = {MS_EV_MALLOC}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_ALLOC_FAILED, .thread = 1, .stack = 3,
	                                         .size_bytes = (1ull << 40) - 1, .arg = {MS_EV_MALLOC}});
	small_trace_report(&t, &small_trace_exited, &report);
	assert_int_equal(report.safety.odd_size_count, 3);
	assert_int_equal(report.safety.odd_sizes[0].kind, MS_ODD_ZERO);
	assert_int_equal(report.safety.odd_sizes[0].requests, 2);
	assert_false(report.safety.odd_sizes[0].failed);
	assert_int_equal(report.safety.odd_sizes[1].kind, MS_ODD_NEGATIVE);
	assert_true(report.safety.odd_sizes[1].failed);
	assert_int_equal(report.safety.odd_sizes[1].first_bytes, (uint64_t)-8);
	assert_int_equal(report.safety.odd_sizes[2].kind, MS_ODD_HUGE);
}

/* ---- two runs ------------------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/memscope-companion-XXXXXX";

static void save(const struct small_trace *s, const char *name)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_int_equal(fwrite(s->stream.memory, 1, s->stream.position, f), s->stream.position);
	fclose(f);
}

static void add_evidence(struct small_trace *s, const struct ms_evidence *e)
{
	small_trace_event(s, &(struct ms_event){.kind = MS_EV_EVIDENCE, .thread = 1, .arg = {ms_writer_evidence(s->writer, e)}});
}

/*
 * The run with pages behind blocks faults on an overflow of one block and finds the damage before another; the run with
 * pages before them faults on the underflow, finds the damage of the overflow, and reads after a free.
 */
static void make_run(struct small_trace *s, bool at_start)
{
	static const uint8_t bytes[1] = {7};
	uint64_t a, b, c;

	small_trace_start_as(s, &(struct ms_process){.guard = MS_GUARD_FULL, .guard_side = at_start ? MS_SIDE_START : MS_SIDE_END,
	                                             .companion = at_start ? NULL : "second.ms", .free_stacks = true});
	if (at_start)
		small_trace_alloc(s, MS_EV_MALLOC, 1, 1, 1); /* other numbers and addresses in this run */
	a = small_trace_alloc(s, MS_EV_MALLOC, 1, 2, 40);
	b = small_trace_alloc(s, MS_EV_MALLOC, 1, 3, 40);
	c = small_trace_alloc(s, MS_EV_MALLOC, 1, 1, 40);
	add_evidence(s, &(struct ms_evidence){.kind = at_start ? MS_EVIDENCE_DAMAGE : MS_EVIDENCE_FAULT, .access = MS_ACCESS_WRITE,
		.address = 0x10000 * a + 40, .length_bytes = at_start, .stack = at_start ? 0 : 4, .block_address = 0x10000 * a,
		.block_bytes = 40, .bytes = bytes, .byte_count = at_start, .check = at_start ? MS_CHECK_EXIT : MS_CHECK_ACCESS});
	add_evidence(s, &(struct ms_evidence){.kind = at_start ? MS_EVIDENCE_FAULT : MS_EVIDENCE_DAMAGE, .access = MS_ACCESS_WRITE,
		.address = 0x10000 * b - 8, .length_bytes = !at_start, .stack = at_start ? 4 : 0, .block_address = 0x10000 * b,
		.block_bytes = 40, .bytes = bytes, .byte_count = !at_start, .check = at_start ? MS_CHECK_ACCESS : MS_CHECK_EXIT});
	small_trace_free_block(s, MS_EV_FREE, 1, c);
	small_trace_event(s, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .stack = 2, .address = 0x10000 * c});
	if (at_start)
		add_evidence(s, &(struct ms_evidence){.kind = MS_EVIDENCE_FAULT, .access = MS_ACCESS_READ, .freed = true, .stack = 2,
			.address = 0x10000 * c, .block_address = 0x10000 * c, .block_bytes = 40});
}

static const struct ms_finding *of_kind(enum ms_finding_kind kind)
{
	const struct ms_finding *found = NULL;

	for (size_t i = 0; i < report.findings.count; i++) {
		if (report.findings.list[i].kind != kind)
			continue;
		assert_null(found);
		found = &report.findings.list[i];
	}
	assert_non_null(found);
	return found;
}

static void test_two_runs(void **state)
{
	struct small_trace second;
	struct ms_trace *other = NULL;
	struct ms_error err = {0};
	char path[200];

	(void)state;
	assert_non_null(mkdtemp(folder));
	make_run(&t, false);
	make_run(&second, true);
	small_trace_open(&second, &small_trace_exited);
	small_trace_report(&t, &small_trace_exited, &report);
	assert_int_equal(report.findings.count, 3);
	save(&second, "second.ms");
	snprintf(path, sizeof path, "%s/first.ms", folder);
	if (ms_report_merge_companion(&report, path, NULL, &other, &err))
		fail_msg("%s", err.message);
	assert_null(report.findings.companion_problem);
	assert_non_null(other);
	assert_int_equal(report.findings.count, 4);
	/* The access says who did it, whichever run saw it. */
	assert_int_equal(of_kind(MS_FINDING_HEAP_OVERFLOW)->run, 1);
	assert_int_equal(of_kind(MS_FINDING_HEAP_OVERFLOW)->certainty, MS_CERTAIN);
	assert_true(of_kind(MS_FINDING_HEAP_OVERFLOW)->confirmed);
	assert_true(of_kind(MS_FINDING_HEAP_OVERFLOW)->in_both_runs);
	assert_int_equal(of_kind(MS_FINDING_HEAP_OVERFLOW)->bytes[0], 7);
	assert_int_equal(of_kind(MS_FINDING_HEAP_UNDERFLOW)->run, 2);
	assert_int_equal(of_kind(MS_FINDING_HEAP_UNDERFLOW)->certainty, MS_CERTAIN);
	assert_int_equal(of_kind(MS_FINDING_HEAP_UNDERFLOW)->block.id, 3);
	assert_true(of_kind(MS_FINDING_HEAP_UNDERFLOW)->confirmed);
	assert_true(of_kind(MS_FINDING_DOUBLE_FREE)->in_both_runs);
	assert_int_equal(of_kind(MS_FINDING_DOUBLE_FREE)->count, 1);
	assert_int_equal(of_kind(MS_FINDING_USE_AFTER_FREE)->run, 2);
	assert_false(of_kind(MS_FINDING_USE_AFTER_FREE)->in_both_runs);
	assert_ptr_equal(ms_finding_home(&report, of_kind(MS_FINDING_USE_AFTER_FREE)), report.companion);
	for (size_t i = 0; i < report.findings.count; i++)
		assert_int_equal(report.findings.list[i].id, i + 1);
	assert_int_equal(report.findings.errors, 4);
	ms_report_free(&report);
	ms_trace_close(other);
	small_trace_free(&second);

	/* Missing, or with a name that leads elsewhere: the report says so and has the findings of the first run. */
	snprintf(path, sizeof path, "%s/second.ms", folder);
	unlink(path);
	rmdir(folder);
	small_trace_free(&t);
	make_run(&t, false);
	small_trace_report(&t, &small_trace_exited, &report);
	snprintf(path, sizeof path, "%s/first.ms", folder);
	assert_int_equal(ms_report_merge_companion(&report, path, NULL, &other, &err), MS_OK);
	assert_null(other);
	assert_non_null(strstr(report.findings.companion_problem, "second.ms"));
	assert_int_equal(report.findings.count, 3);
	ms_report_free(&report);
	small_trace_free(&t);
	small_trace_start_as(&t, &(struct ms_process){.companion = "../second.ms"});
	small_trace_report(&t, &small_trace_exited, &report);
	assert_int_equal(ms_report_merge_companion(&report, "first.ms", NULL, &other, &err), MS_OK);
	assert_null(other);
	assert_non_null(report.findings.companion_problem);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_handovers), TEST(test_boundaries), TEST(test_odd_sizes), TEST(test_two_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
