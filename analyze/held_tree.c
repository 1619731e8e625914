/*
 * held_tree.c - see held_tree.h.
 *
 * A walk over the dominator tree with one open group per place: a block whose place is open already belongs to that group (a list, a
 * tree of nodes, two kinds of blocks in turn), any other opens a group below the one that was opened last. So no place stands twice
 * on the way down, the tree of groups is no deeper than there are places, and what groups of one level retain never overlaps.
 */
#include "held_tree.h"

#include <stdlib.h>
#include <string.h>

#include "mix64.h"

#define NONE UINT32_MAX
#define GROUPS_MAX (1u << 30)
/* Kinds of keys. */
#define IS_GROUP (1ull << 62)         /* group above + 1, place -> number of the group + 1 */
#define IS_PATH (1ull << 63)          /* group, call path -> 1 */

struct walk {
	const struct ms_heap_graph *g;
	struct ms_held_group *groups;
	size_t count, room;
	/* Open addressing; a key is never 0. */
	struct pair {
		uint64_t key;
		uint32_t value;
	} *pairs;
	size_t pair_count, slot_count;
};

static bool widen(struct walk *w)
{
	size_t slots = w->slot_count ? w->slot_count * 2 : 1024;
	struct pair *pairs = calloc(slots, sizeof *pairs);

	if (!pairs)
		return false;
	for (size_t i = 0; i < w->slot_count; i++) {
		size_t at = ms_mix64(w->pairs[i].key) & (slots - 1);

		if (!w->pairs[i].key)
			continue;
		while (pairs[at].key)
			at = (at + 1) & (slots - 1);
		pairs[at] = w->pairs[i];
	}
	free(w->pairs);
	w->pairs = pairs;
	w->slot_count = slots;
	return true;
}

/* The value of a key, to be set when it is new (then it is 0). NULL: no memory. */
static uint32_t *find(struct walk *w, uint64_t key)
{
	size_t at;

	if (w->pair_count * 2 >= w->slot_count && !widen(w))
		return NULL;
	for (at = ms_mix64(key) & (w->slot_count - 1); w->pairs[at].key; at = (at + 1) & (w->slot_count - 1))
		if (w->pairs[at].key == key)
			return &w->pairs[at].value;
	w->pairs[at].key = key;
	w->pair_count++;
	return &w->pairs[at].value;
}

/* The group below `above` - 1 for a place; above = 0: of the top level, where `place` counts the holders and two more. NONE: no memory. */
static uint32_t group_below(struct walk *w, uint32_t above, uint32_t place, uint8_t what)
{
	uint32_t *number = find(w, IS_GROUP | (uint64_t)above << 32 | place);

	if (!number || w->count == GROUPS_MAX)
		return NONE;
	if (*number)
		return *number - 1;
	if (w->count == w->room) {
		size_t room = w->room * 2 + 256;
		struct ms_held_group *grown = realloc(w->groups, room * sizeof *grown);

		if (!grown)
			return NONE;
		w->groups = grown;
		w->room = room;
	}
	if (above)
		w->groups[above - 1].children++;
	w->groups[w->count] = (struct ms_held_group){.what = what, .parent = above ? above - 1 : NONE, .holding = NONE, .place = place};
	*number = (uint32_t)++w->count;
	return *number - 1;
}

/* The group of the top level that a child of the root belongs to. */
static uint32_t top_group(struct walk *w, uint32_t v)
{
	const struct ms_heap_graph *g = w->g;
	bool lost;

	if (v >= g->block_count)
		return group_below(w, 0, v - g->block_count, MS_HELD_BY_HOLDER);
	lost = g->kind[v] == MS_LEAK_DEFINITE || g->kind[v] == MS_LEAK_INDIRECT;
	return group_below(w, 0, g->holder_count + lost, lost ? MS_HELD_LOST : MS_HELD_SHARED);
}

static void retain(struct ms_held_group *q, const struct ms_heap_graph *g, uint32_t v)
{
	q->retained_blocks += g->retained_blocks[v];
	q->retained_bytes += g->retained_bytes[v];
}

/* Puts a block into a group; `entry`: none of the group stands above it. */
static bool add_block(struct walk *w, uint32_t group, uint32_t v, bool entry)
{
	struct ms_held_group *q = &w->groups[group];
	uint32_t node = w->g->blocks[v].node, *known = find(w, IS_PATH | (uint64_t)group << 32 | node);
	const char *type = ms_heap_type(w->g, v);

	if (!known)
		return false;
	q->sites += *known == 0;
	*known = 1;
	if (type && !q->mixed_types) {
		q->mixed_types = q->type && strcmp(type, q->type) != 0;
		q->type = q->mixed_types ? NULL : type;
	}
	q->blocks++;
	q->bytes += w->g->blocks[v].size_bytes;
	if (!entry)
		return true;
	if (q->heads++ == 0 || w->g->retained_bytes[v] > q->head_retained_bytes) {
		q->head_block = w->g->data.block ? w->g->data.block[v] : 0;
		q->head_retained_bytes = w->g->retained_bytes[v];
		q->node = node;
	}
	retain(q, w->g, v);
	return true;
}

