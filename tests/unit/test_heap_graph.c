/*
 * test_heap_graph.c - random graphs against definitions: what is reachable by a fixpoint, what is retained by taking nodes away one by
 * one, cycles by a closure, shortest ways by levels. Nothing of the referee is clever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "analyze/graph/cycles.h"
#include "analyze/graph/heap_graph.h"
#include "analyze/graph/paths.h"
#include "analyze/graph/reach.h"
#include "analyze/heap_report.h"
#include "format/evidence.h"

#define MOST 40
#define NODES 7

static uint64_t seed;
static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % n);
}

struct sample {
	struct ms_heap_graph g;
	struct ms_graph facts;
	struct ms_graph_root roots[8];
	uint64_t id[MOST], source_offset[512], target_offset[512];
	uint32_t source[512], target[512];
	uint8_t flags[512];
};

static int by_nothing(const void *a, const void *b)
{
	return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

static void make(struct sample *s, uint64_t number)
{
	struct ms_heap_graph *g = &s->g;
	uint32_t edges;

	memset(s, 0, sizeof *s);
	seed = number * 77777 + 1;
	g->block_count = below(MOST + 1);
	g->root_count = 1 + below(7);
	g->holder_count = g->root_count;
	edges = g->block_count ? below(g->block_count * (1 + below(3)) + 1) : 0;
	for (uint32_t e = 0; e < edges; e++) /* few edges from roots, or nothing would be lost */
		s->source[e] = below(8) ? below(g->block_count) : g->block_count + below(g->root_count);
	qsort(s->source, edges, sizeof *s->source, by_nothing);
	for (uint32_t e = 0; e < edges; e++) {
		s->target[e] = below(g->block_count);
		s->source_offset[e] = e;
		s->target_offset[e] = below(3) ? 0 : 8;
		s->flags[e] = s->target_offset[e] && below(2) ? MS_EDGE_NEWARRAY : 0;
	}
	for (uint32_t i = 0; i < g->block_count; i++)
		s->id[i] = (i * 17 + 5) % 41 + 1; /* the order of birth is not that of addresses */
	for (uint32_t i = 0; i < g->root_count; i++)
		s->roots[i].kind = (uint8_t)(1 + below(5));
	s->facts.roots = s->roots;
	s->facts.root_count = g->root_count;
	g->facts = &s->facts;
	g->data = (struct ms_graph_data){
		.block_count = g->block_count, .edge_count = edges, .block = s->id, .source = s->source, .target = s->target,
		.source_offset = s->source_offset, .target_offset = s->target_offset, .flags = s->flags,
	};
	g->blocks = calloc(MOST, sizeof *g->blocks);
	g->holders = calloc(8, sizeof *g->holders);
	g->holder_of_edge = calloc(512, sizeof *g->holder_of_edge);
	for (uint32_t i = 0; i < g->block_count; i++)
		g->blocks[i] = (struct ms_heap_block){.address = 0x1000 + i * 64, .size_bytes = 1 + below(60), .node = 1 + below(NODES - 1),
		                                      .birth_ns = s->id[i] * 10};
	assert_int_equal(ms_heap_graph_index(g, NULL), MS_OK);
	for (uint32_t e = g->first[g->block_count]; e < edges; e++) {
		g->holders[s->source[e] - g->block_count] = (struct ms_holder){
			.kind = s->roots[s->source[e] - g->block_count].kind, .name = "", .module = "", .tid = s->source[e] - g->block_count};
		g->holder_of_edge[e - g->first[g->block_count]] = s->source[e] - g->block_count;
	}
	for (uint32_t i = 0; i < g->holder_count; i++)
		if (!g->holders[i].name)
			g->holders[i] = (struct ms_holder){.kind = s->roots[i].kind, .name = "", .module = "", .tid = i};
	assert_int_equal(ms_heap_graph_solve(g, NULL), MS_OK);
}

/* ---- the referee ---------------------------------------------------------------------------------------------------- */

