/*
 * analysis.h - the table behind which every analysis stands, and what the replay hands to it.
 *
 * The replay reads the trace once. It cuts the events into runs of at most MS_VIEW_EVENTS and calls every analysis once
 * per run, with arrays; a run fits into the cache, so that it stays there while one analysis after the other looks at
 * it. What an event means for the count of blocks (pairs of realloc halves, failed reallocs, blocks of an image that exec
 * replaced, temporary blocks) is decided once, in steps.c; analyses see steps:
 *
 *   step            what happens to the block in columns size/birth_ns/site/birth_thread
 *   ALLOCATE        it begins
 *   REALLOCATE      it begins, as the new block of a realloc whose old block has ended
 *   FREE            it ends, freed; with MS_STEP_TEMPORARY when it was temporary
 *   MOVE            it ends, as the old block of a realloc
 *   RETURN          the MOVE of this block by this thread is taken back (the realloc failed, or was never seen to end);
 *                   always alone in its view; moved_ns = time of that MOVE
 *   LOSE            the block MOVEd by this thread ended in a realloc whose second half was lost, or (kind REALLOC_OUT) whose new block was
 *                   not recorded: the MOVE counts as a free from now on (live bytes do not change); always alone in its view
 *   UNMATCHED       nothing: a free of a block that the trace does not know
 *   FAIL, MAP, NOTE nothing: a failed allocation, the address space, everything else
 *   IMAGE           every block ends with the process image; always alone in its view
 *   WINDOW          nothing: the window of the report starts here. What was counted before is forgotten, levels (live bytes and
 *                   blocks, of whatever) stay; peaks start at the level of now. Always alone in its view; at most once, never when
 *                   the window starts with the trace
 *   RESUME          directly after WINDOW: a MOVE of before the window stands again (its realloc is under way, so the block was
 *                   RETURNed for WINDOW to count it as alive). Counts as MOVE; time_ns is that of the MOVE, before the window;
 *                   always alone in its view
 *
 * Adding an analysis: docs/HOWTO_ADD_ANALYSIS.md.
 * Thread-safety: all callbacks of one analysis run on one thread at a time. Callbacks do not print or exit.
 */
#ifndef MS_ANALYZE_ANALYSIS_H
#define MS_ANALYZE_ANALYSIS_H

#include <stddef.h>
#include <stdint.h>

#include "format/checkpoint.h"
#include "format/trace_reader.h"
#include "report.h"
#include "stack_map.h"

#define MS_VIEW_EVENTS 4096u
#define MS_COLUMN_FROM (1u << 16)        /* beside enum ms_columns: made by steps */

enum ms_step {
	MS_STEP_NOTE = 0, MS_STEP_ALLOCATE, MS_STEP_REALLOCATE, MS_STEP_FREE, MS_STEP_MOVE, MS_STEP_RETURN, MS_STEP_LOSE,
	MS_STEP_UNMATCHED, MS_STEP_FAIL, MS_STEP_MAP, MS_STEP_IMAGE, MS_STEP_WINDOW, MS_STEP_RESUME,
	MS_STEP_COUNT,
	MS_STEP_TEMPORARY = 16,          /* flag beside MS_STEP_FREE */
};

/*
 * Tests without branches, because which of two events comes next is what processors cannot guess: 1 when the block
 * begins (ALLOCATE, REALLOCATE), 1 when it ends (FREE, temporary or not, MOVE), else 0.
 */
static inline uint64_t ms_step_begins(unsigned step)
{
	return (1u << MS_STEP_ALLOCATE | 1u << MS_STEP_REALLOCATE) >> step & 1;
}
static inline uint64_t ms_step_ends(unsigned step)
{
	return (1u << MS_STEP_FREE | 1u << (MS_STEP_FREE | MS_STEP_TEMPORARY) | 1u << MS_STEP_MOVE) >> step & 1;
}
/* RETURN, LOSE, IMAGE, WINDOW, RESUME: the steps that are alone in their view. */
static inline int ms_step_is_alone(unsigned step)
{
	return (1u << MS_STEP_RETURN | 1u << MS_STEP_LOSE | 1u << MS_STEP_IMAGE | 1u << MS_STEP_WINDOW | 1u << MS_STEP_RESUME) >> step & 1;
}

