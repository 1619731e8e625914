/*
 * launch.h - starts the program as a child that differs from one without a recorder in two environment variables alone.
 *
 * launch_fork makes the process, which waits; launch_go lets it execute the program. In between its id is known and
 * nothing of it has run, so that the trace file can be opened under its final name, or the whole thing be called off
 * (launch_cancel). The program gets signal mask and dispositions, limits and descriptors as memscope-record
 * inherited them; the arena's descriptor (inherited, high) is closed by the library once it is mapped.
 *
 * Errors: MS_E_IO with a message; launch_go also MS_E_NOT_FOUND with *exec_errno when the program could not be executed.
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_LAUNCH_H
#define MS_RECORD_LAUNCH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "arena.h"
#include "format/errors.h"
#include "program.h"
#include "signals.h"

struct launch {
	const struct program *program;
	char **arguments;                /* argv of the program */
	const struct signals *signals;
	const struct arena *arena;       /* NULL: without recording */
	const char *library;             /* path of the library to preload */
	bool closed_std[3];              /* descriptors 0..2 were closed when memscope-record started */

	pid_t pid;
	int go_fd, error_fd;
};

/* Holds descriptors 0..2 that are closed, so that nothing of ours lands there; notes which. */
void launch_hold_standard(bool closed_std[3]);

/* Finds libmemscope-preload.so, or with guard libmemscope-guard.so: beside our binary or in the lib folder next to its folder,
   then where it was installed. */
int launch_find_library(bool guard, char path[PATH_MAX], struct ms_error *err);

/* libmemscope-attach.so, in the same places. */
int launch_find_attach_library(char path[PATH_MAX], struct ms_error *err);

/* A tool of this installation: beside our binary. MS_E_NOT_FOUND. */
int launch_find_tool(const char *name, char path[PATH_MAX], struct ms_error *err);

int launch_fork(struct launch *l, struct ms_error *err);
int launch_go(struct launch *l, int *exec_errno, struct ms_error *err);
void launch_cancel(struct launch *l);

#endif
