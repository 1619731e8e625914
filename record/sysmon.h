/*
 * sysmon.h - looks at the recorded process from outside, now and then: memory, CPU, input and output, faults, its control group.
 *
 * Everything comes from files of the kernel that the collector reads; the process notices nothing. Files stay open and are read in one
 * go; only GPUs are asked by a helper of their own (sysmon_gpu.h). What cannot be read is recorded as a series with the reason and without values, never as zero. Looking is bounded by its own cost:
 * when samples, the threads (128 each time), the sum of all mappings (PSS) or the list of mappings (footprint) take longer than 1/200 of the time between two of them each, they
 * are taken less often. A footprint is taken when the resident memory is larger than it was at the last one.
 *
 * Ownership: sysmon_close frees (NULL allowed). Errors: sysmon_open NULL (no memory); sysmon_sample what the writer says; a process
 * that is gone is none, nothing is added then. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_SYSMON_H
#define MS_RECORD_SYSMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/trace_writer.h"

struct sysmon;

/* interval_ns: between samples, not 0. */
struct sysmon *sysmon_open(pid_t pid, uint64_t interval_ns);
bool sysmon_due(const struct sysmon *m, uint64_t mono_ns);
/* mono_ns: CLOCK_MONOTONIC now; time_ns: the same in the time of the trace. */
int sysmon_sample(struct sysmon *m, struct ms_writer *w, uint64_t mono_ns, uint64_t time_ns);
/* Resident bytes by the last sample; 0 = not known. */
uint64_t sysmon_rss(const struct sysmon *m);
/* After the last sample: says what had no answer and why. NULL allowed. */
void sysmon_end(struct sysmon *m, struct ms_writer *w);
void sysmon_close(struct sysmon *m);

#endif
