/*
 * sampled.h - which of the live blocks are in the sample: a table of their addresses in the arena, and a mark for each granule of
 * addresses that has one.
 *
 * The mark is what nearly every free looks at, and nothing else, so there are few of them: 32 in the lower half of a word, each for
 * 2^granule_bits bytes. The addresses behind them stand in lines of MS_SAMPLED_LINE, each for 2^line_bits bytes. The upper half of a word
 * of marks counts the blocks that were added there: who is about to clear a mark, because no address of its granule is left, learns from it
 * that one came meanwhile, although the mark itself stood already. A line that has no room for an address is crowded, for ever: its
 * marks stay, and all blocks of a granule with a mark are taken for sampled ones.
 *
 * An address is added before the block is given to the program, and taken before its end is published. Indexes are addresses modulo the
 * size of the table; what shares one by that shares the mark and the line, not the address.
 *
 * Parameters: addresses of blocks, as the program gets them. Errors: none. Async-signal-safe, no lock: each step is one compare and
 * exchange. Thread-safety: any thread, any time; attach and detach as in births.h.
 * Source: the marks are a one-bit filter over an exact table, the count is a version against the ABA problem (Treiber 1986).
 */
#ifndef MS_PRELOAD_SAMPLED_H
#define MS_PRELOAD_SAMPLED_H

#include <stdbool.h>
#include <stdint.h>

#include "record/arena_layout.h"

/* Where the marks are. */
extern struct ms_sampled {
	_Atomic uint64_t *_Atomic marks; /* NULL: no sample */
	uint64_t word_mask;
	uint32_t granule_bits;
	uint32_t line_shift;           /* from the index of a granule to the number of its line */
} ms_sampled __attribute__((visibility("hidden")));

/* What an earlier image of the process had in the arena's table is gone with its memory. Before the table is attached. */
void ms_sampled_clear(struct ms_arena_header *header);
/* The arena's table from here on / none. */
void ms_sampled_attach(struct ms_arena_header *header);
void ms_sampled_detach(void);

/* A block of the sample begins. */
void ms_sampled_add(uint64_t address);
/* It is about to be added: what the addition reads is fetched meanwhile. */
void ms_sampled_expect(uint64_t address);
/* A block ends. True: it may have been in the sample; the table does not have it any more. */
bool ms_sampled_take(uint64_t address);

/* False: no block of the sample is in the address's granule. The rest as in ms_sampled; marks not NULL. */
static inline bool ms_sampled_marked(const _Atomic uint64_t *marks, uint64_t word_mask, uint32_t granule_bits, uint64_t address)
{
	uint64_t granule = address >> granule_bits;

	return (uint32_t)atomic_load_explicit(&marks[granule / MS_SAMPLED_GRANULES & word_mask], memory_order_relaxed) >>
	       granule % MS_SAMPLED_GRANULES & 1;
}

#endif
