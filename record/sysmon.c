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
#include "sysmon_proc.h"

#define COST_FACTOR 200u        /* looking takes at most this part of the time */
#define ROLLUP_SAMPLES 10u      /* one sample in so many has a PSS */
#define GROWTH_PART 32u         /* a footprint when resident memory has grown by this part */
#define TEXT_BYTES 65536u
#define UNKNOWN UINT64_MAX

/* The files, PID is the process; those of the control group get its folder in front. */
#define SOURCES(X)                                                    \
	X(STATUS, "/proc/PID/status")                                      \
	X(STAT, "/proc/PID/stat")                                          \
	X(IO, "/proc/PID/io")                                              \
	X(NET, "/proc/PID/net/dev")                                        \
	X(GROUP_CURRENT, "memory.current")                                \
	X(GROUP_MAX, "memory.max")                                        \
	X(GROUP_PRESSURE, "memory.pressure")                              \
	X(ROLLUP, "/proc/PID/smaps_rollup")

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
	X(VOLUNTARY, "main_thread_voluntary_switches", COUNT, true, STATUS, "voluntary_ctxt_switches")                    \
	X(INVOLUNTARY, "main_thread_involuntary_switches", COUNT, true, STATUS, "nonvoluntary_ctxt_switches")             \
	X(USER, "cpu_user", NANOSECONDS, true, STAT, "utime")                                                             \
	X(SYSTEM, "cpu_system", NANOSECONDS, true, STAT, "stime")                                                         \
	X(MINOR, "minor_faults", COUNT, true, STAT, "minflt")                                                             \
	X(MAJOR, "major_faults", COUNT, true, STAT, "majflt")                                                             \
	X(THREADS, "threads", COUNT, false, STAT, "num_threads")                                                          \
	X(READ, "read", BYTES, true, IO, "rchar")                                                                         \
	X(WRITTEN, "written", BYTES, true, IO, "wchar")                                                                   \
	X(DISK_READ, "disk_read", BYTES, true, IO, "read_bytes")                                                          \
	X(DISK_WRITTEN, "disk_written", BYTES, true, IO, "write_bytes")                                                   \
	X(RECEIVED, "namespace_received", BYTES, true, NET, "all interfaces of the network namespace, loopback too")      \
	X(SENT, "namespace_sent", BYTES, true, NET, "all interfaces of the network namespace, loopback too")              \
	X(GROUP_MEMORY, "cgroup_memory", BYTES, false, GROUP_CURRENT, "whole control group")                              \
	X(GROUP_LIMIT, "cgroup_limit", BYTES, false, GROUP_MAX, "whole control group")                                    \
	X(GROUP_STALLED, "cgroup_stalled", NANOSECONDS, true, GROUP_PRESSURE, "some total, whole control group")          \
	X(PSS, "pss", BYTES, false, ROLLUP, "Pss")

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
	uint64_t next_ns, next_rollup_ns, next_footprint_ns; /* CLOCK_MONOTONIC */
	uint64_t footprint_rss;          /* at the last footprint */
	long ticks_per_second;
	bool known;                      /* the series have ids */
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

/* The folder of the control group of the process, unified hierarchy; "" = there is none. */
static void group_folder(struct sysmon *m, char *folder, size_t room)
{
	char path[64], group[PATH_MAX];
	ssize_t n = -1;
	int fd;

	folder[0] = '\0';
	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)m->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, m->text, sizeof m->text);
		close(fd);
	}
	if (n > 0 && proc_cgroup(m->text, (size_t)n, group, sizeof group))
		(void)snprintf(folder, room, "/sys/fs/cgroup%s", group);
}

