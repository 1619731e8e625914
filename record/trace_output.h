/*
 * trace_output.h - the name of a trace file and opening it.
 *
 * Thread-safety: reentrant. Not signal-safe (allocates).
 */
#ifndef MS_RECORD_TRACE_OUTPUT_H
#define MS_RECORD_TRACE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "format/errors.h"

struct output_names {
	pid_t pid;                       /* %p */
	const char *program;             /* %e, the part behind the last slash is taken */
	const char *host;                /* %h */
	time_t time;                     /* %t */
};

/* Is every % of the pattern followed by one of p e h t %, and is it not empty? Else reason says what is wrong. */
bool output_pattern_valid(const char *pattern, char *reason, size_t reason_bytes);
bool output_pattern_has_pid(const char *pattern);

/* The file name; the caller frees. append_pid: with ".<pid>" at its end. NULL = out of memory. */
char *output_expand(const char *pattern, const struct output_names *names, bool append_pid);

/* The name for the trace of a later image of the process (exec), where each has a file of its own: "run.ms" becomes "run.1.ms". The caller
   frees. NULL = out of memory. */
char *output_of_image(const char *path, uint32_t image);

/*
 * Creates the file or empties an older trace, mode 0600; what is no trace is not overwritten. *fd is close-on-exec. *regular: a regular file (a pipe or a device is
 * allowed, too; a directory is not). MS_E_IO with the reason.
 */
int output_open(const char *path, int *fd, bool *regular, struct ms_error *err);

#endif
