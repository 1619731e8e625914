/* pairing.c - see pairing.h. */
#include "pairing.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/diff.h"
#include "edit_distance.h"

#define CANDIDATES 16u                   /* per shared feature and side */
#define LEFT_OUT 128u                    /* innermost functions that step 2 leaves out in turn */
#define KEYS_MAX (16u << 20)             /* of step 2 */
#define COST_MAX 40u
#define BASE 0x9e3779b97f4a7c15ull       /* of the polynomial hash of a path; odd, hence */
#define INVERSE 0xf1de83e19937733dull    /* BASE * INVERSE = 1 modulo 2^64 */
_Static_assert(BASE * INVERSE == 1, "what step 2 divides by");

enum { OLD, NEW };

struct key {
	uint64_t hash;
	uint64_t path;                   /* of the whole path: orders what shares a key, whichever side it is on */
	uint32_t item;
	uint32_t rank;                   /* 0: the whole path; else a function is left out */
};

struct candidate {
	uint32_t cost, unlike, old, new, edits;
	uint64_t first, second;          /* the two paths, for an order that is the same the other way round */
};

struct pairs {
	const struct ms_call_tree *tree;
	struct ms_pair_item *items;
	size_t count;
	uint64_t comparisons;            /* left */
	bool limited;
	uint8_t *known;                  /* by name: bits of the sides that have it */
	uint32_t *uses;                  /* by name: nodes of the tree that have it */
	uint64_t *whole;                 /* by node: hash of the path */
	uint64_t *reduced;               /* by node: hash of the path without what one side does not know */
	struct key *keys;
	size_t key_count, key_capacity;
	struct candidate *candidates;
	size_t candidate_count, candidate_capacity;
	uint32_t *path[2];               /* room for two paths, from the outermost on */
};

static uint64_t name_hash(const struct pairs *p, uint32_t name)
{
	return p->tree->hash_of_name[name];
}

/* ---- what both sides know ----------------------------------------------------------------------------------------- */

static bool mark_names(struct pairs *p)
{
	const struct ms_call_node *nodes = p->tree->nodes;
	uint8_t *on = calloc(p->tree->count, 1);

	if (!on)
		return false;
	for (size_t i = 0; i < p->count; i++)
		on[p->items[i].path] |= (uint8_t)(p->items[i].on[OLD] | p->items[i].on[NEW] << 1);
	for (uint32_t n = p->tree->count - 1; n > 0; n--) {
		on[nodes[n].parent] |= on[n];
		p->known[nodes[n].name] |= on[n];
		p->uses[nodes[n].name]++;
	}
	free(on);
	p->whole[0] = p->reduced[0] = 0;
	for (uint32_t n = 1; n < p->tree->count; n++) {
		uint64_t parent = p->reduced[nodes[n].parent];

		p->whole[n] = p->whole[nodes[n].parent] * BASE + name_hash(p, nodes[n].name);
		p->reduced[n] = p->known[nodes[n].name] != 3 ? parent : parent * BASE + name_hash(p, nodes[n].name);
	}
	return true;
}

static bool is_left(const struct ms_pair_item *item)
{
	return item->pairing == MS_DIFF_UNPAIRED;
}

/* Which side an unpaired item is on. */
static int side_of(const struct ms_pair_item *item)
{
	return item->on[OLD] ? OLD : NEW;
}

/* ---- likeness ----------------------------------------------------------------------------------------------------- */

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* 0 .. 65535 */
static uint32_t unlike(uint64_t a, uint64_t b)
{
	uint64_t most = a > b ? a : b;

	return most ? (uint32_t)((unsigned __int128)apart(a, b) * 65535 / most) : 0;
}

static const uint32_t *names_of(struct pairs *p, int side, uint32_t path, size_t *count)
{
	const struct ms_call_node *nodes = p->tree->nodes;

	*count = nodes[path].depth;
	for (size_t i = *count; i-- > 0; path = nodes[path].parent)
		p->path[side][i] = nodes[path].name;
	return p->path[side];
}

