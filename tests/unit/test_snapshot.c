/*
 * test_snapshot.c - snapshots and differences of random programs against a model that walks the list of events, and counts
 * against the report that ends at the same instant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/index_build.h"
#include "analyze/snapshot.h"
#include "format/trace_index.h"
#include "keyframe_trace.h"

static uint32_t seed_state;

static uint32_t rnd(uint32_t below)
{
	seed_state = seed_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(seed_state >> 4) * below >> 28);
}

static struct ms_instant instant_of(const struct keyframe_trace *t, uint64_t event)
{
	return (struct ms_instant){event, event ? t->random.events[event - 1].time_ns : 0};
}

static void same_block(const struct ms_live_block *a, const struct ms_live_block *b)
{
	assert_int_equal(a->block, b->block);
	assert_int_equal(a->address, b->address);
	assert_int_equal(a->size_bytes, b->size_bytes);
	assert_int_equal(a->birth_ns, b->birth_ns);
	assert_int_equal(a->stack, b->stack);
	assert_int_equal(a->thread, b->thread);
	assert_int_equal(a->kind, b->kind);
}

static void same_set(const struct ms_snapshot *s, const struct model *m)
{
	uint64_t bytes = 0;
	size_t k = 0;

	for (uint64_t id = 1; id < m->next_block; id++) {
		if (!m->alive[id]) {
			assert_null(ms_snapshot_find(s, id));
			continue;
		}
		assert_true(k < s->count);
		same_block(&s->blocks[k], &m->block[id]);
		assert_ptr_equal(ms_snapshot_find(s, id), &s->blocks[k]);
		bytes += m->block[id].size_bytes;
		k++;
	}
	assert_int_equal(s->count, k);
	assert_int_equal(s->bytes, bytes);
}

/* Every other program has an index with checkpoints here and there. */
static struct ms_stream index_bytes;

static void open_trace(struct keyframe_trace *t, uint32_t seed, size_t events)
{
	struct ms_index_options options = {.interval = 1 + rnd(150), .events_per_block = 1};
	struct ms_error err = {0};

	keyframe_trace_make(t, seed, events, 1 + rnd(200));
	ms_stream_init_memory(&index_bytes);
	if (seed % 2 == 0)
		return;
	assert_int_equal(ms_index_build_file(&index_bytes, t->trace, &options, NULL, &err), MS_OK);
	if (ms_trace_attach_index_memory(t->trace, index_bytes.memory, index_bytes.position, &err))
		fail_msg("%s", err.message);
}

static void close_trace(struct keyframe_trace *t)
{
	keyframe_trace_free(t);
	ms_stream_free(&index_bytes);
}

/* ---- the live set ------------------------------------------------------------------------------------------------- */

static void check_sets(uint32_t seed, size_t events, unsigned flags, unsigned instants)
{
	struct keyframe_trace t;
	struct ms_snapshots *s;
	struct ms_error err = {0};

	seed_state = seed;
	open_trace(&t, seed, events);
	assert_int_equal(ms_snapshots_open(&s, t.trace, flags, &err), MS_OK);
	for (unsigned i = 0; i < instants; i++) {
		struct ms_instant at = instant_of(&t, rnd((uint32_t)t.random.event_count + 1));
		struct ms_snapshot snapshot;
		struct model m;

		model_at(&m, &t, at.event);
		assert_int_equal(ms_snapshot_at(s, &at, &snapshot, &err), MS_OK);
		same_set(&snapshot, &m);
		for (size_t k = 0; k < snapshot.moving_count; k++) {
			assert_false(m.alive[snapshot.moving[k].block]);
			assert_int_equal(snapshot.moving[k].size_bytes, m.block[snapshot.moving[k].block].size_bytes);
			assert_int_equal(snapshot.moving[k].address, m.block[snapshot.moving[k].block].address);
		}
		model_free(&m);
	}
	ms_snapshots_close(s);
	close_trace(&t);
}

static void test_sets(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 10; seed++)
		check_sets(seed, 40 * seed * seed, 0, 1000);
	for (uint32_t seed = 11; seed <= 14; seed++)
		check_sets(seed, 300, MS_SNAPSHOT_COUNTS, 100);
}

/* ---- counts ------------------------------------------------------------------------------------------------------- */

static void same_thread(const struct ms_report_thread *a, const struct ms_report_thread *b)
{
#define SAME(field) assert_int_equal(a->field, b->field)
	SAME(id);
	SAME(tid);
	SAME(image);
	SAME(is_main);
	SAME(start_ns);
	SAME(end_ns);
	SAME(ended);
	SAME(events);
	SAME(allocations);
	SAME(reallocations);
	SAME(allocated_bytes);
	SAME(live_blocks);
	SAME(live_bytes);
	SAME(peak_bytes);
	SAME(temporary_allocations);
	SAME(frees);
	SAME(ended_own.blocks);
	SAME(ended_own.bytes);
	SAME(ended_others.blocks);
	SAME(ended_others.bytes);
	SAME(unmatched_frees);
#undef SAME
	assert_string_equal(a->name, b->name);
}

