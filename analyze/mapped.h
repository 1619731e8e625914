/*
 * mapped.h - what the program has mapped itself, at a moment of the trace.
 *
 * Ownership: ms_mapped_close frees. Errors: MS_E_NOMEM, and what reading events
 * says. Thread-safety: one thread.
 */
#ifndef MS_ANALYZE_MAPPED_H
#define MS_ANALYZE_MAPPED_H

#include "format/trace_reader.h"

/* Anonymous memory that calls of mmap and mremap before this event have left: addresses [start, end), sorted, without overlap. */
struct ms_mapped_range {
	uint64_t start, end;
};
#define MS_MAPPED_RANGES 4096u
struct ms_mapped {
	struct ms_mapped_range *ranges;
	size_t count;
	bool cut;                        /* there were more than MS_MAPPED_RANGES at a time: some are missing */
};
int ms_mapped_open(struct ms_mapped *m, struct ms_error *err);
void ms_mapped_close(struct ms_mapped *m); /* also one that is all zero */
/* The next MAP event or IMAGE_START (without arguments). */
void ms_mapped_follow(struct ms_mapped *m, uint8_t kind, uint64_t address, uint64_t size_bytes, const uint64_t arg[2]);
/* Starts again from nothing and reads every event before it, with an index those behind the checkpoint before. */
int ms_mapped_before(struct ms_mapped *m, const struct ms_trace *trace, uint64_t event, struct ms_error *err);

#endif