/* Whether two unpaired items may be a pair, and at what cost. */
static bool judge(struct pairs *p, uint32_t old, uint32_t new, struct candidate *c)
{
	const struct ms_pair_item *a = &p->items[old], *b = &p->items[new];
	const struct ms_call_node *na = &p->tree->nodes[a->path], *nb = &p->tree->nodes[b->path];
	bool same_numbers = a->blocks[OLD] == b->blocks[NEW] && a->bytes[OLD] == b->bytes[NEW];
	bool same_head = na->head == nb->head, moved_head = p->tree->tail_of_name[na->head] == p->tree->tail_of_name[nb->head];
	uint32_t far = unlike(a->blocks[OLD], b->blocks[NEW]), bytes = unlike(a->bytes[OLD], b->bytes[NEW]), equal;
	size_t n, m;
	const uint32_t *x, *y;
	struct ms_edit edit;

	uint64_t work = 1 + (na->depth + nb->depth) / 128;

	if (p->comparisons < work) {
		p->limited = true;
		return false;
	}
	p->comparisons -= work;
	if (bytes > far)
		far = bytes;
	if (!same_head && far > 32768)
		return false;
	if (na->depth == 0 || nb->depth == 0)
		return false;
	x = names_of(p, OLD, a->path, &n);
	y = names_of(p, NEW, b->path, &m);
	edit = ms_edit_distance(x, n, y, m, p->tree->tail_of_name, COST_MAX);
	if (edit.far)
		return false;
	equal = edit.equal - (edit.equal && *x == p->tree->main_name && *y == p->tree->main_name);
	*c = (struct candidate){.cost = edit.cost + (moved_head ? 0 : 2), .unlike = far, .old = old, .new = new, .edits = edit.edits,
	                        .first = p->whole[a->path], .second = p->whole[b->path]};
	if (c->first > c->second) {
		c->first = p->whole[b->path];
		c->second = p->whole[a->path];
	}
	return c->cost <= 2 * equal + (same_numbers ? 5 : 0);
}

