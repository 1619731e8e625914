/*
 * nvml.h - what NVIDIA's management library says about the GPUs of one process.
 *
 * The library is looked for when the recording runs (libnvidia-ml.so.1), never linked. It may be missing, too old, refuse or crash:
 * use this only in a process that nobody waits for (sysmon_gpu.h).
 *
 * pid: as the driver sees it; inside a container that may be another number, then no GPU is found. Ownership: the handle owns the library
 * until the process ends. Errors: words in `reason`. Thread-safety: one thread.
 * Source: NVML API reference (nvmlInit_v2, nvmlDeviceGetCount_v2, nvmlDeviceGetHandleByIndex_v2, nvmlDeviceGetComputeRunningProcesses_v3,
 * nvmlDeviceGetGraphicsRunningProcesses_v3, nvmlDeviceGetProcessUtilization, nvmlDeviceGetMemoryInfo); prototypes are written from it.
 */
#ifndef MS_RECORD_NVML_H
#define MS_RECORD_NVML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* bytes of the process on all GPUs; per cent of one GPU, summed up; bytes in use by everybody on the GPUs that the process is on */
enum gpu_value { GPU_MEMORY, GPU_BUSY, GPU_DEVICE_MEMORY, GPU_VALUES };
#define GPU_REASON 160

struct gpu_answer {
	bool known[GPU_VALUES];
	uint64_t value[GPU_VALUES];
	char reason[GPU_VALUES][GPU_REASON]; /* of what is not known */
};

struct nvml;

/* Loads and starts the library. NULL: reason says why. */
struct nvml *nvml_open(char reason[GPU_REASON]);
void nvml_ask(struct nvml *n, pid_t pid, struct gpu_answer *out);

#endif
