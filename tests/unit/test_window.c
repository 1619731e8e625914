/*
 * test_window.c - reports of a moment and of a window against what they mean.
 *
 * --at: the report equals, field by field, that of a trace that really ends there (written anew from the first events; its own
 * numbers are checked against the lives of blocks in test_analyses.c). Windows: counts are those of the end minus those of the start,
 * levels those of the end, peaks the largest level between, from the lives of blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "random_trace.h"

/* The first n events as a trace of their own, with the tables of the whole one. */
static void cut(const struct ms_trace *whole, const struct random_trace *t, size_t n, struct ms_stream *stream)
{
	struct ms_writer_options options = {.events_per_block = 64, .level = 1};
	struct ms_writer *w;
	struct ms_error err = {0};
	struct ms_end end = *ms_trace_end(whole);

	end.time_ns = n ? t->events[n - 1].time_ns : 0;
	ms_stream_init_memory(stream);
	assert_int_equal(ms_writer_open(&w, stream, &options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, ms_trace_process(whole), &err), MS_OK);
	for (uint32_t id = 1; id <= ms_trace_string_count(whole); id++)
		ms_writer_string(w, ms_trace_string(whole, id), strlen(ms_trace_string(whole, id)));
	for (uint32_t id = 1; id <= ms_trace_module_count(whole); id++)
		ms_writer_module(w, ms_trace_module(whole, id));
	for (uint32_t id = 1; id <= ms_trace_thread_count(whole); id++)
		ms_writer_thread(w, ms_trace_thread(whole, id));
	for (uint32_t id = 1; id <= ms_trace_frame_count(whole); id++)
		assert_int_equal(ms_writer_frame(w, ms_trace_frame(whole, id)->address, ms_trace_frame(whole, id)->module), id);
	for (uint32_t id = 1; id <= ms_trace_stack_count(whole); id++)
		assert_int_equal(ms_writer_stack(w, ms_trace_stack(whole, id)->parent, ms_trace_stack(whole, id)->frame), id);
	if (n)
		assert_int_equal(ms_writer_events(w, t->events, n, &err), MS_OK);
	for (uint32_t id = 1; id <= ms_trace_frame_count(whole); id++) {
		size_t count;
		const struct ms_symbol *s = ms_trace_symbols(whole, id, &count);

		for (size_t i = 0; i < count; i++) {
			const char *function = ms_trace_string(whole, s[i].function), *file = ms_trace_string(whole, s[i].file);
			struct ms_symbol copy = s[i];

			copy.function = ms_writer_string(w, function, strlen(function));
			copy.file = ms_writer_string(w, file, strlen(file));
			copy.linkage_name = 0;
			assert_int_equal(ms_writer_symbol(w, &copy, &err), MS_OK);
		}
	}
	assert_int_equal(ms_writer_end(w, &end, &err), MS_OK);
	ms_writer_close(w);
}

static void report_of(struct ms_report *r, const struct ms_trace *trace, const char *from, const char *to, unsigned threads)
{
	struct ms_report_options options = {.from = from, .to = to, .threads = threads, .timeline_buckets = 16};
	struct ms_error err = {0};

	if (ms_report_build(r, trace, &options, &err))
		fail_msg("window %s to %s: %s", from ? from : "-", to ? to : "-", err.message);
}

#define SAME(a, b, list, count)                                                     \
	do {                                                                            \
		assert_int_equal((a)->count, (b)->count);                                   \
		for (size_t same_i = 0; same_i < (a)->count; same_i++)                      \
			assert_memory_equal(&(a)->list[same_i], &(b)->list[same_i], sizeof (a)->list[0]); \
	} while (0)

