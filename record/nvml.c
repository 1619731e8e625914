#include "nvml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libnvidia-ml.so.1"
#define DEVICES 64u              /* looked at, at most */
#define PROCESSES 1024u          /* of a device, at most */
#define LARGEST_ENTRY 64u        /* bytes: more than an entry of any version so far, so that a newer layout does not overrun */

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 }; /* nvmlReturn_t */

typedef struct nvmlDevice_st *device;

/* nvmlProcessInfo_t: of version 1, and of 2 and 3 */
struct process_1 {
	unsigned pid;
	unsigned long long used_bytes;   /* all ones: not available */
};
struct process_2 {
	unsigned pid;
	unsigned long long used_bytes;
	unsigned gpu_instance, compute_instance;
};
struct utilization {                     /* nvmlProcessUtilizationSample_t */
	unsigned pid;
	unsigned long long time_us;
	unsigned sm, memory, encoder, decoder; /* per cent */
};
struct memory {                          /* nvmlMemory_t */
	unsigned long long total, free, used;
};
_Static_assert(sizeof(struct process_1) == 16 && sizeof(struct process_2) == 24 && sizeof(struct utilization) == 32 &&
               sizeof(struct memory) == 24, "the layouts of the documented interface");

typedef int init_function(void);
typedef const char *error_function(int);
typedef int count_function(unsigned *);
typedef int handle_function(unsigned, device *);
typedef int processes_function(device, unsigned *, void *);
typedef int utilization_function(device, struct utilization *, unsigned *, unsigned long long);
typedef int memory_function(device, struct memory *);

/* A list of processes of a device: its function, and how far its entries are apart. */
struct lister {
	processes_function *get;
	size_t stride;
};

struct nvml {
	error_function *error;
	utilization_function *utilization;
	memory_function *memory;
	struct lister lister[2];         /* compute, graphics */
	device devices[DEVICES];
	unsigned long long seen_us[DEVICES]; /* of the newest sample of utilization */
	unsigned count;
	bool listed;                     /* the process was, once */
	char entries[PROCESSES * LARGEST_ENTRY] __attribute__((aligned(8)));
	struct utilization samples[PROCESSES];
};

static void *symbol(void *library, const char *name, const char *other, char *reason)
{
	void *p = dlsym(library, name);

	if (!p && other)
		p = dlsym(library, other);
	if (!p && reason)
		snprintf(reason, GPU_REASON, LIBRARY " has no %s", name);
	return p;
}

/* What the library calls an error; it may well say nonsense, but only to this process. */
static void say(const struct nvml *n, char *reason, const char *what, int result)
{
	const char *text = n->error ? n->error(result) : NULL;

	snprintf(reason, GPU_REASON, "%s: %s (%d)", what, text ? text : "error", result);
}

static struct lister lister(void *library, const char *kind)
{
	static const char *const versions[] = {"_v3", "_v2", ""};
	char name[64];

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		processes_function *get;

		snprintf(name, sizeof name, "nvmlDeviceGet%sRunningProcesses%s", kind, versions[i]);
		get = (processes_function *)dlsym(library, name);
		if (get)
			return (struct lister){get, *versions[i] ? sizeof(struct process_2) : sizeof(struct process_1)};
	}
	return (struct lister){NULL, 0};
}

