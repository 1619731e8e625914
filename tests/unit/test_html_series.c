/* test_html_series.c - which keys share a series on the page, against sums over all cells step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/html_series.h"

#define STEPS 60
#define KEYS 40

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((random_state >> 33) % n);
}

/* What all series say together about a step. */
struct sums {
	uint64_t bytes, blocks, allocations, frees, allocated, freed;
};

static struct ms_timeline_group_series some_series(uint64_t seed)
{
	struct ms_timeline_group_series g = {
		.series = calloc(KEYS, sizeof *g.series), .cells = calloc(KEYS * STEPS, sizeof *g.cells), .series_count = 1 + seed % KEYS,
	};

	random_state = seed;
	assert_non_null(g.series);
	assert_non_null(g.cells);
	for (size_t i = 0; i < g.series_count; i++) {
		uint64_t bytes = 0, blocks = 0;
		uint32_t rarely = 1 + below(6);

		g.series[i] = (struct ms_timeline_series){.key = (uint32_t)i * 3 + 1, .first_cell = g.cell_count};
		for (uint32_t b = 0; b < STEPS; b++) {
			struct ms_timeline_cell *c = &g.cells[g.cell_count];

			if (below(rarely))
				continue;
			*c = (struct ms_timeline_cell){.bucket = b, .allocations = below(9), .min_live_bytes = bytes};
			c->frees = below((uint32_t)blocks + c->allocations + 1);
			c->allocated_bytes = c->allocations * UINT64_C(100) << below(12);
			c->freed_bytes = below(3) ? below(1000) % (bytes + c->allocated_bytes + 1) : bytes + c->allocated_bytes;
			c->max_live_bytes = bytes + c->allocated_bytes;
			c->last_live_bytes = bytes += c->allocated_bytes - c->freed_bytes;
			c->last_live_blocks = blocks += c->allocations - c->frees;
			g.cell_count++;
		}
		g.series[i].cell_count = g.cell_count - g.series[i].first_cell;
	}
	return g;
}

static void add(struct sums out[STEPS], const struct ms_timeline_cell *cells, size_t n)
{
	for (uint32_t b = 0; b < STEPS; b++) {
		const struct ms_timeline_cell *level = NULL;

		for (size_t k = 0; k < n && cells[k].bucket <= b; k++) {
			assert_true(k == 0 || cells[k].bucket > cells[k - 1].bucket);
			level = &cells[k];
		}
		if (!level)
			continue;
		out[b].bytes += level->last_live_bytes;
		out[b].blocks += level->last_live_blocks;
		if (level->bucket == b) {
			out[b].allocations += level->allocations;
			out[b].frees += level->frees;
			out[b].allocated += level->allocated_bytes;
			out[b].freed += level->freed_bytes;
		}
	}
}

static uint64_t highest(const struct ms_timeline_cell *cells, size_t n)
{
	uint64_t most = 0;

	for (size_t k = 0; k < n; k++)
		most = cells[k].max_live_bytes > most ? cells[k].max_live_bytes : most;
	return most;
}

static void test_sums_stay(void **state)
{
	size_t merged = 0, whole = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct ms_timeline_group_series g = some_series(seed);
		size_t limit = 1 + below(KEYS * STEPS / 3);
		struct sums before[STEPS] = {{0}}, after[STEPS] = {{0}};
		struct ms_html_series_list list;
		bool largest_kept = false;
		size_t largest = 0, cells = 0, own = 0;

		for (size_t i = 0; i < g.series_count; i++) {
			add(before, g.cells + g.series[i].first_cell, g.series[i].cell_count);
			if (highest(g.cells + g.series[i].first_cell, g.series[i].cell_count) > highest(g.cells + g.series[largest].first_cell, g.series[largest].cell_count))
				largest = i;
		}
		assert_int_equal(ms_html_series_pick(&list, &g, limit), MS_OK);
		for (size_t i = 0; i < list.count; i++) {
			const struct ms_html_series *s = &list.series[i];

			add(after, s->cells, s->cell_count);
			cells += s->cell_count;
			if (s->key == MS_HTML_SERIES_REST) {
				assert_int_equal(i, list.count - 1);
				continue;
			}
			assert_true(i == 0 || list.series[i - 1].key < s->key);
			assert_ptr_equal(s->cells, g.cells + g.series[(s->key - 1) / 3].first_cell);
			own += s->cell_count;
			largest_kept |= s->key == g.series[largest].key;
		}
		assert_memory_equal(before, after, sizeof before);
		assert_int_equal(list.cell_count, cells);
		assert_true(own <= limit);
		assert_int_equal(list.count - (list.merged != 0) + list.merged, g.series_count);
		assert_int_equal(ms_html_series_merged(&g, limit), list.merged);
		assert_int_equal(list.merged != 0, g.cell_count > limit);
		assert_true(largest_kept || g.series[largest].cell_count > limit);
		merged += list.merged != 0;
		whole += list.merged == 0;
		ms_html_series_free(&list);
		free(g.series);
		free(g.cells);
	}
	assert_true(merged > 50 && whole > 50);
}

static void test_nothing(void **state)
{
	struct ms_timeline_group_series none = {0};
	struct ms_html_series_list list;

	(void)state;
	assert_int_equal(ms_html_series_pick(&list, &none, 10), MS_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(ms_html_series_merged(&none, 10), 0);
	ms_html_series_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums_stay), cmocka_unit_test(test_nothing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
