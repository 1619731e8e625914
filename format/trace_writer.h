/*
 * trace_writer.h - writes a trace: side tables, events in time order, keyframes, end and index.
 *
 * The caller appends records; the writer interns strings, keeps ids dense, cuts the records into blocks, encodes and
 * compresses them and hands each block to the stream in one write, so that the file is readable up to its last whole
 * block at every instant. A block never refers to a record that stands after it.
 *
 * Errors: int functions return MS_OK or an enum ms_status and fill *err. The first error sticks: later calls return it
 * again and write nothing. Functions that return an id return 0 on error (then ms_writer_status() tells).
 * Ownership: everything passed in is borrowed for the call; ms_writer_close frees the writer (not the stream).
 * Thread-safety: one thread at a time. Not signal-safe. Allocates.
 * Source of the format: docs/FORMAT.md, schemas/trace.fbs.
 */
#ifndef MS_FORMAT_TRACE_WRITER_H
#define MS_FORMAT_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "events.h"
#include "trace_types.h"

struct ms_writer;
struct ms_stream; /* format/stream.h */

struct ms_writer_options {
	int level;                       /* zstd level, 0 = default (3) */
	uint64_t max_size_bytes;         /* 0 = none; else MS_E_FULL once the file would exceed it (room for the end is kept) */
	uint32_t events_per_block;       /* 0 = default; at most 65536 */
	uint64_t keyframe_events;        /* 0 = default (8 million) */
	bool part;                       /* the trace is a part of another one: ms_writer_start comes before its events */
};

/* Sees what is added, before it is encoded; after ms_writer_copy nothing is. Each may be NULL. Order and ids are the file's. */
struct ms_writer_observer {
	void *context;
	void (*process)(void *context, const struct ms_process *process);
	void (*string)(void *context, uint32_t id, const char *bytes, size_t length);
	void (*module)(void *context, uint32_t id, const struct ms_module *module);
	void (*thread)(void *context, uint32_t id, const struct ms_thread *thread);
	void (*frame)(void *context, uint32_t id, uint64_t address, uint32_t module);
	void (*stack)(void *context, uint32_t id, uint32_t parent, uint32_t frame);
	void (*events)(void *context, const struct ms_event *events, size_t n);
};
/* From now on; borrowed. NULL: nobody. */
void ms_writer_observe(struct ms_writer *w, const struct ms_writer_observer *observer);

/* Writes the file header. *out is valid only on MS_OK. */
int ms_writer_open(struct ms_writer **out, struct ms_stream *stream, const struct ms_writer_options *options,
                   struct ms_error *err);
/* Process facts: once, before anything else. */
int ms_writer_process(struct ms_writer *w, const struct ms_process *process, struct ms_error *err);

/* Of a part, before its first event: its clock stands at time_ns, and these blocks live; their ids are 1 .. n. What they name must have been
   added before. */
int ms_writer_start(struct ms_writer *w, uint64_t time_ns, const struct ms_live_block *blocks, size_t n, struct ms_error *err);

/* Id of the string, the same for the same bytes; 0 for length 0. What is longer than 1 MiB is cut. */
uint32_t ms_writer_string(struct ms_writer *w, const char *bytes, size_t length);
/* Next dense id for each. No deduplication. */
uint32_t ms_writer_module(struct ms_writer *w, const struct ms_module *module);
uint32_t ms_writer_thread(struct ms_writer *w, const struct ms_thread *thread);
uint32_t ms_writer_frame(struct ms_writer *w, uint64_t address, uint32_t module);
uint32_t ms_writer_stack(struct ms_writer *w, uint32_t parent, uint32_t frame);

/* Next dense id; strings and stacks that it names must have been added before. bytes and registers are copied.
   Not after ms_writer_copy. */
uint32_t ms_writer_evidence(struct ms_writer *w, const struct ms_evidence *evidence);
/* Next dense id of a place that tracks a variable; strings and frame must have been added before. Not after ms_writer_copy. */
uint32_t ms_writer_variable(struct ms_writer *w, const struct ms_variable *variable);
/* Its type, found later: string id. Also after ms_writer_copy. */
int ms_writer_variable_type(struct ms_writer *w, uint32_t variable, uint32_t type, struct ms_error *err);

/* Appends n events. time_ns must not decrease; ALLOC events carry block ids dense from 1; stacks, threads and strings
   and evidence that they name must have been added before. */
int ms_writer_events(struct ms_writer *w, const struct ms_event *events, size_t n, struct ms_error *err);

/* True when it is time for a keyframe (enough events since the last one for this many live blocks). */
bool ms_writer_wants_keyframe(const struct ms_writer *w, uint64_t live_blocks);
/* True when one is worth its room at a moment that somebody will look at: the way from the last one is long, and the events since then
   are at least as many as the live blocks. */
bool ms_writer_keyframe_helps(const struct ms_writer *w, uint64_t live_blocks);
/* The live set now, sorted by block id, n entries. */
int ms_writer_keyframe(struct ms_writer *w, const struct ms_live_block *blocks, size_t n, struct ms_error *err);

