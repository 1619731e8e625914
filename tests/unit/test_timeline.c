/*
 * test_timeline.c - the timeline and its series against a referee that looks at the lives of blocks, bucket by bucket.
 *
 * The referee takes the whole trace or a window of it. What a realloc is just taking away when the window starts or ends is alive
 * there; a realloc that failed ended nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "format/trace_reader.h"
#include "random_trace.h"

#define ALL_GROUPS ((1u << MS_TIMELINE_GROUP_COUNT) - 1)

struct referee {
	const struct random_trace *t;
	const struct ms_report *r;
	size_t *first_moment;            /* of each event; [event_count] = one after the last event's */
	uint64_t path_of_stack[64];
	int group;                       /* -1: the whole */
};

struct want {
	uint64_t min, max, last, blocks, most_blocks, allocations, frees, allocated, freed;
};

static bool comes_back(const struct random_trace *t, size_t moment)
{
	for (size_t i = 0; i < t->life_count; i++)
		for (size_t g = 0; g < t->lives[i].gap_count; g++)
			if (t->lives[i].gaps[g][1] == moment)
				return true;
	return false;
}

/* An event is one moment; before exec, each block inside a realloc comes back in a moment of its own. */
static size_t *moments_of_events(const struct random_trace *t)
{
	size_t *first = calloc(t->event_count + 1, sizeof *first), m = 0;

	assert_non_null(first);
	for (size_t e = 0; e < t->event_count; e++, m++) {
		first[e] = m;
		if (t->events[e].kind == MS_EV_IMAGE_START)
			while (comes_back(t, m))
				m++;
		assert_int_equal(t->moment_ns[m], t->events[e].time_ns);
	}
	first[t->event_count] = m;
	return first;
}

/* Inside a realloc after this moment. */
static bool waits(const struct life *l, size_t moment)
{
	if ((l->how == MOVED || l->how == LOST_IN_MOVE) && l->end <= moment && moment < l->settled)
		return true;
	for (size_t g = 0; g < l->gap_count; g++)
		if (l->gaps[g][0] <= moment && moment < l->gaps[g][1])
			return true;
	return false;
}

static uint64_t class_of(uint64_t size)
{
	uint64_t k = 0;

	for (; size; size /= 2)
		k++;
	return k;
}

static uint64_t key_of(const struct referee *f, const struct life *l)
{
	switch (f->group) {
	case MS_TIMELINE_SITE:
		return f->path_of_stack[l->stack];
	case MS_TIMELINE_THREAD:
		return l->thread;
	case MS_TIMELINE_MODULE:
		return l->stack != 0;
	case MS_TIMELINE_SIZE:
		return class_of(l->size);
	case MS_TIMELINE_FAMILY:
		return l->kind;
	default:
		return 0;
	}
}

/* The same of a series. */
static uint64_t key_of_series(const struct referee *f, const struct ms_timeline_series *s)
{
	if (f->group == MS_TIMELINE_SITE)
		return random_trace_path_of_node(f->r, s->key);
	if (f->group == MS_TIMELINE_MODULE) {
		assert_true(s->key < f->r->module_count);
		return *f->r->modules[s->key].module != '\0';
	}
	if (f->group == MS_TIMELINE_SIZE)
		assert_in_range(s->key, 0, 64);
	return s->key;
}

struct level {
	uint64_t bytes, blocks, waiting_bytes, waiting_blocks;
};

static struct level level_at(const struct referee *f, uint64_t key, size_t moment)
{
	struct level level = {0};

	for (size_t i = 0; i < f->t->life_count; i++) {
		const struct life *l = &f->t->lives[i];

		if (key_of(f, l) != key)
			continue;
		if (life_present(l, moment)) {
			level.bytes += l->size;
			level.blocks++;
		} else if (waits(l, moment)) {
			level.waiting_bytes += l->size;
			level.waiting_blocks++;
		}
	}
	return level;
}

