/* test_pauses.c - pauses and snapshots in reports: lists, windows, moments, and which wrong frees a pause leaves open. */
#include "analyze/moment.h"
#include "format/trace_part.h"
#include "format/trace_reader.h"
#include "report_fixture.h"

static void note(uint8_t kind, uint64_t asked_by)
{
	small_trace_event(&t, &(struct ms_event){.kind = kind, .thread = 1, .arg = {asked_by}});
}

static void snapshot(const char *name, uint64_t asked_by)
{
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_SNAPSHOT, .thread = 2,
	                                         .arg = {ms_writer_string(t.writer, name, strlen(name)), asked_by}});
}

/* Of an address that is no block's start now. */
static void bad_free(uint64_t address)
{
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .address = address});
}

static void test_lists(void **state)
{
	const struct ms_report_pause *p;
	const struct ms_report_snapshot *s;

	(void)state;
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);       /* 0, at 10 ns */
	snapshot("one", MS_ASKED_PROGRAM);                    /* 1 */
	note(MS_EV_RESUME, MS_ASKED_CONTROL);                 /* 2: nothing was paused */
	note(MS_EV_PAUSE, MS_ASKED_CONTROL);                  /* 3, at 40 ns */
	note(MS_EV_PAUSE, MS_ASKED_PROGRAM);                  /* 4: already */
	bad_free(0x777000);                                   /* 5 */
	note(MS_EV_RESUME, MS_ASKED_PROGRAM);                 /* 6, at 70 ns */
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 11);        /* 7 */
	snapshot("one", MS_ASKED_HEAP);                       /* 8 */
	note(MS_EV_PAUSE, MS_ASKED_CONTROL);                  /* 9, at 100 ns */
	finish();
	assert_int_equal(report.pauses.pauses, 2);
	assert_int_equal(report.pauses.count, 2);
	assert_int_equal(report.pauses.first_ns, 40);
	p = report.pauses.list;
	assert_int_equal(p[0].from_ns, 40);
	assert_int_equal(p[0].to_ns, 70);
	assert_int_equal(p[0].from_event, 4);
	assert_int_equal(p[0].to_event, 6);
	assert_int_equal(p[0].asked_by, MS_ASKED_CONTROL);
	assert_int_equal(p[0].resumed_by, MS_ASKED_PROGRAM);
	assert_true(p[0].ended);
	assert_false(p[0].began_before);
	assert_int_equal(p[1].from_ns, 100);
	assert_int_equal(p[1].to_ns, report.trace.duration_ns);
	assert_false(p[1].ended);
	assert_int_equal(report.pauses.paused_ns, 30 + report.trace.duration_ns - 100);
	assert_int_equal(report.trace.pauses, 2);
	assert_int_equal(report.trace.paused_ns, report.pauses.paused_ns);
	assert_false(report.trace.paused_before);
	assert_int_equal(report.snapshots.count, 2);
	s = report.snapshots.list;
	assert_string_equal(s[0].name, "one");
	assert_int_equal(s[0].event, 1);
	assert_int_equal(s[0].time_ns, 20);
	assert_int_equal(s[0].thread, 2);
	assert_int_equal(s[0].live_bytes, 100);
	assert_int_equal(s[0].asked_by, MS_ASKED_PROGRAM);
	assert_int_equal(s[1].event, 8);
	assert_int_equal(s[1].live_blocks, 2);
	assert_int_equal(s[1].live_bytes, 111);
	assert_string_equal(ms_asked_by_name(s[1].asked_by), "heap");
	assert_int_equal(report.totals.unmatched_frees, 1);
	assert_int_equal(report.findings.count, 0);
}

static void test_windows(void **state)
{
	(void)state;
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);       /* 0, 10 ns */
	note(MS_EV_PAUSE, MS_ASKED_CONTROL);                  /* 1, 20 ns */
	small_trace_alloc(&t, MS_EV_CALLOC, 1, 2, 5);         /* 2: went by before it was seen, 30 ns */
	note(MS_EV_RESUME, MS_ASKED_CONTROL);                 /* 3, 40 ns */
	small_trace_alloc(&t, MS_EV_CALLOC, 1, 2, 5);         /* 4, 50 ns */
	bad_free(0x777000);                                   /* 5, 60 ns */
	small_trace_open(&t, &small_trace_exited);
	window("event:1", "event:3");
	assert_int_equal(report.pauses.count, 1);
	assert_true(report.pauses.list[0].began_before);
	assert_int_equal(report.pauses.list[0].from_ns, 20);
	assert_int_equal(report.pauses.list[0].from_event, 2);
	assert_int_equal(report.pauses.list[0].to_event, 3);
	assert_int_equal(report.pauses.paused_ns, 20);
	assert_false(report.trace.paused_before);             /* it began at that very moment */
	window("event:2", "event:2");
	assert_int_equal(report.pauses.count, 1);
	assert_true(report.pauses.list[0].began_before);
	assert_false(report.pauses.list[0].ended);
	assert_true(report.trace.paused_before);
	window("event:4", "end");
	assert_int_equal(report.pauses.count, 0);
	assert_int_equal(report.pauses.first_ns, 20);
	assert_true(report.trace.paused_before);
	assert_int_equal(report.totals.unmatched_frees, 1);
	assert_int_equal(report.findings.count, 0);           /* its block may be of the pause before */
	window(NULL, "event:0");
	assert_int_equal(report.pauses.first_ns, UINT64_MAX);
	assert_true(report.trace.paused_ns == 0 && !report.trace.paused_before);
}

static const char *only_finding(void)
{
	assert_int_equal(report.findings.count, 1);
	return ms_finding_kinds[report.findings.list[0].kind].name;
}