/* Arrays of `count` elements, valid during the call. Synthetic steps (RETURN, LOSE without an event, WINDOW, RESUME) have kind 0. */
struct ms_view {
	uint32_t count;
	const uint8_t *step;             /* enum ms_step */
	const uint8_t *kind;             /* enum ms_event_kind */
	const uint64_t *time_ns;
	const uint32_t *thread;          /* that did it */
	const uint32_t *stack;           /* of the event itself: stack id of the trace */
	const uint64_t *size_bytes;
	const uint64_t *block;           /* id of the event's block as recorded; 0 = none */
	const uint32_t *site;            /* node under which the block began; 0 = none */
	const uint32_t *birth_thread;
	const uint64_t *birth_ns;
	const uint8_t *family;           /* enum ms_event_kind of the call that began the block, as birth_ns: right also after failed reallocs */
	const uint8_t *birth_kind;       /* of the block that begins or ends, as recorded; NULL in synthetic steps */
	const uint32_t *birth_stack;     /* the same, its stack id; NULL in synthetic steps */
	const uint64_t *live_bytes;      /* after the event */
	const uint64_t *live_blocks;     /* after the event; a block between MOVE and REALLOCATE does not count */
	const uint64_t *address;         /* when asked for, else NULL; NULL in synthetic steps; struct ms_batch says which are valid */
	const uint64_t (*arg)[2];        /* when asked for, else NULL; NULL in synthetic steps */
	/* When asked for (MS_COLUMN_FROM), else NULL; set for REALLOCATE alone: id of the block whose contents it took, as recorded. */
	const uint64_t *from;
	uint64_t moved_ns;               /* RETURN only */
	uint64_t moved, goes_by;         /* RETURN, RESUME, LOSE: id of the block as recorded; RETURN: the one it has from now on */
};

/* What an analysis may know before the first event. Borrowed until destroy. */
struct ms_analysis_context {
	const struct ms_trace *trace;
	struct ms_reconciler *reconciler; /* reconcile.h */
	const struct ms_stack_map *stacks;
	uint64_t from_ns, to_ns;         /* what the report is about: the whole recording, or a window of it */
	bool part;                       /* that is less than all of it */
	uint32_t temporary_window;
	uint32_t timeline_buckets;
	uint32_t timeline_by;            /* of the report's options */
	bool from_start;                 /* the replay reads all events, whatever checkpoints there are */
	const struct ms_lost_blocks *lost; /* annotation_pass.h: known in its replay, else NULL */
};

/*
 * Where a replay begins when it does not begin with the first event of the program. Before the first event of the trace's that it reads,
 * the blocks that live there come as ALLOCATE steps (time_ns: their birth; kind: that of their allocation; sorted by id, not by time), then
 * restore is called; the step WINDOW follows before or behind some events, never later than the window's first one.
 */
struct ms_start {
	uint64_t event;                  /* ordinal of the first event that is read */
	const struct ms_checkpoint *checkpoint; /* NULL: nothing is known of before but the live blocks */
	const uint64_t *evidence;        /* evidence ids that events before named, in their order */
	size_t evidence_count;
};

struct ms_analysis_ops {
	const char *name;                /* Required. Unique; lower case, digits and '-'. */
	const char *summary;             /* Required. One line for people. */
	uint32_t columns;                /* enum ms_columns that it needs beyond the usual ones. */
	/* Required. Before the first event. *state belongs to the analysis until destroy. Errors: enum ms_status. */
	int (*create)(void **state, const struct ms_analysis_context *context, struct ms_error *err);
	/* Required. The next run of events. Errors: enum ms_status; the replay stops. */
	int (*view)(void *state, const struct ms_view *view, struct ms_error *err);
	/* Required. After the last event: puts results into its own fields of the report and of no other; an analysis that
	   stands further down in the list finds those of the ones before it. Memory put there is freed by ms_report_free. */
	int (*finish)(void *state, struct ms_report *report, struct ms_error *err);
	/* Optional; those that snapshot.c counts with have it. Another state that is equal, for the same context. */
	int (*copy)(void **state, const void *from, struct ms_error *err);
	/* Optional: what it knows of a checkpoint, between two views. */
	int (*save)(const void *state, struct ms_checkpoint *c, struct ms_error *err);
	/* Optional, for those who need more than levels from before the first event of a replay that begins midway: see struct ms_start. */
	int (*restore)(void *state, const struct ms_start *start, struct ms_error *err);
	/* Required. Frees the state; NULL allowed; also called after an error. */
	void (*destroy)(void *state);
};

/* All analyses, in the order in which they run: MS_OK tables, analysis_count of them. */
extern const struct ms_analysis_ops *const ms_analyses[];
extern const size_t ms_analysis_count;

/* MS_OK when the list is well formed: every required field there, names unique and well spelt; else MS_E_ARGUMENT. */
int ms_analysis_check(const struct ms_analysis_ops *const *list, size_t count, struct ms_error *err);

#endif
