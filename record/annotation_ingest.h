/*
 * annotation_ingest.h - entries of annotations (record/arena_layout.h) as events of the trace.
 *
 * Blocks are named by the first byte of a live block, by the live table as it stands at that point of the merged order; other addresses are no
 * block (0). Places, ids and pools of the program become variables, tasks and pools of the trace: a variable is a (name, type, file, line, code
 * address), tasks and pools are counted from 1. A task's id means the task that was spawned last under it and has not ended; an id or a
 * pool that is not known (its beginning was not recorded: before a fork, lost) begins here, with no name and no parent. So one entry can
 * be several events, all of one moment.
 *
 * words: what stands behind word 1 of the entry, count of them. The app may have written over it: every length is checked.
 *
 * annotation_kind      is an entry of this kind one for annotation_ingest?
 * annotation_ingest    fills out->event (kind and arguments; the caller knows time and thread). thread: of the trace, whose tasks nest.
 *                      out->count is 0 for a PLACE, and when the writer has failed (its status sticks). MS_E_CORRUPT: the entry makes
 *                      no sense; MS_E_NOMEM. Both leave what is known as it was, or nearly so.
 * annotation_pool      the pool of a POOL_ALLOC or POOL_FREE, which are events of their own; out has its POOL_CREATE, if it was not known.
 * annotation_image     another program runs in the process from now on: nothing that was named before means anything.
 *
 * Ownership: borrows what is in struct annotation_input; annotations_free frees the rest; a zeroed struct annotations is empty.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_ANNOTATION_INGEST_H
#define MS_RECORD_ANNOTATION_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/intern.h"
#include "format/trace_writer.h"
#include "format/write_symbols.h"
#include "id_map.h"
#include "live_table.h"
#include "trace_tables.h"

#define ANNOTATION_EVENTS 4u         /* of one entry, at most */

struct annotation_events {
	struct { uint8_t kind; uint64_t arg[2]; } event[ANNOTATION_EVENTS];
	unsigned count;
};

struct annotation_place {
	uint32_t name, type, file, line; /* string ids */
	uint64_t pc;                     /* of the last TRACK; 0 = none */
	uint32_t variable;               /* that it was */
	char *untyped;                   /* the name's text, when there is no type: owned */
};

/* Tasks that a thread works for, the innermost last. */
struct annotation_nest {
	uint64_t *tasks;
	size_t count, capacity;
};

struct annotations {
	struct id_map places;            /* -> index in place, + 1 */
	struct annotation_place *place;
	size_t place_count, place_capacity;
	struct ms_intern variables;      /* ids are those of the trace */
	struct ms_untyped *untyped;      /* those without a type, to be looked up at the end; names owned */
	size_t untyped_count, untyped_capacity;
	struct id_map tasks, pools;
	uint64_t task_count, pool_count;
	struct annotation_nest *nests;   /* by thread id */
	size_t nest_count;
};

struct annotation_input {
	struct trace_tables *tables;
	struct ms_writer *writer;
	const struct live_table *live;
};

bool annotation_kind(uint8_t kind);
int annotation_ingest(struct annotations *a, const struct annotation_input *in, uint8_t kind, uint64_t address, uint32_t thread,
                      const uint64_t *words, size_t count, struct annotation_events *out);
int annotation_pool(struct annotations *a, uint64_t pool, uint64_t *number, struct annotation_events *out);
void annotation_image(struct annotations *a);
void annotations_free(struct annotations *a);

#endif
