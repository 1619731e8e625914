/*
 * test_block_steps.c - the steps of random traces, whole and in windows, against the reports of the same (which test_analyses.c checks against
 * the lives of blocks): counts, levels after every step, what is alive per call path at the peak and at the end, own peaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/block_steps.h"
#include "analyze/report.h"
#include "format/trace_reader.h"
#include "random_trace.h"

struct node {
	uint64_t bytes, blocks, most_bytes, at_peak;
};

struct seen {
	const struct ms_report *report;
	struct node *nodes;
	uint64_t kinds[MS_BLOCKS_EXEC + 1], temporary, start_bytes, bytes, blocks, most, peak_ns, last_ns, allocated;
	bool peaked, began;
};

static void take_peak(struct seen *s, uint64_t time_ns)
{
	if (s->peaked || s->bytes != s->report->totals.peak_bytes)
		return;
	s->peaked = true;
	s->peak_ns = time_ns;
	for (size_t n = 0; n < s->report->node_count; n++)
		s->nodes[n].at_peak = s->nodes[n].bytes;
}

static int visit(void *context, const struct ms_block_step *step, struct ms_error *err)
{
	struct seen *s = context;
	struct node *n;

	(void)err;
	assert_true(step->kind <= MS_BLOCKS_EXEC);
	assert_true(step->node < s->report->node_count);
	assert_true(step->time_ns >= s->last_ns && step->time_ns >= s->report->window.from_ns && step->time_ns <= s->report->window.to_ns);
	s->last_ns = step->time_ns;
	if (step->kind != MS_BLOCKS_START && !s->began) {
		s->began = true;
		take_peak(s, s->report->window.from_ns);
	}
	assert_true(step->kind != MS_BLOCKS_START || !s->began); /* first of all */
	s->kinds[step->kind] += step->blocks;
	s->temporary += step->temporary;
	n = &s->nodes[step->node];
	switch (step->kind) {
	case MS_BLOCKS_FREE:
	case MS_BLOCKS_MOVE:
		assert_true(n->blocks > 0 && n->bytes >= step->size_bytes);
		n->bytes -= step->size_bytes;
		n->blocks--;
		s->bytes -= step->size_bytes;
		s->blocks--;
		break;
	case MS_BLOCKS_EXEC:
		for (size_t i = 0; i < s->report->node_count; i++)
			s->nodes[i].bytes = s->nodes[i].blocks = 0;
		s->bytes = s->blocks = 0;
		break;
	default:
		n->bytes += step->size_bytes * step->blocks;
		n->blocks += step->blocks;
		n->most_bytes = n->bytes > n->most_bytes ? n->bytes : n->most_bytes;
		s->bytes += step->size_bytes * step->blocks;
		s->blocks += step->blocks;
		s->start_bytes += step->kind == MS_BLOCKS_START ? step->size_bytes * step->blocks : 0;
		s->allocated += step->kind == MS_BLOCKS_ALLOCATE || step->kind == MS_BLOCKS_REALLOCATE ? step->size_bytes : 0;
	}
	assert_int_equal(step->live_bytes, s->bytes);
	assert_int_equal(step->live_blocks, s->blocks);
	s->most = s->bytes > s->most ? s->bytes : s->most;
	if (s->began)
		take_peak(s, step->time_ns);
	return MS_OK;
}

static void check(const struct ms_trace *trace, const char *from, const char *to, uint32_t temporary_window)
{
	struct ms_report_options options = {.from = from, .to = to, .timeline_buckets = 4, .temporary_window = temporary_window};
	struct ms_error err = {0};
	struct ms_report r;
	struct seen s = {.report = &r};

	if (ms_report_build(&r, trace, &options, &err))
		fail_msg("%s", err.message);
	s.nodes = calloc(r.node_count + 1, sizeof *s.nodes);
	assert_non_null(s.nodes);
	if (ms_block_steps(&r, trace, visit, &s, &err))
		fail_msg("%s", err.message);
	if (!s.began)
		take_peak(&s, r.window.from_ns);
	assert_int_equal(s.kinds[MS_BLOCKS_START], r.window.start_blocks);
	assert_int_equal(s.start_bytes, r.window.start_bytes);
	assert_int_equal(s.kinds[MS_BLOCKS_ALLOCATE], r.totals.allocations);
	assert_int_equal(s.kinds[MS_BLOCKS_REALLOCATE], r.totals.reallocations);
	assert_int_equal(s.allocated, r.totals.allocated_bytes);
	assert_int_equal(s.temporary, r.totals.temporary_allocations);
	/* A MOVE whose other half was lost is a free. */
	assert_int_equal(s.kinds[MS_BLOCKS_FREE] + s.kinds[MS_BLOCKS_MOVE], r.totals.frees + s.kinds[MS_BLOCKS_REALLOCATE] + s.kinds[MS_BLOCKS_RETURN]);
	assert_int_equal(s.bytes, r.totals.live_bytes);
	assert_int_equal(s.blocks, r.totals.live_blocks);
	assert_int_equal(s.most, r.totals.peak_bytes);
	assert_true(s.peaked);
	assert_int_equal(s.peak_ns, r.totals.peak_time_ns);
	for (size_t i = 0; i < r.site_count; i++) {
		const struct ms_report_site *site = &r.sites[i];
		struct node *n = &s.nodes[site->node];

		assert_int_equal(n->bytes, site->live_bytes);
		assert_int_equal(n->blocks, site->live_blocks);
		assert_int_equal(n->most_bytes, site->own_peak_bytes);
		assert_int_equal(n->at_peak, site->peak_bytes);
		n->bytes = 0;
	}
	for (size_t n = 0; n < r.node_count; n++)
		assert_int_equal(s.nodes[n].bytes, 0); /* nothing beside the sites */
	free(s.nodes);
	ms_report_free(&r);
}

static void test_random(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 30; seed++) {
		struct random_trace t;
		struct ms_trace *trace;
		struct ms_error err = {0};

		random_trace_make(&t, seed, 20 + seed * 10);
		assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
		check(trace, NULL, NULL, 1);
		check(trace, NULL, NULL, 3);
		for (unsigned i = 0; i < 8; i++) {
			char from[40], to[40];
			size_t a = (seed * 31 + i * 97) % t.event_count, b = a + (seed * 17 + i * 53) % (t.event_count - a);

			snprintf(from, sizeof from, "event:%zu", a);
			snprintf(to, sizeof to, "event:%zu", b);
			check(trace, from, to, i % 2 ? 1 : 3);
			check(trace, NULL, to, 1);
			check(trace, from, NULL, 1);
		}
		ms_trace_close(trace);
		random_trace_free(&t);
	}
}

static int refuse(void *context, const struct ms_block_step *step, struct ms_error *err)
{
	unsigned *left = context;

	(void)step;
	return --*left ? MS_OK : ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "enough");
}

/* What the visitor returns ends the walk and comes back. */
static void test_refused(void **state)
{
	struct random_trace t;
	struct ms_trace *trace;
	struct ms_report r;
	struct ms_error err = {0};
	unsigned left = 5;

	(void)state;
	random_trace_make(&t, 7, 300);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	assert_int_equal(ms_report_build(&r, trace, NULL, &err), MS_OK);
	assert_int_equal(ms_block_steps(&r, trace, refuse, &left, &err), MS_E_LIMIT);
	assert_string_equal(err.message, "enough");
	assert_int_equal(left, 0);
	ms_report_free(&r);
	ms_trace_close(trace);
	random_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
