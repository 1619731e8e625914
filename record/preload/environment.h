/*
 * environment.h - LD_PRELOAD and MEMSCOPE_ARENA: reading them before libc is ready, hiding them, passing them on.
 *
 * Without --follow the two variables are taken out of the program's environment at start (the program's own LD_PRELOAD
 * entries stay), so that it does not see them and its children run clean however they are started; the exec hooks put
 * them back when the recorded process replaces itself. With --follow they stay.
 *
 * No allocation, no lock, no errno change. Thread-safety: ms_env_hide only while there is one thread.
 */
#ifndef MS_PRELOAD_ENVIRONMENT_H
#define MS_PRELOAD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Value in the environment that the kernel gave to this image; NULL when there is none. Borrowed. */
const char *ms_env_initial(const char *name);

/* Takes our variables out of the environment, in place. */
void ms_env_hide(char **environment);

/* The path of this library, as LD_PRELOAD names it. "" when it is not known. Constant. */
const char *ms_env_library(void);

/* From now on it is named by its absolute path, whatever LD_PRELOAD said: the program may change its folder. While the process starts. */
void ms_env_keep_library(void);

/* A new environment for exec, built in memory of the caller. */
struct ms_env_plan {
	char *const *from;
	const char *arena;     /* "MEMSCOPE_ARENA=..." to pass on; NULL: neither variable is passed on */
	size_t bytes;          /* memory that ms_env_build needs */
	bool as_is;            /* from can be passed on as it stands */
};
void ms_env_plan(struct ms_env_plan *plan, char *const *from, const char *arena);
/* memory: plan->bytes, pointer-aligned. The result borrows the strings of plan->from and plan->arena. */
char **ms_env_build(const struct ms_env_plan *plan, void *memory);

#endif
