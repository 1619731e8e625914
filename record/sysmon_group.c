#include "sysmon_group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sysmon_proc.h"

static const struct {
	const char *file, *source;
} files[GROUP_VALUES][2] = { /* [][0]: version 1 */
	[GROUP_MEMORY] = {{"memory.usage_in_bytes", "cgroup v1 memory.usage_in_bytes"}, {"memory.current", "cgroup v2 memory.current"}},
	[GROUP_LIMIT] = {{"memory.limit_in_bytes", "cgroup v1 memory.limit_in_bytes"}, {"memory.max", "cgroup v2 memory.max"}},
	[GROUP_STALLED] = {{NULL, NULL}, {"memory.pressure", "cgroup v2 memory.pressure"}},
};

static size_t read_fd(int fd, char *text, size_t room)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, text, room, 0);

	return n > 0 ? (size_t)n : 0;
}

static int open_in(const char *folder, size_t length, const char *file)
{
	char path[PATH_MAX + 64];

	if ((size_t)snprintf(path, sizeof path, "%.*s/%s", (int)length, folder, file) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void open_value(struct sysmon_group *g, enum group_value v, const char *folder, bool second)
{
	g->source[v] = files[v][second].source;
	g->fd[v] = open_in(folder, strlen(folder), files[v][second].file);
	if (g->fd[v] < 0)
		snprintf(g->reason[v], sizeof g->reason[v], "%s of its control group: %s", files[v][second].file, strerror(errno));
}

/* Limits of the groups above, too. In version 1 those count only where hierarchies were switched on. */
static void open_limits(struct sysmon_group *g, const char *folder, size_t top, bool second)
{
	size_t length = strlen(folder);

	while (g->limit_count < GROUP_LEVELS) {
		int fd = g->limit_count == 0 ? g->fd[GROUP_LIMIT] : open_in(folder, length, files[GROUP_LIMIT][second].file);
		char text[64];
		uint64_t hierarchy = 1;

		if (fd >= 0)
			g->limit_fd[g->limit_count++] = fd;
		else if (g->limit_count == 0)
			return;
		if (!second) {
			fd = open_in(folder, length, "memory.use_hierarchy");
			(void)proc_number(text, read_fd(fd, text, sizeof text), &hierarchy);
			if (fd >= 0)
				close(fd);
		}
		if (length <= top || hierarchy == 0)
			return;
		while (length > top && folder[length - 1] != '/')
			length--;
		while (length > top && folder[length - 1] == '/')
			length--;
	}
}

static bool folder_of(const char *cgroup, size_t cgroup_size, const char *mounts, size_t mounts_size, const char *controller,
                      char *folder, size_t room, size_t *top, const char **why)
{
	char group[PATH_MAX];

	*why = NULL;
	if (!proc_cgroup(cgroup, cgroup_size, controller, group, sizeof group))
		return false;
	*why = "its control group cannot be seen from here: it is not mounted";
	return proc_cgroup_folder(mounts, mounts_size, controller, group, folder, room, top);
}

void group_open(struct sysmon_group *g, const char *cgroup, size_t cgroup_size, const char *mounts, size_t mounts_size)
{
	char first[PATH_MAX] = "", second[PATH_MAX] = "";
	const char *why_first, *why_second, *why;
	size_t first_top = 0, second_top = 0;
	bool old, new;

	*g = (struct sysmon_group){.fd = {-1, -1, -1}};
	old = folder_of(cgroup, cgroup_size, mounts, mounts_size, "memory", first, sizeof first, &first_top, &why_first);
	new = folder_of(cgroup, cgroup_size, mounts, mounts_size, NULL, second, sizeof second, &second_top, &why_second);
	/* A controller is in one hierarchy only: listed under version 1 it is not in the unified one. */
	if (old || (new && !why_first)) {
		const char *folder = old ? first : second;

		open_value(g, GROUP_MEMORY, folder, !old);
		open_value(g, GROUP_LIMIT, folder, !old);
		open_limits(g, folder, old ? first_top : second_top, !old);
	} else {
		why = why_first ? why_first : why_second ? why_second : "it is in no control group that can be read";
		for (int v = GROUP_MEMORY; v <= GROUP_LIMIT; v++) {
			g->source[v] = files[v][why_first == NULL].source;
			snprintf(g->reason[v], sizeof g->reason[v], "%s", why);
		}
	}
	if (new) {
		open_value(g, GROUP_STALLED, second, true);
	} else {
		g->source[GROUP_STALLED] = files[GROUP_STALLED][1].source;
		snprintf(g->reason[GROUP_STALLED], sizeof g->reason[GROUP_STALLED], "%s",
		         why_second ? why_second : "it is in no control group of version 2, which alone has it");
	}
}

void group_read(struct sysmon_group *g, char *text, size_t room, uint64_t values[GROUP_VALUES])
{
	uint64_t v, least = UINT64_MAX;

	if (proc_number(text, read_fd(g->fd[GROUP_MEMORY], text, room), &v))
		values[GROUP_MEMORY] = v;
	for (unsigned i = 0; i < g->limit_count; i++) {
		size_t size = read_fd(g->limit_fd[i], text, room);

		g->limit_seen |= size > 0;
		if (proc_limit(text, size, &v) && v < least)
			least = v;
	}
	if (least != UINT64_MAX)
		values[GROUP_LIMIT] = least;
	if (proc_pressure(text, read_fd(g->fd[GROUP_STALLED], text, room), &v))
		values[GROUP_STALLED] = v;
}

const char *group_reason(const struct sysmon_group *g, enum group_value v)
{
	if (g->reason[v][0])
		return g->reason[v];
	if (v == GROUP_LIMIT && g->limit_seen)
		return "neither its control group nor one above that can be seen has a limit";
	return "the file of its control group could not be read, or does not have it";
}

void group_close(struct sysmon_group *g)
{
	for (unsigned i = 1; i < g->limit_count; i++)
		close(g->limit_fd[i]);
	for (int v = 0; v < GROUP_VALUES; v++)
		if (g->fd[v] >= 0)
			close(g->fd[v]);
	*g = (struct sysmon_group){.fd = {-1, -1, -1}};
}
