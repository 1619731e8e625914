/*
 * test_report_chaos.c - traces that are well-formed and make no sense: halves of reallocs without the other, exec again and
 * again, threads that act after their end, sizes near 2^63, frees of blocks of an image that is gone.
 *
 * Nothing may crash, hang or contradict itself: whatever came in, the sums of sites, threads and sizes are the totals, and
 * both renderers get through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/evidence.h"
#include "render/json.h"
#include "render/text.h"
#include "small_trace.h"

static uint64_t state_;

static uint64_t rnd(uint64_t below)
{
	state_ ^= state_ << 13;
	state_ ^= state_ >> 7;
	state_ ^= state_ << 17;
	return (state_ >> 11) % below;
}

static uint64_t some_size(void)
{
	static const uint64_t sizes[] = {0, 1, 24, 65535, 65536, 1ull << 40, (1ull << 63) - 1, 1ull << 63, UINT64_MAX};

	return sizes[rnd(sizeof sizes / sizeof *sizes)];
}

#define EVIDENCE 12
#define VARIABLES 3

/* What an argument may be: ids that exist, or none; numbers as they are. */
static uint64_t some_id(struct small_trace *t, unsigned ref, uint64_t number)
{
	switch (ref) {
	case MS_REF_NUMBER:
		return number;
	case MS_REF_EVIDENCE:
		return 1 + rnd(EVIDENCE);
	case MS_REF_VARIABLE:
		return 1 + rnd(VARIABLES);
	case MS_REF_BLOCK:
		return rnd(t->next_block);
	case MS_REF_STRING:
		return rnd(ms_writer_stats(t->writer).strings + 1);
	default:
		return 0;
	}
}

static void play(struct small_trace *t, unsigned events)
{
	uint8_t kinds[256];
	unsigned kind_count = 0;
	bool live[256] = {false};

	for (unsigned k = 0; k < 256; k++)
		if (ms_event_kinds[k].name)
			kinds[kind_count++] = (uint8_t)k;
	for (unsigned i = 0; i < EVIDENCE; i++) {
		static const uint8_t bytes[MS_EVIDENCE_BYTES] = {1, 2, 3};
		static const uint64_t registers[MS_EVIDENCE_REGISTERS] = {4, 5, 6};
		struct ms_evidence e = {
			.kind = (uint8_t)(1 + rnd(MS_EVIDENCE_FREED_STACK)), .access = (uint8_t)rnd(3), .check = (uint8_t)rnd(8),
			.freed = rnd(2) != 0, .byte_count = (uint8_t)rnd(MS_EVIDENCE_BYTES + 1), .bytes = bytes, .registers = registers,
			.register_count = rnd(2) ? MS_EVIDENCE_REGISTERS : 0, .address = 0x10000 * rnd(40) + rnd(64) - 32,
			.length_bytes = some_size(), .block_address = 0x10000 * rnd(40), .block_bytes = some_size(),
			.last_good_ns = rnd(2) ? rnd(1000) : 0,
		};

		assert_int_not_equal(ms_writer_evidence(t->writer, &e), 0);
	}
	for (uint32_t i = 0; i < VARIABLES; i++) {
		struct ms_variable v = {.name = ms_writer_string(t->writer, "variable", 4 + i), .line = i};

		assert_int_not_equal(ms_writer_variable(t->writer, &v), 0);
	}
	for (unsigned i = 0; i < events && t->next_block < 255; i++) {
		struct ms_event e = {.kind = kinds[rnd(kind_count)], .thread = 1 + (uint32_t)rnd(2)};
		unsigned class_ = ms_event_kinds[e.kind].class_;

		if (rnd(4) == 0) { /* more of what is hardest to get right */
			static const uint8_t hard[] = {MS_EV_REALLOC_FREE, MS_EV_REALLOC, MS_EV_REALLOC_FAILED, MS_EV_LOST,
			                               MS_EV_IMAGE_START, MS_EV_THREAD_END, MS_EV_FREE};

			e.kind = hard[rnd(sizeof hard)];
			class_ = ms_event_kinds[e.kind].class_;
		}
		e.arg[0] = ms_event_kinds[e.kind].args > 0 && rnd(2) ? rnd(1000) : 0;
		e.arg[1] = ms_event_kinds[e.kind].args > 1 && rnd(2) ? some_size() : 0;
		for (unsigned k = 0; k < ms_event_kinds[e.kind].args; k++)
			e.arg[k] = some_id(t, ms_event_kinds[e.kind].ref[k], e.arg[k]);
		if (class_ == MS_CLASS_ALLOC) {
			live[t->next_block] = true;
			small_trace_alloc(t, e.kind, e.thread, (uint32_t)rnd(5), some_size());
		} else if (class_ == MS_CLASS_FREE) {
			uint64_t block = t->next_block > 1 ? 1 + rnd(t->next_block - 1) : 0;

			if (!live[block])
				block = 0;
			live[block] = false;
			small_trace_free_block(t, e.kind, e.thread, block);
		} else {
			if (class_ == MS_CLASS_FAIL || class_ == MS_CLASS_MAP)
				e.size_bytes = some_size();
			if (e.kind == MS_EV_ALLOC_FAILED)
				e.arg[0] = MS_EV_MALLOC;
			if (e.kind == MS_EV_IMAGE_START)
				memset(live, 0, sizeof live); /* the reader forgets them, too */
			small_trace_event(t, &e);
		}
	}
}

