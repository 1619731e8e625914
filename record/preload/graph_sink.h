/*
 * graph_sink.h - what a scan finds, held back until the program goes on, then sent through the ring of the calling thread.
 *
 * Edges, first words and what was not scanned are appended to chunks of our own memory. When there is no more of that, or
 * much is held back already, the chunks are sent at once. Roots are announced by ms_sink_roots at once when that has begun, else
 * they are sent first. Order in the ring: roots before edges that name them, edges in the order of the calls.
 *
 * Errors: `failed` when not even the first chunk could be had; then nothing is sent but the end, incomplete.
 * Async-signal-safe, no errno. One user at a time. Ring entries: arena_layout.h.
 */
#ifndef MS_PRELOAD_GRAPH_SINK_H
#define MS_PRELOAD_GRAPH_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/evidence.h"

struct ms_sink_chunk;

struct ms_sink_list {
	struct ms_sink_chunk *first, *last;
	uint8_t entry;                 /* kind of ring entry */
	uint8_t row_words;             /* words of one row */
};

struct ms_graph_root_range {
	uint8_t kind;                  /* enum ms_root_kind */
	uint32_t tid;
	uint64_t start, end, pc;
	const char *name;              /* MAPPING, not terminated */
	uint32_t name_bytes;
	const uint64_t *registers;     /* REGISTERS: their values; start and end count from here */
};

struct ms_sink {
	struct ms_sink_list edges, words, unscanned;
	const struct ms_graph_root_range *roots;
	uint32_t root_count, roots_sent;
	size_t held_bytes;
	bool failed;
};

void ms_sink_init(struct ms_sink *sink);
/* The roots that edges name; borrowed until the end. Before the first edge. */
void ms_sink_roots(struct ms_sink *sink, const struct ms_graph_root_range *roots, uint32_t count);

void ms_sink_edge(struct ms_sink *sink, uint32_t source, uint64_t source_offset, uint32_t target, uint64_t target_offset,
		  uint8_t flags);
void ms_sink_word(struct ms_sink *sink, uint32_t position, uint64_t word);
void ms_sink_unscanned(struct ms_sink *sink, enum ms_unscanned_reason reason, uint64_t id, uint64_t bytes);

/* Sends everything that is held back, and the end; frees. */
void ms_sink_finish(struct ms_sink *sink, bool complete, uint64_t pause_ticks, uint64_t scanned_bytes);

#endif