static size_t bucket_at(const struct ms_report *r, uint64_t time_ns)
{
	size_t i = 0;

	while (i + 1 < r->timeline_count && r->timeline[i + 1].start_ns <= time_ns)
		i++;
	return i;
}

static void see(struct want *w, uint64_t bytes, uint64_t blocks)
{
	w->min = bytes < w->min ? bytes : w->min;
	w->max = bytes > w->max ? bytes : w->max;
	w->most_blocks = blocks > w->most_blocks ? blocks : w->most_blocks;
	w->last = bytes;
	w->blocks = blocks;
}

static void count_traffic(const struct referee *f, uint64_t key, size_t first, size_t last, struct want *want)
{
	for (size_t i = 0; i < f->t->life_count; i++) {
		const struct life *l = &f->t->lives[i];
		bool moved = l->how == MOVED || l->how == LOST_IN_MOVE, ends = moved || l->how == FREED;
		struct want *w;

		if (key_of(f, l) != key)
			continue;
		if (l->begin >= first && l->begin < last) {
			w = &want[bucket_at(f->r, l->birth_ns)];
			w->allocations++;
			w->allocated += l->size;
		}
		if (!ends || l->end >= last || (moved ? l->settled < first || l->settled >= last : l->end < first))
			continue;
		w = &want[l->end < first ? 0 : bucket_at(f->r, l->end_ns)];
		w->frees++;
		w->freed += l->size;
	}
}

/* What every bucket of one key must hold. */
static struct want *wanted(const struct referee *f, uint64_t key)
{
	size_t count = f->r->timeline_count, first = f->first_moment[f->r->window.from_event], bucket = 0;
	size_t last = f->first_moment[f->r->window.to_event]; /* one after the window */
	struct want *want = calloc(count + 1, sizeof *want);
	struct level now = {0};

	assert_non_null(want);
	if (first)
		now = level_at(f, key, first - 1);
	want[0].min = want[0].max = now.bytes + now.waiting_bytes;
	see(&want[0], now.bytes + now.waiting_bytes, now.blocks + now.waiting_blocks);
	see(&want[0], now.bytes, now.blocks);
	for (size_t m = first; m <= last; m++) { /* at the end comes back what is inside a realloc */
		uint64_t time_ns = m < last ? f->t->moment_ns[m] : m ? f->t->moment_ns[m - 1] : 0;

		for (size_t to = bucket_at(f->r, time_ns); bucket < to; bucket++) {
			want[bucket + 1].min = want[bucket + 1].max = want[bucket].last;
			see(&want[bucket + 1], want[bucket].last, want[bucket].blocks);
		}
		if (m < last)
			now = level_at(f, key, m);
		see(&want[bucket], now.bytes + (m < last ? 0 : now.waiting_bytes), now.blocks + (m < last ? 0 : now.waiting_blocks));
	}
	for (; bucket + 1 < count; bucket++) {
		want[bucket + 1].min = want[bucket + 1].max = want[bucket].last;
		see(&want[bucket + 1], want[bucket].last, want[bucket].blocks);
	}
	count_traffic(f, key, first, last, want);
	return want;
}

static void check_whole(struct referee *f)
{
	struct want *want, sum = {0};

	f->group = -1;
	want = wanted(f, 0);
	for (size_t i = 0; i < f->r->timeline_count; i++) {
		const struct ms_report_bucket *b = &f->r->timeline[i];

		assert_int_equal(b->min_live_bytes, want[i].min);
		assert_int_equal(b->max_live_bytes, want[i].max);
		assert_int_equal(b->last_live_bytes, want[i].last);
		assert_int_equal(b->last_live_blocks, want[i].blocks);
		assert_int_equal(b->max_live_blocks, want[i].most_blocks);
		assert_int_equal(b->allocations, want[i].allocations);
		assert_int_equal(b->frees, want[i].frees);
		assert_int_equal(b->allocated_bytes, want[i].allocated);
		assert_int_equal(b->freed_bytes, want[i].freed);
		sum.allocations += b->allocations;
		sum.allocated += b->allocated_bytes;
		sum.freed += b->freed_bytes;
	}
	assert_int_equal(sum.allocations, f->r->totals.allocations + f->r->totals.reallocations);
	assert_int_equal(sum.allocated, f->r->totals.allocated_bytes);
	assert_int_equal(sum.freed, f->r->totals.freed_bytes);
	free(want);
}

