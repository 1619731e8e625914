/*
 * sysmon_threads.h - context switches of all threads of a process, summed up from outside.
 *
 * A look reads the status of at most THREADS_PER_LOOK threads, in turn, so that its cost does not grow with their number; a thread counts
 * with what it had when it was looked at last. What a thread does between the last look at it and its end is missing: sums are lower
 * bounds, and never fall.
 *
 * Ownership: threads_close frees (NULL allowed). Errors: threads_open NULL (no memory); threads_look false (no thread could be read ever;
 * `error` is the errno). Thread-safety: one thread. Not signal-safe. Source: proc(5), /proc/PID/task/TID/status.
 */
#ifndef MS_RECORD_SYSMON_THREADS_H
#define MS_RECORD_SYSMON_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define THREADS_PER_LOOK 128u

struct thread_switches {
	uint64_t voluntary, involuntary; /* so far */
	int error;                       /* errno of what could not be read; 0 = none */
};

struct sysmon_threads;

struct sysmon_threads *threads_open(pid_t pid);
/* text: room bytes to work with, 4096 at least. */
bool threads_look(struct sysmon_threads *t, char *text, size_t room, struct thread_switches *out);
void threads_close(struct sysmon_threads *t);

#endif
