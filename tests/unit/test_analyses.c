/*
 * test_analyses.c - every number of the report against a referee that knows the definitions and nothing else.
 *
 * The referee looks at the lives of blocks that random_trace.c wrote down, moment by moment, and recomputes each level from
 * nothing; it shares no algorithm with the analyses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "format/trace_reader.h"
#include "random_trace.h"

#define SEEDS 1000

struct level {
	uint64_t bytes, blocks;
};

/* Level at a moment of the lives that a filter selects: by path and by thread, 0 = all. */
struct filter {
	const uint64_t *path_of_stack;
	uint64_t path;
	uint32_t thread;
};
static bool selected(const struct filter *f, const struct life *l)
{
	return !f || ((!f->path_of_stack || f->path_of_stack[l->stack] == f->path) &&
	              (!f->thread || l->thread == f->thread));
}
static struct level level_at(const struct random_trace *t, size_t moment, const struct filter *f)
{
	struct level level = {0, 0};

	for (size_t i = 0; i < t->life_count; i++)
		if (selected(f, &t->lives[i]) && life_present(&t->lives[i], moment)) {
			level.bytes += t->lives[i].size;
			level.blocks++;
		}
	return level;
}

static bool ended_itself(const struct life *l)
{
	return l->how == FREED || l->how == MOVED || l->how == LOST_IN_MOVE;
}

static bool is_temporary(const struct life *l, uint32_t window)
{
	return l->how == FREED && l->end_thread == l->thread && l->free_order - l->birth_order <= window;
}

static size_t check_totals(const struct random_trace *t, const struct ms_report *r, uint32_t window)
{
	const struct ms_report_totals *s = &r->totals;
	uint64_t allocations = 0, reallocations = 0, frees = 0, allocated = 0, freed = 0, temporary = 0, zero = 0;
	uint64_t exec_blocks = 0, exec_bytes = 0, most = 0;
	struct level peak = {0, 0}, last = level_at(t, t->moment_count - 1, NULL);
	size_t peak_at = SIZE_MAX;

	for (size_t i = 0; i < t->life_count; i++) {
		const struct life *l = &t->lives[i];

		allocations += !l->by_realloc;
		reallocations += l->by_realloc;
		allocated += l->size;
		zero += !l->by_realloc && l->size == 0;
		frees += l->how == FREED || l->how == LOST_IN_MOVE;
		freed += ended_itself(l) ? l->size : 0;
		temporary += is_temporary(l, window);
		if (l->how == GONE_BY_EXEC) {
			exec_blocks++;
			exec_bytes += l->size;
		}
	}
	for (size_t m = 0; m < t->moment_count; m++) {
		struct level now = level_at(t, m, NULL);

		if (now.blocks > most)
			most = now.blocks;
		if (now.bytes > peak.bytes) {
			peak = now;
			peak_at = m;
		}
	}
	assert_int_equal(s->allocations, allocations);
	assert_int_equal(s->reallocations, reallocations);
	assert_int_equal(s->frees, frees);
	assert_int_equal(s->allocated_bytes, allocated);
	assert_int_equal(s->freed_bytes, freed);
	assert_int_equal(s->live_bytes, last.bytes);
	assert_int_equal(s->live_blocks, last.blocks);
	assert_int_equal(s->peak_bytes, peak.bytes);
	if (peak_at != SIZE_MAX) {
		assert_int_equal(s->peak_time_ns, t->moment_ns[peak_at]);
		assert_int_equal(s->peak_blocks, peak.blocks);
	}
	assert_int_equal(s->most_blocks, most);
	assert_int_equal(s->unmatched_frees, t->unmatched);
	assert_int_equal(s->temporary_allocations, temporary);
	assert_int_equal(s->zero_size_allocations, zero);
	assert_int_equal(s->failed_allocations, t->failed);
	assert_int_equal(s->ended_by_exec.blocks, exec_blocks);
	assert_int_equal(s->ended_by_exec.bytes, exec_bytes);
	assert_int_equal(s->live_blocks, s->allocations - s->frees - s->ended_by_exec.blocks);
	assert_int_equal(s->live_bytes, s->allocated_bytes - s->freed_bytes - s->ended_by_exec.bytes);
	assert_int_equal(r->trace.events, t->event_count);
	assert_int_equal(r->trace.images, t->images);
	return peak_at;
}

