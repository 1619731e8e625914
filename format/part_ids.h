/*
 * part_ids.h - the ids of a trace and of a part that is being written of it (trace_part.h): what is used is added to the part when
 * it is used first.
 *
 * Functions that return an id return 0 for 0 and after an error, which ms_part_status tells. Ownership: writer and trace are borrowed.
 * Thread-safety: one thread.
 */
#ifndef MS_FORMAT_PART_IDS_H
#define MS_FORMAT_PART_IDS_H

#include "trace_reader.h"
#include "trace_writer.h"

struct ms_part_ids {
	struct ms_writer *w;
	const struct ms_trace *from;
	uint32_t *strings, *frames, *stacks, *evidence, *variables; /* by id in the trace */
	uint32_t *frame_of;              /* by id in the part */
	uint32_t *path;                  /* of a stack to its root; room */
	uint64_t *start;                 /* ids of the blocks alive at the start, ascending */
	size_t start_count;
	uint64_t next_block;             /* of the trace, at the start */
	size_t graphs;                   /* written */
};

int ms_part_ids_open(struct ms_part_ids *p, struct ms_writer *w, const struct ms_trace *from, struct ms_error *err);
void ms_part_ids_free(struct ms_part_ids *p);
/* The first error, also of the writer. */
int ms_part_status(const struct ms_part_ids *p, struct ms_error *err);

uint32_t ms_part_string(struct ms_part_ids *p, uint32_t id);
uint32_t ms_part_frame(struct ms_part_ids *p, uint32_t id);
uint32_t ms_part_stack(struct ms_part_ids *p, uint32_t id);
uint32_t ms_part_evidence(struct ms_part_ids *p, uint32_t id);
uint32_t ms_part_variable(struct ms_part_ids *p, uint32_t id);
/* The blocks that the part starts with, by id; next_block: id of the next allocation. */
int ms_part_blocks(struct ms_part_ids *p, const struct ms_live_block *blocks, size_t n, uint64_t next_block, struct ms_error *err);
/* 0: not in the part. */
uint64_t ms_part_block(const struct ms_part_ids *p, uint64_t id);

/* Series, and what was measured from .. to. */
int ms_part_samples(struct ms_part_ids *p, uint64_t from_ns, uint64_t to_ns, struct ms_error *err);
/* Sums of culled blocks that reach into the time from .. to, whole. */
int ms_part_culled(struct ms_part_ids *p, uint64_t from_ns, uint64_t to_ns, struct ms_error *err);
/* Symbols of the frames that were used; names of data when there is a graph. */
int ms_part_names(struct ms_part_ids *p, struct ms_error *err);

#endif