/* Everything that the replay and the sums over it know. */
static void check_same(const struct ms_report *a, const struct ms_report *b)
{
	assert_memory_equal(&a->totals, &b->totals, sizeof a->totals);
	SAME(a, b, sites, site_count);
	SAME(a, b, sizes, size_count);
	SAME(a, b, timeline, timeline_count);
	SAME(a, b, unmatched, unmatched_count);
	assert_memory_equal(a->size_classes, b->size_classes, sizeof a->size_classes);
	assert_memory_equal(a->lifetimes, b->lifetimes, sizeof a->lifetimes);
	assert_int_equal(a->size_lifetime_count, b->size_lifetime_count);
	for (size_t i = 0; i < a->size_lifetime_count; i++) {
		assert_int_equal(a->size_lifetimes[i].size_class, b->size_lifetimes[i].size_class);
		assert_int_equal(a->size_lifetimes[i].lifetime_class, b->size_lifetimes[i].lifetime_class);
		assert_int_equal(a->size_lifetimes[i].blocks, b->size_lifetimes[i].blocks);
		assert_int_equal(a->size_lifetimes[i].bytes, b->size_lifetimes[i].bytes);
	}
	assert_memory_equal(&a->mappings, &b->mappings, sizeof a->mappings);
	SAME(&a->safety, &b->safety, handovers, handover_count);
	assert_int_equal(a->safety.frees, b->safety.frees);
	assert_int_equal(a->safety.frees_with_stack, b->safety.frees_with_stack);
	assert_int_equal(a->trace.events, b->trace.events);
	assert_int_equal(a->trace.images, b->trace.images);
	assert_int_equal(a->trace.unmatched_frees, b->trace.unmatched_frees);
	assert_int_equal(a->trace.first_unmatched_ns, b->trace.first_unmatched_ns);
	assert_int_equal(a->trace.last_unmatched_ns, b->trace.last_unmatched_ns);
	assert_int_equal(a->trace.lost_marks, b->trace.lost_marks);
	assert_int_equal(a->place_count, b->place_count);
	for (size_t i = 0; i < a->place_count; i++) {
		assert_int_equal(a->places[i].node, b->places[i].node);
		assert_int_equal(a->places[i].peak_bytes, b->places[i].peak_bytes);
		assert_int_equal(a->places[i].live_bytes, b->places[i].live_bytes);
		assert_int_equal(a->places[i].allocated_bytes, b->places[i].allocated_bytes);
	}
	assert_int_equal(a->function_count, b->function_count);
	assert_int_equal(a->module_count, b->module_count);
	assert_int_equal(a->thread_count, b->thread_count);
	for (size_t i = 0; i < a->thread_count; i++) {
		struct ms_report_thread x = a->threads[i], y = b->threads[i];

		assert_string_equal(x.name, y.name);
		x.name = y.name = NULL;
		assert_memory_equal(&x, &y, sizeof x);
	}
	assert_int_equal(a->findings.count, b->findings.count);
	for (size_t i = 0; i < a->findings.count; i++)
		assert_string_equal(a->findings.list[i].fingerprint, b->findings.list[i].fingerprint);
	for (size_t i = 0; i < a->findings.detector_count; i++) {
		assert_int_equal(a->findings.detectors[i].status, b->findings.detectors[i].status);
		assert_int_equal(a->findings.detectors[i].checked, b->findings.detectors[i].checked);
	}
}

static unsigned instants;

static void check_at(uint32_t seed, size_t events, unsigned times)
{
	struct random_trace t;
	struct ms_trace *trace, *shorter;
	struct ms_error err = {0};

	random_trace_make(&t, seed, events);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	for (unsigned i = 0; i < times; i++, instants++) {
		size_t n = i == 0 ? t.event_count - 1 : (seed * 7919u + i * 104729u) % t.event_count;
		struct ms_stream stream;
		struct ms_report a, b;
		char to[40];

		snprintf(to, sizeof to, "event:%zu", n);
		cut(trace, &t, n + 1, &stream);
		assert_int_equal(ms_trace_open_memory(&shorter, stream.memory, stream.position, &err), MS_OK);
		report_of(&a, trace, NULL, to, 1 + i % 3);
		report_of(&b, shorter, NULL, NULL, 1);
		assert_true(a.window.given);
		assert_int_equal(a.window.to_event, n + 1);
		check_same(&a, &b);
		ms_report_free(&a);
		ms_report_free(&b);
		ms_trace_close(shorter);
		ms_stream_free(&stream);
	}
	ms_trace_close(trace);
	random_trace_free(&t);
}

/* ---- windows ------------------------------------------------------------------------------------------------------- */