static void check_sums(const struct ms_report *r)
{
	struct ms_report_totals sites = {0}, threads = {0}, classes = {0};

	for (size_t i = 0; i < r->site_count; i++) {
		sites.allocations += r->sites[i].allocations;
		sites.reallocations += r->sites[i].reallocations;
		sites.frees += r->sites[i].frees;
		sites.allocated_bytes += r->sites[i].allocated_bytes;
		sites.live_bytes += r->sites[i].live_bytes;
		sites.live_blocks += r->sites[i].live_blocks;
		sites.peak_bytes += r->sites[i].peak_bytes;
		sites.temporary_allocations += r->sites[i].temporary_allocations;
	}
	for (size_t i = 0; i < r->thread_count; i++) {
		threads.allocations += r->threads[i].allocations;
		threads.frees += r->threads[i].frees;
		threads.live_bytes += r->threads[i].live_bytes;
		threads.unmatched_frees += r->threads[i].unmatched_frees;
		threads.freed_bytes += r->threads[i].ended_own.bytes + r->threads[i].ended_others.bytes;
	}
	for (unsigned k = 0; k < 65; k++) {
		classes.live_bytes += r->size_classes[k].live_bytes;
		classes.allocated_bytes += r->size_classes[k].bytes;
	}
	assert_int_equal(sites.allocations, r->totals.allocations);
	assert_int_equal(sites.reallocations, r->totals.reallocations);
	assert_int_equal(sites.frees, r->totals.frees);
	assert_int_equal(sites.allocated_bytes, r->totals.allocated_bytes);
	assert_int_equal(sites.live_bytes, r->totals.live_bytes);
	assert_int_equal(sites.live_blocks, r->totals.live_blocks);
	assert_int_equal(sites.peak_bytes, r->totals.peak_bytes);
	assert_int_equal(sites.temporary_allocations, r->totals.temporary_allocations);
	assert_int_equal(threads.allocations, r->totals.allocations);
	assert_int_equal(threads.frees, r->totals.frees);
	assert_int_equal(threads.live_bytes, r->totals.live_bytes);
	assert_int_equal(threads.freed_bytes, r->totals.freed_bytes);
	assert_int_equal(threads.unmatched_frees, r->totals.unmatched_frees);
	assert_int_equal(classes.live_bytes, r->totals.live_bytes);
	assert_int_equal(classes.allocated_bytes, r->totals.allocated_bytes);
	assert_int_equal(r->totals.live_blocks,
	                 r->totals.allocations - r->totals.frees - r->totals.ended_by_exec.blocks);
	assert_int_equal(r->totals.live_bytes,
	                 r->totals.allocated_bytes - r->totals.freed_bytes - r->totals.ended_by_exec.bytes);
}