/* Grows `in` (blocks, then roots) over edges until nothing changes; never into `without`. */
static void grow(const struct sample *s, bool *in, bool start_only, uint32_t without)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint64_t e = 0; e < s->g.data.edge_count; e++)
			if (in[s->source[e]] && !in[s->target[e]] && s->target[e] != without && s->source[e] != without &&
			    (!start_only || s->target_offset[e] == 0 || s->flags[e])) {
				in[s->target[e]] = true;
				changed = true;
			}
	}
}

struct truth {
	uint8_t kind[MOST];
	bool leads[MOST][MOST];          /* leads[a][b]: over at least one edge, among all blocks */
	bool needs[MOST + 8][MOST];      /* needs[v][b]: without v, b is not reached; v is a block or a root */
};

static void find_truth(const struct sample *s, struct truth *t)
{
	uint32_t n = s->g.block_count, r = s->g.root_count;
	bool reachable[MOST + 8] = {0}, possible[MOST + 8] = {0}, heads[MOST] = {0};
	bool taken[MOST] = {0}, found[MOST][MOST] = {{0}};

	memset(t, 0, sizeof *t);
	for (uint32_t i = 0; i < r; i++)
		reachable[n + i] = possible[n + i] = true;
	grow(s, reachable, true, UINT32_MAX);
	grow(s, possible, false, UINT32_MAX);
	for (uint32_t a = 0; a < n; a++) {
		bool in[MOST + 8] = {0};

		for (uint64_t e = 0; e < s->g.data.edge_count; e++)
			if (s->source[e] == a)
				in[s->target[e]] = true;
		grow(s, in, false, UINT32_MAX);
		memcpy(t->leads[a], in, n);
	}
	for (uint32_t b = 0; b < n; b++) {
		t->kind[b] = reachable[b] ? MS_LEAK_REACHABLE : MS_LEAK_POSSIBLE;
	}
	/* Lost blocks, as reach.h has it: what each one finds that is not taken yet; then who finds whom. */
	memcpy(taken, possible, n);
	for (uint32_t h = 0; h < n; h++) {
		bool changed = true;

		if (taken[h])
			continue;
		heads[h] = found[h][h] = taken[h] = true;
		while (changed) {
			changed = false;
			for (uint64_t e = 0; e < s->g.data.edge_count; e++) {
				if (s->source[e] >= n || !found[h][s->source[e]] || s->target[e] == h)
					continue;
				if (!taken[s->target[e]])
					changed = taken[s->target[e]] = found[h][s->target[e]] = true;
				heads[s->target[e]] = false;
			}
		}
	}
	for (uint32_t b = 0; b < n; b++)
		if (!possible[b])
			t->kind[b] = heads[b] ? MS_LEAK_DEFINITE : MS_LEAK_INDIRECT;
	for (uint32_t v = 0; v < n + r; v++) {
		bool in[MOST + 8] = {0};

		for (uint32_t i = 0; i < n; i++)
			in[i] = heads[i] && i != v;
		for (uint32_t i = 0; i < r; i++)
			in[n + i] = n + i != v;
		grow(s, in, false, v);
		for (uint32_t b = 0; b < n; b++)
			t->needs[v][b] = !in[b];
	}
}

static void test_kinds_are_those_of_a_fixpoint(void **state)
{
	static struct sample s;
	static struct truth t;
	unsigned seen[MS_LEAK_KINDS] = {0};

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		make(&s, k);
		find_truth(&s, &t);
		for (uint32_t b = 0; b < s.g.block_count; b++) {
			assert_int_equal(s.g.kind[b], t.kind[b]);
			seen[t.kind[b]]++;
			if (t.kind[b] == MS_LEAK_INDIRECT) {
				assert_int_equal(t.kind[s.g.head[b]], MS_LEAK_DEFINITE);
				assert_true(t.leads[s.g.head[b]][b]);
			} else {
				assert_true(s.g.head[b] == (t.kind[b] == MS_LEAK_DEFINITE ? b : UINT32_MAX));
			}
		}
		ms_heap_graph_free(&s.g);
	}
	for (unsigned k = 0; k < MS_LEAK_KINDS; k++)
		assert_true(seen[k] > 500);
}