static uint64_t cells_checked, cells_of_group[MS_TIMELINE_GROUP_COUNT];

/* Nothing changed in this cell but what came and went at no size. */
static bool idle(const struct ms_timeline_cell *c, const struct want *before)
{
	return !c->allocations && !c->frees && c->min_live_bytes == c->max_live_bytes && c->last_live_bytes == before->last &&
	       c->last_live_blocks == before->blocks;
}

static void check_series(const struct referee *f, const struct ms_timeline_group_series *g, const struct ms_timeline_series *s,
                         struct want *sums)
{
	struct want *want = wanted(f, key_of_series(f, s));
	size_t cell = s->first_cell, end = s->first_cell + s->cell_count, gaps = 0, idles = 0;
	size_t last = f->first_moment[f->r->window.to_event];

	for (size_t i = 0; i < f->t->life_count; i++)
		gaps += f->t->lives[i].gap_count + (last && waits(&f->t->lives[i], last - 1));
	assert_true(s->cell_count > 0 && end <= g->cell_count);
	for (size_t i = 0; i < f->r->timeline_count; i++) {
		const struct ms_timeline_cell *c = cell < end && g->cells[cell].bucket == i ? &g->cells[cell++] : NULL;
		const struct want none = {0}, *w = &want[i], *before = i ? &want[i - 1] : &none;

		sums[i].last += w->last;
		sums[i].blocks += w->blocks;
		sums[i].allocations += w->allocations;
		sums[i].frees += w->frees;
		sums[i].allocated += w->allocated;
		sums[i].freed += w->freed;
		if (!c) { /* nothing happened */
			assert_int_equal(w->min, before->last);
			assert_int_equal(w->max, before->last);
			assert_int_equal(w->last, before->last);
			assert_int_equal(w->blocks, before->blocks);
			assert_int_equal(w->allocations + w->frees + w->allocated + w->freed, 0);
			continue;
		}
		idles += i && idle(c, before);
		assert_int_equal(c->min_live_bytes, w->min);
		assert_int_equal(c->max_live_bytes, w->max);
		assert_int_equal(c->last_live_bytes, w->last);
		assert_int_equal(c->last_live_blocks, w->blocks);
		assert_int_equal(c->allocations, w->allocations);
		assert_int_equal(c->frees, w->frees);
		assert_int_equal(c->allocated_bytes, w->allocated);
		assert_int_equal(c->freed_bytes, w->freed);
		cells_checked++;
		cells_of_group[f->group]++;
	}
	assert_int_equal(cell, end);
	assert_true(idles <= 2 * gaps); /* sparse: only a realloc that fails, or does not end, leaves a cell without a change */
	free(want);
}

static void check_group(struct referee *f, int group)
{
	const struct ms_timeline_group_series *g = &f->r->timeline_by[group];
	struct want *sums = calloc(f->r->timeline_count, sizeof *sums);
	size_t cells = 0;

	f->group = group;
	assert_non_null(g->series);
	assert_non_null(sums);
	for (size_t i = 0; i < g->series_count; i++) {
		if (i)
			assert_true(g->series[i - 1].key < g->series[i].key);
		check_series(f, g, &g->series[i], sums);
		cells += g->series[i].cell_count;
	}
	assert_int_equal(cells, g->cell_count);
	for (size_t i = 0; i < f->r->timeline_count; i++) { /* so no series is missing */
		const struct ms_report_bucket *b = &f->r->timeline[i];

		assert_int_equal(sums[i].last, b->last_live_bytes);
		assert_int_equal(sums[i].blocks, b->last_live_blocks);
		assert_int_equal(sums[i].allocations, b->allocations);
		assert_int_equal(sums[i].frees, b->frees);
		assert_int_equal(sums[i].allocated, b->allocated_bytes);
		assert_int_equal(sums[i].freed, b->freed_bytes);
	}
	free(sums);
}

