/* test_moment.c - moments as text, and where they lie: each against a search through the list of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/moment.h"
#include "analyze/report.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "random_trace.h"

static void test_written(void **state)
{
	static const struct {
		const char *text;
		int kind;
		uint64_t value;
	} right[] = {
		{"start", MS_MOMENT_START, 0}, {"end", MS_MOMENT_END, 0}, {"peak", MS_MOMENT_PEAK, 0},
		{"0s", MS_MOMENT_TIME, 0}, {"12.5s", MS_MOMENT_TIME, 12500000000}, {"3ms", MS_MOMENT_TIME, 3000000},
		{"1234567ns", MS_MOMENT_TIME, 1234567}, {"0.000000001s", MS_MOMENT_TIME, 1}, {"1.50ns", -1, 0}, {"1.0ns", MS_MOMENT_TIME, 1},
		{"0.000001ms", MS_MOMENT_TIME, 1}, {"1.5us", MS_MOMENT_TIME, 1500}, {"2min", MS_MOMENT_TIME, 120000000000},
		{"1.5h", MS_MOMENT_TIME, 5400000000000}, {"18446744073709551615ns", MS_MOMENT_TIME, UINT64_MAX},
		{"50%", MS_MOMENT_SHARE, 50000000}, {"0.5%", MS_MOMENT_SHARE, 500000}, {"100%", MS_MOMENT_SHARE, 100000000},
		{"event:0", MS_MOMENT_EVENT, 0}, {"event:18446744073709551615", MS_MOMENT_EVENT, UINT64_MAX},
		{"mark:", MS_MOMENT_MARK, 0}, {"mark:a b:c", MS_MOMENT_MARK, 0},
		{"", -1, 0}, {"5", -1, 0}, {"s", -1, 0}, {"-1s", -1, 0}, {" 1s", -1, 0}, {"1 s", -1, 0}, {"1s ", -1, 0}, {"1.s", -1, 0},
		{".5s", -1, 0}, {"1e3s", -1, 0}, {"101%", -1, 0}, {"100.1%", -1, 0}, {"0.0000001%", -1, 0}, {"1.0000000001s", -1, 0},
		{"18446744073709551616ns", -1, 0}, {"18446744074s", -1, 0}, {"5124096h", -1, 0}, {"event:", -1, 0}, {"event:-1", -1, 0},
		{"event:1x", -1, 0}, {"event:18446744073709551616", -1, 0}, {"Peak", -1, 0}, {"peaks", -1, 0}, {"+1s", -1, 0}, {"1.5.5s", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		struct ms_moment m = {0};
		struct ms_error err = {0};
		int rc = ms_moment_parse(&m, right[i].text, &err);

		if (rc != (right[i].kind < 0 ? MS_E_ARGUMENT : MS_OK))
			fail_msg("'%s': %d %s", right[i].text, rc, err.message);
		if (rc) {
			assert_non_null(strstr(err.message, "is no moment: "));
			continue;
		}
		assert_int_equal(m.kind, right[i].kind);
		assert_int_equal(m.value, right[i].value);
		if (m.kind == MS_MOMENT_MARK)
			assert_string_equal(m.mark, right[i].text + 5);
	}
}

static void resolved(const struct ms_trace *trace, const char *text, uint64_t event, uint64_t time_ns)
{
	struct ms_instant at;
	struct ms_error err = {0};

	if (ms_moment_find(&at, text, trace, &err))
		fail_msg("'%s': %s", text, err.message);
	assert_int_equal(at.event, event);
	assert_int_equal(at.time_ns, time_ns);
}

static void not_found(const struct ms_trace *trace, const char *text)
{
	struct ms_instant at;
	struct ms_error err = {0};

	assert_int_equal(ms_moment_find(&at, text, trace, &err), MS_E_NOT_FOUND);
	assert_non_null(strstr(err.message, "the trace has no "));
}

static uint64_t events_until(const struct random_trace *t, uint64_t time_ns)
{
	uint64_t n = 0;

	while (n < t->event_count && t->events[n].time_ns <= time_ns)
		n++;
	return n;
}

static void check_seed(uint32_t seed, size_t events)
{
	struct random_trace t;
	struct ms_trace *trace;
	struct ms_report r;
	struct ms_instant at;
	struct ms_error err = {0};
	uint64_t end_ns;
	char text[64];

	random_trace_make(&t, seed, events);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	end_ns = t.events[t.event_count - 1].time_ns + 10; /* of the end record */
	resolved(trace, "start", 0, 0);
	resolved(trace, "end", t.event_count, end_ns);
	resolved(trace, "100%", t.event_count, end_ns);
	resolved(trace, "50%", events_until(&t, end_ns / 2), end_ns / 2);
	for (uint32_t i = 0; i < 20; i++) {
		uint64_t n = (seed * 7919u + i * 104729u) % t.event_count;
		uint64_t time_ns = t.events[n].time_ns;

		snprintf(text, sizeof text, "event:%llu", (unsigned long long)n);
		resolved(trace, text, n + 1, time_ns);
		snprintf(text, sizeof text, "%lluns", (unsigned long long)time_ns);
		resolved(trace, text, events_until(&t, time_ns), time_ns);
		if (time_ns == 0)
			continue;
		snprintf(text, sizeof text, "%lluns", (unsigned long long)(time_ns - 1));
		resolved(trace, text, events_until(&t, time_ns - 1), time_ns - 1);
	}
	snprintf(text, sizeof text, "event:%zu", t.event_count);
	not_found(trace, text);
	snprintf(text, sizeof text, "%lluns", (unsigned long long)(end_ns + 1));
	not_found(trace, text);
	not_found(trace, "mark:no such mark");
	not_found(trace, "mark:main");   /* a string of the trace, but no mark */

	/* The peak is the moment that the report names; before it there was less. */
	assert_int_equal(ms_report_build(&r, trace, NULL, &err), MS_OK);
	if (r.totals.peak_bytes == 0) {
		not_found(trace, "peak");
	} else {
		assert_int_equal(ms_moment_find(&at, "peak", trace, &err), MS_OK);
		assert_int_equal(at.time_ns, r.totals.peak_time_ns);
		assert_true(at.event <= events_until(&t, at.time_ns));
		assert_true(at.event == 0 || t.events[at.event - 1].time_ns <= at.time_ns);
	}
	ms_report_free(&r);
	ms_trace_close(trace);
	random_trace_free(&t);
}

