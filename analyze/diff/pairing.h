/*
 * pairing.h - which call paths of two sides belong together although their names differ.
 *
 * Paths with the same names are one item already (call_tree.h). What stands on one side only goes through these steps, the cheap
 * and certain ones first; each takes away what it has paired:
 *   1. Functions that only one side knows are left out of every path (helpers that were inlined, removed, added, renamed). Paths
 *      that are then the same belong together: one with one; several with several, and one side's with a path that has its
 *      partner already, only when their numbers add up to the same (to 1/16): code that moved cancels, nothing else does.
 *   2. One function inserted, removed or replaced anywhere on the path: found exactly, by the hashes of all paths with one
 *      function left out.
 *   3. More edits: among paths that share their innermost two functions, the two before the innermost, or the rarest function
 *      that both sides know.
 * In 2 and 3 the cheapest pairs are taken first (edit_distance.h); of equals those whose numbers are closest. A pair must have
 * enough in common: no more cost than twice the functions that are equal (main does not count), and where the function
 * that allocates has another name, numbers within a factor of two. No pair is better than a wrong one: then both show up, as new and gone.
 *
 * Work is bounded by `comparisons` and by 16 candidates per shared feature and side; *limited says that a bound was reached.
 * Errors: MS_E_NOMEM. Thread-safety: pure but for its results.
 */
#ifndef MS_ANALYZE_PAIRING_H
#define MS_ANALYZE_PAIRING_H

#include "call_tree.h"

struct ms_pair_item {
	uint32_t path;                   /* node of the tree */
	bool on[2];                      /* on the old, on the new side */
	uint64_t blocks[2], bytes[2];    /* begun on each side; what similarity is judged by */
	/* Results. Items with the same group are one row; group is the index of one of them. */
	uint32_t group;
	uint8_t pairing;                 /* enum ms_diff_pairing, the same for the whole group */
	uint32_t edits;
};

int ms_pair(const struct ms_call_tree *tree, struct ms_pair_item *items, size_t count, uint64_t comparisons, bool *limited,
            struct ms_error *err);

#endif