static const struct ms_report_site *site(const struct ms_report *r, uint32_t node)
{
	static const struct ms_report_site none;

	for (size_t i = 0; i < r->site_count; i++)
		if (r->sites[i].node == node)
			return &r->sites[i];
	return &none;
}

static uint64_t blocks_of_cell(const struct ms_report *r, unsigned size_class, unsigned lifetime_class)
{
	for (size_t i = 0; i < r->size_lifetime_count; i++)
		if (r->size_lifetimes[i].size_class == size_class && r->size_lifetimes[i].lifetime_class == lifetime_class)
			return r->size_lifetimes[i].blocks;
	return 0;
}

static uint64_t blocks_of_size(const struct ms_report *r, uint64_t size)
{
	for (size_t i = 0; i < r->size_count; i++)
		if (r->sizes[i].size_bytes == size)
			return r->sizes[i].blocks;
	return 0;
}

/* a: as of the start of the window; b: as of its end; w: the window. */
static void check_difference(const struct ms_report *a, const struct ms_report *b, const struct ms_report *w)
{
	const struct ms_report_totals *x = &a->totals, *y = &b->totals, *z = &w->totals;

#define DIFFERENCE(field) assert_int_equal(z->field, y->field - x->field)
	DIFFERENCE(allocations);
	DIFFERENCE(reallocations);
	DIFFERENCE(frees);
	DIFFERENCE(allocated_bytes);
	DIFFERENCE(freed_bytes);
	DIFFERENCE(unmatched_frees);
	DIFFERENCE(temporary_allocations);
	DIFFERENCE(zero_size_allocations);
	DIFFERENCE(failed_allocations);
	DIFFERENCE(ended_by_exec.blocks);
	DIFFERENCE(ended_by_exec.bytes);
	for (unsigned k = 0; k < 256; k++)
		DIFFERENCE(events_of_kind[k]);
#undef DIFFERENCE
	assert_int_equal(w->window.start_blocks, x->live_blocks);
	assert_int_equal(w->window.start_bytes, x->live_bytes);
	assert_int_equal(z->live_blocks, y->live_blocks);
	assert_int_equal(z->live_bytes, y->live_bytes);
	assert_int_equal(z->live_blocks, x->live_blocks + z->allocations - z->frees - z->ended_by_exec.blocks);
	assert_int_equal(z->live_bytes, x->live_bytes + z->allocated_bytes - z->freed_bytes - z->ended_by_exec.bytes);
	assert_int_equal(w->trace.images, b->trace.images);
	assert_int_equal(w->trace.events, b->trace.events - a->trace.events);
	for (uint32_t node = 0; node < w->node_count; node++) {
		const struct ms_report_site *p = site(a, node), *q = site(b, node), *s = site(w, node);

		assert_int_equal(s->allocations, q->allocations - p->allocations);
		assert_int_equal(s->reallocations, q->reallocations - p->reallocations);
		assert_int_equal(s->allocated_bytes, q->allocated_bytes - p->allocated_bytes);
		assert_int_equal(s->frees, q->frees - p->frees);
		assert_int_equal(s->live_blocks, q->live_blocks);
		assert_int_equal(s->live_bytes, q->live_bytes);
		assert_int_equal(s->ended_blocks, q->ended_blocks - p->ended_blocks);
		assert_int_equal(s->temporary_allocations, q->temporary_allocations - p->temporary_allocations);
		assert_true(s->own_peak_bytes >= p->live_bytes && s->own_peak_bytes >= q->live_bytes);
	}
	for (size_t i = 0; i < w->thread_count; i++) {
		const struct ms_report_thread *p = &a->threads[i], *q = &b->threads[i], *s = &w->threads[i];

		assert_int_equal(s->events, q->events - p->events);
		assert_int_equal(s->allocations, q->allocations - p->allocations);
		assert_int_equal(s->allocated_bytes, q->allocated_bytes - p->allocated_bytes);
		assert_int_equal(s->frees, q->frees - p->frees);
		assert_int_equal(s->live_bytes, q->live_bytes);
		assert_int_equal(s->live_blocks, q->live_blocks);
		assert_int_equal(s->ended_own.blocks, q->ended_own.blocks - p->ended_own.blocks);
		assert_int_equal(s->ended_own.bytes, q->ended_own.bytes - p->ended_own.bytes);
		assert_int_equal(s->ended_others.blocks, q->ended_others.blocks - p->ended_others.blocks);
		assert_int_equal(s->unmatched_frees, q->unmatched_frees - p->unmatched_frees);
		assert_true(s->peak_bytes >= p->live_bytes && s->peak_bytes >= q->live_bytes);
	}
	for (unsigned k = 0; k < 65; k++) {
		assert_int_equal(w->size_classes[k].blocks, b->size_classes[k].blocks - a->size_classes[k].blocks);
		assert_int_equal(w->size_classes[k].bytes, b->size_classes[k].bytes - a->size_classes[k].bytes);
		assert_int_equal(w->size_classes[k].live_blocks, b->size_classes[k].live_blocks);
		assert_int_equal(w->size_classes[k].live_bytes, b->size_classes[k].live_bytes);
		assert_int_equal(w->lifetimes[k].blocks, b->lifetimes[k].blocks - a->lifetimes[k].blocks);
		assert_int_equal(w->lifetimes[k].bytes, b->lifetimes[k].bytes - a->lifetimes[k].bytes);
		assert_int_equal(w->size_classes[k].usable_bytes, b->size_classes[k].usable_bytes - a->size_classes[k].usable_bytes);
		assert_int_equal(w->size_classes[k].live_usable_bytes, b->size_classes[k].live_usable_bytes);
		for (unsigned s = 0; s < 65; s++)
			assert_int_equal(blocks_of_cell(w, s, k), blocks_of_cell(b, s, k) - blocks_of_cell(a, s, k));
	}
	for (size_t i = 0; i < b->size_count; i++)
		assert_int_equal(blocks_of_size(w, b->sizes[i].size_bytes), b->sizes[i].blocks - blocks_of_size(a, b->sizes[i].size_bytes));
	assert_int_equal(w->mappings.mmaps, b->mappings.mmaps - a->mappings.mmaps);
	assert_int_equal(w->mappings.mapped_bytes, b->mappings.mapped_bytes - a->mappings.mapped_bytes);
}

