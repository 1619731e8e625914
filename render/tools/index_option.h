/*
 * index_option.h - --index and --no-index, and what the tools do with the index that lies beside a trace (format/trace_index.h).
 *
 * A valid TRACE.index is used by itself. One that does not fit or is damaged is not, results are the same; told says why.
 *
 * Errors of index_option_use: MS_E_NOMEM, and those of building one when that was asked for. Thread-safety: none.
 */
#ifndef MS_TOOLS_INDEX_OPTION_H
#define MS_TOOLS_INDEX_OPTION_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "format/errors.h"

struct ms_trace;
struct ms_index_facts;

struct index_option {
	bool build;                      /* --index */
	bool ignore;                     /* --no-index */
};
extern const struct argp index_option_argp; /* input: struct index_option */

typedef void index_progress(void *arg, uint64_t done, uint64_t total);

/* Attaches the index beside the trace, after building it when that is asked for and needed. verbose: on standard error, as `tool`, why
   one is not used. progress: NULL = none. */
int index_option_use(const struct index_option *o, struct ms_trace *t, const char *trace_path, const char *tool, bool verbose,
                     index_progress *progress, void *progress_arg, struct ms_error *err);
/* Builds it under a temporary name and puts it in place. facts: NULL = not wanted. MS_E_IO when it cannot be written
   or would replace the trace. */
int index_option_write(const struct ms_trace *t, const char *trace_path, const char *index_path, index_progress *progress,
                       void *progress_arg, struct ms_index_facts *facts, struct ms_error *err);

/* Of an error of these two: the index cannot be made or written (exit status 4), the trace is readable as far as is known. */
bool index_option_unwritten(int rc);

#endif