static void test_retained_is_what_needs_it(void **state)
{
	static struct sample s;
	static struct truth t;
	unsigned more = 0;

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		make(&s, k);
		find_truth(&s, &t);
		for (uint32_t v = 0; v < s.g.block_count + s.g.holder_count; v++) {
			uint64_t bytes = 0, blocks = 0;

			for (uint32_t b = 0; b < s.g.block_count; b++) {
				bytes += t.needs[v][b] ? s.g.blocks[b].size_bytes : 0;
				blocks += t.needs[v][b];
			}
			assert_int_equal(s.g.retained_bytes[v], bytes);
			assert_int_equal(s.g.retained_blocks[v], blocks);
			more += blocks > 1;
		}
		ms_heap_graph_free(&s.g);
	}
	assert_true(more > 1000);
}

/*
 * The tree of groups against the definition of dominance: where a block belongs, and what it adds, from the chain of those that it needs.
 */
static void check_tree(const struct ms_report_holders *h, const struct ms_heap_graph *g, const struct truth *t)
{
	struct ms_held_group *expected = calloc(h->tree_count + 1, sizeof *expected);
	uint32_t n = g->block_count;

	assert_int_equal(h->tree_omitted, 0);
	for (uint32_t b = 0; b < n; b++) {
		uint32_t chain[MOST], length = 0, group = UINT32_MAX, open[NODES], holder = UINT32_MAX;
		bool lost = t->kind[b] == MS_LEAK_DEFINITE || t->kind[b] == MS_LEAK_INDIRECT;

		memset(open, 0xff, sizeof open);
		for (uint32_t v = 0; v < n; v++) /* from the outermost inwards: who needs less stands further out */
			if (t->needs[v][b]) {
				uint32_t at = length++;

				for (; at > 0 && t->needs[v][chain[at - 1]]; at--)
					chain[at] = chain[at - 1];
				chain[at] = v;
			}
		for (uint32_t r = 0; r < g->root_count; r++)
			if (t->needs[n + r][b])
				holder = r;
		for (size_t i = 0; i < h->tree_count; i++)
			if (h->tree[i].parent == UINT32_MAX && (holder != UINT32_MAX ? h->tree[i].what == MS_HELD_BY_HOLDER && h->holdings[h->tree[i].holding].holder.tid == holder
			                                                            : h->tree[i].what == (lost ? MS_HELD_LOST : MS_HELD_SHARED)))
				group = (uint32_t)i;
		assert_true(group != UINT32_MAX);
		expected[group].retained_blocks++;
		expected[group].retained_bytes += g->blocks[b].size_bytes;
		for (uint32_t k = 0; k < length; k++) {
			uint32_t place = g->blocks[chain[k]].node, child = UINT32_MAX;

			assert_true(k + 1 < length || chain[k] == b);
			if (open[place] == UINT32_MAX) {
				for (size_t i = 0; i < h->tree_count; i++)
					if (h->tree[i].parent == group && h->tree[i].place == place && h->tree[i].what == MS_HELD_BLOCKS)
						child = (uint32_t)i;
				assert_true(child != UINT32_MAX);
				open[place] = group = child;
				expected[group].retained_blocks++;
				expected[group].retained_bytes += g->blocks[b].size_bytes;
				expected[group].heads += chain[k] == b;
			}
		}
		expected[open[g->blocks[b].node]].blocks++;
		expected[open[g->blocks[b].node]].bytes += g->blocks[b].size_bytes;
	}
	for (size_t i = 0; i < h->tree_count; i++) {
		const struct ms_held_group *q = &h->tree[i];

		assert_int_equal(q->retained_blocks, expected[i].retained_blocks);
		assert_int_equal(q->retained_bytes, expected[i].retained_bytes);
		assert_int_equal(q->blocks, expected[i].blocks);
		assert_int_equal(q->bytes, expected[i].bytes);
		assert_int_equal(q->heads, expected[i].heads);
		if (q->parent != UINT32_MAX) {
			assert_true(q->parent < i);
			expected[q->parent].children++;
		}
		if (q->what == MS_HELD_BY_HOLDER)
			assert_int_equal(h->holdings[q->holding].group, i);
		if (q->what == MS_HELD_BLOCKS)
			assert_int_equal(q->sites, 1); /* without places each call path is one */
		if (i)
			assert_true(h->tree[i - 1].retained_bytes >= q->retained_bytes);
	}
	for (size_t i = 0; i < h->tree_count; i++)
		assert_int_equal(h->tree[i].children, expected[i].children);
	free(expected);
}

