/*
 * graph_maps.h - the address space as /proc/thread-self/maps tells it, read without allocation by libc.
 *
 * ms_maps_read reads the file twice (to count, then to fill) into memory of our own; regions stand in order of address.
 * Between the two reads the map may change: what came in between is cut off or missing, so read it while the other
 * threads stand still. Names are borrowed from the struct until ms_maps_free.
 *
 * Errors: false when /proc is not there or there is no memory. Async-signal-safe, no errno; one struct belongs to one thread.
 * Source of the format: proc_pid_maps(5).
 */
#ifndef MS_PRELOAD_GRAPH_MAPS_H
#define MS_PRELOAD_GRAPH_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ms_region_flag { MS_REGION_READ = 1, MS_REGION_WRITE = 2, MS_REGION_EXEC = 4, MS_REGION_SHARED = 8 };

struct ms_region {
	uint64_t start, end;
	uint64_t inode;                /* 0: anonymous */
	const char *name;              /* NUL-terminated, "" = none */
	uint32_t name_bytes;
	uint32_t flags;                /* enum ms_region_flag */
};

struct ms_maps {
	struct ms_region *regions;
	size_t count;
	void *memory;
	size_t memory_bytes;
};

/* One line without its newline. region->name points into the line and is not terminated. False: not such a line. */
bool ms_maps_parse(const char *line, size_t bytes, struct ms_region *region);

bool ms_maps_read(struct ms_maps *maps);
void ms_maps_free(struct ms_maps *maps);

/* The region that holds the address, NULL when there is none. */
const struct ms_region *ms_maps_find(const struct ms_maps *maps, uint64_t address);

/* Opens a file of the calling thread's folder in /proc for reading. A descriptor or -errno. */
long ms_proc_open(const char *name);

#endif