static void check_counts(uint32_t seed, size_t events, unsigned instants)
{
	struct keyframe_trace t;
	struct ms_snapshots *s;
	struct ms_error err = {0};
	uint64_t from = 0;

	seed_state = seed;
	open_trace(&t, seed, events);
	assert_int_equal(ms_snapshots_open(&s, t.trace, MS_SNAPSHOT_COUNTS, &err), MS_OK);
	for (unsigned i = 0; i < instants; i++) {
		/* half of them forward from where it stands */
		struct ms_instant at = instant_of(&t, i % 2 ? from + rnd((uint32_t)(t.random.event_count - from) + 1)
		                                            : rnd((uint32_t)t.random.event_count + 1));
		struct ms_report_options options = {.threads = 1};
		struct ms_snapshot snapshot;
		struct ms_snapshot_counts counts;
		struct ms_report r;
		char to[32];

		snprintf(to, sizeof to, "event:%llu", (unsigned long long)at.event - 1);
		options.to = at.event ? to : "start";
		assert_int_equal(ms_report_build(&r, t.trace, &options, &err), MS_OK);
		assert_int_equal(ms_snapshot_at(s, &at, &snapshot, &err), MS_OK);
		assert_int_equal(ms_snapshot_counts(s, &counts, &err), MS_OK);
		assert_memory_equal(&counts.totals, &r.totals, sizeof r.totals);
		assert_int_equal(counts.totals.live_blocks, snapshot.count + snapshot.moving_count);
		assert_int_equal(counts.thread_count, r.thread_count);
		for (size_t k = 0; k < r.thread_count; k++)
			same_thread(&counts.threads[k], &r.threads[k]);
		ms_snapshot_counts_free(&counts);
		ms_report_free(&r);
		from = at.event;
	}
	ms_snapshots_close(s);
	close_trace(&t);
}

static void test_counts(void **state)
{
	(void)state;
	for (uint32_t seed = 21; seed <= 30; seed++)
		check_counts(seed, 30 * (seed - 20) * (seed - 20), 40);
}

/* ---- differences -------------------------------------------------------------------------------------------------- */

static void check_fates(const struct ms_snapshot_diff *d, const struct model *from, const struct model *to)
{
	size_t rows = 0, old = 0, new = 0;

	for (uint64_t id = 1; id < from->next_block; id++)
		old += from->alive[id];
	for (uint64_t id = 1; id < to->next_block; id++)
		new += to->alive[id];
	for (size_t i = 0; i < d->change_count; i++) {
		const struct ms_snapshot_change *c = &d->changes[i];

		if (c->from.block) {
			assert_true(from->alive[c->from.block]);
			same_block(&c->from, &from->block[c->from.block]);
			rows++;
		}
		if (!c->to.block) {
			assert_int_equal(c->fate, MS_FATE_DIED);
			assert_false(to->alive[c->from.block]);
			continue;
		}
		assert_true(to->alive[c->to.block]);
		same_block(&c->to, &to->block[c->to.block]);
		uint64_t origin = c->to.block;
		bool resized = false;

		while (origin && !(origin < from->next_block && from->alive[origin])) {
			resized |= !to->failed[origin];
			origin = to->parent[origin];
		}
		assert_int_equal(origin, c->from.block);
		if (!origin)
			assert_int_equal(c->fate, MS_FATE_BORN);
		else if (!resized)
			assert_int_equal(c->fate, MS_FATE_SURVIVED);
		else
			assert_int_equal(c->fate, c->to.size_bytes > c->from.size_bytes   ? MS_FATE_GREW
			                          : c->to.size_bytes < c->from.size_bytes ? MS_FATE_SHRANK
			                                                                  : MS_FATE_MOVED);
	}
	/* each block of either set once */
	assert_int_equal(rows, old);
	assert_int_equal(d->change_count - d->fates[MS_FATE_DIED].blocks, new);
	assert_int_equal(d->all.from.blocks, old);
	assert_int_equal(d->all.to.blocks, new);
	assert_int_equal(old - d->fates[MS_FATE_DIED].blocks + d->fates[MS_FATE_BORN].blocks, new);
	for (size_t i = 1; i < d->change_count; i++) {
		const struct ms_snapshot_change *a = &d->changes[i - 1], *b = &d->changes[i];

		assert_true(b->from.block ? a->from.block && a->from.block < b->from.block : a->from.block || a->to.block < b->to.block);
	}
}

