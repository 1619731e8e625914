/*
 * annotations.h - what the program said about itself (tasks, scopes, variables, pools), with the blocks that belong to it, as plain structs.
 *
 * A block belongs to the task and to the scope that its thread was in when it was begun: the innermost ones, whoever frees it. A realloc
 * ends a block and begins one, which belongs to where the realloc was called. Part of the report (report.h); what holds there holds
 * here: sums are of the window, levels of its end, peaks include the level at its start. Ids are positions in the lists, from 1.
 *
 * Blocks of pools lie inside blocks of the heap: they are never part of its totals.
 *
 * Ownership: belongs to the struct ms_report; names are borrowed from the trace. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_ANNOTATIONS_H
#define MS_ANALYZE_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_TASKS_MAX 1000000u            /* tasks, and paths of scopes, that have rows of their own; what comes after them has none */
#define MS_SCOPES_MAX 65536u

/* The blocks begun in one task or scope. live = start + allocated - freed - exec; counted as in the totals. */
struct ms_owned {
	uint64_t allocations, reallocations, frees;
	uint64_t allocated_bytes, freed_bytes; /* a realloc adds to both */
	uint64_t temporary_allocations;
	uint64_t live_blocks, live_bytes;
	uint64_t start_blocks, start_bytes; /* alive when the window begins */
	uint64_t exec_blocks, exec_bytes; /* alive when exec replaced the program */
	uint64_t peak_bytes, peak_ns;
	/* By the last heap graph, when report->leaks.observable. */
	uint64_t definite_blocks, definite_bytes, indirect_blocks, indirect_bytes;
};

/* Sums over a task or scope and all below it. Peaks do not add up, so there are none. */
struct ms_owned_sum {
	uint64_t members;                /* itself included */
	uint64_t allocations, reallocations, allocated_bytes, freed_bytes, live_blocks, live_bytes, definite_bytes, indirect_bytes;
};

/* Of what could be freed, how much was: freed_bytes of start_bytes + allocated_bytes. */
static inline uint64_t ms_owned_available(const struct ms_owned *o)
{
	return o->start_bytes + o->allocated_bytes;
}

/* ---- tasks ------------------------------------------------------------------------------------------------------------ */

struct ms_task {
	const char *name;                /* "" = none */
	uint64_t key;                    /* the program's own id; valid when has_key */
	uint32_t parent;                 /* id of a task with a smaller id; 0 = none, or its spawn was not seen */
	uint32_t spawn_thread;
	bool has_key;
	bool spawned, ended;             /* seen. Without the spawn nothing of before is known */
	uint32_t inside;                 /* enters that were not left at the end */
	uint32_t threads;                /* that entered it */
	uint64_t spawn_ns, first_enter_ns, last_leave_ns, end_ns; /* 0 where not seen; before the window, too */
	uint64_t enters, inside_ns;      /* of each enter to its leave, also what was entered inside */
	uint64_t end_live_blocks, end_live_bytes; /* of its blocks, alive when it ended */
	struct ms_owned own;
	struct ms_owned_sum sum;
};

/* A thread that entered a task. */
struct ms_task_thread {
	uint32_t task, thread;
	uint64_t enters, inside_ns;
};

struct ms_report_tasks {
	struct ms_task *list;            /* NULL: none was named in the recording. In the order of their spawns */
	size_t count;
	struct ms_task_thread *threads;  /* by task, then thread */
	size_t thread_count;
	struct ms_owned outside;         /* blocks begun in no task, or before the events begin */
	struct ms_owned omitted;         /* blocks of tasks beyond MS_TASKS_MAX */
	uint64_t omitted_tasks;
	uint64_t unbalanced;             /* leaves without an enter, or not of the task that was entered last */
};

/* ---- scopes ----------------------------------------------------------------------------------------------------------- */

/* A path of names: a scope inside a scope. */
struct ms_scope {
	const char *name;                /* "" = none */
	uint32_t parent;                 /* id of a scope with a smaller id, 0 = none */
	uint32_t depth;                  /* 1 = outermost */
	uint32_t threads;                /* that were in it */
	uint32_t inside;                 /* begun and not ended at the end */
	uint64_t calls, inside_ns, longest_ns; /* times include the scopes inside */
	uint64_t first_ns, last_ns;      /* begin of the first call, end of the last one that ended */
	struct ms_owned own;
	struct ms_owned_sum sum;
};

struct ms_scope_thread {
	uint32_t scope, thread;
	uint64_t calls, inside_ns;
	struct ms_owned own;
};

struct ms_report_scopes {
	struct ms_scope *list;           /* NULL: none was begun in the recording. In the order of their first begins */
	size_t count;
	struct ms_scope_thread *threads; /* by scope, then thread */
	size_t thread_count;
	struct ms_owned outside;         /* blocks begun in no scope, or before the events begin */
	uint64_t omitted_calls;          /* of paths beyond MS_SCOPES_MAX: their blocks are those of the scope around them */
	uint64_t unbalanced;             /* ends without a begin, or not of the scope that was begun last */
};

#endif
