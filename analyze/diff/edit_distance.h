/*
 * edit_distance.h - how far two call paths are from each other.
 *
 * A function inserted or removed costs 2, one replaced by another 3, one that only moved to another namespace or class 1.
 * a, b: names from the outermost on; tails: by name, the last part of it (call_tree.h). What is common at both ends is taken
 * first; if more than MS_EDIT_MIDDLE functions are left in between on one side, or the cost exceeds `limit`, the answer is
 * `far`. Cost of the work: at most MS_EDIT_MIDDLE squared steps after the common ends.
 *
 * Pure function; thread-safe; allocates nothing. Source: Wagner and Fischer 1974, weighted.
 */
#ifndef MS_ANALYZE_EDIT_DISTANCE_H
#define MS_ANALYZE_EDIT_DISTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_EDIT_MIDDLE 48u

struct ms_edit {
	uint32_t cost;
	uint32_t edits;                  /* functions inserted, removed, replaced */
	uint32_t equal;                  /* functions that are the same, or only moved */
	bool far;
};

struct ms_edit ms_edit_distance(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count, const uint32_t *tails,
                                uint32_t limit);

#endif
