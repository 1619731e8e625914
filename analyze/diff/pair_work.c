/* pair_work.c - see pair_work.h. */
#include "pair_work.h"

#include <stdlib.h>

#include "edit_distance.h"

#define COST_MAX 40u

/* ---- what both sides know ----------------------------------------------------------------------------------------- */

bool ms_pair_mark_names(struct ms_pairs *p)
{
	const struct ms_call_node *nodes = p->tree->nodes;
	uint8_t *on = calloc(p->tree->count, 1);

	if (!on)
		return false;
	for (size_t i = 0; i < p->count; i++)
		on[p->items[i].path] |= (uint8_t)(p->items[i].on[MS_OLD] | p->items[i].on[MS_NEW] << 1);
	for (uint32_t n = p->tree->count - 1; n > 0; n--) {
		on[nodes[n].parent] |= on[n];
		p->known[nodes[n].name] |= on[n];
		p->uses[nodes[n].name]++;
	}
	free(on);
	p->whole[0] = p->reduced[0] = 0;
	for (uint32_t n = 1; n < p->tree->count; n++) {
		uint64_t parent = p->reduced[nodes[n].parent];

		p->whole[n] = p->whole[nodes[n].parent] * MS_PAIR_BASE + ms_pair_name_hash(p, nodes[n].name);
		p->reduced[n] = p->known[nodes[n].name] != 3 ? parent : parent * MS_PAIR_BASE + ms_pair_name_hash(p, nodes[n].name);
	}
	return true;
}

/* ---- likeness ----------------------------------------------------------------------------------------------------- */

/* 0 .. 65535 */
static uint32_t unlike(uint64_t a, uint64_t b)
{
	uint64_t most = a > b ? a : b;

	return most ? (uint32_t)((unsigned __int128)ms_pair_apart(a, b) * 65535 / most) : 0;
}

const uint32_t *ms_pair_names(struct ms_pairs *p, int side, uint32_t path, size_t *count)
{
	const struct ms_call_node *nodes = p->tree->nodes;

	*count = nodes[path].depth;
	for (size_t i = *count; i-- > 0; path = nodes[path].parent)
		p->path[side][i] = nodes[path].name;
	return p->path[side];
}

bool ms_pair_judge(struct ms_pairs *p, uint32_t old, uint32_t new, struct ms_pair_candidate *c)
{
	const struct ms_pair_item *a = &p->items[old], *b = &p->items[new];
	const struct ms_call_node *na = &p->tree->nodes[a->path], *nb = &p->tree->nodes[b->path];
	bool same_numbers = a->blocks[MS_OLD] == b->blocks[MS_NEW] && a->bytes[MS_OLD] == b->bytes[MS_NEW];
	bool same_head = na->head == nb->head, moved_head = p->tree->tail_of_name[na->head] == p->tree->tail_of_name[nb->head];
	uint32_t far = unlike(a->blocks[MS_OLD], b->blocks[MS_NEW]), bytes = unlike(a->bytes[MS_OLD], b->bytes[MS_NEW]), equal;
	size_t n, m;
	const uint32_t *x, *y;
	struct ms_edit edit;
	uint64_t work = 1 + (na->depth + nb->depth) / 128;

	if (na->depth == 0 || nb->depth == 0)
		return false;
	if (p->comparisons < work) {
		p->limited = true;
		return false;
	}
	p->comparisons -= work;
	if (bytes > far)
		far = bytes;
	if (!same_head && far > 32768)
		return false;
	x = ms_pair_names(p, MS_OLD, a->path, &n);
	y = ms_pair_names(p, MS_NEW, b->path, &m);
	edit = ms_edit_distance(x, n, y, m, p->tree->tail_of_name, COST_MAX);
	if (edit.far)
		return false;
	equal = edit.equal - (edit.equal && *x == p->tree->main_name && *y == p->tree->main_name);
	*c = (struct ms_pair_candidate){.cost = edit.cost + (moved_head ? 0 : 2), .unlike = far, .before = old, .after = new, .edits = edit.edits,
	                        .first = p->whole[a->path], .second = p->whole[b->path]};
	if (c->first > c->second) {
		c->first = p->whole[b->path];
		c->second = p->whole[a->path];
	}
	return c->cost <= 2 * equal + (same_numbers ? 5 : 0);
}

void ms_pair_join(struct ms_pairs *p, uint32_t leader, uint32_t item, uint8_t pairing, uint32_t edits)
{
	p->items[item].group = leader;
	p->items[item].pairing = p->items[leader].pairing = pairing;
	p->items[item].edits = p->items[leader].edits = edits;
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

bool ms_pair_add_key(struct ms_pairs *p, uint64_t hash, uint32_t item, uint32_t rank)
{
	if (p->key_count == p->key_capacity) {
		size_t capacity = p->key_capacity ? p->key_capacity * 2 : 4096;
		struct ms_pair_key *grown = realloc(p->keys, capacity * sizeof *grown);

		if (!grown)
			return false;
		p->keys = grown;
		p->key_capacity = capacity;
	}
	p->keys[p->key_count++] = (struct ms_pair_key){hash, p->whole[p->items[item].path], item, rank};
	return true;
}

static int by_hash(const void *a, const void *b)
{
	const struct ms_pair_key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->path != y->path)
		return x->path < y->path ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

size_t ms_pair_end_of_run(const struct ms_pairs *p, size_t from)
{
	size_t to = from + 1;

	while (to < p->key_count && p->keys[to].hash == p->keys[from].hash)
		to++;
	return to;
}

void ms_pair_sort_keys(struct ms_pairs *p)
{
	if (p->key_count)
		qsort(p->keys, p->key_count, sizeof *p->keys, by_hash);
}