static void check_sites(const struct random_trace *t, const struct ms_report *r, size_t peak_at, uint32_t window)
{
	uint64_t path_of_stack[64], seen[64], blocks = 0;
	struct level none = {0, 0};

	random_trace_paths(t, path_of_stack);
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];
		uint64_t path = random_trace_path_of_node(r, s->node), own_peak = 0, lifetime = 0, ended = 0, frees = 0, temporary = 0;
		uint64_t allocations = 0, reallocations = 0, allocated = 0;
		struct filter f = {path_of_stack, path, 0};
		struct level live = level_at(t, t->moment_count - 1, &f);
		struct level peak = peak_at == SIZE_MAX ? none : level_at(t, peak_at, &f);

		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seen[k], path); /* equal paths are one site */
		seen[i] = path;
		for (size_t m = 0; m < t->moment_count; m++) {
			struct level now = level_at(t, m, &f);

			own_peak = now.bytes > own_peak ? now.bytes : own_peak;
		}
		for (size_t k = 0; k < t->life_count; k++) {
			const struct life *l = &t->lives[k];

			if (!selected(&f, l))
				continue;
			allocations += !l->by_realloc;
			reallocations += l->by_realloc;
			allocated += l->size;
			temporary += is_temporary(l, window);
			frees += l->how == FREED || l->how == LOST_IN_MOVE;
			if (ended_itself(l)) {
				ended++;
				lifetime += l->end_ns - l->birth_ns;
			}
		}
		assert_int_equal(s->allocations, allocations);
		assert_int_equal(s->reallocations, reallocations);
		assert_int_equal(s->allocated_bytes, allocated);
		assert_int_equal(s->frees, frees);
		assert_int_equal(s->live_bytes, live.bytes);
		assert_int_equal(s->live_blocks, live.blocks);
		assert_int_equal(s->peak_bytes, peak.bytes);
		assert_int_equal(s->peak_blocks, peak.blocks);
		assert_int_equal(s->own_peak_bytes, own_peak);
		assert_int_equal(s->temporary_allocations, temporary);
		assert_int_equal(s->ended_blocks, ended);
		assert_int_equal(s->mean_lifetime_ns, ended ? lifetime / ended : 0);
		blocks += allocations + reallocations;
	}
	assert_int_equal(blocks, t->life_count); /* no site is missing */
}

static void check_threads(const struct random_trace *t, const struct ms_report *r, uint32_t window)
{
	assert_int_equal(r->thread_count, t->thread_count);
	for (size_t i = 0; i < r->thread_count; i++) {
		const struct ms_report_thread *a = &r->threads[i];
		struct filter f = {NULL, 0, a->id};
		struct level live = level_at(t, t->moment_count - 1, &f);
		uint64_t allocations = 0, reallocations = 0, allocated = 0, temporary = 0, peak = 0, frees = 0;
		struct ms_report_amount own = {0, 0}, others = {0, 0};

		for (size_t m = 0; m < t->moment_count; m++) {
			struct level now = level_at(t, m, &f);

			peak = now.bytes > peak ? now.bytes : peak;
		}
		for (size_t k = 0; k < t->life_count; k++) {
			const struct life *l = &t->lives[k];

			if (l->thread == a->id) {
				allocations += !l->by_realloc;
				reallocations += l->by_realloc;
				allocated += l->size;
				temporary += is_temporary(l, window);
			}
			if (ended_itself(l) && l->end_thread == a->id) {
				struct ms_report_amount *to = l->thread == a->id ? &own : &others;

				to->blocks++;
				to->bytes += l->size;
				frees += l->how != MOVED;
			}
		}
		assert_int_equal(a->id, i + 1);
		assert_int_equal(a->tid, t->threads[i].tid);
		assert_int_equal(a->events, t->events_of_thread[a->id]);
		assert_int_equal(a->allocations, allocations);
		assert_int_equal(a->reallocations, reallocations);
		assert_int_equal(a->allocated_bytes, allocated);
		assert_int_equal(a->live_bytes, live.bytes);
		assert_int_equal(a->live_blocks, live.blocks);
		assert_int_equal(a->peak_bytes, peak);
		assert_int_equal(a->temporary_allocations, temporary);
		assert_int_equal(a->frees, frees);
		assert_int_equal(a->ended_own.blocks, own.blocks);
		assert_int_equal(a->ended_own.bytes, own.bytes);
		assert_int_equal(a->ended_others.blocks, others.blocks);
		assert_int_equal(a->ended_others.bytes, others.bytes);
		assert_int_equal(a->unmatched_frees, t->unmatched_of_thread[a->id]);
	}
}