static void test_holders_and_call_paths(void **state)
{
	static struct sample s;
	static struct truth t;
	unsigned shared = 0;

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		struct ms_report_holders h = {0};
		struct ms_held_path path[NODES] = {{0}};
		uint64_t shared_blocks = 0, lost_bytes = 0;
		uint32_t n, holding = 0, first_of_kin = 0;

		make(&s, k);
		find_truth(&s, &t);
		n = s.g.block_count;
		assert_int_equal(ms_collect_holders(&h, &s.g, NODES, NULL, NULL), MS_OK);
		for (uint32_t b = 0; b < n; b++) {
			bool held = false, above[NODES] = {0};

			for (uint32_t r = 0; r < s.g.root_count; r++)
				held |= t.needs[n + r][b];
			if (t.kind[b] == MS_LEAK_DEFINITE || t.kind[b] == MS_LEAK_INDIRECT)
				lost_bytes += s.g.blocks[b].size_bytes;
			else
				shared_blocks += !held;
			for (uint32_t v = 0; v < n; v++)
				above[s.g.blocks[v].node] |= t.needs[v][b];
			for (uint32_t node = 0; node < NODES; node++) {
				path[node].retained_blocks += above[node];
				path[node].retained_bytes += above[node] ? s.g.blocks[b].size_bytes : 0;
			}
			path[s.g.blocks[b].node].blocks++;
			path[s.g.blocks[b].node].bytes += s.g.blocks[b].size_bytes;
		}
		shared += shared_blocks > 0;
		assert_int_equal(h.shared_blocks, shared_blocks);
		assert_int_equal(h.lost_bytes, lost_bytes);
		for (size_t i = 0; i < h.path_count; i++) {
			const struct ms_held_path *p = &h.paths[i], *q = &path[p->node];

			assert_int_equal(p->blocks, q->blocks);
			assert_int_equal(p->bytes, q->bytes);
			assert_int_equal(p->retained_blocks, q->retained_blocks);
			assert_int_equal(p->retained_bytes, q->retained_bytes);
			if (i)
				assert_true(h.paths[i - 1].retained_bytes >= p->retained_bytes);
			path[p->node].blocks = 0;
		}
		for (uint32_t node = 0; node < NODES; node++)
			assert_int_equal(path[node].blocks, 0); /* none is left out */
		for (uint32_t r = 0; r < s.g.root_count; r++)
			holding += s.g.retained_blocks[n + r] != 0;
		assert_int_equal(h.holding_count, holding);
		for (size_t i = 0; i < h.holding_count; i++) {
			const struct ms_holding *x = &h.holdings[i];
			uint64_t bytes[NODES] = {0}, blocks[NODES] = {0}, least = UINT64_MAX;
			unsigned sites = 0;

			for (uint32_t b = 0; b < n; b++)
				if (t.needs[n + x->holder.tid][b]) {
					bytes[s.g.blocks[b].node] += s.g.blocks[b].size_bytes;
					blocks[s.g.blocks[b].node]++;
				}
			for (unsigned node = 0; node < NODES; node++)
				sites += blocks[node] != 0;
			assert_int_equal(x->places, sites);
			assert_int_equal(x->top_count, sites < MS_HELD_PLACES ? sites : MS_HELD_PLACES);
			for (uint32_t j = 0; j < x->top_count; j++) {
				assert_int_equal(x->top[j].bytes, bytes[x->top[j].place]);
				assert_int_equal(x->top[j].blocks, blocks[x->top[j].place]);
				assert_true(x->top[j].bytes <= least);
				least = x->top[j].bytes;
				bytes[x->top[j].place] = 0;
			}
			for (unsigned node = 0; node < NODES && x->top_count == MS_HELD_PLACES; node++)
				assert_true(bytes[node] <= least);
		}
		for (uint32_t b = 0; b < n; b++) { /* the nearest of those that it needs is of its own call path */
			uint32_t nearest = UINT32_MAX;

			for (uint32_t v = 0; v < n + s.g.root_count; v++)
				if (v != b && t.needs[v][b] && (nearest == UINT32_MAX || (v < n && t.needs[nearest][v])))
					nearest = v;
			first_of_kin += nearest >= n || s.g.blocks[nearest].node != s.g.blocks[b].node;
		}
		assert_int_equal(h.block_count, first_of_kin);
		for (size_t i = 1; i < h.block_count; i++)
			assert_true(h.blocks[i - 1].retained_bytes >= h.blocks[i].retained_bytes);
		check_tree(&h, &s.g, &t);
		ms_report_holders_free(&h);
		ms_heap_graph_free(&s.g);
	}
	assert_true(shared > 100);
}

