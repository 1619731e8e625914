/*
 * inside_libc.h - what the recorder inside a program uses in place of libc.
 *
 * The collector's code is the same inside a program and beside it. Inside, it may not touch anything that is the program's: its malloc
 * (which may be in the middle of the call that is being recorded), stdio, errno, cancellation points, file descriptors,
 * functions that the program or another preloaded library replaces. So all objects of the recorder are linked into one first, and
 * in that one each name of libc is renamed to the function of the same name with in_ before it (inside_names.txt); what may stay are functions
 * that only look at their arguments. tests/check-inside compares what is left with a list.
 *
 * The functions do what libc's do for the calls that the collector makes, and no more: printf knows s, c, d, u, x and their lengths, stdio reads
 * one file at a time, writing to a stream does nothing (a guest prints nothing). The trace has a descriptor that is none of the program's
 * numbers, see inside_file.h.
 *
 * Ownership as in libc. Errors: in_errno. Thread-safety: one thread at a time, as the whole recorder inside (preload/inside_gate.c); none of them uses
 * thread-local memory. Not for signal handlers (they are blocked while the recorder works).
 */
#ifndef MS_RECORD_INSIDE_LIBC_H
#define MS_RECORD_INSIDE_LIBC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

extern int in_errno;

/* The result of a system call, as libc gives it. */
long in_result(long raw);

/* CPU time that threads have spent in the recorder: between begin and end; the recorder takes it for that of its process. */
extern uint64_t in_cpu_ns;
uint64_t in_cpu_since(void);
void in_cpu_begin(void);
void in_cpu_end(void);
/* Bytes that in_malloc and in_mmap have taken from the kernel, at most at a time; and what counts them. */
extern uint64_t in_memory_bytes;
void in_memory_take(int64_t bytes);

void *in_malloc(size_t size);
void *in_calloc(size_t count, size_t size);
void *in_realloc(void *block, size_t size);
void in_free(void *block);
int in_vsnprintf(char *text, size_t bytes, const char *format, va_list args);
int in_snprintf(char *text, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
