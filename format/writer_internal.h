/*
 * writer_internal.h - struct ms_writer, for the files of format/ that look inside: trace_writer.c, trace_copy.c, write_*.c.
 *
 * The functions are those of trace_writer.c that write blocks and keep the first error; what holds there holds here.
 */
#ifndef MS_FORMAT_WRITER_INTERNAL_H
#define MS_FORMAT_WRITER_INTERNAL_H

#include "block.h"
#include "event_encode.h"
#include "fb_build.h"
#include "intern.h"
#include "table_encode.h"
#include "trace_writer.h"

#define MS_REALLOC_SLOTS 1024

/* write_evidence.c: rows that wait, with what they point to. */
struct ms_evidence_rows {
	struct ms_buffer rows;               /* struct ms_evidence[]: bytes and registers are the offsets below */
	struct ms_buffer bytes;
	struct ms_buffer registers;          /* uint64_t[] */
};

/* write_samples.c: series and samples that wait. */
struct ms_sample_rows {
	struct ms_buffer series;             /* struct ms_series[] */
	struct ms_numbers times;
	struct ms_buffer values;             /* struct sample_value[] of write_samples.c */
};

/* write_graph.c: rows of the graph that is being written, and what its Graph block will say. */
struct ms_graph_rows {
	struct ms_numbers id, word_position, word;
	struct ms_numbers source, source_offset, target, target_offset, flags;
	struct ms_numbers root_source, root_offset; /* number of the root and offset of all edges from roots */
	struct ms_buffer roots;              /* struct ms_graph_root[], of ms_writer_graph_begin */
	uint64_t blocks, edges;              /* written and waiting */
	uint64_t last_word_position;         /* 0-based, of the block that waits */
	uint64_t last_source, last_source_offset, last_target; /* of the edge before; 0 at the start of a block */
	uint64_t greatest_source, last_offset; /* over the graph */
	uint64_t event;
};

struct ms_writer {
	struct ms_stream *stream;
	struct ms_writer_options options;
	struct ms_writer_observer observer;  /* all zero: nobody */
	int status;                          /* the first error */
	struct ms_error error;
	bool process_written, ended;
	bool started;                        /* ms_writer_start was called */
	bool copied;                         /* trace_copy.c: the events are another trace's, none may follow */
	bool free_stacks;
	struct ms_packer packer;
	struct ms_fb_builder builder;
	struct ms_event_encoder *encoder;
	struct ms_pending_tables pending;
	struct ms_intern strings;
	struct ms_buffer index;              /* struct fb_index_entry[] */
	uint32_t modules, threads, frames, stacks;
	uint32_t evidence, graphs, variables; /* ids given */
	bool graph_open;                     /* between ms_writer_graph_begin and _end */
	struct ms_evidence_rows evidence_rows;
	struct ms_buffer variable_rows;      /* struct ms_variable[], that wait */
	struct ms_buffer variable_types;     /* uint32_t[][2]: variable, type */
	struct ms_graph_rows graph;
	uint32_t series;                     /* ids given */
	uint64_t sample_time_ns, footprint_time_ns; /* the last ones */
	struct ms_sample_rows samples;
	uint64_t culled_ns;                  /* to_ns of the last ms_writer_culled */
	uint32_t last_symbol_frame;
	uint64_t events, blocks;             /* appended */
	uint64_t events_written, blocks_written;
	uint64_t last_time_ns;
	uint64_t end_position;               /* of the stream, before End and Index */
	uint64_t keyframe_event;             /* of the last keyframe */
	/* Threads whose last event is a REALLOC_FREE, by id modulo MS_REALLOC_SLOTS, and how many: a keyframe between the
	   two halves of a realloc would hide the first one from a reader that starts there. */
	uint32_t in_realloc[MS_REALLOC_SLOTS];
	uint32_t in_realloc_count;
};

/* Remembers the first error; returns the code. */
int ms_writer_stick(struct ms_writer *w, int code);
/* True when a record can be added. */
bool ms_writer_ready(struct ms_writer *w);
/* What a call that found an earlier error returns. */
int ms_writer_stuck(const struct ms_writer *w, struct ms_error *err);
int ms_writer_no_memory(struct ms_writer *w, struct ms_error *err);
/* Misuse by the caller; sticks like any other error. */
int ms_writer_misuse(struct ms_writer *w, struct ms_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Makes a block of the body (built in w->builder), writes it and remembers it for the index. With `last`, the room kept
   for the end may be used. */
int ms_writer_put_block(struct ms_writer *w, struct ms_block_header header, ms_fb_ref body, bool last,
			struct ms_error *err);
/* Writes the side tables that wait, up to this kind. */
int ms_writer_put_tables(struct ms_writer *w, unsigned last_kind, struct ms_error *err);
/* The events that wait, and before them what they refer to. */
int ms_writer_put_events(struct ms_writer *w, struct ms_error *err);

/* write_evidence.c: the evidence that waits; the side tables must have been written. */
int ms_writer_put_evidence(struct ms_writer *w, struct ms_error *err);
/* write_variables.c: the variables and types that wait; the side tables must have been written */
int ms_writer_put_variables(struct ms_writer *w, struct ms_error *err);
void ms_evidence_rows_free(struct ms_evidence_rows *r);
/* write_samples.c: what waits, when it is at least that many samples */
int ms_writer_put_samples(struct ms_writer *w, uint32_t least, struct ms_error *err);
void ms_sample_rows_free(struct ms_sample_rows *r);
/* write_keyframe.c: the body of one Keyframe block, for a writer of index files, too. */
#define MS_KEYFRAME_PART (256u << 10) /* entries of one Keyframe block */
struct ms_keyframe_facts {
	uint64_t event, time_ns, next_block;
	uint64_t live_blocks;                /* over all parts */
};
ms_fb_ref ms_keyframe_build(struct ms_fb_builder *b, const struct ms_keyframe_facts *facts, const struct ms_live_block *blocks,
			    uint32_t count);
/* write_end.c: the same of the Index block. */
ms_fb_ref ms_index_build(struct ms_fb_builder *b, const struct ms_buffer *entries);
/* write_graph.c */
void ms_graph_rows_free(struct ms_graph_rows *g);

#endif
