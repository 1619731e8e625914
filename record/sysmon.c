#include "sysmon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "format/buffer.h"
#include "format/limits.h"
#include "sysmon_gpu.h"
#include "sysmon_group.h"
#include "sysmon_proc.h"
#include "sysmon_threads.h"

#define COST_FACTOR 200u        /* looking takes at most this part of the time */
#define ROLLUP_SAMPLES 10u      /* one sample in so many has a PSS */
#define GROWTH_PART 32u         /* a footprint when resident memory has grown by this part */
#define TEXT_BYTES 65536u
#define UNKNOWN UINT64_MAX

/* The files, PID is the process. What has no path is read by a part of its own. */
#define SOURCES(X)                                                    \
	X(STATUS, "/proc/PID/status")                                      \
	X(STAT, "/proc/PID/stat")                                          \
	X(IO, "/proc/PID/io")                                              \
	X(NET, "/proc/PID/net/dev")                                        \
	X(ROLLUP, "/proc/PID/smaps_rollup")                               \
	X(TASKS, "")                                                      \
	X(GROUP, "")                                                      \
	X(GPU, "")

enum source {
#define X(id, path) SOURCE_##id,
	SOURCES(X)
#undef X
	SOURCE_COUNT
};

static const char *const source_paths[] = {
#define X(id, path) path,
	SOURCES(X)
#undef X
};

/* id, name, unit, grows, source, what it is there */
#define SERIES(X)                                                                                                     \
	X(RSS, "rss", BYTES, false, STATUS, "VmRSS")                                                                      \
	X(RSS_ANON, "rss_anonymous", BYTES, false, STATUS, "RssAnon")                                                     \
	X(RSS_FILE, "rss_file", BYTES, false, STATUS, "RssFile")                                                          \
	X(RSS_SHMEM, "rss_shared_memory", BYTES, false, STATUS, "RssShmem")                                               \
	X(SWAP, "swap", BYTES, false, STATUS, "VmSwap")                                                                   \
	X(VIRTUAL, "virtual", BYTES, false, STATUS, "VmSize")                                                             \
	X(VOLUNTARY, "voluntary_switches", COUNT, true, TASKS, "voluntary_ctxt_switches")                                 \
	X(INVOLUNTARY, "involuntary_switches", COUNT, true, TASKS, "nonvoluntary_ctxt_switches")                          \
	X(USER, "cpu_user", NANOSECONDS, true, STAT, "utime")                                                             \
	X(SYSTEM, "cpu_system", NANOSECONDS, true, STAT, "stime")                                                         \
	X(MINOR, "minor_faults", COUNT, true, STAT, "minflt")                                                             \
	X(MAJOR, "major_faults", COUNT, true, STAT, "majflt")                                                             \
	X(THREADS, "threads", COUNT, false, STAT, "num_threads")                                                          \
	X(READ, "read", BYTES, true, IO, "rchar")                                                                         \
	X(WRITTEN, "written", BYTES, true, IO, "wchar")                                                                   \
	X(DISK_READ, "disk_read", BYTES, true, IO, "read_bytes")                                                          \
	X(DISK_WRITTEN, "disk_written", BYTES, true, IO, "write_bytes")                                                   \
	X(RECEIVED, "namespace_received", BYTES, true, NET, "all interfaces of the network namespace but lo")             \
	X(SENT, "namespace_sent", BYTES, true, NET, "all interfaces of the network namespace but lo")                     \
	X(LOOPBACK, "namespace_loopback", BYTES, true, NET, "lo of the network namespace")                                \
	X(GROUP_MEMORY, "cgroup_memory", BYTES, false, GROUP, "whole control group")                                      \
	X(GROUP_LIMIT, "cgroup_limit", BYTES, false, GROUP, "the least of the group and those above it")                  \
	X(GROUP_STALLED, "cgroup_stalled", NANOSECONDS, true, GROUP, "some total, whole control group")                   \
	X(PSS, "pss", BYTES, false, ROLLUP, "Pss")                                                                        \
	X(GPU_MEMORY, "gpu_memory", BYTES, false, GPU, "the process on all GPUs, GetCompute- and GraphicsRunningProcesses") \
	X(GPU_BUSY, "gpu_utilisation", PERCENT, false, GPU, "the process, sum over GPUs, GetProcessUtilization smUtil")   \
	X(GPU_DEVICE_MEMORY, "gpu_device_memory", BYTES, false, GPU, "everybody on the GPUs of the process, GetMemoryInfo used")