static void test_cycles_are_those_of_the_closure(void **state)
{
	static struct sample s;
	static struct truth t;
	unsigned long_ones = 0;

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		struct ms_flow flow;
		struct ms_cycle_search search;
		uint32_t edges[MOST];

		make(&s, k);
		find_truth(&s, &t);
		flow = (struct ms_flow){.node_count = s.g.block_count, .first = s.g.flow_first, .target = s.g.flow_target};
		assert_int_equal(ms_cycle_search_open(&search, &flow, s.g.component, NULL), MS_OK);
		for (uint32_t b = 0; b < s.g.block_count; b++) {
			bool lost = t.kind[b] == MS_LEAK_DEFINITE || t.kind[b] == MS_LEAK_INDIRECT;
			uint32_t size = 0, at = b;
			size_t length;

			for (uint32_t x = 0; x < s.g.block_count; x++)
				size += t.leads[x][b] && t.leads[b][x];
			assert_int_equal(s.g.cycle_size[b], lost ? size : 0);
			if (!lost)
				continue;
			length = ms_cycle_through(&search, b, edges, MOST);
			assert_int_equal(length > 0, size > 0);
			assert_true(length <= size);
			for (size_t i = 0; i < length; i++) {
				assert_int_equal(s.source[edges[i]], at);
				at = s.target[edges[i]];
			}
			assert_int_equal(at, b);
			long_ones += length > 2;
		}
		ms_cycle_search_close(&search);
		ms_heap_graph_free(&s.g);
	}
	assert_true(long_ones > 100);
}

