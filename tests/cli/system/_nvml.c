/* A library that looks like NVIDIA's, for gpu.sh. NVML_FAKE says how it behaves, NVML_FAKE_PID names a file with the process to list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is(const char *what)
{
	const char *mode = getenv("NVML_FAKE");

	return mode && strcmp(mode, what) == 0;
}

static unsigned process(void)
{
	unsigned pid = 0;
	FILE *f = fopen(getenv("NVML_FAKE_PID"), "r");

	if (f) {
		if (fscanf(f, "%u", &pid) != 1)
			pid = 0;
		fclose(f);
	}
	return pid;
}

int nvmlInit_v2(void)
{
	if (is("crash"))
		abort(); /* sanitizers take other signals for themselves */
	if (is("hang"))
		for (;;)
			pause();
	if (is("exit"))
		exit(0);
	if (is("closes"))
		for (int fd = 0; fd < 64; fd++)
			close(fd);
	return is("driver") ? 9 : 0;
}
const char *nvmlErrorString(int result)
{
	return result == 9 ? "Driver Not Loaded" : result == 3 ? "Not Supported" : "Unknown Error";
}
int nvmlDeviceGetCount_v2(unsigned *count)
{
	*count = is("none") ? 0 : is("lies") ? 4000000000u : 2;
	return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{
	static char devices[2];

	*device = &devices[i % 2];
	return 0;
}
#ifndef WITHOUT_LISTS
struct info {
	unsigned pid;
	unsigned long long used;
	unsigned gpu_instance, compute_instance;
};
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, struct info *list)
{
	(void)device;
	if (is("refuses"))
		return 3;
	if (is("lies")) {
		*count = 4000000000u;
		return 0;
	}
	if (*count < 2)
		return 7;
	list[0] = (struct info){.pid = 1, .used = 5};
	list[1] = (struct info){.pid = is("other") ? 1 : process(), .used = is("hides") ? ~0ull : 100 << 20};
	*count = 2;
	return 0;
}
#endif
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory)
{
	(void)device;
	memory[0] = 8ull << 30;
	memory[1] = 5ull << 30;
	memory[2] = is("lies") ? ~0ull : 3ull << 30;
	return 0;
}
struct sample {
	unsigned pid;
	unsigned long long time;
	unsigned sm, memory, encoder, decoder;
};
int nvmlDeviceGetProcessUtilization(void *device, struct sample *list, unsigned *count, unsigned long long since)
{
	(void)device;
	if (is("hides"))
		return 6;
	list[0] = (struct sample){.pid = process(), .time = since + 1, .sm = 90};
	list[1] = (struct sample){.pid = process(), .time = since + 2, .sm = 30};
	list[2] = (struct sample){.pid = 1, .time = since + 3, .sm = 99};
	*count = 3;
	return 0;
}
