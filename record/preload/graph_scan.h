/*
 * graph_scan.h - the scan: every aligned word of the live blocks, then of the roots, that is the address of a live block's byte
 * becomes an edge. Aligned: at a multiple of 8 from address 0; in a block that starts elsewhere (a guard's, at the very end of its
 * page) from the start of the block.
 *
 * Of the pointers of one block to another one the first is kept, and the first to its start; of a root, all.
 *
 * Pointers into the middle of a block count, with their offset; where a heuristic of Memcheck says that such a pointer holds the
 * block, the edge's flags say which. Two kinds of words are no edges although they look like it: in a root what lies in a live
 * block (a stack inside a block is a root of its own), and in the data of the module that defines malloc the address of a
 * chunk that is free or the top, which lies in the last 8 bytes of the block before it.
 *
 * ms_scan_run returns false when it ran out of time (noted in the sink). Async-signal-safe, no errno, one user at a time;
 * ms_memory_begin must have been called. Source of the heuristics: the manual of Valgrind, Memcheck, --leak-check-heuristics.
 */
#ifndef MS_PRELOAD_GRAPH_SCAN_H
#define MS_PRELOAD_GRAPH_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "graph_index.h"
#include "graph_maps.h"
#include "graph_sink.h"

struct ms_address_range {
	uint64_t start, end;
};

struct ms_scan {
	struct ms_index *index;
	const struct ms_maps *maps;
	struct ms_sink *sink;
	const struct ms_graph_root_range *roots;
	uint32_t root_count;
	bool glibc;
	struct ms_address_range allocator; /* the module that defines malloc */
	const struct ms_address_range *modules; /* sorted */
	uint32_t module_count;
	uint64_t deadline_ns;          /* of CLOCK_MONOTONIC */
	uint64_t pages;                /* looked at so far */
	bool out_of_time;
	uint32_t *seen;                /* by target; of ms_scan_run */
	uint8_t *starts;               /* by target: enum in graph_scan.c; of ms_scan_run */
	uint32_t turn;                 /* of the source that is scanned, 0 = every pointer counts */
};

bool ms_scan_run(struct ms_scan *scan);

/* Heuristics for a pointer to `offset` in the block (in the header for the tests). */
uint8_t ms_scan_heuristics(const struct ms_maps *maps, const struct ms_graph_block *block, uint64_t offset);

#endif
