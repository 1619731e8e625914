/*
 * sysmon_proc.h - reads the texts of /proc and of control groups that the monitor needs.
 *
 * Each takes the text of one file (size bytes, no terminator needed) and says whether what is asked for was there and well formed; on
 * false nothing is written. Numbers that do not fit 64 bits are not well formed. smaps is read in pieces, because it is long.
 * Ownership: nothing is kept; names are borrowed for the call. Thread-safety: pure functions; a parser belongs to one thread.
 * Source: proc(5), Documentation/filesystems/proc.rst, Documentation/admin-guide/cgroup-v2.rst, .../cgroup-v1/memory.rst,
 * Documentation/accounting/psi.rst.
 */
#ifndef MS_RECORD_SYSMON_PROC_H
#define MS_RECORD_SYSMON_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/trace_types.h"

/* /proc/PID/stat */
struct proc_stat {
	uint64_t minor_faults, major_faults;
	uint64_t user_ticks, system_ticks;   /* of sysconf(_SC_CLK_TCK) per second */
	uint64_t threads;
	char state;
};
bool proc_stat(const char *text, size_t size, struct proc_stat *out);

/* The number of the line "NAME: 123" or "NAME: 123 kB" (then in bytes): status, io, smaps_rollup. */
bool proc_field(const char *text, size_t size, const char *name, uint64_t *value);

/* /proc/PID/net/dev: bytes received and sent by all interfaces but the loopback, and what went through that. */
struct proc_net {
	uint64_t received, sent, loopback;
};
bool proc_net_dev(const char *text, size_t size, struct proc_net *out);

/* memory.pressure: microseconds in which some task stood still for want of memory. */
bool proc_pressure(const char *text, size_t size, uint64_t *stalled_us);

/* A file that holds one number; false for "max". */
bool proc_number(const char *text, size_t size, uint64_t *value);

/* memory.max, memory.limit_in_bytes; false when it is none: "max", or about 2^63 as version 1 writes it. */
bool proc_limit(const char *text, size_t size, uint64_t *value);

/* /proc/PID/cgroup: the path of the group in the hierarchy of this controller (version 1), NULL: in the unified one (version 2). */
bool proc_cgroup(const char *text, size_t size, const char *controller, char *path, size_t room);

/*
 * /proc/self/mountinfo: the folder in which the group of this path can be seen. Of a hierarchy only a part may be mounted, as in
 * containers. *top: how many of its characters are the mount point, above which there is nothing to see.
 */
bool proc_cgroup_folder(const char *text, size_t size, const char *controller, const char *group, char *folder, size_t room, size_t *top);

/* /proc/PID/smaps in pieces. */
struct smaps_parser {
	/* Called for every mapping, in order; name is "" or as the kernel writes it. False: enough. */
	bool (*region)(void *context, const struct ms_region *region, const char *name);
	void *context;
	struct ms_region now;
	bool open;                           /* `now` has begun */
	bool failed;                         /* not what smaps looks like, or enough */
	size_t line_size;                    /* of a line that has begun */
	char line[4608];                     /* a path takes 4096 at most */
	char name[4608];
};
void smaps_feed(struct smaps_parser *p, const char *text, size_t size);
/* The last mapping; false when the text was not what it should be. */
bool smaps_end(struct smaps_parser *p);

#endif