static void check_site(const struct ms_snapshot_site *s)
{
	assert_int_equal(s->from.blocks - s->died.blocks - s->moved_from.blocks + s->born.blocks + s->moved_to.blocks, s->to.blocks);
	assert_int_equal(s->from.bytes - s->died.bytes - s->moved_from.bytes + s->born.bytes + s->moved_to.bytes, s->to.bytes);
	assert_int_equal(s->from.blocks - s->died.blocks - s->moved_from.blocks, s->survived.blocks);
}

static void check_sites(const struct ms_snapshot_diff *d)
{
	struct ms_snapshot_site sum = {0};

	for (size_t i = 0; i < d->site_count; i++) {
		const struct ms_snapshot_site *s = &d->sites[i];

		check_site(s);
		assert_true(i == 0 || d->sites[i - 1].site < s->site);
		sum.from.blocks += s->from.blocks;
		sum.from.bytes += s->from.bytes;
		sum.to.blocks += s->to.blocks;
		sum.to.bytes += s->to.bytes;
		sum.died.blocks += s->died.blocks;
		sum.born.blocks += s->born.blocks;
	}
	check_site(&d->all);
	assert_int_equal(sum.from.blocks, d->all.from.blocks);
	assert_int_equal(sum.from.bytes, d->all.from.bytes);
	assert_int_equal(sum.to.blocks, d->all.to.blocks);
	assert_int_equal(sum.to.bytes, d->all.to.bytes);
	assert_int_equal(sum.died.blocks, d->fates[MS_FATE_DIED].blocks);
	assert_int_equal(sum.born.blocks, d->fates[MS_FATE_BORN].blocks);
}

static void check_diffs(uint32_t seed, size_t events, unsigned flags, unsigned pairs, uint64_t fates[MS_FATE_COUNT])
{
	struct keyframe_trace t;
	struct ms_snapshots *s;
	struct ms_error err = {0};

	seed_state = seed;
	open_trace(&t, seed, events);
	assert_int_equal(ms_snapshots_open(&s, t.trace, flags, &err), MS_OK);
	for (unsigned i = 0; i < pairs; i++) {
		struct ms_instant a = instant_of(&t, rnd((uint32_t)t.random.event_count + 1));
		struct ms_instant b = instant_of(&t, a.event + rnd((uint32_t)(t.random.event_count - a.event) + 1));
		struct ms_snapshot_diff d;
		struct model from, to;

		model_at(&from, &t, a.event);
		model_at(&to, &t, b.event);
		assert_int_equal(ms_snapshot_diff_build(&d, s, &a, &b, &err), MS_OK);
		check_fates(&d, &from, &to);
		check_sites(&d);
		for (int f = 0; f < MS_FATE_COUNT; f++)
			fates[f] += d.fates[f].blocks;
		ms_snapshot_diff_free(&d);
		if (a.event != b.event)
			assert_int_equal(ms_snapshot_diff_build(&d, s, &b, &a, &err), MS_E_ARGUMENT);
		model_free(&from);
		model_free(&to);
	}
	ms_snapshots_close(s);
	close_trace(&t);
}

static void test_diffs(void **state)
{
	uint64_t fates[MS_FATE_COUNT] = {0};

	(void)state;
	for (uint32_t seed = 41; seed <= 75; seed++)
		check_diffs(seed, 10 + (seed - 40) * 60, seed % 4 ? 0 : MS_SNAPSHOT_COUNTS, 50, fates);
	for (int f = 0; f < MS_FATE_COUNT; f++)
		assert_in_range(fates[f], 5, UINT64_MAX - 1);
}

/* ---- wrong use ---------------------------------------------------------------------------------------------------- */

static void test_wrong(void **state)
{
	struct ms_instant behind;
	struct ms_snapshot_counts counts;
	struct ms_snapshot snapshot;
	struct ms_snapshots *s;
	struct ms_error err = {0};
	struct keyframe_trace t;

	(void)state;
	keyframe_trace_make(&t, 5, 100, 30);
	behind = (struct ms_instant){t.random.event_count + 1, 0};
	assert_int_equal(ms_snapshots_open(&s, t.trace, 0, &err), MS_OK);
	assert_int_equal(ms_snapshot_at(s, &behind, &snapshot, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_snapshot_counts(s, &counts, &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "without counts"));
	ms_snapshots_close(s);
	assert_int_equal(ms_snapshots_open(&s, t.trace, MS_SNAPSHOT_COUNTS, &err), MS_OK);
	assert_int_equal(ms_snapshot_counts(s, &counts, &err), MS_OK); /* of the start */
	assert_int_equal(counts.totals.allocations, 0);
	assert_int_equal(counts.thread_count, t.random.thread_count);
	ms_snapshot_counts_free(&counts);
	ms_snapshots_close(s);
	ms_snapshots_close(NULL);
	keyframe_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_diffs),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
