/*
 * trace_tables.h - what the app calls nodes and module records, as stack, frame and module ids of the trace.
 *
 * Everything is appended to the trace at its first use by an event, parents first, so that the trace holds what its
 * events need and nothing else. A stack node is found by its index; a frame is one code address in one module.
 *
 * Which module an address belongs to depends on the time: a library may be unloaded and another one mapped there. The
 * map follows the MODULE_LOAD and MODULE_UNLOAD entries of the rings, which stand in time order; only an address that no
 * loaded module covers is looked up in the arena's records, the app being ahead of us. An entry of the app that makes no sense (an index out of range, a parent that is
 * not older than its child) resolves to nothing.
 *
 * Ownership: borrows arena and writer. Errors: ids are 0 when the trace's writer failed (its status sticks).
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_TRACE_TABLES_H
#define MS_RECORD_TRACE_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "format/trace_writer.h"

struct trace_module {
	struct ms_module module;         /* path and build id owned by the entry */
	uint32_t id;                     /* in the trace; 0 = not written yet */
	uint8_t loaded;                  /* its MODULE_LOAD has passed */
	uint8_t unloaded;                /* its MODULE_UNLOAD has passed */
};

struct trace_tables {
	const struct arena *arena;
	struct ms_writer *writer;
	uint32_t image;                  /* the process image that events come from now */

	uint32_t *stack_of_node;         /* node index -> stack id, 0 = not written yet */
	uint32_t *path;                  /* nodes of the stack that is being written, innermost first */
	size_t path_capacity;

	struct trace_module *modules;    /* by index of the arena's record */
	uint32_t module_count, module_capacity;
	uint32_t written_count;          /* modules in the trace: the highest id */
	uint32_t *ranges;                /* indexes of the mapped modules of this image, by start */
	uint32_t range_count;
	uint32_t ranges_seen;            /* module records that ranges was built from */

	struct ms_frame *frames;         /* by frame id - 1, as written */
	size_t frame_count, frame_capacity;
	uint32_t *frame_hash;            /* frame ids, open addressing */
	size_t frame_hash_size;
};

int trace_tables_init(struct trace_tables *t, const struct arena *arena, struct ms_writer *writer);
void trace_tables_free(struct trace_tables *t);

/* Another program runs in the process from now on. */
void trace_tables_image(struct trace_tables *t, uint32_t image);
/* The stack id of a node, 0 = none. */
uint32_t trace_tables_stack(struct trace_tables *t, uint32_t node);
/* The id of the module record with this index, 0 = no such record. */
uint32_t trace_tables_module(struct trace_tables *t, uint64_t index);
/* The same; its code is there from now on. */
uint32_t trace_tables_load(struct trace_tables *t, uint64_t index);
/* The id of the module that an address belongs to now, 0 = none. */
uint32_t trace_tables_module_at(struct trace_tables *t, uint64_t address);
/* The id of the frame that returns to pc now. */
uint32_t trace_tables_frame(struct trace_tables *t, uint64_t pc);
/* Its code is gone from now on. */
void trace_tables_unload(struct trace_tables *t, uint64_t index);

#endif
