/*
 * trace_facts.h - the figures of `memscope-trace info`, gathered once, printed as text or JSON.
 *
 * Ownership: trace_facts_free frees what gather allocated. Errors: enum ms_status. Thread-safety: none.
 */
#ifndef MS_RENDER_TOOLS_TRACE_FACTS_H
#define MS_RENDER_TOOLS_TRACE_FACTS_H

#include <stdbool.h>
#include <stdio.h>

#include "format/container.h"
#include "format/trace_reader.h"

#define TRACE_FACTS_KINDS 32             /* kinds of blocks; what lies beyond is counted in the last */

struct trace_facts {
	struct {
		uint64_t blocks, stored_bytes, raw_bytes; /* of the payloads */
	} block_kind[TRACE_FACTS_KINDS];
	uint64_t framing_bytes;          /* the rest of the file: headers, index, footer; what is unreadable */
	uint64_t keyframes;
	uint64_t frames_with_function, frames_with_line; /* of all frames */
	struct {
		uint32_t frames, with_function;
	} *module;                       /* by id */
	uint64_t events_of_kind[256];    /* when asked for */
	bool index_exists;               /* TRACE.index; attached when it fits */
	struct ms_error index_problem;   /* code MS_OK: it fits */
	uint64_t allocated_bytes;        /* sum over allocations and reallocs, when asked for */
};

int trace_facts_gather(struct trace_facts *f, const struct ms_trace *t, bool count_events, struct ms_error *err);
/* Looks for the index file beside the trace and attaches it. After trace_facts_gather. */
int trace_facts_index(struct trace_facts *f, struct ms_trace *t, const char *file, struct ms_error *err);
void trace_facts_free(struct trace_facts *f);

void trace_facts_text(FILE *out, const char *file, const struct ms_trace *t, const struct trace_facts *f, bool counted,
                      bool verbose);
void trace_facts_json(FILE *out, const char *file, const struct ms_trace *t, const struct trace_facts *f, bool counted);

/* True when nothing is missing: the end is there, nothing was lost, the file is whole. */
bool trace_facts_complete(const struct ms_trace *t);

#endif
