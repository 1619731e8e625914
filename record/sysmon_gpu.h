/*
 * sysmon_gpu.h - asks for the GPUs of the recorded process, in a process beside the collector.
 *
 * NVIDIA's library takes a second to start on some machines, and is code that nobody here has seen: it may hang or crash. So a helper
 * loads it, asks every interval (less often when that takes long) and sends what it hears through a pipe, whole answers only; the collector never waits
 * for it. Without the library the helper says so and is gone.
 *
 * Ownership: gpu_stop ends the helper and frees; one that was never started (all zero) may be stopped, too. Errors: what is not known has
 * a reason. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_SYSMON_GPU_H
#define MS_RECORD_SYSMON_GPU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nvml.h"

struct sysmon_gpu {
	pid_t helper;                    /* 0 = none */
	int fd;                          /* answers come from here; valid with a helper */
	bool started, heard;             /* heard: there was an answer */
	struct gpu_answer answer;        /* the last one; without any: nothing is known, and why */
};

/* Starts the helper; pid: the recorded process. */
void gpu_start(struct sysmon_gpu *g, pid_t pid, uint64_t interval_ns);
/* True: g->answer is new. */
bool gpu_poll(struct sysmon_gpu *g);
void gpu_stop(struct sysmon_gpu *g);

#endif
