/*
 * usable.h - how many bytes of a block the program may use, which is what the allocator's rounding makes of the request.
 *
 * Derived, not measured: a recording has requested sizes. Known for glibc's malloc on 64-bit machines, without a guard (which places blocks
 * itself). The figure is the least that malloc_usable_size can say: a chunk keeps a rest that is too small to be one of its own (16
 * bytes), and a block that malloc maps by itself has the rest of its last page.
 *
 * ms_usable_known: whether the rule holds for the process. ms_usable_rule: the rule in a line, NULL when it does not. ms_usable_bytes: bytes
 * from bytes; UINT64_MAX - 24 and more stay what they are.
 * Ownership: static strings. Errors: none. Thread-safety: pure functions.
 * Source of the rule: the GNU C Library, malloc/malloc.c: a chunk is the request and a word of size, a multiple of 16 bytes, 32 at least; of the
 * chunk after it the first word is usable too.
 */
#ifndef MS_ANALYZE_USABLE_H
#define MS_ANALYZE_USABLE_H

#include <stdbool.h>
#include <stdint.h>

struct ms_process;

bool ms_usable_known(const struct ms_process *process);
const char *ms_usable_rule(const struct ms_process *process);

static inline uint64_t ms_usable_bytes(uint64_t requested)
{
	/* Without a branch on the size: which of two sizes comes next is what processors cannot guess. */
	uint64_t least = requested < 24 ? 24 : requested, rounded = ((least + 8 + 15) & ~UINT64_C(15)) - 8;

	return requested >= UINT64_MAX - 24 ? requested : rounded;
}

#endif