static void join(struct pairs *p, uint32_t leader, uint32_t item, uint8_t pairing, uint32_t edits)
{
	p->items[item].group = leader;
	p->items[item].pairing = p->items[leader].pairing = pairing;
	p->items[item].edits = p->items[leader].edits = edits;
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static bool add_key(struct pairs *p, uint64_t hash, uint32_t item, uint32_t rank)
{
	if (p->key_count == p->key_capacity) {
		size_t capacity = p->key_capacity ? p->key_capacity * 2 : 4096;
		struct key *grown = realloc(p->keys, capacity * sizeof *grown);

		if (!grown)
			return false;
		p->keys = grown;
		p->key_capacity = capacity;
	}
	p->keys[p->key_count++] = (struct key){hash, p->whole[p->items[item].path], item, rank};
	return true;
}

static int by_hash(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->path != y->path)
		return x->path < y->path ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static size_t end_of_run(const struct pairs *p, size_t from)
{
	size_t to = from + 1;

	while (to < p->key_count && p->keys[to].hash == p->keys[from].hash)
		to++;
	return to;
}

/* ---- step 1: without what only one side knows --------------------------------------------------------------------- */

struct sums {
	uint64_t blocks[2], bytes[2];
	uint32_t count[2], paired;       /* items of each side alone; items with a partner */
	uint32_t first[2], partner;
};

static void sum_run(const struct pairs *p, size_t from, size_t to, struct sums *s)
{
	memset(s, 0, sizeof *s);
	for (size_t k = from; k < to; k++) {
		const struct ms_pair_item *item = &p->items[p->keys[k].item];
		int side;

		if (!is_left(item)) {
			s->partner = item->group;
			s->paired++;
			continue;
		}
		side = side_of(item);
		if (!s->count[side]++)
			s->first[side] = p->keys[k].item;
		s->blocks[side] += item->blocks[side];
		s->bytes[side] += item->bytes[side];
	}
}

static bool close_to(uint64_t a, uint64_t b)
{
	return apart(a, b) <= (a > b ? a : b) / 16;
}

/* What a paired item and the unpaired ones of its run come to together: does it cancel? */
static bool cancels(const struct ms_pair_item *partner, const struct sums *s)
{
	uint64_t blocks[2], bytes[2];

	for (int side = 0; side < 2; side++) {
		blocks[side] = partner->blocks[side] + s->blocks[side];
		bytes[side] = partner->bytes[side] + s->bytes[side];
	}
	/* What is left over must be small beside what moved, not beside the whole. */
	return apart(blocks[0], blocks[1]) <= apart(s->blocks[0], s->blocks[1]) / 16 &&
	       apart(bytes[0], bytes[1]) <= apart(s->bytes[0], s->bytes[1]) / 16;
}

static void join_run(struct pairs *p, size_t from, size_t to, uint32_t leader, const struct sums *s)
{
	const struct ms_pair_item *items = p->items;
	uint32_t old = s->count[OLD] ? s->first[OLD] : leader, new = s->count[NEW] ? s->first[NEW] : leader;
	uint32_t n = p->tree->nodes[items[old].path].depth, m = p->tree->nodes[items[new].path].depth;

	for (size_t k = from; k < to; k++)
		if (is_left(&items[p->keys[k].item]) || items[p->keys[k].item].group == leader)
			join(p, leader, p->keys[k].item, MS_DIFF_MERGED, n > m ? n - m : m > n ? m - n : 1);
}

static bool reduce(struct pairs *p)
{
	p->key_count = 0;
	for (uint32_t i = 0; i < p->count; i++)
		if (!add_key(p, p->reduced[p->items[i].path], i, 0))
			return false;
	qsort(p->keys, p->key_count, sizeof *p->keys, by_hash);
	for (size_t from = 0, to; from < p->key_count; from = to) {
		struct candidate c;
		struct sums s;

		to = end_of_run(p, from);
		if (to - from < 2 || p->keys[from].hash == p->reduced[0])
			continue;
		sum_run(p, from, to, &s);
		if (s.count[OLD] == 1 && s.count[NEW] == 1) {
			if (judge(p, s.first[OLD], s.first[NEW], &c))
				join(p, c.old, c.new, MS_DIFF_FUZZY, c.edits);
		} else if (s.count[OLD] && s.count[NEW]) {
			if (close_to(s.blocks[OLD], s.blocks[NEW]) && close_to(s.bytes[OLD], s.bytes[NEW]) && s.paired == 0)
				join_run(p, from, to, s.first[OLD], &s);
		}
		sum_run(p, from, to, &s);
		if (s.paired == 1 && s.count[OLD] + s.count[NEW] && cancels(&p->items[s.partner], &s) &&
		    p->items[s.partner].pairing == MS_DIFF_EXACT)
			join_run(p, from, to, s.partner, &s);
	}
	return true;
}

/* ---- candidates, the cheapest first ------------------------------------------------------------------------------- */

static int by_cost(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	if (x->unlike != y->unlike)
		return x->unlike < y->unlike ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->second < y->second ? -1 : x->second > y->second;
}

static bool add_candidates(struct pairs *p, size_t from, size_t to)
{
	uint32_t picked[2][CANDIDATES];
	size_t n[2] = {0, 0};

	for (size_t k = from; k < to; k++) {
		int side = side_of(&p->items[p->keys[k].item]);

		if (n[side] && picked[side][n[side] - 1] == p->keys[k].item)
			continue;
		if (n[side] < CANDIDATES)
			picked[side][n[side]++] = p->keys[k].item;
		else
			p->limited = true;
	}
	for (size_t i = 0; i < n[OLD]; i++) {
		for (size_t k = 0; k < n[NEW]; k++) {
			struct candidate c;

			if (!judge(p, picked[OLD][i], picked[NEW][k], &c))
				continue;
			if (p->candidate_count == p->candidate_capacity) {
				size_t capacity = p->candidate_capacity ? p->candidate_capacity * 2 : 1024;
				struct candidate *grown = realloc(p->candidates, capacity * sizeof *grown);

				if (!grown)
					return false;
				p->candidates = grown;
				p->candidate_capacity = capacity;
			}
			p->candidates[p->candidate_count++] = c;
		}
	}
	return true;
}

/* Pairs what shares a key. */
static bool pair_keys(struct pairs *p)
{
	qsort(p->keys, p->key_count, sizeof *p->keys, by_hash);
	p->candidate_count = 0;
	for (size_t from = 0, to; from < p->key_count; from = to) {
		bool both[2] = {false, false};

		to = end_of_run(p, from);
		for (size_t k = from; k < to; k++)
			both[side_of(&p->items[p->keys[k].item])] = true;
		if (both[OLD] && both[NEW] && !add_candidates(p, from, to))
			return false;
	}
	qsort(p->candidates, p->candidate_count, sizeof *p->candidates, by_cost);
	for (size_t i = 0; i < p->candidate_count; i++) {
		const struct candidate *c = &p->candidates[i];

		if (is_left(&p->items[c->old]) && is_left(&p->items[c->new]))
			join(p, c->old, c->new, MS_DIFF_FUZZY, c->edits);
	}
	return true;
}

/* ---- step 2: one edit --------------------------------------------------------------------------------------------- */

static bool one_edit(struct pairs *p)
{
	p->key_count = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		size_t n;
		const uint32_t *names;
		uint64_t whole = p->whole[p->items[i].path], after = 0, power = 1;

		if (!is_left(&p->items[i]))
			continue;
		names = names_of(p, OLD, p->items[i].path, &n);
		if (!add_key(p, whole, i, 0))
			return false;
		for (size_t k = n; k-- > 0 && n - k <= LEFT_OUT;) {
			uint64_t name = name_hash(p, names[k]);
			/* whole = (before * BASE + name) * power + after, with before the hash of what stands before k */
			uint64_t before_times = whole - after - name * power; /* before * BASE * power */

			if (p->key_count >= KEYS_MAX) {
				p->limited = true;
				break;
			}
			if (!add_key(p, before_times * INVERSE + after, i, 1))
				return false;
			after += name * power;
			power *= BASE;
		}
	}
	return pair_keys(p);
}

