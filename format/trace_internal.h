/*
 * trace_internal.h - struct ms_trace, for the files of format/ that look inside: cursor, check, repair.
 */
#ifndef MS_FORMAT_TRACE_INTERNAL_H
#define MS_FORMAT_TRACE_INTERNAL_H

#include <stdatomic.h>

#include "block.h"
#include "container.h"
#include "event_decode.h"
#include "table_decode.h"
#include "trace_reader.h"

struct ms_trace {
	struct ms_source source;
	struct ms_file_header header;
	struct ms_buffer blocks;         /* struct ms_block_info[]; not the Index */
	struct ms_tables tables;
	struct ms_buffer graphs;         /* struct ms_graph_entry[], graph_decode.c */
	size_t graph_from;               /* blocks of the next graph are at this index of `blocks` or behind */
	struct ms_buffer process_raw;    /* what the strings of process point into */
	struct ms_process process;
	struct ms_end end;
	char *end_note;                  /* its text */
	bool has_process, has_end, has_index;
	struct ms_error damage;          /* code MS_OK: none */
	struct ms_trace_index *index;    /* trace_index.c; NULL: none */
	uint64_t events;                 /* in the readable Events blocks */
	uint64_t last_time_ns;
	uint64_t start_blocks;           /* of a part: alive when it begins */
	_Atomic uint64_t events_read;    /* decoded since the trace was opened; all else is read-only but: */
	_Atomic uint64_t live_loaded;    /* blocks of keyframes, since then */
};

static inline void ms_trace_count_read(const struct ms_trace *t, uint64_t events)
{
	atomic_fetch_add_explicit(&((struct ms_trace *)(uintptr_t)t)->events_read, events, memory_order_relaxed);
}

static inline void ms_trace_count_loaded(const struct ms_trace *t, uint64_t blocks)
{
	atomic_fetch_add_explicit(&((struct ms_trace *)(uintptr_t)t)->live_loaded, blocks, memory_order_relaxed);
}

static inline const struct ms_block_info *ms_trace_blocks(const struct ms_trace *t)
{
	return (const struct ms_block_info *)(const void *)t->blocks.data;
}

static inline struct ms_id_limits ms_trace_limits(const struct ms_trace *t)
{
	return (struct ms_id_limits){.strings = t->tables.string_count,
				     .modules = t->tables.module_count,
				     .threads = t->tables.thread_count,
				     .stacks = t->tables.stack_count,
				     .evidence = t->tables.evidence_count,
				     .variables = t->tables.variable_count};
}

/* Reads the header of a block again and compares it with what the list of blocks says. */
int ms_trace_block_header(const struct ms_trace *t, const struct ms_block_info *info, struct ms_block_header *header,
			  struct ms_error *err);

/* The same for a block of any file. */
int ms_listed_block_header(const struct ms_source *source, const struct ms_block_info *info, struct ms_block_header *header,
			   struct ms_error *err);
/* The list of blocks (struct ms_block_info[]) that the footer of a file leads to, which must describe the file without gaps, from the first
   block to the Index. MS_E_NOT_FOUND: there is none. */
int ms_read_block_list(struct ms_buffer *blocks, const struct ms_source *source, struct ms_unpacker *u, struct ms_error *err);

/* Takes the list from the headers of the blocks, up to the first one that is not whole. */
int ms_scan_blocks(struct ms_trace *t, struct ms_error *err);
/* Reading stops here; the first reason stays. */
void ms_trace_damaged(struct ms_trace *t, const struct ms_error *why);

/* trace_index.c: where a replay can begin. */
struct ms_index_place {
	uint64_t event;
	size_t keyframe, checkpoint;     /* first Keyframe block, Checkpoint block in the list of the index file */
	size_t resume;                   /* in the list of the trace: the first block behind the events before */
	uint64_t peak_bytes, most_blocks; /* over all events before */
};
/* The last one at or before the event; NULL: none. */
const struct ms_index_place *ms_trace_place_before(const struct ms_trace *t, uint64_t event);
const struct ms_source *ms_trace_index_source(const struct ms_trace *t);
const struct ms_block_info *ms_trace_index_block(const struct ms_trace *t, size_t index); /* NULL: there is no such one */
struct ms_checkpoint;
int ms_trace_read_place(const struct ms_trace *t, const struct ms_index_place *place, struct ms_checkpoint *out, struct ms_error *err);

/* cursor.c: a realloc that is under way counts as not seen, as if a keyframe stood here. */
struct ms_cursor;
void ms_cursor_forget_reallocs(struct ms_cursor *c);

/* graph_decode.c: takes over the body of the Graph block at `index` of the list of blocks. */
int ms_trace_add_graph(struct ms_trace *t, size_t index, const uint8_t *body, struct ms_error *err);
void ms_trace_free_graphs(struct ms_trace *t);

#endif