static void test_ways_are_shortest_and_real(void **state)
{
	static struct sample s;

	(void)state;
	for (unsigned k = 0; k < 300; k++) {
		make(&s, k);
		for (uint32_t b = 0; b < s.g.block_count; b++) {
			bool lost = s.g.kind[b] == MS_LEAK_DEFINITE || s.g.kind[b] == MS_LEAK_INDIRECT;
			bool in[MOST + 8] = {0};
			struct ms_why why;
			size_t levels = 0;
			uint64_t before = UINT64_MAX;

			assert_int_equal(ms_why_position(&why, &s.g, b, NULL), MS_OK);
			assert_int_equal(why.from_root, !lost);
			if (lost)
				in[s.g.head[b]] = true;
			for (uint32_t r = 0; !lost && r < s.g.root_count; r++)
				in[s.g.block_count + r] = true;
			for (levels = lost; !in[b]; levels++) {
				bool next[MOST + 8];

				memcpy(next, in, sizeof next);
				for (uint64_t e = 0; e < s.g.data.edge_count; e++)
					if (in[s.source[e]] && (s.g.kind[b] != MS_LEAK_REACHABLE || ms_is_start_edge(&s.g.data, e)))
						next[s.target[e]] = true;
				memcpy(in, next, sizeof next);
			}
			assert_int_equal(why.step_count, levels);
			for (size_t i = 0; i < why.step_count; i++) {
				bool found = lost && i == 0;

				for (uint64_t e = 0; e < s.g.data.edge_count; e++) {
					uint32_t from = s.source[e];

					if (s.source_offset[e] != why.steps[i].offset || s.target_offset[e] != why.steps[i].target_offset ||
					    s.id[s.target[e]] != why.steps[i].block.block)
						continue;
					if (i ? from < s.g.block_count && s.id[from] == before
					      : from >= s.g.block_count && why.holder.tid == from - s.g.block_count)
						found = true;
				}
				assert_true(found);
				before = why.steps[i].block.block;
			}
			assert_int_equal(before, s.id[b]);
			ms_why_free(&why);
		}
		ms_heap_graph_free(&s.g);
	}
}

static void test_groups_of_leaks(void **state)
{
	static struct sample s;

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		struct ms_report_leaks l = {0};
		uint64_t indirect = 0, hanging = 0;

		make(&s, k);
		assert_int_equal(ms_group_leaks(&l, &s.g, NODES, NULL), MS_OK);
		for (size_t i = 0; i < l.leak_count; i++) {
			const struct ms_leak *x = &l.leaks[i];
			uint64_t blocks = 0, bytes = 0, least = UINT64_MAX, most = 0, first = UINT64_MAX, last = 0, on_cycle = 0;
			uint32_t count[64] = {0}, best = 0;

			for (uint32_t b = 0; b < s.g.block_count; b++) {
				uint64_t size = s.g.blocks[b].size_bytes;

				if (s.g.kind[b] != x->kind || s.g.blocks[b].node != x->node)
					continue;
				blocks++;
				bytes += size;
				on_cycle += s.g.cycle_size[b] != 0;
				count[size]++;
				least = size < least ? size : least;
				most = size > most ? size : most;
				first = s.id[b] < first ? s.id[b] : first;
				last = s.id[b] > last ? s.id[b] : last;
			}
			for (uint32_t size = 1; size < 64; size++)
				best = count[size] > count[best] ? size : best;
			assert_int_equal(x->blocks, blocks);
			assert_int_equal(x->bytes, bytes);
			assert_int_equal(x->min_bytes, least);
			assert_int_equal(x->max_bytes, most);
			assert_int_equal(x->first_block, first);
			assert_int_equal(x->last_block, last);
			assert_int_equal(x->first_ns, first * 10);
			assert_int_equal(x->last_ns, last * 10);
			assert_int_equal(x->in_cycle_blocks, on_cycle);
			assert_int_equal(x->frequent_bytes, best);
			assert_int_equal(x->frequent_blocks, count[best]);
			hanging += x->indirect_bytes;
			indirect += x->kind == MS_LEAK_INDIRECT ? x->bytes : 0;
			if (x->indirect_bytes)
				assert_int_equal(x->kind, MS_LEAK_DEFINITE);
		}
		assert_int_equal(indirect, hanging);
		assert_int_equal(l.kind[MS_LEAK_INDIRECT].bytes, indirect);
		ms_report_leaks_free(&l);
		ms_heap_graph_free(&s.g);
	}
}

/* ---- size ----------------------------------------------------------------------------------------------------------- */