/* ---- step 3: more edits ------------------------------------------------------------------------------------------- */

static bool more_edits(struct pairs *p)
{
	p->key_count = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t last[3] = {0, 0, 0}, rarest = 0, got = 0;

		if (!is_left(&p->items[i]))
			continue;
		for (uint32_t n = p->items[i].path; n; n = p->tree->nodes[n].parent) {
			uint32_t name = p->tree->nodes[n].name;

			if (p->known[name] != 3)
				continue;
			if (got < 3)
				last[got++] = name;
			if (name != p->tree->main_name &&
			    (!rarest || p->uses[name] < p->uses[rarest] || (p->uses[name] == p->uses[rarest] && name_hash(p, name) < name_hash(p, rarest))))
				rarest = name;
		}
		if ((got > 1 && !add_key(p, name_hash(p, last[0]) * 3 + name_hash(p, last[1]), i, 0)) ||
		    (got > 2 && !add_key(p, name_hash(p, last[1]) * 5 + name_hash(p, last[2]), i, 0)) ||
		    (rarest && !add_key(p, name_hash(p, rarest) * 7, i, 0)))
			return false;
	}
	return pair_keys(p);
}

int ms_pair(const struct ms_call_tree *tree, struct ms_pair_item *items, size_t count, uint64_t comparisons, bool *limited,
            struct ms_error *err)
{
	struct pairs p = {.tree = tree, .items = items, .count = count, .comparisons = comparisons};
	uint32_t deepest = 1;
	bool done, left[2] = {false, false};

	for (size_t i = 0; i < count; i++) {
		items[i].group = (uint32_t)i;
		items[i].pairing = items[i].on[OLD] && items[i].on[NEW] ? MS_DIFF_EXACT : MS_DIFF_UNPAIRED;
		items[i].edits = 0;
		if (tree->nodes[items[i].path].depth > deepest)
			deepest = tree->nodes[items[i].path].depth;
	}
	p.known = calloc(tree->names.count + 1, sizeof *p.known);
	p.uses = calloc(tree->names.count + 1, sizeof *p.uses);
	p.whole = malloc(tree->count * sizeof *p.whole);
	p.reduced = malloc(tree->count * sizeof *p.reduced);
	p.path[OLD] = malloc(deepest * sizeof *p.path[OLD]);
	p.path[NEW] = malloc(deepest * sizeof *p.path[NEW]);
	done = p.known && p.uses && p.whole && p.reduced && p.path[OLD] && p.path[NEW] && mark_names(&p) && reduce(&p) && one_edit(&p) &&
	       more_edits(&p);
	for (size_t i = 0; i < count; i++)
		left[side_of(&items[i])] |= is_left(&items[i]);
	*limited = p.limited && left[OLD] && left[NEW];
	free(p.known);
	free(p.uses);
	free(p.whole);
	free(p.reduced);
	free(p.path[OLD]);
	free(p.path[NEW]);
	free(p.keys);
	free(p.candidates);
	return done ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to pair %zu call paths", count);
}