/* Whatever happened: series of a group add up to the whole, step by step, and phases to the totals. */
static void check_series(const struct ms_trace *trace)
{
	struct ms_report_options options = {.threads = 1, .timeline_buckets = 23, .timeline_by = (1u << MS_TIMELINE_GROUP_COUNT) - 1};
	struct ms_report r;
	struct ms_error err = {0};
	uint64_t begun = 0, ended = 0, phase_begun = 0, phase_ended = 0;

	if (ms_report_build(&r, trace, &options, &err))
		fail_msg("%s", err.message);
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++) {
		const struct ms_timeline_group_series *group = &r.timeline_by[g];
		size_t *at = calloc(group->series_count + 1, sizeof *at); /* cells of each that are over */

		assert_non_null(at);
		for (size_t i = 0; i < r.timeline_count; i++) {
			const struct ms_report_bucket *b = &r.timeline[i];
			struct ms_report_bucket sum = {0};

			for (size_t k = 0; k < group->series_count; k++) {
				const struct ms_timeline_series *s = &group->series[k];
				const struct ms_timeline_cell *cells = group->cells + s->first_cell;

				if (at[k] < s->cell_count && cells[at[k]].bucket == i) {
					sum.allocated_bytes += cells[at[k]].allocated_bytes;
					sum.freed_bytes += cells[at[k]].freed_bytes;
					sum.allocations += cells[at[k]].allocations;
					sum.frees += cells[at[k]].frees;
					at[k]++;
				}
				sum.last_live_bytes += at[k] ? cells[at[k] - 1].last_live_bytes : 0;
				sum.last_live_blocks += at[k] ? cells[at[k] - 1].last_live_blocks : 0;
			}
			assert_int_equal(sum.last_live_bytes, b->last_live_bytes);
			assert_int_equal(sum.last_live_blocks, b->last_live_blocks);
			assert_int_equal(sum.allocations, b->allocations);
			assert_int_equal(sum.frees, b->frees);
			assert_int_equal(sum.allocated_bytes, b->allocated_bytes);
			assert_int_equal(sum.freed_bytes, b->freed_bytes);
			begun += g ? 0 : b->allocated_bytes;
			ended += g ? 0 : b->freed_bytes;
		}
		free(at);
	}
	assert_int_equal(begun, r.totals.allocated_bytes);
	assert_int_equal(ended, r.totals.freed_bytes);
	for (size_t i = 0; i < r.phases.count; i++) {
		phase_begun += r.phases.list[i].allocated_bytes;
		phase_ended += r.phases.list[i].freed_bytes;
	}
	if (r.phases.list) {
		assert_int_equal(phase_begun, begun);
		assert_int_equal(phase_ended, ended);
	}
	ms_report_free(&r);
}

static void render(const struct ms_report *r)
{
	static const struct ms_text_options text_options = {.top = 5, .frames = 3, .width = 80};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(ms_render_text(f, r, &text_options, NULL), MS_OK);
	fclose(f);
	free(text);
	f = open_memstream(&text, &size);
	assert_int_equal(ms_render_json(f, r, &(struct ms_json_options){.top = 3}, NULL), MS_OK);
	fclose(f);
	assert_int_equal(text[0], '{');
	assert_int_equal(text[size - 2], '}');
	free(text);
}

static void test_chaos(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 1500; seed++) {
		struct small_trace t;
		struct ms_report r;

		state_ = seed * 0x9e3779b97f4a7c15ull;
		small_trace_start(&t);
		play(&t, 10 + seed % 400);
		small_trace_report(&t, seed % 3 ? &small_trace_exited : NULL, &r);
		check_sums(&r);
		if (seed % 3 == 1)
			check_series(t.trace);
		render(&r);
		ms_report_free(&r);
		small_trace_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chaos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