static void check_peak(const struct ms_report *w, const uint64_t *level_at_event)
{
	uint64_t peak = w->window.start_bytes, sites = 0, timeline_peak = 0;

	for (uint64_t e = w->window.from_event; e < w->window.to_event; e++) {
		peak = level_at_event[e] > peak ? level_at_event[e] : peak;
	}
	/* A realloc under way at the end comes back there. */
	peak = w->totals.live_bytes > peak ? w->totals.live_bytes : peak;
	assert_int_equal(w->totals.peak_bytes, peak);
	for (size_t i = 0; i < w->site_count; i++)
		sites += w->sites[i].peak_bytes;
	assert_int_equal(sites, peak);
	if (peak) {
		assert_true(w->totals.peak_time_ns >= w->window.from_ns);
		assert_true(w->totals.peak_time_ns <= w->window.to_ns);
	}
	for (size_t i = 0; i < w->timeline_count; i++)
		timeline_peak = w->timeline[i].max_live_bytes > timeline_peak ? w->timeline[i].max_live_bytes : timeline_peak;
	assert_int_equal(timeline_peak, peak);
	assert_int_equal(w->timeline[0].start_ns, w->window.from_ns);
	assert_int_equal(w->timeline[w->timeline_count - 1].last_live_bytes, w->totals.live_bytes);
}

static uint64_t level_at(const struct random_trace *t, size_t moment)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < t->life_count; i++) {
		const struct life *l = &t->lives[i];
		bool present = moment >= l->begin && moment < l->end;

		for (size_t g = 0; g < l->gap_count; g++)
			present = present && (moment < l->gaps[g][0] || moment >= l->gaps[g][1]);
		bytes += present ? l->size : 0;
	}
	return bytes;
}

static bool comes_back(const struct random_trace *t, size_t moment)
{
	for (size_t i = 0; i < t->life_count; i++)
		for (size_t g = 0; g < t->lives[i].gap_count; g++)
			if (t->lives[i].gaps[g][1] == moment)
				return true;
	return false;
}

