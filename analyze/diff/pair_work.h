/*
 * pair_work.h - what the steps of pairing share: names that both sides know, the judgement of two paths, keys that paths have in
 * common.
 *
 * Inside analyze/diff/ only. A result of false, where it is no answer, means: no memory. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_PAIR_WORK_H
#define MS_ANALYZE_PAIR_WORK_H

#include "analyze/diff.h"
#include "pairing.h"

#define MS_PAIR_BASE 0x9e3779b97f4a7c15ull    /* of the polynomial hash of a path; odd, hence */
#define MS_PAIR_INVERSE 0xf1de83e19937733dull /* MS_PAIR_BASE * MS_PAIR_INVERSE = 1 modulo 2^64 */
_Static_assert(MS_PAIR_BASE * MS_PAIR_INVERSE == 1, "what step 2 of pairing.c divides by");

enum { MS_OLD, MS_NEW };

struct ms_pair_key {
	uint64_t hash;
	uint64_t path;                   /* of the whole path: orders what shares a key, whichever side it is on */
	uint32_t item;
	uint32_t rank;                   /* 0: the whole path; else a function is left out */
};

struct ms_pair_candidate {
	uint32_t cost, unlike, before, after, edits;
	uint64_t first, second;          /* the two paths, for an order that is the same the other way round */
};

struct ms_pairs {
	const struct ms_call_tree *tree;
	struct ms_pair_item *items;
	size_t count;
	uint64_t comparisons;            /* left */
	bool limited;
	uint8_t *known;                  /* by name: bits of the sides that have it */
	uint32_t *uses;                  /* by name: nodes of the tree that have it */
	uint64_t *whole;                 /* by node: hash of the path */
	uint64_t *reduced;               /* by node: hash of the path without what one side does not know */
	struct ms_pair_key *keys;
	size_t key_count, key_capacity;
	struct ms_pair_candidate *candidates;
	size_t candidate_count, candidate_capacity;
	uint32_t *path[2];               /* room for two paths, from the outermost on */
};

static inline uint64_t ms_pair_name_hash(const struct ms_pairs *p, uint32_t name)
{
	return p->tree->hash_of_name[name];
}

static inline uint64_t ms_pair_apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static inline bool ms_pair_is_left(const struct ms_pair_item *item)
{
	return item->pairing == MS_DIFF_UNPAIRED;
}

/* Which side an unpaired item is on. */
static inline int ms_pair_side(const struct ms_pair_item *item)
{
	return item->on[MS_OLD] ? MS_OLD : MS_NEW;
}

/* Fills in known, uses, whole, reduced. */
bool ms_pair_mark_names(struct ms_pairs *p);
/* Names of a path, from the outermost on, in the room of `side`. */
const uint32_t *ms_pair_names(struct ms_pairs *p, int side, uint32_t path, size_t *count);
/* Whether two unpaired items may be a pair, and at what cost. */
bool ms_pair_judge(struct ms_pairs *p, uint32_t old, uint32_t new, struct ms_pair_candidate *c);
void ms_pair_join(struct ms_pairs *p, uint32_t leader, uint32_t item, uint8_t pairing, uint32_t edits);

bool ms_pair_add_key(struct ms_pairs *p, uint64_t hash, uint32_t item, uint32_t rank);
/* Equal ones side by side. */
void ms_pair_sort_keys(struct ms_pairs *p);
/* Where the run of equal keys that starts at `from` ends. */
size_t ms_pair_end_of_run(const struct ms_pairs *p, size_t from);

/* Step 1. */
bool ms_pair_reduce(struct ms_pairs *p);

#endif
