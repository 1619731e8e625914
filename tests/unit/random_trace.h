/*
 * random_trace.h - random traces together with the truth about them, for tests of the analyses.
 *
 * The generator plays a program: threads that allocate, free each other's blocks, realloc (also nested, as a signal handler
 * would), fail, exec, end in the middle of a realloc. It writes down what it did as lives of blocks; the referee in
 * test_analyses.c computes every number from the lives by its definition, without looking at events.
 */
#ifndef MS_TESTS_RANDOM_TRACE_H
#define MS_TESTS_RANDOM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/events.h"
#include "format/trace_types.h"

enum life_end { ALIVE, FREED, MOVED, LOST_IN_MOVE, GONE_BY_EXEC };

/* From begin to end, in moments (events and the steps that the replay adds at exec and at the end, numbered from 0). */
struct life {
	uint64_t size, birth_ns, end_ns;
	uint32_t stack, thread, end_thread;
	size_t begin, end;               /* present at moments begin <= m < end; SIZE_MAX = to the last */
	size_t gaps[64][2];              /* absent at gap[0] <= m < gap[1]: inside a realloc that failed */
	size_t gap_count;
	uint64_t birth_order;            /* how many allocation events its thread had made when it was made, itself included */
	uint64_t free_order;             /* the same of end_thread at its free */
	bool by_realloc;
	uint8_t kind;                    /* enum ms_event_kind of the event that began it */
	size_t settled;                  /* MOVED, LOST_IN_MOVE: the moment of the realloc's other half, or when it was lost */
	enum life_end how;
};

#define RANDOM_TRACE_STRINGS 4u /* "text1" ..: marks and names of threads */

struct random_trace {
	struct ms_event *events;
	size_t event_count;
	struct life *lives;
	size_t life_count;
	uint64_t *moment_ns;             /* time of each moment */
	size_t moment_count;
	uint32_t thread_count, images;
	struct ms_thread threads[64];    /* by id - 1 */
	uint64_t unmatched, unmatched_of_thread[65], failed, events_of_thread[65];
	uint64_t mmaps, mapped_bytes;
	uint32_t stack_count, frame_count;
	struct ms_stack stacks[64];      /* by id - 1 */
	uint32_t frame_text[64];         /* what a frame reads like: frames with the same number merge */
	uint32_t last_image_moment;
	void *bytes;                     /* the trace file */
	size_t size;
};

/* event_target: about how many events. Fails the test when the writer does. */
void random_trace_make(struct random_trace *t, uint32_t seed, size_t event_target);
/* For who writes the events anew: the strings that they name, before all others. */
struct ms_writer;
void random_trace_strings(struct ms_writer *w);
void random_trace_free(struct random_trace *t);

bool life_present(const struct life *l, size_t moment);
/* Call paths as numbers, equal for paths that read the same: by stack id; and of a report's node, read back from its lines. */
void random_trace_paths(const struct random_trace *t, uint64_t path_of_stack[64]);
struct ms_report;
uint64_t random_trace_path_of_node(const struct ms_report *r, uint32_t node);

#endif