/* child, sibling: the dominator tree, of which child is used up. open: [place], zero. context: the group that was opened last. */
static bool walk(struct walk *w, uint32_t *child, const uint32_t *sibling, uint32_t *open, uint32_t *context,
                 const uint32_t *place_of_node)
{
	const struct ms_heap_graph *g = w->g;

	for (uint32_t v = g->flow.root; v != MS_NO_NODE;) {
		uint32_t next = child[v], place, *slot, above = context[v];

		if (next == MS_NO_NODE) {
			if (v < g->block_count) {
				place = place_of_node ? place_of_node[g->blocks[v].node] : g->blocks[v].node;
				if (context[v] != context[g->dominators.parent[v]] || g->dominators.parent[v] == g->flow.root)
					open[place] = 0;
			}
			v = g->dominators.parent[v];
			continue;
		}
		child[v] = sibling[next];
		if (v == g->flow.root) {
			if (next >= g->block_count && child[next] == MS_NO_NODE)
				continue; /* a holder that retains nothing */
			above = top_group(w, next);
			if (above == NONE)
				return false;
			retain(&w->groups[above], g, next);
			if (next >= g->block_count) {
				context[next] = above;
				v = next;
				continue;
			}
		}
		place = place_of_node ? place_of_node[g->blocks[next].node] : g->blocks[next].node;
		slot = &open[place];
		context[next] = *slot ? above : group_below(w, above + 1, place, MS_HELD_BLOCKS);
		if (context[next] == NONE || !add_block(w, *slot ? *slot - 1 : context[next], next, *slot == 0))
			return false;
		if (!*slot)
			*slot = context[next] + 1;
		v = next;
	}
	return true;
}

static int by_retained(const void *pa, const void *pb)
{
	const struct ms_held_group *a = pa, *b = pb;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return (a->number > b->number) - (a->number < b->number); /* a group is made after the one above it */
}

/* The largest ones, by what they retain: each stands behind the one above it, which retains at least as much. */
static int keep_largest(struct ms_report_holders *out, struct walk *w, uint32_t holder_count)
{
	uint32_t *index = malloc((w->count + 1) * sizeof *index), *holding = malloc((holder_count + (size_t)1) * sizeof *holding);
	int rc = MS_E_NOMEM;

	if (!index || !holding)
		goto done;
	for (size_t i = 0; i < w->count; i++)
		w->groups[i].number = (uint32_t)i;
	if (w->count > 0)
		qsort(w->groups, w->count, sizeof *w->groups, by_retained);
	for (size_t i = 0; i < w->count; i++)
		index[w->groups[i].number] = (uint32_t)i;
	memset(holding, 0xff, (holder_count + (size_t)1) * sizeof *holding);
	for (size_t i = 0; i < out->holding_count; i++)
		holding[out->holdings[i].group] = (uint32_t)i;
	for (size_t i = 0; i < out->holding_count; i++)
		out->holdings[i].group = NONE;
	out->tree_count = w->count < MS_HELD_GROUPS ? w->count : MS_HELD_GROUPS;
	out->tree_omitted = w->count - out->tree_count;
	for (size_t i = 0; i < out->tree_count; i++) {
		struct ms_held_group *q = &w->groups[i];

		if (q->parent != NONE)
			q->parent = index[q->parent];
		if (q->what == MS_HELD_BY_HOLDER) {
			q->holding = holding[q->place];
			if (q->holding != NONE)
				out->holdings[q->holding].group = (uint32_t)i;
		}
	}
	out->tree = realloc(w->groups, (out->tree_count + 1) * sizeof *w->groups);
	if (!out->tree)
		goto done;
	w->groups = NULL;
	rc = MS_OK;
done:
	free(index);
	free(holding);
	return rc;
}

int ms_held_tree_build(struct ms_report_holders *out, const struct ms_heap_graph *g, size_t node_count, const uint32_t *place_of_node)
{
	const struct ms_dominators *d = &g->dominators;
	size_t n = g->flow.node_count;
	uint32_t *arrays = malloc(3 * n * sizeof *arrays), *open = calloc(node_count + 1, sizeof *open), *child, *sibling;
	struct walk w = {.g = g};
	int rc = MS_E_NOMEM;

	if (!arrays || !open)
		goto done;
	child = arrays;
	sibling = arrays + n;
	memset(arrays, 0xff, 3 * n * sizeof *arrays);
	for (uint32_t i = d->order_count; i-- > 1;) {
		uint32_t v = d->order[i];

		sibling[v] = child[d->parent[v]];
		child[d->parent[v]] = v;
	}
	if (walk(&w, child, sibling, open, arrays + 2 * n, place_of_node))
		rc = keep_largest(out, &w, g->holder_count);
done:
	free(w.groups);
	free(w.pairs);
	free(arrays);
	free(open);
	return rc;
}
