/*
 * dump_print.h - how `memscope-trace dump` prints one event: as a line of text or as a line of JSON.
 *
 * Errors: the stream's own (ferror). Thread-safety: the caller owns the stream.
 */
#ifndef MS_RENDER_TOOLS_DUMP_PRINT_H
#define MS_RENDER_TOOLS_DUMP_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "format/trace_reader.h"

struct dump_context {
	const struct ms_trace *trace;
	bool stacks;                     /* print the frames, not only the id */
	int ordinal_width, time_width;   /* columns of the text form, enough for the whole trace */
};

/* One event of a batch, with the facts of the block that it concerns. */
struct dump_event {
	uint64_t ordinal, time_ns, address, size_bytes, block, birth_ns, arg[2];
	uint32_t thread, stack, birth_stack, birth_thread;
	uint8_t kind, birth_kind;
};

struct dump_printer {
	void (*begin)(FILE *out, const struct dump_context *c);  /* Optional. Once, before the first event. */
	void (*event)(FILE *out, const struct dump_context *c, const struct dump_event *e); /* Required. */
};

extern const struct dump_printer dump_text, dump_json;

/* dump_evidence.c: what the evidence with this id says, without the frames of its stack: a JSON object; or text, words with a
   space before each. */
void dump_evidence_json(FILE *out, const struct ms_trace *t, uint32_t id);
void dump_evidence_text(FILE *out, const struct ms_trace *t, uint32_t id);

/* File name of a path, for short output. */
const char *dump_base_name(const char *path);

#endif