static void check(uint32_t seed, size_t events, uint32_t buckets, bool window)
{
	struct ms_report_options options = {.timeline_buckets = buckets, .timeline_by = ALL_GROUPS, .threads = 1 + seed % 3};
	struct random_trace t;
	struct referee f = {.t = &t};
	struct ms_report r;
	struct ms_trace *trace;
	struct ms_error err = {0};
	char from[40], to[40];

	random_trace_make(&t, seed, events);
	if (window) {
		size_t p = seed * 7919u % t.event_count, q = seed * 104729u / 3 % t.event_count;

		snprintf(from, sizeof from, "event:%zu", p < q ? p : q);
		snprintf(to, sizeof to, "event:%zu", p < q ? q : p);
		options.from = seed % 5 ? from : NULL;
		options.to = seed % 7 ? to : NULL;
	}
	if (ms_trace_open_memory(&trace, t.bytes, t.size, &err) || ms_report_build(&r, trace, &options, &err))
		fail_msg("seed %u: %s", seed, err.message);
	f.r = &r;
	f.first_moment = moments_of_events(&t);
	random_trace_paths(&t, f.path_of_stack);
	check_whole(&f);
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++)
		check_group(&f, g);
	free(f.first_moment);
	ms_report_free(&r);
	ms_trace_close(trace);
	random_trace_free(&t);
}

static void test_whole_traces(void **state)
{
	(void)state;
	cells_checked = 0;
	for (uint32_t seed = 1; seed <= 250; seed++)
		check(seed, 1 + seed % 150, 1 + seed * 7 % 90, false);
	assert_true(cells_checked > 10000);
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++)
		assert_true(cells_of_group[g] > 500);
}

static void test_windows(void **state)
{
	(void)state;
	cells_checked = 0;
	for (uint32_t seed = 1; seed <= 250; seed++)
		check(20000 + seed, 1 + seed % 150, 1 + seed * 11 % 60, true);
	assert_true(cells_checked > 4000);
}

/* Longer than one view and one block of the file; more buckets than nanoseconds, and one. */
static void test_odd_lengths(void **state)
{
	(void)state;
	check(9001, 1500, 40, false);
	check(9002, 1500, 25, true);
	check(9003, 5, 5000, false);
	check(9004, 300, 1, false);
}

/* Not asked for: not there; and bits without a group are refused. */
static void test_options(void **state)
{
	struct random_trace t;
	struct ms_trace *trace;
	struct ms_report r;
	struct ms_error err = {0};

	(void)state;
	random_trace_make(&t, 3, 100);
	assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
	for (uint32_t by = 0; by <= ALL_GROUPS; by++) {
		assert_int_equal(ms_report_build(&r, trace, &(struct ms_report_options){.timeline_by = by}, &err), MS_OK);
		for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++)
			assert_int_equal(r.timeline_by[g].series != NULL, by >> g & 1);
		ms_report_free(&r);
	}
	assert_int_equal(ms_report_build(&r, trace, &(struct ms_report_options){.timeline_by = ALL_GROUPS + 1}, &err), MS_E_ARGUMENT);
	ms_trace_close(trace);
	random_trace_free(&t);
}

