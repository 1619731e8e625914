/* heap_graph.c - see heap_graph.h: load, look the blocks up, solve. */
#include "heap_graph.h"

#include <stdlib.h>
#include <string.h>

#include "cycles.h"
#include "format/evidence.h"
#include "format/trace_reader.h"
#include "reach.h"
#include "root_holders.h"

static int no_memory(const struct ms_heap_graph *g, struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a heap graph of %u blocks", g->block_count);
}

int ms_heap_graph_index(struct ms_heap_graph *g, struct ms_error *err)
{
	size_t sources = g->block_count + (size_t)g->root_count;

	if (g->data.edge_count >= UINT32_MAX || sources >= UINT32_MAX - 1)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "a heap graph of %llu edges is too large",
		               (unsigned long long)g->data.edge_count);
	g->first = calloc(sources + 2, sizeof *g->first);
	if (!g->first)
		return no_memory(g, err);
	for (uint64_t e = 0; e < g->data.edge_count; e++)
		g->first[g->data.source[e] + 1]++;
	for (size_t i = 0; i < sources; i++)
		g->first[i + 1] += g->first[i];
	return MS_OK;
}

/* ---- what the trace knows of the blocks ---------------------------------------------------------------------------- */

static const struct ms_live_block *find_live(const struct ms_live_block *live, size_t n, uint64_t id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (live[middle].block < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && live[low].block == id ? &live[low] : NULL;
}

static int look_up_blocks(struct ms_heap_graph *g, const uint32_t *node_of_stack, struct ms_error *err)
{
	const struct ms_live_block *live = NULL;
	struct ms_cursor *cursor = NULL;
	size_t n = 0, found = 0;
	int rc;

	g->blocks = calloc(g->block_count + (size_t)1, sizeof *g->blocks);
	if (!g->blocks)
		return no_memory(g, err);
	rc = ms_cursor_open(&cursor, g->trace, MS_COLUMN_ADDRESS, g->facts->event, 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_live(cursor, &live, &n, err);
	for (size_t i = 0; rc == MS_OK && i < n; i++)
		g->live_bytes += live[i].size_bytes;
	g->live_blocks = n;
	for (uint32_t i = 0; rc == MS_OK && i < g->block_count; i++) {
		const struct ms_live_block *b = find_live(live, n, g->data.block[i]);

		if (!b)
			continue;
		found++;
		g->blocks[i] = (struct ms_heap_block){
			.address = b->address, .size_bytes = b->size_bytes, .birth_ns = b->birth_ns,
			.node = node_of_stack[b->stack], .thread = b->thread, .birth_kind = b->kind,
		};
	}
	g->missing_blocks = found < n ? n - found : 0; /* a hostile graph may name a block twice */
	g->unknown_blocks = g->block_count - found;
	ms_cursor_close(cursor);
	return rc;
}

/* Few vtables, many objects: what a word means is remembered in a small table. */
static int find_types(struct ms_heap_graph *g, struct ms_error *err)
{
	static const char prefix[] = "vtable for ";
	struct {
		uint64_t word;
		const char *type;
	} known[256] = {{0}};

	g->type = calloc(g->block_count + (size_t)1, sizeof *g->type);
	if (!g->type)
		return no_memory(g, err);
	for (uint32_t i = 0; i < g->block_count; i++) {
		uint64_t word = g->data.first_word[i];
		size_t k = word / 8 % (sizeof known / sizeof *known);

		if (word == 0)
			continue;
		if (known[k].word != word) {
			const struct ms_data_symbol *s = ms_trace_data_symbol(g->trace, 0, word);
			const char *name = s ? ms_trace_string(g->trace, s->name) : "";

			known[k].word = word;
			known[k].type = strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : NULL;
		}
		g->type[i] = known[k].type;
	}
	return MS_OK;
}

/* ---- solve ---------------------------------------------------------------------------------------------------------- */

/* Blocks, holders, one root: see heap_graph.h. */
static int make_flow(struct ms_heap_graph *g, struct ms_error *err)
{
	uint32_t n = g->block_count, h = g->holder_count, definite = 0;
	uint32_t block_edges = g->first[n], root_edges = g->first[n + g->root_count] - block_edges, at;

	for (uint32_t i = 0; i < n; i++)
		definite += g->kind[i] == MS_LEAK_DEFINITE;
	if ((uint64_t)block_edges + root_edges + h + definite >= UINT32_MAX || (uint64_t)n + h + 1 >= UINT32_MAX)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "a heap graph of %u blocks is too large", n);
	g->flow_first = calloc((size_t)n + h + 3, sizeof *g->flow_first);
	g->flow_target = malloc(((size_t)block_edges + root_edges + h + definite + 1) * sizeof *g->flow_target);
	if (!g->flow_first || !g->flow_target)
		return no_memory(g, err);
	g->flow = (struct ms_flow){.node_count = n + h + 1, .root = n + h, .first = g->flow_first, .target = g->flow_target};
	memcpy(g->flow_first, g->first, (n + (size_t)1) * sizeof *g->first);
	if (block_edges)
		memcpy(g->flow_target, g->data.target, block_edges * sizeof *g->flow_target);
	/* The edges of roots, sorted by holder: counted, then filled in from behind. */
	for (uint32_t e = 0; e < root_edges; e++)
		g->flow_first[n + g->holder_of_edge[e] + 1]++;
	for (uint32_t i = 0; i < h; i++)
		g->flow_first[n + i + 1] += g->flow_first[n + i];
	for (uint32_t i = h; i > 0; i--)
		g->flow_first[n + i] = g->flow_first[n + i - 1];
	for (uint32_t e = 0; e < root_edges; e++)
		g->flow_target[g->flow_first[n + g->holder_of_edge[e] + 1]++] = g->data.target[block_edges + e];
	g->flow_first[n] = block_edges;
	at = block_edges + root_edges;
	g->flow_first[n + h] = at;
	for (uint32_t i = 0; i < h; i++)
		g->flow_target[at++] = n + i;
	for (uint32_t i = 0; i < n; i++)
		if (g->kind[i] == MS_LEAK_DEFINITE)
			g->flow_target[at++] = i;
	g->flow_first[n + h + 1] = at;
	return MS_OK;
}

static int solve_cycles(struct ms_heap_graph *g, struct ms_error *err)
{
	struct ms_flow blocks = {.node_count = g->block_count, .first = g->flow_first, .target = g->flow_target};
	bool *lost = calloc(g->block_count + (size_t)1, sizeof *lost);
	int rc;

	g->component = malloc((g->block_count + (size_t)1) * sizeof *g->component);
	g->cycle_size = malloc((g->block_count + (size_t)1) * sizeof *g->cycle_size);
	if (!lost || !g->component || !g->cycle_size) {
		free(lost);
		return no_memory(g, err);
	}
	for (uint32_t i = 0; i < g->block_count; i++)
		lost[i] = g->kind[i] == MS_LEAK_DEFINITE || g->kind[i] == MS_LEAK_INDIRECT;
	rc = ms_cycles(&blocks, lost, g->component, g->cycle_size, err);
	free(lost);
	return rc;
}

int ms_heap_graph_solve(struct ms_heap_graph *g, struct ms_error *err)
{
	size_t n = g->block_count;
	int rc;

	g->kind = malloc(n + 1);
	g->head = malloc((n + 1) * sizeof *g->head);
	if (!g->kind || !g->head)
		return no_memory(g, err);
	rc = ms_reach(&g->data, g->first, g->root_count, g->kind, g->head, err);
	if (rc == MS_OK)
		rc = make_flow(g, err);
	if (rc == MS_OK)
		rc = ms_dominators(&g->dominators, &g->flow, err);
	if (rc)
		return rc;
	g->retained_bytes = calloc(g->flow.node_count, sizeof *g->retained_bytes);
	g->retained_blocks = calloc(g->flow.node_count, sizeof *g->retained_blocks);
	if (!g->retained_bytes || !g->retained_blocks)
		return no_memory(g, err);
	for (size_t i = 0; i < n; i++) {
		g->retained_bytes[i] = g->blocks[i].size_bytes;
		g->retained_blocks[i] = 1;
	}
	ms_retain(&g->dominators, g->retained_bytes);
	ms_retain(&g->dominators, g->retained_blocks);
	return solve_cycles(g, err);
}

int ms_heap_graph_open(struct ms_heap_graph *g, const struct ms_trace *trace, size_t index, const uint32_t *node_of_stack,
                       struct ms_error *err)
{
	int rc;

	memset(g, 0, sizeof *g);
	g->trace = trace;
	g->facts = ms_trace_graph(trace, index);
	if (!g->facts)
		return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the trace has no heap graph number %zu", index + 1);
	rc = ms_trace_graph_load(trace, index, &g->data, err);
	if (rc)
		return rc;
	if (g->facts->root_count >= UINT32_MAX / 2) {
		rc = ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "a heap graph of %zu roots is too large", g->facts->root_count);
		goto fail;
	}
	g->block_count = g->data.block_count;
	g->root_count = (uint32_t)g->facts->root_count;
	rc = ms_heap_graph_index(g, err);
	if (rc == MS_OK)
		rc = look_up_blocks(g, node_of_stack, err);
	if (rc == MS_OK)
		rc = find_types(g, err);
	if (rc == MS_OK)
		rc = ms_name_holders(g, err);
	if (rc == MS_OK)
		rc = ms_heap_graph_solve(g, err);
	if (rc == MS_OK)
		return MS_OK;
fail:
	ms_heap_graph_free(g);
	return rc;
}

