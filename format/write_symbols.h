/*
 * write_symbols.h - resolves the frames of a trace and writes their symbols: at the end of a recording, or later.
 *
 * frames[i] is the frame with id i + 1, modules[i] the module with id i + 1, as they stand in the trace. Call it after the
 * last event. What it costs: a binary search per frame, and the debug information of the units that are hit, once.
 *
 * Ownership: everything is borrowed for the call. Errors: those of ms_writer_symbol and ms_writer_string.
 * Thread-safety: one thread at a time, for writer and symbolizer. Not signal-safe. Allocates; opens files.
 */
#ifndef MS_FORMAT_WRITE_SYMBOLS_H
#define MS_FORMAT_WRITE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "trace_types.h"

struct ms_symbolizer; /* format/symbols.h */
struct ms_trace;      /* format/trace_reader.h */
struct ms_writer;     /* format/trace_writer.h */

struct ms_symbol_counts {
	uint32_t frames;
	uint32_t with_function, with_line;
	uint32_t kept;                   /* of these, as they were */
};

/*
 * `before` (NULL allowed) is the trace that was copied into the writer: a frame of it that is not found now, or now without a
 * line, keeps the symbols that it has there. *counts may be NULL.
 */
int ms_write_symbols(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t frame_count,
                     const struct ms_module *modules, uint32_t module_count, const struct ms_trace *before,
                     struct ms_symbol_counts *counts, struct ms_error *err);

/* For frames[first .. first + count) alone and nothing before, for callers that want to stop in between; ranges ascending.
   Adds to *counts, which may be NULL. */
int ms_write_symbols_range(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t first,
                           uint32_t count, const struct ms_module *modules, uint32_t module_count,
                           struct ms_symbol_counts *counts, struct ms_error *err);

/*
 * Types of variables that were tracked without one (ms_writer_variable_type): what the debug information says about the name at the frame. frames
 * and modules as above. *found (NULL allowed): how many have one now.
 */
struct ms_untyped {
	uint32_t variable, frame;        /* ids; frame not 0 */
	const char *name;
};
int ms_write_variable_types(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_untyped *untyped, size_t count,
                            const struct ms_frame *frames, uint32_t frame_count, const struct ms_module *modules, uint32_t module_count,
                            uint32_t *found, struct ms_error *err);

/* The lines of one frame, however they were found: what the functions above do with each answer. */
struct ms_symbol_line; /* format/symbols.h */
int ms_write_symbol_lines(struct ms_writer *w, uint32_t frame, const struct ms_symbol_line *lines, size_t n,
                          struct ms_error *err);

#endif