/* Largest live bytes at each event, from the lives. An event is one moment; before exec what is inside a realloc comes back. */
static uint64_t *levels(const struct random_trace *t)
{
	uint64_t *level = calloc(t->event_count + 1, sizeof *level);
	size_t m = 0;

	for (size_t e = 0; e < t->event_count; e++, m++) {
		if (t->events[e].kind == MS_EV_IMAGE_START)
			for (; comes_back(t, m); m++)
				level[e] = level_at(t, m) > level[e] ? level_at(t, m) : level[e];
		assert_int_equal(t->moment_ns[m], t->events[e].time_ns);
		level[e] = level_at(t, m) > level[e] ? level_at(t, m) : level[e];
	}
	return level;
}

static void check_windows(uint32_t seed, size_t events, unsigned times)
{
	struct random_trace t;
	struct ms_trace *trace;
	struct ms_error err = {0};
	uint64_t *level;

	random_trace_make(&t, seed, events);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	level = levels(&t);
	for (unsigned i = 0; i < times; i++, instants++) {
		size_t p = (seed * 7919u + i * 104729u) % t.event_count, q = (seed * 31u + i * 15485863u) % t.event_count;
		struct ms_report a, b, w;
		char from[40], to[40];

		snprintf(from, sizeof from, "event:%zu", p < q ? p : q);
		snprintf(to, sizeof to, "event:%zu", p < q ? q : p);
		report_of(&a, trace, NULL, from, 1);
		report_of(&b, trace, NULL, to, 1);
		report_of(&w, trace, from, to, 1 + i % 3);
		check_difference(&a, &b, &w);
		check_peak(&w, level);
		ms_report_free(&a);
		ms_report_free(&b);
		ms_report_free(&w);
	}
	free(level);
	ms_trace_close(trace);
	random_trace_free(&t);
}

static void test_at(void **state)
{
	(void)state;
	instants = 0;
	for (uint32_t seed = 1; seed <= 240; seed++)
		check_at(seed, 1 + seed % 150, 4);
	check_at(9001, 6000, 40);
	assert_true(instants >= 1000);
}

static void test_windows(void **state)
{
	(void)state;
	instants = 0;
	for (uint32_t seed = 1; seed <= 240; seed++)
		check_windows(seed, 1 + seed % 150, 4);
	check_windows(9002, 900, 40);
	assert_true(instants >= 1000);
}

/* From the start to the end nothing is left out. */
static void test_whole(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 50; seed++) {
		struct random_trace t;
		struct ms_trace *trace;
		struct ms_report a, b;
		struct ms_error err = {0};

		random_trace_make(&t, seed, 200);
		assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
		report_of(&a, trace, "start", "end", 1);
		report_of(&b, trace, NULL, NULL, 1);
		assert_true(a.window.given);
		assert_false(b.window.given);
		check_same(&a, &b);
		ms_report_free(&a);
		ms_report_free(&b);
		ms_trace_close(trace);
		random_trace_free(&t);
	}
}

static void test_wrong(void **state)
{
	static const struct {
		const char *from, *to;
		int rc;
	} wrong[] = {
		{"end", "start", MS_E_ARGUMENT}, {"event:5", "event:4", MS_E_ARGUMENT}, {"x", NULL, MS_E_ARGUMENT}, {NULL, "", MS_E_ARGUMENT},
		{"1000h", NULL, MS_E_NOT_FOUND}, {NULL, "event:100000", MS_E_NOT_FOUND}, {"mark:none", NULL, MS_E_NOT_FOUND},
	};
	struct random_trace t;
	struct ms_trace *trace;
	struct ms_error err = {0};

	(void)state;
	random_trace_make(&t, 1, 200);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct ms_report_options options = {.from = wrong[i].from, .to = wrong[i].to};
		struct ms_report r;

		assert_int_equal(ms_report_build(&r, trace, &options, &err), wrong[i].rc);
	}
	ms_trace_close(trace);
	random_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at), cmocka_unit_test(test_windows), cmocka_unit_test(test_whole), cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