void ms_heap_graph_free(struct ms_heap_graph *g)
{
	if (g->trace)
		ms_graph_data_free(&g->data);
	free(g->first);
	free(g->blocks);
	free(g->type);
	free(g->holders);
	free(g->holder_of_edge);
	free(g->kind);
	free(g->head);
	free(g->flow_first);
	free(g->flow_target);
	ms_dominators_free(&g->dominators);
	free(g->retained_bytes);
	free(g->retained_blocks);
	free(g->component);
	free(g->cycle_size);
	memset(g, 0, sizeof *g);
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

struct ms_held_block ms_heap_describe(const struct ms_heap_graph *g, uint32_t position)
{
	const struct ms_heap_block *b = &g->blocks[position];

	return (struct ms_held_block){
		.block = g->data.block ? g->data.block[position] : position,
		.address = b->address,
		.size_bytes = b->size_bytes,
		.node = b->node,
		.type = ms_heap_type(g, position),
		.retained_blocks = g->retained_blocks[position],
		.retained_bytes = g->retained_bytes[position],
		.kind = g->kind[position],
	};
}

uint32_t ms_heap_find_id(const struct ms_heap_graph *g, uint64_t id)
{
	for (uint32_t i = 0; i < g->block_count; i++)
		if (g->data.block[i] == id)
			return i;
	return UINT32_MAX;
}

uint32_t ms_heap_find_address(const struct ms_heap_graph *g, uint64_t address)
{
	for (uint32_t i = 0; i < g->block_count; i++) {
		const struct ms_heap_block *b = &g->blocks[i];

		if (b->address && (address == b->address || (address >= b->address && address - b->address < b->size_bytes)))
			return i;
	}
	return UINT32_MAX;
}
