/*
 * symbolize_trace.h - copies a trace with names: functions, files and lines of its frames, names of the data that its heap graphs name, types of
 * tracked variables; from the programs and libraries of this machine.
 *
 * The writer is fresh (only opened); afterwards it has the trace and its end. A frame that is not found keeps the names that it has. end: to be
 * written instead of the trace's own; NULL: its own, none when it has none (a truncated trace stays one).
 *
 * Ownership: everything is borrowed. *counts may be NULL. Errors: those of ms_writer_copy and of the symbolizer, MS_E_NOMEM.
 * Thread-safety: one thread at a time for writer and trace. Not signal-safe. Allocates; opens files; libdw may end the process
 * when memory runs out.
 */
#ifndef MS_FORMAT_SYMBOLIZE_TRACE_H
#define MS_FORMAT_SYMBOLIZE_TRACE_H

#include "write_symbols.h"

struct ms_symbolizer_options; /* format/symbols.h */

struct ms_symbolize_counts {
	struct ms_symbol_counts symbols;
	size_t types_wanted;             /* variables without a type */
	uint32_t types_found;
};

int ms_symbolize_trace(struct ms_writer *w, const struct ms_trace *t, const struct ms_symbolizer_options *options, const struct ms_end *end,
                       struct ms_symbolize_counts *counts, struct ms_error *err);

#endif
