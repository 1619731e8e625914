/*
 * graph_ingest.h - the entries of a heap graph (arena_layout.h) as a graph of the trace.
 *
 * GRAPH_BEGIN stands in the merged order of all events, so the live table is at that instant exactly what the program had: its
 * blocks go, sorted by address, into the arena, where the program waits for them. What follows is collected here, since
 * events of other threads may come in between, and written as a whole at GRAPH_END, or when the program is gone without one.
 *
 * Everything that the app says is checked: positions, numbers of roots, offsets, order; an entry that makes no sense is left out,
 * and the graph is then not complete. Pointers that stand in data of modules, and first words of blocks, are kept for the
 * names of data at the end of the recording (graph_ingest_addresses).
 *
 * Ownership: owns what it collects until graph_ingest_free; borrows the input for the call. Errors: *status gets the writer's; false
 * from graph_ingest_entry: the entry made no sense. Without memory there is no graph, which the program is told.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_GRAPH_INGEST_H
#define MS_RECORD_GRAPH_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "format/trace_writer.h"
#include "live_table.h"
#include "tick_clock.h"
#include "trace_tables.h"

struct address_set {
	uint64_t *slots;                 /* open addressing, 0 = empty */
	size_t capacity, count;
};

struct graph_ingest {
	/* The graph that is on. */
	bool active, damaged;
	bool at_exit;                    /* one at the program's exit has begun, this or an earlier one */
	uint32_t slot;                   /* whose entries are its */
	uint32_t count;                  /* blocks */
	uint64_t *ids, *sizes, *words;   /* [count] */
	struct ms_graph graph;           /* reason, time, event */
	struct ms_graph_root *roots;
	size_t root_count, root_capacity;
	struct ms_unscanned *unscanned;
	size_t unscanned_count, unscanned_capacity;
	uint32_t *source, *target;       /* [edge_count] */
	uint64_t *source_offset, *target_offset;
	uint8_t *flags;
	size_t edge_count, edge_capacity;

	struct address_set data;         /* addresses whose names are wanted, of all graphs */
	uint64_t graphs;                 /* written */
};

/* What an entry needs to know; borrowed. */
struct graph_input {
	struct arena *arena;
	const struct live_table *live;
	struct trace_tables *tables;
	struct ms_writer *writer;
	const struct tick_clock *clock;
	uint32_t (*thread_of)(void *context, uint32_t tid); /* thread id of the trace, 0 = none */
	void *context;
	uint64_t time_ns, event;         /* of the entry; events before it */
	uint64_t room_bytes;             /* that the file may grow by; UINT64_MAX = no limit */
	struct ms_error *error;
};

/* kind: of the entry; words: what stands behind its first two. At GRAPH_END everything before it must have been given to the
   writer: before_write is called for that. */
bool graph_ingest_entry(struct graph_ingest *g, const struct graph_input *in, uint8_t kind, uint32_t slot,
                        const uint64_t *words, size_t count, void (*before_write)(void *), int *status);
/* The program is gone: what there is of a graph is written. */
void graph_ingest_finish(struct graph_ingest *g, const struct graph_input *in, int *status);
/* Tells a program that waits that there will be no graph. */
void graph_refuse(struct arena *arena);
/* The addresses of data whose names are wanted, ascending; the caller frees. NULL when there are none. */
uint64_t *graph_ingest_addresses(const struct graph_ingest *g, size_t *count);
void graph_ingest_free(struct graph_ingest *g);

/* Live blocks sorted by address into blocks and ids, at most capacity; the number, SIZE_MAX without memory. */
size_t graph_sort_blocks(const struct live_table *live, struct ms_graph_block *blocks, uint64_t *ids, size_t capacity);

#endif