static void check_distributions(const struct random_trace *t, const struct ms_report *r)
{
	uint64_t distinct = 0;

	for (unsigned k = 0; k < 65; k++) {
		const struct ms_report_size_class *c = &r->size_classes[k];
		const struct ms_report_lifetime *life = &r->lifetimes[k];
		struct ms_report_size_class want = {0};
		struct ms_report_lifetime want_life = {0};

		for (size_t i = 0; i < t->life_count; i++) {
			const struct life *l = &t->lives[i];
			uint64_t lifetime = l->end_ns - l->birth_ns;

			if (l->size >= c->min_bytes && l->size <= c->max_bytes) {
				bool live = life_present(l, t->moment_count - 1);

				want.blocks++;
				want.bytes += l->size;
				want.live_blocks += live;
				want.live_bytes += live ? l->size : 0;
			}
			if (ended_itself(l) && lifetime >= life->min_ns && lifetime <= life->max_ns) {
				want_life.blocks++;
				want_life.bytes += l->size;
			}
		}
		assert_int_equal(c->blocks, want.blocks);
		assert_int_equal(c->bytes, want.bytes);
		assert_int_equal(c->live_blocks, want.live_blocks);
		assert_int_equal(c->live_bytes, want.live_bytes);
		assert_int_equal(life->blocks, want_life.blocks);
		assert_int_equal(life->bytes, want_life.bytes);
	}
	for (size_t i = 0; i < r->size_count; i++) {
		uint64_t blocks = 0;

		for (size_t k = 0; k < t->life_count; k++)
			blocks += t->lives[k].size == r->sizes[i].size_bytes;
		assert_int_equal(r->sizes[i].blocks, blocks);
		if (i)
			assert_true(r->sizes[i - 1].blocks >= blocks);
		distinct += blocks;
	}
	assert_int_equal(distinct, t->life_count);
	assert_false(r->sizes_partial);
	assert_int_equal(r->mappings.mmaps, t->mmaps);
	assert_int_equal(r->mappings.mapped_bytes, t->mapped_bytes);
}

/* Each cell of the table of sizes and lifetimes, empty ones included, and what rounding makes of each class. */
static void check_sizes_by_lifetime(const struct random_trace *t, const struct ms_report *r)
{
	const struct ms_report_size_lifetime *cell = r->size_lifetimes, *end = cell + r->size_lifetime_count;
	const bool known = r->usable_rule != NULL;

	for (unsigned s = 0; s < 65; s++) {
		const struct ms_report_size_class *c = &r->size_classes[s];
		struct ms_report_amount want[65] = {{0}};
		uint64_t usable = 0, live_usable = 0;

		for (size_t i = 0; i < t->life_count; i++) {
			const struct life *l = &t->lives[i];
			uint64_t lifetime = l->end_ns - l->birth_ns, room = l->size <= 24 ? 24 : 24 + (l->size - 24 + 15) / 16 * 16;
			unsigned k = 0;

			if (l->size < c->min_bytes || l->size > c->max_bytes)
				continue;
			usable += room;
			live_usable += life_present(l, t->moment_count - 1) ? room : 0;
			if (!ended_itself(l))
				continue;
			while (lifetime > r->lifetimes[k].max_ns)
				k++;
			want[k].blocks++;
			want[k].bytes += l->size;
		}
		assert_int_equal(c->usable_bytes, known ? usable : 0);
		assert_int_equal(c->live_usable_bytes, known ? live_usable : 0);
		for (unsigned k = 0; k < 65; k++) {
			if (want[k].blocks == 0)
				continue;
			assert_true(cell < end);
			assert_int_equal(cell->size_class, s);
			assert_int_equal(cell->lifetime_class, k);
			assert_int_equal(cell->blocks, want[k].blocks);
			assert_int_equal(cell->bytes, want[k].bytes);
			cell++;
		}
	}
	assert_ptr_equal(cell, end);
}

