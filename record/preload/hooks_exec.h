/*
 * hooks_exec.h - exec and posix_spawn: the event, and the environment that goes on (environment.h).
 *
 * Contracts are those of the interposed functions. The list forms (execl ...) are turned into vectors in interpose.c.
 * No allocation: the new environment stands on the stack, or in mapped memory when it is large, which is unmapped when
 * exec fails, and by the parent when a vfork child has left it there. Async-signal-safe as execve is.
 */
#ifndef MS_PRELOAD_HOOKS_EXEC_H
#define MS_PRELOAD_HOOKS_EXEC_H

#include <spawn.h>

#include "real.h"

int ms_hook_execve(const struct ms_real *real, const char *path, char *const argv[], char *const environment[]);
int ms_hook_execvpe(const struct ms_real *real, const char *file, char *const argv[], char *const environment[]);
int ms_hook_fexecve(const struct ms_real *real, int fd, char *const argv[], char *const environment[]);
int ms_hook_execveat(const struct ms_real *real, int fd, const char *path, char *const argv[],
		     char *const environment[], int flags);

typedef int ms_spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
			      char *const[], char *const[]);
/* spawn: real->posix_spawn or real->posix_spawnp. */
int ms_hook_spawn(ms_spawn_function *spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		  const posix_spawnattr_t *attributes, char *const argv[], char *const environment[]);

/* After vfork, in the parent: gives back memory that the child's exec left. */
void ms_exec_release(void);

#endif