/* Deep chains and wide tables: nothing recurses, nothing is quadratic. MS_BENCH=1 prints the time for a million blocks. */
static void test_a_long_chain_and_many_edges(void **state)
{
	uint32_t n = getenv("MS_BENCH") ? 1000000 : 100000, edges = 3 * n;
	struct ms_heap_graph g = {.block_count = n, .root_count = 64, .holder_count = 64};
	struct ms_graph_root *roots = calloc(64, sizeof *roots);
	struct ms_graph facts = {.roots = roots, .root_count = 64};
	uint32_t *source = malloc(edges * sizeof *source), *target = malloc(edges * sizeof *target);
	uint64_t *offset = calloc(edges, sizeof *offset), *id = malloc(n * sizeof *id), sum = 0;
	uint8_t *flags = calloc(edges, 1);
	struct ms_report_leaks leaks = {0};
	struct ms_report_holders holders = {0};
	struct timespec a, b;

	(void)state;
	seed = 4711;
	for (uint32_t e = 0; e < edges; e++) { /* half of it a chain from root 0, the other half a random graph, part of it lost */
		source[e] = e < n / 2 ? e : e < edges - 1000 ? n / 2 + (uint32_t)((uint64_t)(e - n / 2) * (n - n / 2) / (edges - 1000 - n / 2)) : n + (e - (edges - 1000)) / 16;
		target[e] = e < n / 2 - 1 ? e + 1 : e < edges - 1000 ? n / 2 + below(n - n / 2) : e == edges - 1000 ? 0 : n / 2 + below(n - n / 2);
	}
	g.data = (struct ms_graph_data){.block_count = n, .edge_count = edges, .block = id, .source = source, .target = target,
	                                .source_offset = offset, .target_offset = offset, .flags = flags};
	g.facts = &facts;
	g.blocks = calloc(n, sizeof *g.blocks);
	g.holders = calloc(64, sizeof *g.holders);
	g.holder_of_edge = calloc(1000, sizeof *g.holder_of_edge);
	for (uint32_t i = 0; i < 64; i++)
		g.holders[i] = (struct ms_holder){.kind = MS_ROOT_DATA, .name = "", .module = "", .tid = i};
	for (uint32_t i = 0; i < 1000; i++)
		g.holder_of_edge[i] = i / 16;
	for (uint32_t i = 0; i < n; i++) {
		id[i] = i + 1;
		g.blocks[i] = (struct ms_heap_block){.address = 0x1000 + (uint64_t)i * 64, .size_bytes = 1 + below(64), .node = 1 + below(999)};
		sum += g.blocks[i].size_bytes;
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(ms_heap_graph_index(&g, NULL), MS_OK);
	assert_int_equal(ms_heap_graph_solve(&g, NULL), MS_OK);
	assert_int_equal(ms_group_leaks(&leaks, &g, 1000, NULL), MS_OK);
	assert_int_equal(ms_collect_holders(&holders, &g, 1000, NULL, NULL), MS_OK);
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (getenv("MS_BENCH"))
		print_message("%u blocks, %u edges: %.2f s\n", n, edges, (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	assert_int_equal(g.retained_bytes[g.flow.root], sum);
	assert_int_equal(g.retained_blocks[g.flow.root], n);
	assert_int_equal(g.retained_blocks[0] - g.retained_blocks[1], 1);
	assert_true(g.retained_blocks[0] >= n / 2);
	assert_int_equal(g.kind[n / 2 - 1], MS_LEAK_REACHABLE);
	assert_int_equal(holders.tree_count, MS_HELD_GROUPS);
	assert_true(holders.tree_omitted > 0);
	ms_report_leaks_free(&leaks);
	ms_report_holders_free(&holders);
	ms_heap_graph_free(&g);
	free(roots);
	free(source);
	free(target);
	free(offset);
	free(id);
	free(flags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_are_those_of_a_fixpoint),
		cmocka_unit_test(test_retained_is_what_needs_it),
		cmocka_unit_test(test_holders_and_call_paths),
		cmocka_unit_test(test_cycles_are_those_of_the_closure),
		cmocka_unit_test(test_ways_are_shortest_and_real),
		cmocka_unit_test(test_groups_of_leaks),
		cmocka_unit_test(test_a_long_chain_and_many_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
