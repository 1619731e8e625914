/*
 * address_limit.h - RLIMIT_AS: the address space of the arena and of a guard is ours, not the program's.
 *
 * A program that limits its address space means its own. What it sets is raised by the size of the arena, what it
 * reads is lowered by it, so it does not notice. The amount stands in the arena's header, because the limit itself outlives
 * an exec and the next image must know how much of it is ours.
 *
 * Thread-safety: the hooks, any thread. ms_limits_make_room and _restore: the starting thread. No errno change of its own.
 */
#ifndef MS_PRELOAD_ADDRESS_LIMIT_H
#define MS_PRELOAD_ADDRESS_LIMIT_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "record/arena_layout.h"

struct ms_real;

/* Before the arena of that size is mapped: raises a finite limit so that it fits in addition to the program. False when the
   hard limit forbids it: then the program must run without us. */
bool ms_limits_make_room(const struct ms_arena_header *header);
/* Undoes it: the arena could not be mapped. */
void ms_limits_restore(void);
/* The arena is in use; the header remembers the amount from now on. */
void ms_limits_attached(struct ms_arena_header *header);
/* In a forked child that is not followed: around an exec, because the next image has neither arena nor guard. */
void ms_limits_before_exec(void);
void ms_limits_exec_failed(void);
/* In a forked child: the header is no longer to be touched. */
void ms_limits_detached(void);
/*
 * Before a guard reserves its addresses: how many bytes it may take. A finite limit is raised for them for now, by what they may be
 * at most, if that is allowed; if not, it is a small part of what the program has. Then what it has taken, 0 too: from now on they
 * are hidden like the arena.
 */
uint64_t ms_limits_guard_begins(uint64_t most_bytes);
void ms_limits_guard_took(uint64_t bytes);
/* In a forked child that is not followed: the arena is gone, so the limit is the program's own again, but for a guard's. */
void ms_limits_arena_unmapped(void);

int ms_hook_getrlimit(const struct ms_real *real, __rlimit_resource_t resource, struct rlimit *limit);
int ms_hook_setrlimit(const struct ms_real *real, __rlimit_resource_t resource, const struct rlimit *limit);
int ms_hook_prlimit(const struct ms_real *real, pid_t pid, enum __rlimit_resource resource,
		    const struct rlimit *new_limit, struct rlimit *old_limit);

#endif
