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

/* ---- variables -------------------------------------------------------------------------------------------------------- */

#define MS_BIOGRAPHIES_MAX 20000u        /* blocks whose biography is kept: those told first */
#define MS_BIOGRAPHY_EVENTS 64u          /* of each: the first ones, and its end */

/* A place in the program that tracks a variable. A block belongs to the variable that tracked it last, also after a realloc. */
struct ms_tracked {
	const char *name, *type, *file;  /* "" = none, not known */
	const char *function;            /* whose line tracks it; "" = not known */
	uint32_t line;
	uint64_t tracks;                 /* events */
	uint64_t untracked;              /* of these: what it pointed to was no block that is known */
	uint64_t blocks;                 /* that came to belong to it */
	uint64_t live_blocks, live_bytes, peak_bytes, peak_ns; /* of blocks that belong to it */
	uint64_t freed;                  /* of its blocks */
	uint64_t reallocations, clones, moves, borrows, returns, hand_overs; /* events of its blocks; clones, moves: from them */
};

#define MS_BIOGRAPHY_EVENT_KINDS(X)                                                    \
	X(BORN, "born")                  /* bytes */                                   \
	X(TRACKED, "tracked")            /* variable */                                \
	X(CLONED_TO, "cloned to")        /* other: the copy */                         \
	X(CLONED_FROM, "cloned from")    /* other: of which it is a copy */            \
	X(MOVED_TO, "moved to")          /* other: where its contents went */          \
	X(MOVED_FROM, "moved from")      /* other: where its contents come from */     \
	X(BORROWED, "borrowed")                                                        \
	X(RETURNED, "returned")                                                        \
	X(HANDED, "handed over")         /* from_thread; thread: the first one that is another one than before */ \
	X(REALLOCATED, "reallocated")    /* other: the block that goes on; bytes */    \
	X(REALLOC_FAILED, "realloc failed") /* it lives on */                          \
	X(FREED, "freed")                                                              \
	X(GONE_BY_EXEC, "gone by exec")                                                \
	X(END_LOST, "lost")              /* in a realloc whose second half was lost */
enum ms_biography_event_kind {
#define X(id, name) MS_BIO_##id,
	MS_BIOGRAPHY_EVENT_KINDS(X)
#undef X
	MS_BIO_KINDS
};

struct ms_biography_event {
	uint32_t biography;              /* id */
	uint32_t thread, from_thread;
	uint32_t variable;               /* id; 0 = none */
	uint64_t time_ns;
	uint64_t other;                  /* block id; 0 = none */
	uint64_t bytes;                  /* MOVED_*: 0 = all */
	uint8_t kind;                    /* enum ms_biography_event_kind */
};

/* The life of a block from its birth to its free, over reallocs, as far as annotations speak of it. */
struct ms_biography {
	uint64_t first_block, block;     /* block ids: at birth, and in the end */
	uint64_t address, size_bytes;    /* in the end */
	uint64_t birth_ns, end_ns;       /* end_ns: valid unless alive */
	uint32_t birth_thread, end_thread;
	uint32_t node;                   /* call path of the first block */
	uint32_t variable;               /* id of the one that tracked it last; 0 = none did */
	uint8_t end;                     /* enum ms_biography_event_kind: FREED, GONE_BY_EXEC, END_LOST; BORN: it is alive */
	uint64_t first_event, event_count; /* in events */
	uint64_t omitted;                /* events that are not kept */
};

struct ms_report_variables {
	struct ms_tracked *list;         /* by id of the trace; NULL: nothing is told of variables or blocks */
	size_t count;
	struct ms_biography *biographies; /* in the order in which they were first told of; in a window those alive in it */
	size_t biography_count;
	struct ms_biography_event *events; /* by biography, then time */
	size_t event_count;
	uint64_t omitted;                /* blocks beyond MS_BIOGRAPHIES_MAX */
	uint64_t unknown;                /* events about no block that is known */
};

/* ---- pools ------------------------------------------------------------------------------------------------------------ */

#define MS_POOLS_MAX 100000u

/* An allocator of the program's own. live = start + allocated - freed - reset - destroyed - exec. */
struct ms_pool {
	const char *name;                /* "" = none */
	bool created, destroyed;         /* seen */
	uint32_t create_thread;
	uint64_t create_ns, destroy_ns;
	uint64_t parent_block, parent_bytes, parent_address; /* the block that it cuts its own from; 0 = none that is known */
	uint32_t parent_node;            /* its call path */
	uint64_t parent_end_ns;          /* when that block ended while the pool had not been destroyed; 0 = it did not */
	uint64_t allocations, allocated_bytes, frees, freed_bytes;
	uint64_t resets, reset_blocks, reset_bytes; /* alive at resets */
	uint64_t destroyed_blocks, destroyed_bytes; /* alive when it was destroyed */
	uint64_t exec_blocks, exec_bytes;
	uint64_t live_blocks, live_bytes, start_blocks, start_bytes;
	uint64_t peak_bytes, peak_blocks, peak_ns;
	uint64_t unmatched_frees;        /* of blocks that are none of its own */
	uint64_t replaced;               /* blocks given out again without a free: counted as freed */
	uint64_t outside;                /* blocks that do not lie inside the parent */
};

struct ms_pool_site {
	uint32_t pool, node;             /* pool: id */
	uint64_t allocations, allocated_bytes, live_blocks, live_bytes;
};

struct ms_report_pools {
	struct ms_pool *list;            /* NULL: none was told of in the recording. In the order of their creation */
	size_t count;
	struct ms_pool_site *sites;      /* by pool, then allocated bytes, most first */
	size_t site_count;
	uint64_t omitted;                /* events of pools beyond MS_POOLS_MAX */
};

#endif
