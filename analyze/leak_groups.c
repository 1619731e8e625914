/* leak_groups.c - the blocks of a heap graph by kind and call path. */
#include <stdlib.h>
#include <string.h>

#include "graph/cycles.h"
#include "heap_report.h"

#define CYCLES_SHOWN 256u /* groups whose example's cycle is looked for */

/* Who stands for a group: what retains most, then what was born first. */
static bool is_better(const struct ms_heap_graph *g, uint32_t a, uint32_t b)
{
	if (g->retained_bytes[a] != g->retained_bytes[b])
		return g->retained_bytes[a] > g->retained_bytes[b];
	return g->data.block[a] < g->data.block[b];
}

static void add_block(struct ms_leak *l, const struct ms_heap_graph *g, uint32_t i, uint32_t *example)
{
	const struct ms_heap_block *b = &g->blocks[i];
	uint64_t id = g->data.block[i];

	if (l->blocks == 0) {
		l->kind = g->kind[i];
		l->node = b->node;
		l->first_block = l->last_block = id;
		l->first_ns = l->last_ns = b->birth_ns;
		l->min_bytes = l->max_bytes = b->size_bytes;
		*example = i;
	}
	l->blocks++;
	l->bytes += b->size_bytes;
	l->in_cycle_blocks += g->cycle_size[i] != 0;
	if (id < l->first_block) {
		l->first_block = id;
		l->first_ns = b->birth_ns;
	}
	if (id > l->last_block) {
		l->last_block = id;
		l->last_ns = b->birth_ns;
	}
	if (b->size_bytes < l->min_bytes)
		l->min_bytes = b->size_bytes;
	if (b->size_bytes > l->max_bytes)
		l->max_bytes = b->size_bytes;
	if (is_better(g, i, *example))
		*example = i;
}

static int by_value(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

/* sizes: sorted here. */
static void most_frequent(struct ms_leak *l, uint64_t *sizes, uint64_t n)
{
	if (l->min_bytes == l->max_bytes) {
		l->frequent_bytes = l->min_bytes;
		l->frequent_blocks = n;
		return;
	}
	qsort(sizes, n, sizeof *sizes, by_value);
	for (uint64_t i = 0, run; i < n; i += run) {
		for (run = 1; i + run < n && sizes[i + run] == sizes[i]; run++)
			;
		if (run > l->frequent_blocks) {
			l->frequent_blocks = run;
			l->frequent_bytes = sizes[i];
		}
	}
}

static void describe_example(struct ms_leak *l, const struct ms_heap_graph *g, uint32_t i)
{
	l->example_position = i;
	l->example_block = g->data.block[i];
	l->example_address = g->blocks[i].address;
	l->example_bytes = g->blocks[i].size_bytes;
	l->example_retained_bytes = g->retained_bytes[i];
	l->example_kind = g->blocks[i].birth_kind;
	l->example_ns = g->blocks[i].birth_ns;
	l->example_thread = g->blocks[i].thread;
	l->type = ms_heap_type(g, i);
}

static int by_importance(const void *pa, const void *pb)
{
	const struct ms_leak *a = pa, *b = pb;
	uint64_t x = a->bytes + a->indirect_bytes, y = b->bytes + b->indirect_bytes;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (x != y)
		return x < y ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node);
}

/* The edges of flow and of the graph's data have the same numbers where their source is a block. */
static void describe_cycle(struct ms_leak *l, const struct ms_heap_graph *g, struct ms_cycle_search *search)
{
	uint32_t edges[MS_LEAK_CYCLE_LINKS], at = l->example_position;

	l->cycle_count = ms_cycle_through(search, at, edges, MS_LEAK_CYCLE_LINKS);
	for (uint64_t i = 0; i < l->cycle_count && i < MS_LEAK_CYCLE_LINKS; i++) {
		l->cycle[i] = (struct ms_leak_link){
			.block = g->data.block[at],
			.offset = g->data.source_offset[edges[i]],
			.target_offset = g->data.target_offset[edges[i]],
		};
		at = g->data.target[edges[i]];
	}
}

