/*
 * free_rules.h - which function may free what which function allocated.
 *
 * Rows of two tables, as data: families of allocation kinds, and for each kind of free the families that it may end.
 * Source: C23 7.24.3 (free, free_sized, free_aligned_sized, realloc), C++17 [new.delete.single], [new.delete.array], POSIX
 * posix_memalign(3p), and the manual of memalign(3) for valloc, pvalloc and memalign.
 * Pure functions; thread-safe.
 */
#ifndef MS_ANALYZE_FREE_RULES_H
#define MS_ANALYZE_FREE_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* For each possible kind byte of an allocation its family as one bit; 0 for a kind of which nothing can be said. */
extern const uint8_t ms_family_of_kind[256];
/* For each possible kind byte of a free the families that it may end; 0xff for all that are no frees. */
extern const uint8_t ms_families_freed_by[256];

/* True when the pair is wrong: both kinds are known and do not fit. */
static inline bool ms_free_mismatches(uint8_t free_kind, uint8_t birth_kind)
{
	return (ms_family_of_kind[birth_kind] & ~ms_families_freed_by[free_kind]) != 0;
}
/* For each possible kind byte: 1 when argument 0 is the size that the program says the block has. */
extern const uint8_t ms_free_has_size[256];

/* "malloc", "operator new[]": the function whose call an event of this kind is. "" = no such kind. */
const char *ms_call_name(uint8_t kind);
/* What should have freed a block born so: "free", "operator delete[]". */
const char *ms_right_free(uint8_t birth_kind);

#endif
