/*
 * holdings.c - what each holder and each call path retains, and of what that is made.
 *
 * A block hangs in the dominator tree below exactly one child of the root: a holder (which retains it), a lost block, or a block
 * that several holders lead to. Walking the tree from its root on, every block takes that child over from its dominator.
 */
#include <stdlib.h>
#include <string.h>

#include "heap_report.h"
#include "held_tree.h"

/* A block's part in the sum by (holder, place). */
struct held {
	uint32_t holder, place, position;
};

static int by_holder_and_place(const void *pa, const void *pb)
{
	const struct held *a = pa, *b = pb;

	if (a->holder != b->holder)
		return a->holder < b->holder ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

static int by_retained(const void *pa, const void *pb)
{
	const struct ms_holding *a = pa, *b = pb;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	if (a->retained_blocks != b->retained_blocks)
		return a->retained_blocks < b->retained_blocks ? 1 : -1;
	if (a->holder.kind != b->holder.kind)
		return a->holder.kind < b->holder.kind ? -1 : 1;
	if (a->holder.tid != b->holder.tid)
		return a->holder.tid < b->holder.tid ? -1 : 1;
	if (a->holder.address != b->holder.address)
		return a->holder.address < b->holder.address ? -1 : 1;
	return strcmp(a->holder.name, b->holder.name);
}

static int path_by_retained(const void *pa, const void *pb)
{
	const struct ms_held_path *a = pa, *b = pb;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return (a->node > b->node) - (a->node < b->node);
}

/* top[v]: child of the root that v hangs below, itself if it is one. */
static uint32_t *find_tops(const struct ms_heap_graph *g)
{
	const struct ms_dominators *d = &g->dominators;
	uint32_t *top = malloc(g->flow.node_count * sizeof *top);

	if (!top)
		return NULL;
	for (uint32_t i = 1; i < d->order_count; i++) {
		uint32_t v = d->order[i];

		top[v] = d->parent[v] == g->flow.root ? v : top[d->parent[v]];
	}
	return top;
}

/* One place below a holder: kept if it is among the largest. */
static void add_place(struct ms_holding *h, const struct ms_held_place *place)
{
	uint32_t at = h->top_count < MS_HELD_PLACES ? h->top_count++ : MS_HELD_PLACES;

	h->places++;
	for (; at > 0 && h->top[at - 1].bytes < place->bytes; at--)
		if (at < MS_HELD_PLACES)
			h->top[at] = h->top[at - 1];
	if (at < MS_HELD_PLACES)
		h->top[at] = *place;
}

static int sum_up_places(struct ms_holding *holdings, const struct ms_heap_graph *g, const uint32_t *top, const uint32_t *place_of_node)
{
	struct held *list = malloc((g->block_count + (size_t)1) * sizeof *list);
	size_t n = 0;

	if (!list)
		return MS_E_NOMEM;
	for (uint32_t i = 0; i < g->block_count; i++)
		if (top[i] >= g->block_count)
			list[n++] = (struct held){top[i] - g->block_count,
			                          place_of_node ? place_of_node[g->blocks[i].node] : g->blocks[i].node, i};
	qsort(list, n, sizeof *list, by_holder_and_place);
	for (size_t i = 0; i < n;) {
		struct ms_held_place place = {.place = list[i].place};
		uint32_t holder = list[i].holder;
		bool mixed = false;

		for (; i < n && list[i].holder == holder && list[i].place == place.place; i++) {
			const char *type = mixed ? NULL : ms_heap_type(g, list[i].position);

			place.blocks++;
			place.bytes += g->blocks[list[i].position].size_bytes;
			mixed |= type && place.type && strcmp(type, place.type) != 0;
			if (type)
				place.type = type;
		}
		if (mixed)
			place.type = NULL;
		add_place(&holdings[holder], &place);
	}
	free(list);
	return MS_OK;
}

static int collect_holdings(struct ms_report_holders *out, const struct ms_heap_graph *g, const uint32_t *place_of_node)
{
	uint32_t *top = find_tops(g);
	size_t kept = 0;
	int rc = MS_E_NOMEM;

	out->holdings = calloc(g->holder_count + (size_t)1, sizeof *out->holdings);
	if (!top || !out->holdings)
		goto done;
	for (uint32_t i = 0; i < g->holder_count; i++) {
		uint32_t v = g->block_count + i;

		out->holdings[i] = (struct ms_holding){
			.holder = g->holders[i],
			.retained_blocks = g->retained_blocks[v],
			.retained_bytes = g->retained_bytes[v],
			.pointers = g->flow.first[v + 1] - g->flow.first[v],
			.group = i, /* until the tree is made */
		};
	}
	for (uint32_t i = 0; i < g->block_count; i++) {
		bool lost = g->kind[i] == MS_LEAK_DEFINITE || g->kind[i] == MS_LEAK_INDIRECT;

		if (lost) {
			out->lost_blocks++;
			out->lost_bytes += g->blocks[i].size_bytes;
		} else if (top[i] < g->block_count) {
			out->shared_blocks++;
			out->shared_bytes += g->blocks[i].size_bytes;
		}
	}
	rc = sum_up_places(out->holdings, g, top, place_of_node);
	/* A holder that retains nothing holds nothing alone: its blocks are shared. */
	for (uint32_t i = 0; i < g->holder_count; i++)
		if (out->holdings[i].retained_blocks)
			out->holdings[kept++] = out->holdings[i];
	out->holding_count = kept;
	qsort(out->holdings, kept, sizeof *out->holdings, by_retained);
done:
	free(top);
	return rc;
}

/* Of two blocks of one call path that dominate a block the upper one counts: walk the tree and remember what is above. */
static int collect_paths(struct ms_report_holders *out, const struct ms_heap_graph *g, size_t node_count)
{
	const struct ms_dominators *d = &g->dominators;
	struct ms_held_path *sum = calloc(node_count + 1, sizeof *sum);
	uint32_t *above = calloc(node_count + 1, sizeof *above);
	uint32_t *child = malloc(2 * g->flow.node_count * sizeof *child), *sibling;
	size_t count = 0;
	int rc = MS_E_NOMEM;

	if (!sum || !above || !child)
		goto done;
	sibling = child + g->flow.node_count;
	memset(child, 0xff, 2 * g->flow.node_count * sizeof *child);
	for (uint32_t i = d->order_count; i-- > 1;) {
		uint32_t v = d->order[i];

		sibling[v] = child[d->parent[v]];
		child[d->parent[v]] = v;
	}
	for (uint32_t v = g->flow.root; v != MS_NO_NODE;) {
		uint32_t next = child[v];

		if (next == MS_NO_NODE) {
			if (v < g->block_count)
				above[g->blocks[v].node]--;
			v = d->parent[v];
			continue;
		}
		child[v] = sibling[next];
		v = next;
		if (v < g->block_count) {
			struct ms_held_path *p = &sum[g->blocks[v].node];

			p->blocks++;
			p->bytes += g->blocks[v].size_bytes;
			if (above[g->blocks[v].node]++ == 0) {
				p->retained_blocks += g->retained_blocks[v];
				p->retained_bytes += g->retained_bytes[v];
			}
		}
	}
	for (size_t i = 0; i < node_count; i++)
		count += sum[i].blocks != 0;
	out->paths = calloc(count + 1, sizeof *out->paths);
	if (!out->paths)
		goto done;
	for (size_t i = 0; i < node_count; i++)
		if (sum[i].blocks) {
			out->paths[out->path_count] = sum[i];
			out->paths[out->path_count++].node = (uint32_t)i;
		}
	qsort(out->paths, out->path_count, sizeof *out->paths, path_by_retained);
	rc = MS_OK;
done:
	free(sum);
	free(above);
	free(child);
	return rc;
}

static bool retains_more(const struct ms_heap_graph *g, uint32_t a, uint32_t b)
{
	if (g->retained_bytes[a] != g->retained_bytes[b])
		return g->retained_bytes[a] > g->retained_bytes[b];
	return a < b;
}

/* One of a list or tree whose blocks come from one call path: the first one stands for the others. */
static bool is_chained(const struct ms_heap_graph *g, uint32_t i)
{
	uint32_t p = g->dominators.parent[i];

	return p < g->block_count && g->blocks[p].node == g->blocks[i].node;
}

/* The largest MS_HELD_BLOCKS: a heap whose root is the smallest of those kept. */
static int collect_blocks(struct ms_report_holders *out, const struct ms_heap_graph *g)
{
	uint32_t heap[MS_HELD_BLOCKS];
	size_t n = 0;

	for (uint32_t i = 0; i < g->block_count; i++) {
		size_t at;

		if (is_chained(g, i))
			continue;
		if (n < MS_HELD_BLOCKS) {
			for (at = n++; at > 0 && retains_more(g, heap[(at - 1) / 2], i); at = (at - 1) / 2)
				heap[at] = heap[(at - 1) / 2];
			heap[at] = i;
			continue;
		}
		if (!retains_more(g, i, heap[0]))
			continue;
		for (at = 0;;) {
			size_t next = 2 * at + 1;

			if (next + 1 < n && retains_more(g, heap[next], heap[next + 1]))
				next++;
			if (next >= n || retains_more(g, heap[next], i))
				break;
			heap[at] = heap[next];
			at = next;
		}
		heap[at] = i;
	}
	out->blocks = calloc(n + 1, sizeof *out->blocks);
	if (!out->blocks)
		return MS_E_NOMEM;
	/* Few: an insertion sort, largest first. */
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && retains_more(g, heap[k], heap[k - 1]); k--) {
			uint32_t other = heap[k];

			heap[k] = heap[k - 1];
			heap[k - 1] = other;
		}
	for (size_t i = 0; i < n; i++)
		out->blocks[i] = ms_heap_describe(g, heap[i]);
	out->block_count = n;
	return MS_OK;
}

int ms_collect_holders(struct ms_report_holders *out, const struct ms_heap_graph *g, size_t node_count, const uint32_t *place_of_node,
                       struct ms_error *err)
{
	int rc = collect_holdings(out, g, place_of_node);

	if (rc == MS_OK)
		rc = collect_paths(out, g, node_count);
	if (rc == MS_OK)
		rc = collect_blocks(out, g);
	if (rc == MS_OK)
		rc = ms_held_tree_build(out, g, node_count, place_of_node);
	return rc ? ms_fail(err, rc, MS_NO_OFFSET, "no memory to sum up who holds %u blocks", g->block_count) : MS_OK;
}
