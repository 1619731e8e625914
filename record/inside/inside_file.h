/*
 * inside_file.h - the trace file of a recorder inside a program.
 *
 * The descriptor is the program's property like any other: programs close all that they find, and open others under the same numbers. So the
 * recorder names its file by INSIDE_FD, which is no number of the kernel's; the real one is as high as it may be, every write compares
 * device and inode first, and a file that is gone is opened again by its path and compared, too. Writes say their position: the file's
 * own offset is shared with forked children. Nothing that would exceed the limit on file sizes is tried (it would raise a signal).
 *
 * Errors: -1 and in_errno, as the calls of libc that they stand for. ESTALE: the file is gone and cannot be opened again.
 * Thread-safety: one thread at a time. Not for signal handlers.
 */
#ifndef MS_RECORD_INSIDE_FILE_H
#define MS_RECORD_INSIDE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/errors.h"

#define INSIDE_FD 0x4d530000

/* Opens the trace, empty; only a regular file. path is absolute and borrowed until the file is closed. */
int inside_file_open(const char *path, struct ms_error *err);
ssize_t inside_file_write(const void *bytes, size_t size);
/* Cuts the file back; writing goes on there. */
int inside_file_cut(uint64_t bytes);
int inside_file_close(void);
/* The descriptor of the kernel, looked at again; negative: gone. */
int inside_file_real(void);
/* In a forked child: forgets the file without touching it. */
void inside_file_forget(void);

#endif
