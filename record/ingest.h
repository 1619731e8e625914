/*
 * ingest.h - ring entries in time order to events of the trace.
 *
 * The consumer of the merge: it names the block that every free ends, the thread, and the stack, keeps the live table
 * and its peak, and hands batches of events to the writer, with keyframes when the writer wants them.
 *
 * Identity. A block is a number. An allocation gets the next one; a free ends the block that is alive at its address and
 * names none when there is none. When an allocation returns an address that is alive here, its free may only carry a
 * stamp that is a little late: merge_await looks for it. If there is none (the free went a way that is not hooked, or was
 * dropped), the old block is not ended, since no free was seen: it stays in the live set as an orphan, the address
 * belongs to the new block, and `overlapping` counts it.
 *
 * Samples (arena.sampled). An end that finds no block is that of one that is not in the sample (the hooks cannot tell all addresses
 * apart), or of an image before: it is dropped, as are second halves of reallocs whose first half was.
 *
 * Culling (ingest_cull, --cull-temporary). Events wait in a queue (cull.h) in which short-lived blocks vanish; the live table is that of the
 * newest event, with young ids. Who needs it as the written events leave it, keyframes and heap graphs, empties the queue first, and so do
 * marks, snapshots, exec and a new image: what is alive there is written.
 *
 * Ownership: borrows arena, writer, clock. Errors: the first failure of the writer sticks in `status` (and `error`);
 * later entries are thrown away. Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_INGEST_H
#define MS_RECORD_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "annotation_ingest.h"
#include "arena.h"
#include "cull.h"
#include "format/events.h"
#include "format/buffer.h"
#include "format/trace_writer.h"
#include "graph_ingest.h"
#include "live_table.h"
#include "merge.h"
#include "tick_clock.h"
#include "trace_tables.h"

#define INGEST_BATCH 512u
#define INGEST_HALVES 4u

#define INGEST_NAME 64u              /* bytes of a snapshot's name that heap_passed gives, with its NUL */

/* An event of the collector's own that waits for its turn: PAUSE, RESUME, SNAPSHOT, MARK. */
struct ingest_note {
	uint64_t ticks;
	uint64_t arg[2];
	uint8_t kind;
};

struct ingest_slot {
	uint32_t thread;                 /* thread id of the trace, 0 = not written yet */
	uint32_t tid, image;
	bool active, nested, started;
	char name[17];
	struct ms_live_block reallocated; /* what the last REALLOC_FREE ended; block 0 = nothing */
	/* In a sample: addresses of the REALLOC_FREEs that were written and wait for their other half, newest last. As many as readers keep. */
	uint64_t halves[INGEST_HALVES];
	uint8_t half_count;
};

struct ingest {
	struct arena *arena;
	struct ms_writer *writer;        /* NULL until ingest_attach_writer */
	const struct tick_clock *clock;
	struct merge merge;
	struct live_table live;
	struct trace_tables tables;
	struct graph_ingest graph;
	struct annotations annotations;
	struct ingest_slot *slots;
	uint32_t app_pid;
	uint32_t image;
	bool free_stacks;

	struct ms_event batch[INGEST_BATCH];
	size_t batch_count;
	uint64_t last_ns;                /* time of the newest event */
	uint64_t watermark;              /* of the last ingest_run */
	uint64_t next_block;

	struct cull *cull;               /* NULL: every block is written */
	uint64_t cull_from_ns, cull_due_ns; /* of the sums that are gathered: beginning, when they are written */
	uint64_t cull_peak_bytes, cull_peak_ns; /* highest live_bytes in that time */
	uint64_t written_bytes, written_peak; /* live and peak as the written events have them */

	uint64_t events, live_bytes, peak_bytes, lost_events, unmatched_frees;
	uint64_t unsampled_ends;         /* of blocks that are not in the sample: dropped */
	uint64_t overlapping;            /* allocations at an address that was alive */
	uint64_t evidence;               /* records of guards about errors */
	uint64_t children;               /* processes that the program was seen to start */
	uint64_t malformed;              /* entries that made no sense */
	/* The file must not grow beyond room_bytes (0 = no limit) less what has to follow the events: the owner sets both.
	   When it would, status becomes MS_E_FULL while the writer can still write. */
	uint64_t room_bytes, keep_bytes;
	uint64_t largest_write;          /* bytes that one batch has led to, at most */

	struct ms_buffer notes;          /* struct ingest_note[], oldest first */
	uint32_t main_thread;            /* thread id that notes stand under; 0 = no thread was seen yet */
	uint32_t row_ahead;              /* that of the main thread, made for a note before its first entry; 0 = none */
	/* When live bytes rise above heap_limit (UINT64_MAX: never), heap_passed is told: it sets another limit and the name of a snapshot, which
	   becomes the next event; false: none. */
	uint64_t heap_limit;
	bool (*heap_passed)(void *context, char name[INGEST_NAME]);
	void *heap_context;
	uint64_t snapshots, pauses;      /* events of these kinds */

	int status;                      /* MS_OK, MS_E_FULL or what the writer failed with */
	struct ms_error error;
};

/* app_pid tells the main thread. MS_E_NOMEM. */
int ingest_init(struct ingest *g, struct arena *arena, struct ms_writer *writer, const struct tick_clock *clock,
                uint32_t app_pid, struct ms_error *err);
void ingest_free(struct ingest *g);
/* Before the first entry: blocks freed within that time are not written but summed up. MS_E_NOMEM. */
int ingest_cull(struct ingest *g, uint64_t window_ns);
/* The peak of the blocks that are written. */
uint64_t ingest_written_peak(const struct ingest *g);

/* For struct slots_ops. */
void ingest_slot_started(struct ingest *g, uint32_t slot, uint32_t tid, uint32_t image, bool nested, const char *name);
void ingest_slot_lost(struct ingest *g, uint32_t slot, uint64_t events);
void ingest_slot_ended(struct ingest *g, uint32_t slot);

/* An event of the collector's own at this time of the clock, not before that of the last note; it takes its place in the order of the
   program's events, in the row of the main thread of the newest image (of the first thread seen, when that has not been seen). kind: PAUSE, RESUME, SNAPSHOT or MARK; text (NULL
   = none) for the latter two; asked_by: enum ms_asked_by, unless it is a MARK. Before any thread is seen the main
   thread's row begins with it.
   MS_E_NOMEM; MS_OK. */
int ingest_note(struct ingest *g, uint64_t ticks, uint8_t kind, const char *text, size_t text_bytes, uint64_t asked_by);

/* Merges up to the watermark (ticks), hands the events to the writer. */
int ingest_run(struct ingest *g, uint64_t watermark);
/* The program is gone and everything of it handed out: writes the graph whose end is missing, if there is one. */
int ingest_finish(struct ingest *g);
/* The last event was handed out, or the next one is a long way off: nothing waits any more, the sums of culled blocks are written, also those of
   a trace that is full. */
void ingest_end_culling(struct ingest *g);
/* Writes what is batched; with flush, as blocks of their own. */
int ingest_flush(struct ingest *g, bool flush);

#endif
