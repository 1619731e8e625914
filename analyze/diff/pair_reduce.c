/* pair_reduce.c - step 1 of pairing: call paths without the functions that only one side knows. See pairing.h. */
#include <string.h>

#include "pair_work.h"

struct sums {
	uint64_t blocks[2], bytes[2];
	uint32_t count[2], paired;       /* items of each side alone; items with a partner */
	uint32_t first[2], partner;
};

static void sum_run(const struct ms_pairs *p, size_t from, size_t to, struct sums *s)
{
	memset(s, 0, sizeof *s);
	for (size_t k = from; k < to; k++) {
		const struct ms_pair_item *item = &p->items[p->keys[k].item];
		int side;

		if (!ms_pair_is_left(item)) {
			s->partner = item->group;
			s->paired++;
			continue;
		}
		side = ms_pair_side(item);
		if (!s->count[side]++)
			s->first[side] = p->keys[k].item;
		s->blocks[side] += item->blocks[side];
		s->bytes[side] += item->bytes[side];
	}
}

static bool close_to(uint64_t a, uint64_t b)
{
	return ms_pair_apart(a, b) <= (a > b ? a : b) / 16;
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
	return ms_pair_apart(blocks[0], blocks[1]) <= ms_pair_apart(s->blocks[0], s->blocks[1]) / 16 &&
	       ms_pair_apart(bytes[0], bytes[1]) <= ms_pair_apart(s->bytes[0], s->bytes[1]) / 16;
}

static void join_run(struct ms_pairs *p, size_t from, size_t to, uint32_t leader, const struct sums *s)
{
	const struct ms_pair_item *items = p->items;
	uint32_t old = s->count[MS_OLD] ? s->first[MS_OLD] : leader, new = s->count[MS_NEW] ? s->first[MS_NEW] : leader;
	uint32_t n = p->tree->nodes[items[old].path].depth, m = p->tree->nodes[items[new].path].depth;

	for (size_t k = from; k < to; k++)
		if (ms_pair_is_left(&items[p->keys[k].item]) || items[p->keys[k].item].group == leader)
			ms_pair_join(p, leader, p->keys[k].item, MS_DIFF_MERGED, n > m ? n - m : m > n ? m - n : 1);
}

bool ms_pair_reduce(struct ms_pairs *p)
{
	p->key_count = 0;
	for (uint32_t i = 0; i < p->count; i++)
		if (!ms_pair_add_key(p, p->reduced[p->items[i].path], i, 0))
			return false;
	ms_pair_sort_keys(p);
	for (size_t from = 0, to; from < p->key_count; from = to) {
		struct ms_pair_candidate c;
		struct sums s;

		to = ms_pair_end_of_run(p, from);
		if (to - from < 2 || p->keys[from].hash == p->reduced[0])
			continue;
		sum_run(p, from, to, &s);
		if (s.count[MS_OLD] == 1 && s.count[MS_NEW] == 1) {
			if (ms_pair_judge(p, s.first[MS_OLD], s.first[MS_NEW], &c))
				ms_pair_join(p, c.before, c.after, MS_DIFF_FUZZY, c.edits);
		} else if (s.count[MS_OLD] && s.count[MS_NEW]) {
			if (close_to(s.blocks[MS_OLD], s.blocks[MS_NEW]) && close_to(s.bytes[MS_OLD], s.bytes[MS_NEW]) && s.paired == 0)
				join_run(p, from, to, s.first[MS_OLD], &s);
		}
		sum_run(p, from, to, &s);
		if (s.paired == 1 && s.count[MS_OLD] + s.count[MS_NEW] && cancels(&p->items[s.partner], &s) &&
		    p->items[s.partner].pairing == MS_DIFF_EXACT)
			join_run(p, from, to, s.partner, &s);
	}
	return true;
}