enum series {
#define X(id, name, unit, grows, source, what) SERIES_##id,
	SERIES(X)
#undef X
	SERIES_COUNT
};

static const struct {
	const char *name;
	uint8_t unit;
	bool cumulative;
	uint8_t source;
	const char *what;
} series[] = {
#define X(id, name, unit, grows, source, what) {name, MS_UNIT_##unit, grows, SOURCE_##source, what},
	SERIES(X)
#undef X
};

struct sysmon {
	pid_t pid;
	uint64_t interval_ns;
	uint64_t next_ns, next_tasks_ns, next_rollup_ns, next_footprint_ns; /* CLOCK_MONOTONIC */
	uint64_t footprint_rss;          /* at the last footprint */
	long ticks_per_second;
	bool known;                      /* the series have ids, but for those of GPUs */
	struct sysmon_threads *threads;  /* NULL = no memory */
	struct sysmon_group group;
	struct sysmon_gpu gpu;
	int fd[SOURCE_COUNT];
	int error[SOURCE_COUNT];         /* errno, 0 = readable */
	uint32_t id[SERIES_COUNT];
	uint64_t value[SERIES_COUNT];    /* UNKNOWN = none in this sample */
	struct ms_buffer regions;        /* struct ms_region[] */
	bool regions_cut;
	struct ms_writer *writer;        /* during a footprint */
	char text[TEXT_BYTES];
};

/* ---- files --------------------------------------------------------------------------------------------------------- */

static size_t read_whole(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;

	while (fd >= 0 && size < room) {
		ssize_t n = read(fd, text + size, room - size);

		if (n <= 0)
			break;
		size += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return size;
}

static void open_group(struct sysmon *m)
{
	char path[64], cgroup[8192];
	size_t size;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)m->pid);
	size = read_whole(path, cgroup, sizeof cgroup);
	group_open(&m->group, cgroup, size, m->text, read_whole("/proc/self/mountinfo", m->text, sizeof m->text));
}

static void open_sources(struct sysmon *m)
{
	char path[64];

	open_group(m);
	m->threads = threads_open(m->pid);
	if (!m->threads)
		m->error[SOURCE_TASKS] = ENOMEM;
	for (unsigned i = 0; i < SOURCE_COUNT; i++) {
		m->fd[i] = -1;
		if (i == SOURCE_ROLLUP || !*source_paths[i]) /* the first belongs to the address space at open: opened anew each time */
			continue;
		snprintf(path, sizeof path, "/proc/%d/%s", (int)m->pid, source_paths[i] + sizeof "/proc/PID");
		m->fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		m->error[i] = m->fd[i] < 0 ? errno : 0;
	}
}

