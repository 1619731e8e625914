/*
 * limits.h - the bounds of the trace format. Part of it: docs/FORMAT.md, "Limits".
 */
#ifndef MS_FORMAT_LIMITS_H
#define MS_FORMAT_LIMITS_H

#include <stdint.h>

#define MS_MAX_RAW_BYTES        (64u << 20)  /* payload of a block, uncompressed */
#define MS_MAX_STORED_BYTES     (65u << 20)  /* payload in the file: what does not compress can grow a little */
#define MS_MAX_EVENTS_PER_BLOCK 65536u
#define MS_MAX_GRAPH_ROWS       65536u       /* blocks or edges in one GraphBlocks or GraphEdges block */
#define MS_MAX_GRAPH_NODES      (UINT32_C(1) << 31) /* blocks and roots of a graph */
#define MS_MAX_SAMPLES          65536u       /* samples, or mappings of footprints, in one Samples block */
#define MS_MAX_CULLED           65536u       /* rows in one Culled block */
#define MS_MAX_SERIES           1024u        /* in one file */
#define MS_MAX_STRING_BYTES     (1u << 20)
#define MS_MAX_BUILD_ID_BYTES   64u
#define MS_MAX_TIME_NS          ((UINT64_C(1) << 56) - 1) /* 2.3 years */

/* A reader gives up when the side tables of a file would take more memory than this: far more than any real trace. */
#define MS_TABLE_MEMORY(file_bytes) ((UINT64_C(64) << 20) + UINT64_C(1024) * (file_bytes))
/* The same for the blocks and edges of one graph: a heap built by a loop compresses to nearly nothing. */
#define MS_GRAPH_MEMORY(file_bytes) ((UINT64_C(256) << 20) + UINT64_C(1024) * (file_bytes))

#endif
