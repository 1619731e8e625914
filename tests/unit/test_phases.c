/*
 * test_phases.c - phases between marks: of one trace worked out by hand, and of random ones against the lives of blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "random_trace.h"
#include "small_trace.h"

static void mark(struct small_trace *t, const char *text)
{
	uint32_t id = *text ? ms_writer_string(t->writer, text, strlen(text)) : 0;

	small_trace_event(t, &(struct ms_event){.kind = MS_EV_MARK, .thread = 1, .arg = {id}});
}

/* start: 100 stays, 10 goes. load: 50 and 7 stay, 100 goes. run: nothing. */
static void make(struct small_trace *t, uint64_t *ids)
{
	small_trace_start(t);
	ids[0] = small_trace_alloc(t, MS_EV_MALLOC, 1, 2, 100);
	ids[1] = small_trace_alloc(t, MS_EV_MALLOC, 1, 2, 10);
	small_trace_free_block(t, MS_EV_FREE, 2, ids[1]);
	mark(t, "load");
	small_trace_alloc(t, MS_EV_MALLOC, 2, 3, 50);
	small_trace_alloc(t, MS_EV_MALLOC, 2, 1, 3);
	small_trace_alloc(t, MS_EV_MALLOC, 2, 1, 4);
	small_trace_free_block(t, MS_EV_FREE, 1, ids[0]);
	mark(t, "");
}

static void test_by_hand(void **state)
{
	const struct ms_phase *p;
	struct small_trace t;
	struct ms_report r;
	uint64_t ids[2];

	(void)state;
	make(&t, ids);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.phases.marks, 2);
	assert_int_equal(r.phases.count, 3);
	p = r.phases.list;
	assert_string_equal(p[0].name, "");
	assert_int_equal(p[0].from_ns, 0);
	assert_int_equal(p[0].to_ns, 40);
	assert_int_equal(p[0].from_event, 0);
	assert_int_equal(p[0].to_event, 4);
	assert_int_equal(p[0].allocations, 2);
	assert_int_equal(p[0].frees, 1);
	assert_int_equal(p[0].peak_bytes, 110);
	assert_int_equal(p[0].peak_ns, 20);
	assert_int_equal(p[0].end_bytes, 100);
	assert_int_equal(p[0].kept_bytes, 100);
	assert_int_equal(p[0].kept_sites, 1);
	assert_string_equal(p[1].name, "load");
	assert_int_equal(p[1].from_ns, 40);
	assert_int_equal(p[1].from_event, 4);
	assert_int_equal(p[1].start_bytes, 100);
	assert_int_equal(p[1].start_blocks, 1);
	assert_int_equal(p[1].allocated_bytes, 57);
	assert_int_equal(p[1].freed_bytes, 100);
	assert_int_equal(p[1].peak_bytes, 157);
	assert_int_equal(p[1].end_bytes, 57);
	assert_int_equal(p[1].kept_blocks, 3);
	assert_int_equal(p[1].kept_bytes, 57);
	assert_int_equal(p[1].kept_sites, 2);
	assert_int_equal(p[1].sites[0].bytes, 50);
	assert_string_equal(ms_report_headline(&r, p[1].sites[0].node)->function, "grow");
	assert_int_equal(p[1].sites[1].bytes, 7);
	assert_int_equal(p[1].sites[1].blocks, 2);
	assert_int_equal(p[1].sites[2].blocks, 0);
	assert_string_equal(p[2].name, "");
	assert_int_equal(p[2].from_ns, 90);
	assert_int_equal(p[2].to_ns, 100);
	assert_int_equal(p[2].peak_bytes, 57);
	assert_int_equal(p[2].kept_blocks, 0);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* A window starts within a phase, and keeps its name; without a mark in it there are none. */
static void test_window(void **state)
{
	struct ms_report_options options = {.from = "mark:load", .threads = 1};
	struct small_trace t;
	const struct ms_trace *trace;
	struct ms_report r;
	struct ms_error err = {0};
	uint64_t ids[2];

	(void)state;
	make(&t, ids);
	trace = small_trace_open(&t, &small_trace_exited);
	assert_int_equal(ms_report_build(&r, trace, &options, &err), MS_OK);
	assert_int_equal(r.phases.marks, 1);
	assert_int_equal(r.phases.count, 2);
	assert_string_equal(r.phases.list[0].name, "load");
	assert_int_equal(r.phases.list[0].start_bytes, 100);
	assert_int_equal(r.phases.list[0].kept_bytes, 57);
	ms_report_free(&r);
	options.to = "event:6";
	assert_int_equal(ms_report_build(&r, trace, &options, &err), MS_OK);
	assert_int_equal(r.phases.marks, 0);
	assert_null(r.phases.list);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* More marks than are looked at: said, not hidden. */
static void test_limit(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start(&t);
	for (unsigned i = 0; i < MS_PHASES_MAX + 5; i++)
		mark(&t, "again");
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.phases.count, MS_PHASES_MAX);
	assert_int_equal(r.phases.marks, MS_PHASES_MAX + 5);
	ms_report_free(&r);
	small_trace_free(&t);
}