/* Text of a file in m->text; 0 = not to be had. */
static size_t read_source(struct sysmon *m, enum source s)
{
	size_t size = 0;

	if (m->fd[s] < 0)
		return 0;
	while (size < sizeof m->text) {
		ssize_t n = pread(m->fd[s], m->text + size, sizeof m->text - size, (off_t)size);

		if (n < 0)
			m->error[s] = errno;
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	return size;
}

static void take_fields(struct sysmon *m, enum source s)
{
	size_t size = read_source(m, s);

	for (unsigned i = 0; i < SERIES_COUNT; i++)
		if (series[i].source == s && !proc_field(m->text, size, series[i].what, &m->value[i]))
			m->value[i] = UNKNOWN;
}

static void take_stat(struct sysmon *m)
{
	size_t size = read_source(m, SOURCE_STAT);
	uint64_t tick_ns = 1000000000 / (uint64_t)m->ticks_per_second;
	struct proc_stat stat;

	if (!proc_stat(m->text, size, &stat))
		return;
	m->value[SERIES_USER] = stat.user_ticks * tick_ns;
	m->value[SERIES_SYSTEM] = stat.system_ticks * tick_ns;
	m->value[SERIES_MINOR] = stat.minor_faults;
	m->value[SERIES_MAJOR] = stat.major_faults;
	m->value[SERIES_THREADS] = stat.threads;
}

static void take_net(struct sysmon *m)
{
	struct proc_net net;

	if (!proc_net_dev(m->text, read_source(m, SOURCE_NET), &net))
		return;
	m->value[SERIES_RECEIVED] = net.received;
	m->value[SERIES_SENT] = net.sent;
	m->value[SERIES_LOOPBACK] = net.loopback;
}

static void take_group(struct sysmon *m)
{
	uint64_t v[GROUP_VALUES] = {UNKNOWN, UNKNOWN, UNKNOWN};

	group_read(&m->group, m->text, sizeof m->text, v);
	m->value[SERIES_GROUP_MEMORY] = v[GROUP_MEMORY];
	m->value[SERIES_GROUP_LIMIT] = v[GROUP_LIMIT];
	m->value[SERIES_GROUP_STALLED] = v[GROUP_STALLED] < UNKNOWN / 1000 ? v[GROUP_STALLED] * 1000 : UNKNOWN;
}

/* The helper is started at the second sample: what is over before costs nothing. */
static void take_gpu(struct sysmon *m)
{
	if (!m->known)
		return;
	if (!m->gpu.started)
		gpu_start(&m->gpu, m->pid, m->interval_ns);
	if (!gpu_poll(&m->gpu))
		return;
	for (unsigned v = 0; v < GPU_VALUES; v++)
		if (m->gpu.answer.known[v])
			m->value[SERIES_GPU_MEMORY + v] = m->gpu.answer.value[v];
}

static int open_of(struct sysmon *m, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)m->pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* When to do again what was begun at start (CPU time) and is wanted every interval_ns. */
static uint64_t next_time(uint64_t now_ns, uint64_t interval_ns, uint64_t start)
{
	uint64_t cost = (cpu_ns() - start) * COST_FACTOR;

	return now_ns + (cost > interval_ns ? cost : interval_ns);
}

static void take_tasks(struct sysmon *m, uint64_t mono_ns)
{
	uint64_t start = cpu_ns();
	struct thread_switches sum;

	if (m->threads && threads_look(m->threads, m->text, sizeof m->text, &sum)) {
		m->value[SERIES_VOLUNTARY] = sum.voluntary;
		m->value[SERIES_INVOLUNTARY] = sum.involuntary;
	} else if (m->threads) {
		m->error[SOURCE_TASKS] = sum.error;
	}
	m->next_tasks_ns = next_time(mono_ns, m->interval_ns, start);
}

static void take_rollup(struct sysmon *m, uint64_t mono_ns)
{
	uint64_t start = cpu_ns();

	m->fd[SOURCE_ROLLUP] = open_of(m, "smaps_rollup");
	if (m->fd[SOURCE_ROLLUP] < 0) {
		m->error[SOURCE_ROLLUP] = errno;
	} else {
		take_fields(m, SOURCE_ROLLUP);
		close(m->fd[SOURCE_ROLLUP]);
		m->fd[SOURCE_ROLLUP] = -1;
	}
	m->next_rollup_ns = next_time(mono_ns, m->interval_ns * ROLLUP_SAMPLES, start);
}

/* ---- footprints ---------------------------------------------------------------------------------------------------- */

static bool take_region(void *context, const struct ms_region *region, const char *name)
{
	struct sysmon *m = context;
	struct ms_region r = *region;

	if (m->regions.size / sizeof r >= MS_MAX_SAMPLES) {
		m->regions_cut = true;
		return false;
	}
	r.name = ms_writer_string(m->writer, name, strlen(name));
	return ms_buffer_append(&m->regions, &r, sizeof r) == 0;
}

static bool has_memory(struct sysmon *m)
{
	uint64_t rss;

	return proc_field(m->text, read_source(m, SOURCE_STATUS), "VmRSS", &rss);
}

static int take_footprint(struct sysmon *m, struct ms_writer *w, uint64_t mono_ns, uint64_t time_ns)
{
	struct smaps_parser *p = calloc(1, sizeof *p);
	uint64_t start = cpu_ns();
	bool whole = false;
	ssize_t n = -1;
	int fd = -1, status = MS_OK;

	if (!p)
		return MS_OK;
	m->regions.size = 0;
	m->regions_cut = false;
	m->writer = w;
	p->region = take_region;
	p->context = m;
	fd = open_of(m, "smaps");
	while (fd >= 0 && !p->failed && (n = read(fd, m->text, sizeof m->text)) > 0)
		smaps_feed(p, m->text, (size_t)n);
	if (fd >= 0)
		close(fd);
	whole = n == 0 && smaps_end(p);
	free(p);
	/* Of a process that ends meanwhile, the rest of the text is missing. */
	if ((whole || m->regions_cut) && m->regions.size > 0 && has_memory(m)) {
		const struct ms_footprint footprint = {
			.time_ns = time_ns, .complete = whole, .region_count = m->regions.size / sizeof(struct ms_region),
			.regions = (const struct ms_region *)(const void *)m->regions.data,
		};

		status = ms_writer_footprint(w, &footprint, NULL);
		m->footprint_rss = m->value[SERIES_RSS];
	}
	m->next_footprint_ns = next_time(mono_ns, m->interval_ns, start);
	return status;
}

/* ---- samples ------------------------------------------------------------------------------------------------------- */

static const char *source_of(const struct sysmon *m, unsigned i, char *buffer, size_t room)
{
	enum source s = series[i].source;

	if (s == SOURCE_GROUP)
		snprintf(buffer, room, "%s (%s)", m->group.source[i - SERIES_GROUP_MEMORY], series[i].what);
	else if (s == SOURCE_GPU)
		snprintf(buffer, room, "NVML (%s)", series[i].what);
	else if (s == SOURCE_TASKS)
		snprintf(buffer, room, "/proc/PID/task/*/status (%s of all threads seen; %u of them each time, in turn)", series[i].what,
		         THREADS_PER_LOOK);
	else
		snprintf(buffer, room, "%s (%s)", source_paths[s], series[i].what);
	return buffer;
}

static const char *reason_of(const struct sysmon *m, unsigned i)
{
	enum source s = series[i].source;

	if (s == SOURCE_GROUP)
		return group_reason(&m->group, (enum group_value)(i - SERIES_GROUP_MEMORY));
	if (s == SOURCE_GPU)
		return m->gpu.started ? m->gpu.answer.reason[i - SERIES_GPU_MEMORY] : "the program ended before NVML was asked";
	return m->error[s] ? strerror(m->error[s]) : "the file does not have it";
}

static void introduce(struct sysmon *m, struct ms_writer *w, unsigned i)
{
	struct ms_series s = {.unit = series[i].unit, .cumulative = series[i].cumulative};
	char source[256];
	const char *text = source_of(m, i, source, sizeof source);

	s.name = ms_writer_string(w, series[i].name, strlen(series[i].name));
	s.source = ms_writer_string(w, text, strlen(text));
	if (m->value[i] == UNKNOWN) {
		text = reason_of(m, i);
		s.reason = *text ? ms_writer_string(w, text, strlen(text)) : 0;
	}
	m->id[i] = ms_writer_series(w, &s);
}

/* Names the series; those without a value in the first sample are not observable. GPUs answer later. */
static void introduce_all(struct sysmon *m, struct ms_writer *w)
{
	for (unsigned i = 0; i < SERIES_GPU_MEMORY; i++)
		introduce(m, w, i);
	m->known = true;
}

/* A series of GPUs when it has its first value; all: the others, too, with the last reason. */
static void introduce_gpu(struct sysmon *m, struct ms_writer *w, bool all)
{
	for (unsigned i = SERIES_GPU_MEMORY; i < SERIES_COUNT; i++)
		if (m->id[i] == 0 && (all || m->value[i] != UNKNOWN))
			introduce(m, w, i);
}

static int add_sample(struct sysmon *m, struct ms_writer *w, uint64_t time_ns)
{
	uint64_t values[SERIES_COUNT];
	uint32_t ids[SERIES_COUNT];
	size_t n = 0;

	for (unsigned i = 0; i < SERIES_COUNT; i++) {
		size_t at = n;

		if (m->value[i] == UNKNOWN || m->id[i] == 0)
			continue;
		/* By id; those of GPUs got theirs in the order in which they were heard of. */
		for (; at > 0 && ids[at - 1] > m->id[i]; at--) {
			ids[at] = ids[at - 1];
			values[at] = values[at - 1];
		}
		ids[at] = m->id[i];
		values[at] = m->value[i];
		n++;
	}
	return ms_writer_sample(w, time_ns, ids, values, n, NULL);
}

struct sysmon *sysmon_open(pid_t pid, uint64_t interval_ns)
{
	struct sysmon *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->pid = pid;
	m->interval_ns = interval_ns;
	m->ticks_per_second = sysconf(_SC_CLK_TCK);
	if (m->ticks_per_second <= 0)
		m->ticks_per_second = 100;
	open_sources(m);
	return m;
}

bool sysmon_due(const struct sysmon *m, uint64_t mono_ns)
{
	return mono_ns >= m->next_ns;
}

int sysmon_sample(struct sysmon *m, struct ms_writer *w, uint64_t mono_ns, uint64_t time_ns)
{
	uint64_t start = cpu_ns(), grown;
	int status;

	for (unsigned i = 0; i < SERIES_COUNT; i++)
		m->value[i] = UNKNOWN;
	take_fields(m, SOURCE_STATUS);
	if (m->value[SERIES_RSS] == UNKNOWN) {
		/* It has no memory any more: it has ended, or becomes another program this moment. */
		m->next_ns = mono_ns + m->interval_ns;
		return MS_OK;
	}
	take_stat(m);
	take_fields(m, SOURCE_IO);
	take_net(m);
	take_group(m);
	take_gpu(m);
	m->next_ns = next_time(mono_ns, m->interval_ns, start);
	if (mono_ns >= m->next_tasks_ns)
		take_tasks(m, mono_ns);
	if (mono_ns >= m->next_rollup_ns)
		take_rollup(m, mono_ns);
	if (!m->known)
		introduce_all(m, w);
	introduce_gpu(m, w, false);
	status = add_sample(m, w, time_ns);
	grown = m->value[SERIES_RSS] - m->footprint_rss;
	if (status == MS_OK && mono_ns >= m->next_footprint_ns && m->value[SERIES_RSS] > m->footprint_rss &&
	    grown >= m->footprint_rss / GROWTH_PART && !ms_writer_in_graph(w))
		status = take_footprint(m, w, mono_ns, time_ns);
	return status;
}

uint64_t sysmon_rss(const struct sysmon *m)
{
	return m->value[SERIES_RSS] == UNKNOWN ? 0 : m->value[SERIES_RSS];
}

void sysmon_end(struct sysmon *m, struct ms_writer *w)
{
	if (!m)
		return;
	(void)gpu_poll(&m->gpu);
	for (unsigned v = 0; v < GPU_VALUES; v++)
		m->value[SERIES_GPU_MEMORY + v] = UNKNOWN;
	if (m->known)
		introduce_gpu(m, w, true);
	gpu_stop(&m->gpu);
}

void sysmon_close(struct sysmon *m)
{
	if (!m)
		return;
	gpu_stop(&m->gpu);
	group_close(&m->group);
	threads_close(m->threads);
	for (unsigned i = 0; i < SOURCE_COUNT; i++)
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	ms_buffer_free(&m->regions);
	free(m);
}