static void check_timeline(const struct random_trace *t, const struct ms_report *r)
{
	struct level before = {0, 0};
	size_t m = 0;

	for (size_t i = 0; i < r->timeline_count; i++) {
		const struct ms_report_bucket *b = &r->timeline[i];
		uint64_t end = i + 1 < r->timeline_count ? r->timeline[i + 1].start_ns : UINT64_MAX;
		uint64_t low = before.bytes, high = before.bytes, most = before.blocks;

		for (; m < t->moment_count && t->moment_ns[m] < end; m++) {
			before = level_at(t, m, NULL);
			low = before.bytes < low ? before.bytes : low;
			high = before.bytes > high ? before.bytes : high;
			most = before.blocks > most ? before.blocks : most;
		}
		assert_int_equal(b->min_live_bytes, low);
		assert_int_equal(b->max_live_bytes, high);
		assert_int_equal(b->last_live_bytes, before.bytes);
		assert_int_equal(b->max_live_blocks, most);
		assert_int_equal(b->last_live_blocks, before.blocks);
	}
	assert_int_equal(m, t->moment_count);
}

/* Inclusive numbers of a function: every site with the function anywhere on its path, once. */
static void check_functions(const struct ms_report *r)
{
	uint64_t own = 0;

	for (size_t i = 0; i < r->function_count; i++) {
		const struct ms_report_function *f = &r->functions[i];
		uint64_t peak = 0, allocated = 0, blocks = 0, live = 0;

		for (size_t k = 0; k < r->site_count; k++) {
			const struct ms_report_site *s = &r->sites[k];
			bool on_path = false;

			for (uint32_t n = s->node; n; n = r->nodes[n].parent)
				for (uint32_t l = 0; l < r->nodes[n].line_count; l++)
					on_path |= r->lines[r->nodes[n].first_line + l].function == f->function;
			if (!on_path)
				continue;
			peak += s->peak_bytes;
			live += s->live_bytes;
			allocated += s->allocated_bytes;
			blocks += s->allocations + s->reallocations;
		}
		assert_int_equal(f->peak_bytes, peak);
		assert_int_equal(f->live_bytes, live);
		assert_int_equal(f->allocated_bytes, allocated);
		assert_int_equal(f->allocations, blocks);
		own += f->own_allocations;
		if (i)
			assert_true(r->functions[i - 1].peak_bytes >= f->peak_bytes);
	}
	for (size_t k = 0; k < r->site_count; k++)
		if (r->sites[k].node == 0)
			own += r->sites[k].allocations + r->sites[k].reallocations;
	assert_int_equal(own, r->totals.allocations + r->totals.reallocations);
}

