/* pairing.c - see pairing.h; step 1 is in pair_reduce.c. */
#include "pairing.h"

#include <stdlib.h>

#include "pair_work.h"

#define CANDIDATES 16u                   /* per shared feature and side */
#define LEFT_OUT 128u                    /* innermost functions that step 2 leaves out in turn */
#define KEYS_MAX (16u << 20)             /* of step 2 */

/* ---- candidates, the cheapest first ------------------------------------------------------------------------------- */

static int by_cost(const void *a, const void *b)
{
	const struct ms_pair_candidate *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	if (x->unlike != y->unlike)
		return x->unlike < y->unlike ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->second < y->second ? -1 : x->second > y->second;
}

static bool add_candidates(struct ms_pairs *p, size_t from, size_t to)
{
	uint32_t picked[2][CANDIDATES];
	size_t n[2] = {0, 0};

	for (size_t k = from; k < to; k++) {
		int side = ms_pair_side(&p->items[p->keys[k].item]);

		if (n[side] && picked[side][n[side] - 1] == p->keys[k].item)
			continue;
		if (n[side] < CANDIDATES)
			picked[side][n[side]++] = p->keys[k].item;
		else
			p->limited = true;
	}
	for (size_t i = 0; i < n[MS_OLD]; i++) {
		for (size_t k = 0; k < n[MS_NEW]; k++) {
			struct ms_pair_candidate c;

			if (!ms_pair_judge(p, picked[MS_OLD][i], picked[MS_NEW][k], &c))
				continue;
			if (p->candidate_count == p->candidate_capacity) {
				size_t capacity = p->candidate_capacity ? p->candidate_capacity * 2 : 1024;
				struct ms_pair_candidate *grown = realloc(p->candidates, capacity * sizeof *grown);

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
static bool pair_keys(struct ms_pairs *p)
{
	ms_pair_sort_keys(p);
	p->candidate_count = 0;
	for (size_t from = 0, to; from < p->key_count; from = to) {
		bool both[2] = {false, false};

		to = ms_pair_end_of_run(p, from);
		for (size_t k = from; k < to; k++)
			both[ms_pair_side(&p->items[p->keys[k].item])] = true;
		if (both[MS_OLD] && both[MS_NEW] && !add_candidates(p, from, to))
			return false;
	}
	if (p->candidate_count)
		qsort(p->candidates, p->candidate_count, sizeof *p->candidates, by_cost);
	for (size_t i = 0; i < p->candidate_count; i++) {
		const struct ms_pair_candidate *c = &p->candidates[i];

		if (ms_pair_is_left(&p->items[c->before]) && ms_pair_is_left(&p->items[c->after]))
			ms_pair_join(p, c->before, c->after, MS_DIFF_FUZZY, c->edits);
	}
	return true;
}

/* ---- step 2: one edit --------------------------------------------------------------------------------------------- */

static bool one_edit(struct ms_pairs *p)
{
	p->key_count = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		size_t n;
		const uint32_t *names;
		uint64_t whole = p->whole[p->items[i].path], after = 0, power = 1;

		if (!ms_pair_is_left(&p->items[i]))
			continue;
		names = ms_pair_names(p, MS_OLD, p->items[i].path, &n);
		if (!ms_pair_add_key(p, whole, i, 0))
			return false;
		for (size_t k = n; k-- > 0 && n - k <= LEFT_OUT;) {
			uint64_t name = ms_pair_name_hash(p, names[k]);
			/* whole = (before * MS_PAIR_BASE + name) * power + after, with before the hash of what stands before k */
			uint64_t before_times = whole - after - name * power; /* before * MS_PAIR_BASE * power */

			if (p->key_count >= KEYS_MAX) {
				p->limited = true;
				break;
			}
			if (!ms_pair_add_key(p, before_times * MS_PAIR_INVERSE + after, i, 1))
				return false;
			after += name * power;
			power *= MS_PAIR_BASE;
		}
	}
	return pair_keys(p);
}

/* ---- step 3: more edits ------------------------------------------------------------------------------------------- */

static bool more_edits(struct ms_pairs *p)
{
	p->key_count = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t last[3] = {0, 0, 0}, rarest = 0, got = 0;

		if (!ms_pair_is_left(&p->items[i]))
			continue;
		for (uint32_t n = p->items[i].path; n; n = p->tree->nodes[n].parent) {
			uint32_t name = p->tree->nodes[n].name;

			if (p->known[name] != 3)
				continue;
			if (got < 3)
				last[got++] = name;
			if (name != p->tree->main_name &&
			    (!rarest || p->uses[name] < p->uses[rarest] ||
			     (p->uses[name] == p->uses[rarest] && ms_pair_name_hash(p, name) < ms_pair_name_hash(p, rarest))))
				rarest = name;
		}
		if ((got > 1 && !ms_pair_add_key(p, ms_pair_name_hash(p, last[0]) * 3 + ms_pair_name_hash(p, last[1]), i, 0)) ||
		    (got > 2 && !ms_pair_add_key(p, ms_pair_name_hash(p, last[1]) * 5 + ms_pair_name_hash(p, last[2]), i, 0)) ||
		    (rarest && !ms_pair_add_key(p, ms_pair_name_hash(p, rarest) * 7, i, 0)))
			return false;
	}
	return pair_keys(p);
}

int ms_pair(const struct ms_call_tree *tree, struct ms_pair_item *items, size_t count, uint64_t comparisons, bool *limited,
            struct ms_error *err)
{
	struct ms_pairs p = {.tree = tree, .items = items, .count = count, .comparisons = comparisons};
	uint32_t deepest = 1;
	bool done, left[2] = {false, false};

	for (size_t i = 0; i < count; i++) {
		items[i].group = (uint32_t)i;
		items[i].pairing = items[i].on[MS_OLD] && items[i].on[MS_NEW] ? MS_DIFF_EXACT : MS_DIFF_UNPAIRED;
		items[i].edits = 0;
		if (tree->nodes[items[i].path].depth > deepest)
			deepest = tree->nodes[items[i].path].depth;
	}
	p.known = calloc(tree->names.count + 1, sizeof *p.known);
	p.uses = calloc(tree->names.count + 1, sizeof *p.uses);
	p.whole = malloc(tree->count * sizeof *p.whole);
	p.reduced = malloc(tree->count * sizeof *p.reduced);
	p.path[MS_OLD] = malloc(deepest * sizeof *p.path[MS_OLD]);
	p.path[MS_NEW] = malloc(deepest * sizeof *p.path[MS_NEW]);
	done = p.known && p.uses && p.whole && p.reduced && p.path[MS_OLD] && p.path[MS_NEW] && ms_pair_mark_names(&p) &&
	       ms_pair_reduce(&p) && one_edit(&p) && more_edits(&p);
	for (size_t i = 0; i < count; i++)
		left[ms_pair_side(&items[i])] |= ms_pair_is_left(&items[i]);
	*limited = p.limited && left[MS_OLD] && left[MS_NEW];
	free(p.known);
	free(p.uses);
	free(p.whole);
	free(p.reduced);
	free(p.path[MS_OLD]);
	free(p.path[MS_NEW]);
	free(p.keys);
	free(p.candidates);
	return done ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to pair %zu call paths", count);
}
