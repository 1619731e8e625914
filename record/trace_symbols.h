/*
 * trace_symbols.h - at the end of a recording: names of all frames that the trace uses, through format/write_symbols.h.
 *
 * *complete is false when `interrupted` (NULL allowed) said true before all frames were resolved; what was resolved
 * until then is written.
 * Errors: those of the writer, MS_E_NOMEM. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_TRACE_SYMBOLS_H
#define MS_RECORD_TRACE_SYMBOLS_H

#include <stdbool.h>

#include "format/symbols.h"
#include "trace_tables.h"

int trace_symbols_write(const struct trace_tables *tables, struct ms_writer *writer,
                        const struct ms_symbolizer_options *options, bool (*interrupted)(void *), void *context,
                        bool *complete, struct ms_error *err);

#endif