/* Fewer buckets: as if they had been counted so from the start, and nothing least or most is lost. */
static void test_decimate(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct ms_report_options options = {.timeline_buckets = 1 + seed * 37 % 300, .timeline_by = ALL_GROUPS};
		size_t n = 1 + seed * 13 % 80, made, at = 0;
		struct ms_report_bucket *fewer = calloc(n, sizeof *fewer);
		struct random_trace t;
		struct ms_trace *trace;
		struct ms_report r;
		struct ms_error err = {0};

		assert_non_null(fewer);
		random_trace_make(&t, seed, 400);
		assert_int_equal(ms_trace_open_memory(&trace, t.bytes, t.size, &err), MS_OK);
		assert_int_equal(ms_report_build(&r, trace, &options, &err), MS_OK);
		made = ms_timeline_decimate(fewer, n, r.timeline, r.timeline_count);
		assert_int_equal(made, n < r.timeline_count ? n : r.timeline_count);
		for (size_t i = 0; i < made; i++) {
			struct ms_report_bucket want = {.start_ns = r.timeline[at].start_ns, .min_live_bytes = UINT64_MAX};
			size_t first = at;

			for (; at < r.timeline_count && (i + 1 == made || r.timeline[at].start_ns < fewer[i + 1].start_ns); at++) {
				const struct ms_report_bucket *b = &r.timeline[at];

				want.min_live_bytes = b->min_live_bytes < want.min_live_bytes ? b->min_live_bytes : want.min_live_bytes;
				want.max_live_bytes = b->max_live_bytes > want.max_live_bytes ? b->max_live_bytes : want.max_live_bytes;
				want.max_live_blocks = b->max_live_blocks > want.max_live_blocks ? b->max_live_blocks : want.max_live_blocks;
				want.last_live_bytes = b->last_live_bytes;
				want.last_live_blocks = b->last_live_blocks;
				want.allocations += b->allocations;
				want.frees += b->frees;
				want.allocated_bytes += b->allocated_bytes;
				want.freed_bytes += b->freed_bytes;
			}
			assert_true(at > first);
			assert_in_range(at - first, r.timeline_count / made, r.timeline_count / made + 1); /* even */
			assert_memory_equal(&fewer[i], &want, sizeof want);
		}
		assert_int_equal(at, r.timeline_count);
		for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++) {
			const struct ms_timeline_group_series *group = &r.timeline_by[g];

			for (size_t i = 0; i < group->series_count; i++) {
				const struct ms_timeline_series *s = &group->series[i];
				struct ms_timeline_cell *cells = calloc(s->cell_count, sizeof *cells), *old = group->cells + s->first_cell;
				size_t count, cell = 0;

				assert_non_null(cells);
				count = ms_timeline_decimate_cells(cells, n, r.timeline_count, old, s->cell_count);
				assert_in_range(count, 1, made);
				for (size_t k = 0; k < count; k++) {
					struct ms_timeline_cell want = {.bucket = cells[k].bucket, .min_live_bytes = UINT64_MAX};

					assert_true(cells[k].bucket < made && (k == 0 || cells[k - 1].bucket < cells[k].bucket));
					for (; cell < s->cell_count; cell++) {
						uint64_t start = r.timeline[old[cell].bucket].start_ns;

						if (cells[k].bucket + 1 < made && start >= fewer[cells[k].bucket + 1].start_ns)
							break;
						assert_true(start >= fewer[cells[k].bucket].start_ns);
						want.min_live_bytes = old[cell].min_live_bytes < want.min_live_bytes ? old[cell].min_live_bytes : want.min_live_bytes;
						want.max_live_bytes = old[cell].max_live_bytes > want.max_live_bytes ? old[cell].max_live_bytes : want.max_live_bytes;
						want.last_live_bytes = old[cell].last_live_bytes;
						want.last_live_blocks = old[cell].last_live_blocks;
						want.allocations += old[cell].allocations;
						want.frees += old[cell].frees;
						want.allocated_bytes += old[cell].allocated_bytes;
						want.freed_bytes += old[cell].freed_bytes;
					}
					assert_memory_equal(&cells[k], &want, sizeof want);
				}
				assert_int_equal(cell, s->cell_count);
				free(cells);
			}
		}
		free(fewer);
		ms_report_free(&r);
		ms_trace_close(trace);
		random_trace_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_traces), cmocka_unit_test(test_windows), cmocka_unit_test(test_odd_lengths),
		cmocka_unit_test(test_options), cmocka_unit_test(test_decimate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
