/*
 * writer_internal.h - struct ms_writer, for the files of format/ that look inside: trace_writer.c, trace_copy.c.
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

struct ms_writer {
	struct ms_stream *stream;
	struct ms_writer_options options;
	int status;                          /* the first error */
	struct ms_error error;
	bool process_written, ended;
	bool copied;                         /* trace_copy.c: the events are another trace's, none may follow */
	bool free_stacks;
	struct ms_packer packer;
	struct ms_fb_builder builder;
	struct ms_event_encoder *encoder;
	struct ms_pending_tables pending;
	struct ms_intern strings;
	struct ms_buffer index;              /* struct fb_index_entry[] */
	uint32_t modules, threads, frames, stacks;
	uint32_t last_symbol_frame;
	uint64_t events, blocks;             /* appended */
	uint64_t events_written, blocks_written;
	uint64_t last_time_ns;
	uint64_t keyframe_event;             /* of the last keyframe */
	/* Threads whose last event is a REALLOC_FREE, by id modulo MS_REALLOC_SLOTS, and how many: a keyframe between the
	   two halves of a realloc would hide the first one from a reader that starts there. */
	uint32_t in_realloc[MS_REALLOC_SLOTS];
	uint32_t in_realloc_count;
};

#endif