static void test_resolved(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++)
		check_seed(seed, 1 + seed * 3);
	check_seed(777, 20000);
}

static void test_marks(void **state)
{
	static const char *const marks[] = {"loaded", "end", "a:b", "loaded"};
	struct ms_writer_options options = {.events_per_block = 3, .level = 1};
	struct ms_event events[8] = {{0}};
	struct ms_process process = {.pid = 1};
	struct ms_end end = {.time_ns = 1000, .ended = MS_ENDED_EXITED};
	struct ms_stream stream;
	struct ms_writer *w;
	struct ms_trace *trace;
	struct ms_error err = {0};

	(void)state;
	ms_stream_init_memory(&stream);
	assert_int_equal(ms_writer_open(&w, &stream, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1, .image = 1, .is_main = true}), 1);
	for (uint32_t i = 0; i < 8; i++) {
		events[i] = (struct ms_event){.time_ns = 100 * i, .kind = i % 2 ? MS_EV_MARK : MS_EV_THREAD_START, .thread = 1};
		if (i % 2)
			events[i].arg[0] = ms_writer_string(w, marks[i / 2], strlen(marks[i / 2]));
	}
	assert_int_equal(ms_writer_events(w, events, 8, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, &end, &err), MS_OK);
	ms_writer_close(w);
	if (ms_trace_open_memory(&trace, stream.memory, stream.position, &err))
		fail_msg("%s", err.message);
	resolved(trace, "mark:loaded", 2, 100);
	resolved(trace, "mark:end", 4, 300);
	resolved(trace, "mark:a:b", 6, 500);
	resolved(trace, "end", 8, 1000);
	not_found(trace, "mark:load");
	not_found(trace, "mark:");
	not_found(trace, "peak");
	ms_trace_close(trace);
	ms_stream_free(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_written), cmocka_unit_test(test_resolved), cmocka_unit_test(test_marks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