static int describe_cycles(struct ms_report_leaks *out, const struct ms_heap_graph *g, struct ms_error *err)
{
	struct ms_flow blocks = {.node_count = g->block_count, .first = g->flow_first, .target = g->flow_target};
	struct ms_cycle_search search = {0};
	unsigned shown = 0;
	int rc;

	if (out->cycles == 0)
		return MS_OK;
	rc = ms_cycle_search_open(&search, &blocks, g->component, err);
	for (size_t i = 0; rc == MS_OK && i < out->leak_count && shown < CYCLES_SHOWN; i++)
		if (out->leaks[i].in_cycle_blocks) {
			describe_cycle(&out->leaks[i], g, &search);
			shown++;
		}
	ms_cycle_search_close(&search);
	return rc;
}

int ms_group_leaks(struct ms_report_leaks *out, const struct ms_heap_graph *g, size_t node_count, struct ms_error *err)
{
	size_t n = g->block_count, keys = node_count * MS_LEAK_KINDS;
	uint32_t *group_of = calloc(keys + 1, sizeof *group_of); /* by (node, kind): group + 1 */
	uint32_t *example = NULL;
	uint64_t *first = NULL, *sizes = NULL;
	int rc = MS_E_NOMEM;

	if (!group_of)
		goto done;
	for (size_t i = 0; i < n; i++) {
		uint32_t *group = &group_of[(size_t)g->blocks[i].node * MS_LEAK_KINDS + g->kind[i]];

		if (*group == 0)
			*group = (uint32_t)++out->leak_count;
	}
	out->leaks = calloc(out->leak_count + 1, sizeof *out->leaks);
	example = calloc(out->leak_count + 1, sizeof *example);
	first = calloc(out->leak_count + 2, sizeof *first);
	sizes = malloc((n + 1) * sizeof *sizes);
	if (!out->leaks || !example || !first || !sizes)
		goto done;
#define GROUP(i) (group_of[(size_t)g->blocks[i].node * MS_LEAK_KINDS + g->kind[i]] - 1)
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = GROUP(i);

		add_block(&out->leaks[k], g, i, &example[k]);
		first[k + 2]++;
		out->kind[g->kind[i]].blocks++;
		out->kind[g->kind[i]].bytes += g->blocks[i].size_bytes;
		if (g->kind[i] == MS_LEAK_INDIRECT) {
			struct ms_leak *head = &out->leaks[GROUP(g->head[i])];

			head->indirect_blocks++;
			head->indirect_bytes += g->blocks[i].size_bytes;
		}
		out->cycle_blocks += g->cycle_size[i] != 0;
	}
	/* Sizes group by group: first[k + 1] is where group k goes on. */
	for (size_t k = 0; k < out->leak_count; k++)
		first[k + 2] += first[k + 1];
	for (uint32_t i = 0; i < n; i++)
		sizes[first[GROUP(i) + 1]++] = g->blocks[i].size_bytes;
	for (size_t k = 0; k < out->leak_count; k++) {
		struct ms_leak *l = &out->leaks[k];

		most_frequent(l, sizes + first[k], l->blocks);
		describe_example(l, g, example[k]);
		out->paths[l->kind]++;
	}
#undef GROUP
	/* A component is counted at its lowest block. */
	memset(sizes, 0, (n + 1) * sizeof *sizes);
	for (uint32_t i = 0; i < n; i++)
		if (g->cycle_size[i] && sizes[g->component[i]]++ == 0)
			out->cycles++;
	qsort(out->leaks, out->leak_count, sizeof *out->leaks, by_importance);
	rc = describe_cycles(out, g, err);
	if (rc)
		goto out;
done:
	if (rc == MS_E_NOMEM)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to group %zu blocks", n);
out:
	free(group_of);
	free(example);
	free(first);
	free(sizes);
	return rc;
}