static unsigned phases_checked;

/* The phase that begins with moment `first` and whose last moment is `last - 1`; the mark that begins it stands before `first`. */
static void check_phase(const struct random_trace *t, const struct ms_report *r, const struct ms_phase *p, size_t first, size_t last,
                        bool end)
{
	uint64_t allocations = 0, reallocations = 0, allocated = 0, start = 0, peak = 0, kept = 0, kept_bytes = 0, sites = 0, best = 0;
	uint64_t path_of_stack[64];

	random_trace_paths(t, path_of_stack);
	for (size_t m = first ? first - 1 : 0; m < last; m++) {
		uint64_t level = 0;

		for (size_t i = 0; i < t->life_count; i++)
			level += life_present(&t->lives[i], m) ? t->lives[i].size : 0;
		if (first && m == first - 1)
			start = level;
		peak = level > peak ? level : peak;
		if (m == last - 1)
			assert_int_equal(p->end_bytes, level);
	}
	for (size_t i = 0; i < t->life_count; i++) {
		const struct life *l = &t->lives[i];

		if (l->begin < first || l->begin >= last)
			continue;
		allocations += !l->by_realloc;
		reallocations += l->by_realloc;
		allocated += l->size;
		if (life_present(l, last - 1)) {
			uint64_t bytes = 0;
			bool before = false;

			kept++;
			kept_bytes += l->size;
			for (size_t k = 0; k < t->life_count; k++) { /* all of its call path */
				const struct life *other = &t->lives[k];

				if (other->begin >= first && other->begin < last && life_present(other, last - 1) &&
				    path_of_stack[other->stack] == path_of_stack[l->stack]) {
					bytes += other->size;
					before |= k < i;
				}
			}
			sites += !before;
			best = bytes > best ? bytes : best;
		}
	}
	assert_int_equal(p->start_bytes, start);
	assert_int_equal(p->peak_bytes, peak);
	assert_int_equal(p->allocations, allocations);
	assert_int_equal(p->reallocations, reallocations);
	assert_int_equal(p->allocated_bytes, allocated);
	assert_int_equal(p->kept_blocks, kept);
	assert_int_equal(p->kept_bytes, kept_bytes);
	assert_int_equal(p->kept_sites, sites);
	assert_int_equal(p->sites[0].bytes, best);
	assert_true(p->sites[0].bytes >= p->sites[1].bytes && p->sites[1].bytes >= p->sites[2].bytes);
	assert_int_equal(end, p == &r->phases.list[r->phases.count - 1]);
	phases_checked++;
}

/* A block whose realloc failed and that was born in the nanosecond of a mark: phase_pass.c cannot place it. */
static bool ambiguous(const struct random_trace *t, uint64_t mark_ns)
{
	for (size_t i = 0; i < t->life_count; i++)
		if (t->lives[i].gap_count && t->lives[i].birth_ns == mark_ns)
			return true;
	return false;
}

static void check(uint32_t seed, size_t events)
{
	struct ms_report_options options = {.threads = 1 + seed % 3};
	struct random_trace t;
	struct ms_trace *trace;
	struct ms_report r;
	struct ms_error err = {0};
	uint64_t freed = 0;
	size_t first = 0, m = 0, n = 0;
	bool skip = false;

	random_trace_make(&t, seed, events);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	assert_int_equal(ms_report_build(&r, trace, &options, &err), MS_OK);
	for (size_t e = 0; e < t.event_count; e++)
		skip |= t.events[e].kind == MS_EV_MARK && ambiguous(&t, t.events[e].time_ns);
	for (size_t e = 0; !skip && e < t.event_count && r.phases.list; e++, m++) {
		while (t.events[e].kind == MS_EV_IMAGE_START && m + 1 < t.moment_count) { /* blocks inside a realloc come back before exec */
			bool back = false;

			for (size_t i = 0; i < t.life_count; i++)
				for (size_t g = 0; g < t.lives[i].gap_count; g++)
					back |= t.lives[i].gaps[g][1] == m;
			if (!back)
				break;
			m++;
		}
		if (t.events[e].kind != MS_EV_MARK)
			continue;
		assert_true(n < r.phases.count);
		assert_int_equal(r.phases.list[n].to_event, e + 1);
		assert_int_equal(r.phases.list[n].to_ns, t.events[e].time_ns);
		check_phase(&t, &r, &r.phases.list[n++], first, m + 1, false);
		first = m + 1;
	}
	if (!skip && r.phases.list) {
		assert_int_equal(n + 1, r.phases.count);
		check_phase(&t, &r, &r.phases.list[n], first, t.moment_count, true);
	}
	for (size_t i = 0; i < r.phases.count; i++)
		freed += r.phases.list[i].freed_bytes;
	if (r.phases.list)
		assert_int_equal(freed, r.totals.freed_bytes);
	ms_report_free(&r);
	ms_trace_close(trace);
	random_trace_free(&t);
}

static void test_random(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 250; seed++)
		check(seed, 40 + seed % 300);
	assert_true(phases_checked > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand), cmocka_unit_test(test_window), cmocka_unit_test(test_limit), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