static void open_sources(struct sysmon *m)
{
	char folder[PATH_MAX + 32], path[PATH_MAX + 64];

	group_folder(m, folder, sizeof folder);
	for (unsigned i = 0; i < SOURCE_COUNT; i++) {
		m->fd[i] = -1;
		if (i == SOURCE_ROLLUP) /* it belongs to the address space at open: opened anew each time */
			continue;
		if (source_paths[i][0] == '/') {
			snprintf(path, sizeof path, "/proc/%d/%s", (int)m->pid, source_paths[i] + sizeof "/proc/PID");
		} else if (folder[0]) {
			snprintf(path, sizeof path, "%s/%s", folder, source_paths[i]);
		} else {
			m->error[i] = ENOENT;
			continue;
		}
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

static void take_group(struct sysmon *m)
{
	uint64_t v;

	if (proc_number(m->text, read_source(m, SOURCE_GROUP_CURRENT), &v))
		m->value[SERIES_GROUP_MEMORY] = v;
	if (proc_number(m->text, read_source(m, SOURCE_GROUP_MAX), &v))
		m->value[SERIES_GROUP_LIMIT] = v;
	if (proc_pressure(m->text, read_source(m, SOURCE_GROUP_PRESSURE), &v) && v < UNKNOWN / 1000)
		m->value[SERIES_GROUP_STALLED] = v * 1000;
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

static const char *reason_of(const struct sysmon *m, unsigned i, char *buffer, size_t room)
{
	enum source s = series[i].source;

	if (s >= SOURCE_GROUP_CURRENT && s <= SOURCE_GROUP_PRESSURE && m->error[s])
		snprintf(buffer, room, "%s of its control group: %s", source_paths[s], strerror(m->error[s]));
	else if (m->error[s])
		snprintf(buffer, room, "%s", strerror(m->error[s]));
	else if (i == SERIES_GROUP_LIMIT)
		snprintf(buffer, room, "its control group has no limit");
	else
		snprintf(buffer, room, "the file does not have it");
	return buffer;
}

/* Names the series; those without a value in the first sample are not observable. */
static void introduce(struct sysmon *m, struct ms_writer *w)
{
	char source[256], reason[128];

	for (unsigned i = 0; i < SERIES_COUNT; i++) {
		const char *path = source_paths[series[i].source];
		struct ms_series s = {.unit = series[i].unit, .cumulative = series[i].cumulative};

		snprintf(source, sizeof source, "%s%s (%s)", path[0] == '/' ? "" : "cgroup ", path, series[i].what);
		s.name = ms_writer_string(w, series[i].name, strlen(series[i].name));
		s.source = ms_writer_string(w, source, strlen(source));
		if (m->value[i] == UNKNOWN) {
			reason_of(m, i, reason, sizeof reason);
			s.reason = ms_writer_string(w, reason, strlen(reason));
		}
		m->id[i] = ms_writer_series(w, &s);
	}
	m->known = true;
}

static int add_sample(struct sysmon *m, struct ms_writer *w, uint64_t time_ns)
{
	uint64_t values[SERIES_COUNT];
	uint32_t ids[SERIES_COUNT];
	size_t n = 0;

	for (unsigned i = 0; i < SERIES_COUNT; i++) {
		if (m->value[i] == UNKNOWN)
			continue;
		ids[n] = m->id[i];
		values[n++] = m->value[i];
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
	if (proc_net_dev(m->text, read_source(m, SOURCE_NET), &m->value[SERIES_RECEIVED], &m->value[SERIES_SENT]) == false)
		m->value[SERIES_RECEIVED] = m->value[SERIES_SENT] = UNKNOWN;
	take_group(m);
	m->next_ns = next_time(mono_ns, m->interval_ns, start);
	if (mono_ns >= m->next_rollup_ns)
		take_rollup(m, mono_ns);
	if (!m->known)
		introduce(m, w);
	status = add_sample(m, w, time_ns);
	grown = m->value[SERIES_RSS] - m->footprint_rss;
	if (status == MS_OK && mono_ns >= m->next_footprint_ns && m->value[SERIES_RSS] > m->footprint_rss &&
	    grown >= m->footprint_rss / GROWTH_PART && !ms_writer_in_graph(w))
		status = take_footprint(m, w, mono_ns, time_ns);
	return status;
}

void sysmon_close(struct sysmon *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < SOURCE_COUNT; i++)
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	ms_buffer_free(&m->regions);
	free(m);
}