/*
 * A heap graph: the facts (graph->event 0: the writer fills in the number of events appended so far), then its blocks
 * and edges in the order of struct ms_graph_data, in as many calls as the caller likes; frames, threads and modules that
 * roots name must have been added before ms_writer_graph_end. data->block_count and edge_count say how many entries this call appends; first_word
 * and flags may be NULL. Blocks first, then edges, sorted by source and source_offset; every edge of a root lies inside it
 * (source_offset < end - start): what is not so sticks as MS_E_ARGUMENT. graph->blocks and ->edges are not looked at: ms_writer_graph_end fills them.
 * Nothing but strings, frames and the like may be written in between; events wait until ms_writer_graph_end. A graph without
 * its end is none for a reader. Memory while it is written: one block of the file, and 16 bytes per edge from a root.
 */
int ms_writer_graph_begin(struct ms_writer *w, const struct ms_graph *graph, struct ms_error *err);
int ms_writer_graph_data(struct ms_writer *w, const struct ms_graph_data *data, struct ms_error *err);
/* Facts, unscanned and complete as of *graph, roots too, if it has some (else those given at the beginning): a caller may
   learn of them while it appends edges. the Graph block stands behind its GraphBlocks and GraphEdges. */
int ms_writer_graph_end(struct ms_writer *w, const struct ms_graph *graph, struct ms_error *err);
bool ms_writer_in_graph(const struct ms_writer *w); /* between the two */
/* Names of data, ascending by address. After the last event; several calls allowed. */
int ms_writer_data_symbols(struct ms_writer *w, const struct ms_data_symbol *symbols, size_t n, struct ms_error *err);

/*
 * Samples of the process. A series gets the next dense id; strings that it names must have been added before. A sample is a
 * time and values of some series: value[i] of series id ids[i], ascending, at most MS_MAX_SERIES. Times must not decrease; they need not keep
 * order with those of events. Not after ms_writer_copy.
 */
uint32_t ms_writer_series(struct ms_writer *w, const struct ms_series *series);
int ms_writer_sample(struct ms_writer *w, uint64_t time_ns, const uint32_t *ids, const uint64_t *values, size_t n,
                     struct ms_error *err);
/* At most MS_MAX_SAMPLES regions; what they name must have been added before. Not between ms_writer_graph_begin and _end. */
int ms_writer_footprint(struct ms_writer *w, const struct ms_footprint *footprint, struct ms_error *err);

/* Sums over blocks that are no events: at most MS_MAX_CULLED rows, ascending by stack, none without a block; stacks must have been added
   before; from_ns not before the last one's to_ns, peak_ns no later than to_ns. Not inside a graph, not after ms_writer_copy. */
int ms_writer_culled(struct ms_writer *w, const struct ms_culled *culled, struct ms_error *err);

/* Writes what is pending as blocks of their own: bounds what a crash of the collector can lose. */
int ms_writer_flush(struct ms_writer *w, struct ms_error *err);

/* Symbols of frames: frame ids ascending, innermost inline level first. After the last event. */
int ms_writer_symbol(struct ms_writer *w, const struct ms_symbol *symbol, struct ms_error *err);

/*
 * Takes over the records of an open trace instead of writing some: its blocks are copied as they are, checksums compared,
 * not decoded; all that are readable but End and Index, or of these the ones for which take() is true (NULL: all). Who
 * leaves out a block must leave out those that refer to it. Only right after ms_writer_open; then strings, symbols and the
 * end may follow. A part is copied by a writer of a part. MS_E_UNSUPPORTED for a trace of a later format version.
 */
struct ms_block_info; /* format/trace_reader.h */
struct ms_trace;
int ms_writer_copy(struct ms_writer *w, const struct ms_trace *from, bool (*take)(void *, const struct ms_block_info *),
                   void *context, struct ms_error *err);

/* Pending blocks, End, Index. Fields `events` and `blocks` of end are filled in by the writer: what the file holds. Also
   after MS_E_FULL: then without what was pending, with size_limit_reached, and MS_OK when that could be written. NULL writes no End:
   the trace stays a truncated one. */
int ms_writer_end(struct ms_writer *w, const struct ms_end *end, struct ms_error *err);

/* Only right after ms_writer_end, and when it had an end to write: the writer is as before it, more may follow. The caller cuts the file back to
   ms_writer_stats().bytes. */
int ms_writer_reopen(struct ms_writer *w);

struct ms_writer_stats {
	uint64_t bytes;                  /* written to the stream */
	uint64_t events, blocks;         /* appended; after an error: those that reached the stream */
	uint32_t frames, stacks, strings, modules, threads;
};
struct ms_writer_stats ms_writer_stats(const struct ms_writer *w);
uint32_t ms_writer_pending(const struct ms_writer *w); /* events that were appended and are in no block yet */
int ms_writer_status(const struct ms_writer *w); /* MS_OK or the error that sticks */
void ms_writer_close(struct ms_writer *w);       /* frees; NULL allowed; does not write an end */

#endif
