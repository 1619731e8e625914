/*
 * trace_symbols.h - at the end of a recording: names of all frames that the trace uses, through format/write_symbols.h.
 *
 * What the helper has answered is taken; frames that it has no answer for are resolved here. Frames outside of all modules get the
 * names that the program itself wrote down for them (jit_map.h).
 * *complete is false when `interrupted` (NULL allowed) said true before all frames were resolved; what was resolved
 * until then is written.
 * Errors: those of the writer, MS_E_NOMEM. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_TRACE_SYMBOLS_H
#define MS_RECORD_TRACE_SYMBOLS_H

#include <stdbool.h>

#include "format/symbols.h"
#include "format/write_symbols.h"
#include "jit_map.h"
#include "symbol_helper.h"
#include "trace_tables.h"

/* Asks the helper for all frames, and for the types of the variables. False: it has no answers. *cpu_ns as in symbol_helper_ask. */
bool trace_symbols_ask(const struct trace_tables *tables, const struct ms_untyped *untyped, size_t untyped_count, struct symbol_helper *helper, bool (*interrupted)(void *),
                       void *context, uint64_t *cpu_ns);

int trace_symbols_write(const struct trace_tables *tables, struct ms_writer *writer, struct symbol_helper *helper,
                        struct jit_map *jit, const struct ms_symbolizer_options *options, bool (*interrupted)(void *), void *context,
                        bool *complete, struct ms_error *err);

/* Types of variables that have none, after trace_symbols_write; untyped as in trace_symbols_ask. */
int trace_symbols_write_types(const struct trace_tables *tables, struct ms_writer *writer, struct symbol_helper *helper,
                              const struct ms_symbolizer_options *options, const struct ms_untyped *untyped, size_t count, bool (*interrupted)(void *), void *context, struct ms_error *err);

/* Names of the data at the addresses (ascending), where a module's symbols know them. */
int trace_symbols_write_data(const struct trace_tables *tables, struct ms_writer *writer,
                             const struct ms_symbolizer_options *options, const uint64_t *addresses, size_t count,
                             bool (*interrupted)(void *), void *context, struct ms_error *err);

#endif
