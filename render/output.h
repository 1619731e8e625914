/*
 * output.h - a report file that is there whole or not at all.
 *
 * A regular file is written under a temporary name in the same folder, made durable (fsync) and renamed; mode 0600,
 * because a report shows what a program does. Standard output and what is no regular file (a pipe, /dev/null) are
 * written directly. A trace, or the index of one, is never replaced by a report.
 * Errors: MS_E_IO with the path and the reason. Ownership: path is borrowed until commit or discard, which free all.
 * Thread-safety: one thread per output.
 */
#ifndef MS_RENDER_OUTPUT_H
#define MS_RENDER_OUTPUT_H

#include <stdio.h>

#include "format/errors.h"

struct ms_output {
	FILE *file;
	const char *path;                /* NULL = standard output */
	char *temporary;                 /* NULL = written directly */
};

/* path NULL or "-": standard output. */
int ms_output_open(struct ms_output *o, const char *path, struct ms_error *err);
/* All written: into its place. *closed_early (may be NULL): the reader of a pipe went away; then MS_OK. */
int ms_output_commit(struct ms_output *o, int *closed_early, struct ms_error *err);
/* Leaves nothing behind. Allowed after open failed and after commit. */
void ms_output_discard(struct ms_output *o);

#endif
