/*
 * direct.h - allocators that are reached without the interposed symbols: functions that the executable has inside (statically linked, or an
 * own malloc), and functions of a library that have names of their own (mallocx, mi_malloc, tc_malloc).
 *
 * They are hooked where they stand: the first instructions of each move to a page near it, and a jump to our function takes their place.
 * All functions of a module, or none: a block whose birth is seen must have its end seen, too. None, when an instruction is not
 * known, when code cannot be written (the kernel forbids it), when the process has more than one thread already, when an executable's symbol
 * table was stripped (some of its functions may have no name then), or under a guard.
 * What was found and what became of it stands in header.direct, for the reports.
 *
 *   direct_rows.h    the functions
 *   direct_find.c    where they are: dynamic symbols of all modules, and the symbol table in the executable's file
 *   direct_patch.c   moves and jumps (x86_code.h)
 *   direct_hooks.c   what our functions do: they call the hooks of hooks.h, with real functions that call the moved ones
 *
 * An allocator's functions call each other. What comes from inside a call that is recorded is not recorded again: it is known by the stack
 * pointer, which lies at most MS_DIRECT_STACK_BYTES below that of the outer call.
 *
 * Thread-safety: ms_direct_start and what it calls by one thread while the process is starting; the hooks by any thread. Hooks: as the
 * functions themselves. No errno. Calls dl_iterate_phdr.
 */
#ifndef MS_PRELOAD_DIRECT_H
#define MS_PRELOAD_DIRECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/direct_allocators.h"
#include "record/arena_layout.h"

#define MS_DIRECT_STACK_BYTES 65536u

/* Rows in the order of the tables: C, JE, TC, MI, then the C++ operators. */
extern const uint32_t ms_direct_row_count;
struct ms_direct_row {
	const char *name;
	uint8_t group;                   /* enum ms_direct_group */
	uint8_t frees;                   /* 1: FREE of C, TC or MI; 2: a delete */
	void *hook;
};
extern const struct ms_direct_row ms_direct_rows[];
enum ms_direct_group { MS_DIRECT_GROUP_C, MS_DIRECT_GROUP_JE, MS_DIRECT_GROUP_TC, MS_DIRECT_GROUP_MI, MS_DIRECT_GROUP_CXX };

#define MS_DIRECT_ROWS_MAX 256u

struct ms_direct_found {
	uint32_t row;
	uint64_t address, size;
};
struct ms_direct_module {
	const struct dl_phdr_info *info;
	bool executable;
	bool plain;                      /* a delete and a free are one function: all are recorded as malloc and free */
	uint8_t obstacle;                /* enum ms_direct_state: why it cannot be hooked, NONE = nothing is known against it */
	uint8_t family;                  /* enum ms_direct_family */
	uint64_t start, end;             /* of its code and data */
	uint64_t visit;                  /* mi_heap_visit_blocks, 0 = there is none */
	uint32_t count;
	struct ms_direct_found found[MS_DIRECT_ROWS_MAX]; /* one per address */
	uint16_t alias[MS_DIRECT_ROWS_MAX]; /* by row: 1 + the place in found of its address, 0 = the module has no such function */
};

/* Fills the rest of a module whose info and executable are given. False: it has none of these functions. */
bool ms_direct_find(struct ms_direct_module *m);
/* Are all of its rows free? */
bool ms_direct_claim(const struct ms_direct_module *m);
/* Puts a jump to its row's hook into each function; moved[i] = where the first instructions of found[i] went. All or none: HOOKED, or why not. */
enum ms_direct_state ms_direct_patch(const struct ms_direct_module *m, uint64_t *moved);
/* Before the first jump: where each row goes on. */
void ms_direct_moved(const struct ms_direct_module *m, const uint64_t *moved);
/* The interposed functions call what was moved, too; moved = NULL: what the executable has, where it stands. Two modules change one function
   only when the second one is the executable. */
void ms_direct_under(const struct ms_direct_module *m, const uint64_t *moved);

/* Finds and hooks, once per process image. first: reports, too (what a trace says about its process is said once). */
void ms_direct_start(struct ms_arena_header *header, bool first);

#endif