static const struct ms_detector_result *detector(const char *name)
{
	for (size_t i = 0; i < report.findings.detector_count; i++)
		if (strcmp(report.findings.detectors[i].name, name) == 0)
			return &report.findings.detectors[i];
	return NULL;
}

/* Nobody can have been born there unseen since the block died: the pause was over. */
static void test_double_free_after_a_pause(void **state)
{
	uint64_t a;

	(void)state;
	note(MS_EV_PAUSE, MS_ASKED_CONTROL);
	note(MS_EV_RESUME, MS_ASKED_CONTROL);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(0x10000 * a);
	finish();
	assert_string_equal(only_finding(), "double-free");
	assert_int_equal(report.findings.list[0].certainty, MS_CERTAIN);
}

/* The address may have been given out again during the pause. */
static void test_free_across_a_pause(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40), b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);

	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	note(MS_EV_PAUSE, MS_ASKED_PROGRAM);
	small_trace_free_block(&t, MS_EV_FREE, 1, b);
	note(MS_EV_RESUME, MS_ASKED_PROGRAM);
	bad_free(0x10000 * a);
	bad_free(0x10000 * b + 16);
	finish();
	assert_int_equal(report.findings.count, 0);
	assert_int_equal(detector("double-free")->status, MS_DETECTOR_CLEAN);
	assert_non_null(strstr(detector("double-free")->reason, "2 frees of unknown blocks could not be judged"));
	assert_non_null(strstr(detector("double-free")->reason, "while recording was paused"));
}

/* Inside a living block nobody can be born, paused or not; before the first pause everything was seen. */
static void test_what_a_pause_leaves_certain(void **state)
{
	uint64_t a;

	(void)state;
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	bad_free(0x999000);
	note(MS_EV_PAUSE, MS_ASKED_CONTROL);
	bad_free(0x10000 * a + 16);
	finish();
	assert_int_equal(report.findings.count, 2);
	assert_int_equal(detector("invalid-free")->found, 2);
}

static void test_moments(void **state)
{
	struct ms_instant at;
	struct ms_error err;

	(void)state;
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MARK, .thread = 1, .arg = {ms_writer_string(t.writer, "same", 4)}});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	snapshot("same", MS_ASKED_SIGNAL);
	snapshot("a:b c", MS_ASKED_SIGNAL);
	snapshot("same", MS_ASKED_SIGNAL);
	small_trace_open(&t, &small_trace_exited);
	assert_int_equal(ms_moment_find(&at, "snapshot:same", t.trace, &err), MS_OK);
	assert_int_equal(at.event, 3);
	assert_int_equal(at.time_ns, 30);
	assert_int_equal(ms_moment_find(&at, "snapshot:a:b c", t.trace, &err), MS_OK);
	assert_int_equal(at.event, 4);
	assert_int_equal(ms_moment_find(&at, "mark:same", t.trace, &err), MS_OK);
	assert_int_equal(at.event, 1);
	assert_int_equal(ms_moment_find(&at, "mark:a:b c", t.trace, &err), MS_E_NOT_FOUND);
	assert_int_equal(ms_moment_find(&at, "snapshot:main", t.trace, &err), MS_E_NOT_FOUND);
	assert_string_equal(err.message, "the trace has no snapshot 'main'");
	window("mark:same", "snapshot:same");
	assert_int_equal(report.totals.live_bytes, 100);
	assert_int_equal(report.snapshots.count, 1);
}

/* A part knows what was paused before it: at its start, or only earlier. */
static void test_parts(void **state)
{
	struct ms_stream stream;
	struct ms_writer *w;
	struct ms_trace *part;
	struct ms_error err;

	(void)state;
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);       /* 0 */
	note(MS_EV_PAUSE, MS_ASKED_CONTROL);                  /* 1 */
	bad_free(0x666000);                                   /* 2 */
	note(MS_EV_RESUME, MS_ASKED_CONTROL);                 /* 3 */
	bad_free(0x777000);                                   /* 4 */
	small_trace_open(&t, &small_trace_exited);
	for (uint64_t from = 0; from <= 4; from++) {
		const struct ms_part_request request = {
			.file = "whole.ms", .from_event = from, .to_event = 5, .from_ns = 10 * from, .to_ns = ms_trace_last_time_ns(t.trace),
		};

		ms_stream_init_memory(&stream);
		assert_int_equal(ms_writer_open(&w, &stream, &(struct ms_writer_options){.part = true}, &err), MS_OK);
		if (ms_write_part(w, t.trace, &request, &err))
			fail_msg("%s", err.message);
		ms_writer_close(w);
		assert_int_equal(ms_trace_open_memory(&part, stream.memory, stream.position, &err), MS_OK);
		assert_int_equal(ms_trace_process(part)->part.paused,
		                 from < 2 ? MS_PART_NEVER_PAUSED : from < 4 ? MS_PART_PAUSED_AT_START : MS_PART_PAUSED_BEFORE);
		assert_int_equal(ms_report_build(&report, part, &(struct ms_report_options){.threads = 1}, &err), MS_OK);
		assert_int_equal(report.pauses.count, from < 4);
		if (from < 4)
			assert_int_equal(report.pauses.list[0].to_ns, 40);
		assert_int_equal(report.trace.paused_before, from >= 2);
		assert_int_equal(report.findings.count, 0);
		ms_report_free(&report);
		ms_trace_close(part);
		ms_stream_free(&stream);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lists), TEST(test_windows), TEST(test_double_free_after_a_pause), TEST(test_free_across_a_pause),
		TEST(test_what_a_pause_leaves_certain), TEST(test_moments), TEST(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