/* A place is all sites with its headline; every site is in one. */
static void check_places(const struct ms_report *r)
{
	uint64_t sites = 0;

	for (size_t i = 0; i < r->place_count; i++) {
		const struct ms_report_place *p = &r->places[i];
		struct ms_report_place want = {0};
		bool has_node = false;

		for (size_t k = 0; k < r->site_count; k++) {
			const struct ms_report_site *s = &r->sites[k];
			const struct ms_report_line *l = ms_report_headline(r, s->node);

			if (!l != !p->line || (l && (l->function != p->line->function || l->line != p->line->line ||
			                             (!*l->function && l->offset != p->line->offset))))
				continue;
			if (l && !*l->function) { /* bare addresses also differ by their caller */
				const struct ms_report_line *caller = NULL;

				for (uint32_t n = r->nodes[s->node].parent; n && !caller; n = r->nodes[n].parent) {
					const struct ms_report_line *outer = &r->lines[r->nodes[n].first_line];

					if (*outer->function && !outer->allocator)
						caller = outer;
				}
				if (!caller != !p->caller || (caller && caller->function != p->caller->function))
					continue;
			}
			has_node |= s->node == p->node;
			want.sites++;
			want.peak_sites += s->peak_bytes > 0;
			want.live_sites += s->live_bytes > 0;
			want.temporary_sites += s->temporary_allocations > 0;
			want.peak_bytes += s->peak_bytes;
			want.peak_blocks += s->peak_blocks;
			want.live_bytes += s->live_bytes;
			want.live_blocks += s->live_blocks;
			want.allocated_bytes += s->allocated_bytes;
			want.allocations += s->allocations + s->reallocations;
			want.temporary_allocations += s->temporary_allocations;
		}
		assert_true(has_node);
		assert_int_equal(p->sites, want.sites);
		assert_int_equal(p->peak_sites, want.peak_sites);
		assert_int_equal(p->live_sites, want.live_sites);
		assert_int_equal(p->temporary_sites, want.temporary_sites);
		assert_int_equal(p->peak_bytes, want.peak_bytes);
		assert_int_equal(p->peak_blocks, want.peak_blocks);
		assert_int_equal(p->live_bytes, want.live_bytes);
		assert_int_equal(p->live_blocks, want.live_blocks);
		assert_int_equal(p->allocated_bytes, want.allocated_bytes);
		assert_int_equal(p->allocations, want.allocations);
		assert_int_equal(p->temporary_allocations, want.temporary_allocations);
		if (i)
			assert_true(r->places[i - 1].peak_bytes >= p->peak_bytes);
		sites += p->sites;
	}
	assert_int_equal(sites, r->site_count);
}

static void check_modules(const struct ms_report *r)
{
	uint64_t peak = 0, allocated = 0, sites = 0;

	for (size_t i = 0; i < r->module_count; i++) {
		peak += r->modules[i].peak_bytes;
		allocated += r->modules[i].allocated_bytes;
		sites += r->modules[i].sites;
	}
	assert_int_equal(peak, r->totals.peak_bytes);
	assert_int_equal(allocated, r->totals.allocated_bytes);
	assert_int_equal(sites, r->site_count);
}

static void check_seed(uint32_t seed, size_t events, uint32_t window, uint32_t buckets)
{
	struct ms_report_options options = {.temporary_window = window, .timeline_buckets = buckets,
	                                    .threads = 1 + seed % 3};
	struct random_trace t;
	struct ms_report r;
	struct ms_trace *trace;
	struct ms_error err = {0};
	size_t peak_at;

	random_trace_make(&t, seed, events);
	if (ms_trace_open_memory(&trace, t.bytes, t.size, &err) || ms_report_build(&r, trace, &options, &err))
		fail_msg("seed %u: %s", seed, err.message);
	peak_at = check_totals(&t, &r, window);
	check_sites(&t, &r, peak_at, window);
	check_threads(&t, &r, window);
	check_distributions(&t, &r);
	check_sizes_by_lifetime(&t, &r);
	check_timeline(&t, &r);
	check_functions(&r);
	check_places(&r);
	check_modules(&r);
	ms_report_free(&r);
	ms_trace_close(trace);
	random_trace_free(&t);
}

static void test_small_traces(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++)
		check_seed(seed, 1 + seed % 150, 1, 1 + seed % 50);
}

static void test_temporary_windows(void **state)
{
	static const uint32_t windows[] = {2, 3, 5, 8, 100, 65536};

	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++)
		check_seed(5000 + seed, 150, windows[seed % 6], 10);
}

/* Longer than one view and one block of the file. */
static void test_long_traces(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 3; seed++)
		check_seed(9000 + seed, 3000, 1, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_traces),
		cmocka_unit_test(test_temporary_windows),
		cmocka_unit_test(test_long_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