struct nvml *nvml_open(char reason[GPU_REASON])
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	handle_function *handle;
	count_function *count;
	init_function *init;
	struct nvml *n;
	unsigned devices = 0;
	int result;

	if (!library) {
		const char *why = dlerror();

		snprintf(reason, GPU_REASON, "%s", why ? why : LIBRARY " cannot be opened");
		return NULL;
	}
	n = calloc(1, sizeof *n);
	init = (init_function *)symbol(library, "nvmlInit_v2", "nvmlInit", reason);
	count = (count_function *)symbol(library, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount", reason);
	handle = (handle_function *)symbol(library, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex", reason);
	if (!n || !init || !count || !handle)
		goto fail;
	n->error = (error_function *)symbol(library, "nvmlErrorString", NULL, NULL);
	n->utilization = (utilization_function *)symbol(library, "nvmlDeviceGetProcessUtilization", NULL, NULL);
	n->memory = (memory_function *)symbol(library, "nvmlDeviceGetMemoryInfo", NULL, NULL);
	n->lister[0] = lister(library, "Compute");
	n->lister[1] = lister(library, "Graphics");
	result = init();
	if (result != SUCCESS) {
		say(n, reason, "nvmlInit", result);
		goto fail;
	}
	result = count(&devices);
	if (result != SUCCESS) {
		say(n, reason, "nvmlDeviceGetCount", result);
		goto fail;
	}
	for (unsigned i = 0; i < devices && n->count < DEVICES; i++) {
		result = handle(i, &n->devices[n->count]);
		if (result == SUCCESS)
			n->count++;
		else
			say(n, reason, "nvmlDeviceGetHandleByIndex", result);
	}
	if (n->count > 0)
		return n;
	if (devices == 0)
		snprintf(reason, GPU_REASON, "NVML knows no GPU");
fail:
	free(n);
	dlclose(library);
	return NULL;
}

/* Is the process in this list of the device? Adds its bytes. */
static bool listed(struct nvml *n, const struct lister *l, device d, pid_t pid, struct gpu_answer *out)
{
	unsigned count = PROCESSES;
	bool found = false;
	int result;

	memset(n->entries, 0, sizeof n->entries);
	result = l->get(d, &count, n->entries);
	if (result != SUCCESS) {
		if (result != NOT_SUPPORTED || !out->reason[GPU_MEMORY][0])
			say(n, out->reason[GPU_MEMORY], "list of processes", result);
		return false;
	}
	for (unsigned i = 0; i < count && i < PROCESSES; i++) {
		struct process_1 p;

		memcpy(&p, n->entries + i * l->stride, sizeof p);
		if (p.pid != (unsigned)pid)
			continue;
		found = true;
		if (p.used_bytes == ~0ull || __builtin_add_overflow(out->value[GPU_MEMORY], p.used_bytes, &out->value[GPU_MEMORY])) {
			snprintf(out->reason[GPU_MEMORY], GPU_REASON, "the driver does not tell the memory of a process");
			continue;
		}
		out->known[GPU_MEMORY] = true;
	}
	return found;
}

static void ask_utilization(struct nvml *n, unsigned i, pid_t pid, struct gpu_answer *out)
{
	unsigned count = PROCESSES, newest = 0;
	unsigned long long newest_us = 0;
	int result;

	memset(n->samples, 0, sizeof n->samples);
	result = n->utilization(n->devices[i], n->samples, &count, n->seen_us[i]);
	if (result != SUCCESS) {
		if (result == NOT_FOUND)
			snprintf(out->reason[GPU_BUSY], GPU_REASON, "NVML had no sample of the process");
		else
			say(n, out->reason[GPU_BUSY], "nvmlDeviceGetProcessUtilization", result);
		return;
	}
	for (unsigned k = 0; k < count && k < PROCESSES; k++) {
		const struct utilization *u = &n->samples[k];

		if (u->time_us > n->seen_us[i])
			n->seen_us[i] = u->time_us;
		if (u->pid == (unsigned)pid && u->time_us >= newest_us && u->sm <= 100) {
			newest_us = u->time_us;
			newest = u->sm;
			out->known[GPU_BUSY] = true;
		}
	}
	out->value[GPU_BUSY] += newest;
	if (!out->known[GPU_BUSY])
		snprintf(out->reason[GPU_BUSY], GPU_REASON, "NVML had no sample of the process");
}

static void ask_memory(struct nvml *n, device d, struct gpu_answer *out)
{
	struct memory memory = {0};
	int result = n->memory(d, &memory);

	if (result != SUCCESS || memory.used > memory.total) {
		say(n, out->reason[GPU_DEVICE_MEMORY], "nvmlDeviceGetMemoryInfo", result);
		return;
	}
	out->known[GPU_DEVICE_MEMORY] = true;
	out->value[GPU_DEVICE_MEMORY] += memory.used;
}

void nvml_ask(struct nvml *n, pid_t pid, struct gpu_answer *out)
{
	bool any = false;

	*out = (struct gpu_answer){0};
	for (unsigned i = 0; i < n->count; i++) {
		bool here = false;

		for (unsigned k = 0; k < 2; k++)
			if (n->lister[k].get && listed(n, &n->lister[k], n->devices[i], pid, out))
				here = true;
		any |= here;
		if (here && n->utilization)
			ask_utilization(n, i, pid, out);
		if (here && n->memory)
			ask_memory(n, n->devices[i], out);
	}
	n->listed |= any;
	if (any) {
		if (!n->utilization)
			snprintf(out->reason[GPU_BUSY], GPU_REASON, LIBRARY " has no nvmlDeviceGetProcessUtilization");
		if (!n->memory)
			snprintf(out->reason[GPU_DEVICE_MEMORY], GPU_REASON, LIBRARY " has no nvmlDeviceGetMemoryInfo");
		return;
	}
	if (!n->lister[0].get && !n->lister[1].get)
		snprintf(out->reason[GPU_MEMORY], GPU_REASON, LIBRARY " has no list of processes");
	/* It left the GPU. */
	if (n->listed && !out->reason[GPU_MEMORY][0])
		out->known[GPU_MEMORY] = true;
	if (!out->reason[GPU_MEMORY][0])
		snprintf(out->reason[GPU_MEMORY], GPU_REASON, "the process is not among those that NVML lists on %u GPU%s", n->count,
		         n->count == 1 ? "" : "s");
	for (int v = GPU_BUSY; v < GPU_VALUES; v++)
		memcpy(out->reason[v], out->reason[GPU_MEMORY], GPU_REASON);
}
