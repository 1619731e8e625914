/*
 * sysmon_group.h - memory of the control group of the recorded process: version 2, version 1, or both side by side.
 *
 * The group is the one that the process was in when it was opened. Its limit is the smallest one of the group and of those above it, as
 * far as they can be seen. With both versions mounted memory comes from the hierarchy that has its controller, pressure from version 2,
 * which alone has it.
 *
 * Ownership: group_close closes the files. Errors: what cannot be had has no value, and a reason (errno and words). Thread-safety: one
 * thread. Not signal-safe. Source: Documentation/admin-guide/cgroup-v2.rst, .../cgroup-v1/memory.rst, .../cgroup-v1/cgroups.rst.
 */
#ifndef MS_RECORD_SYSMON_GROUP_H
#define MS_RECORD_SYSMON_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum group_value { GROUP_MEMORY, GROUP_LIMIT, GROUP_STALLED, GROUP_VALUES }; /* bytes, bytes, microseconds */
#define GROUP_LEVELS 16u         /* of limits: the group and those above it */

struct sysmon_group {
	int fd[GROUP_VALUES];            /* of the limit: of the group itself, also in limit_fd */
	int limit_fd[GROUP_LEVELS];
	unsigned limit_count;
	bool limit_seen;                 /* a file said that there is none, or how much */
	const char *source[GROUP_VALUES]; /* "cgroup v1 memory.usage_in_bytes": constant text */
	char reason[GROUP_VALUES][128];  /* "" = readable */
};

/* cgroup: text of /proc/PID/cgroup; mounts: of /proc/self/mountinfo. Sizes 0: could not be read. */
void group_open(struct sysmon_group *g, const char *cgroup, size_t cgroup_size, const char *mounts, size_t mounts_size);
/* Sets values that are known, leaves the others. text: room bytes to work with, 4096 at least. */
void group_read(struct sysmon_group *g, char *text, size_t room, uint64_t values[GROUP_VALUES]);
/* Why there is no value; valid until the next call. */
const char *group_reason(const struct sysmon_group *g, enum group_value v);
void group_close(struct sysmon_group *g);

#endif
