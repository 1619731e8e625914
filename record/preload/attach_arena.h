/*
 * attach_arena.h - finds, checks and maps the arena that the environment names; asks for one in a followed child.
 *
 * MEMSCOPE_ARENA=<fd>:<inode>:<path>. The fd is used when it is a file of that inode, else the path is opened; -1 means
 * that there is no fd. What is found is mapped once and closed, so that a program that closes its descriptors changes
 * nothing. Everything here makes raw system calls only: no errno, no allocation, no lock. Called by one thread.
 */
#ifndef MS_PRELOAD_ATTACH_ARENA_H
#define MS_PRELOAD_ATTACH_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/arena_layout.h"

struct ms_arena_place {
	int fd;           /* -1 = none */
	uint64_t inode;
	char path[128];   /* NUL-terminated */
};

/* False when value is not of the form above. */
bool ms_arena_parse(const char *value, struct ms_arena_place *place);
/* The same, back into text: "MEMSCOPE_ARENA=-1:<inode>:<path>". Cut to bytes; returns the length. */
size_t ms_arena_format(const struct ms_arena_place *place, char *text, size_t bytes);

/* The arena's address, *bytes its size; NULL when it cannot be found, is not an arena of this version, does not fit
   its own header, or cannot be mapped. */
struct ms_arena_header *ms_arena_map(const struct ms_arena_place *place, uint64_t *bytes);
/* The same for an arena behind a descriptor, which is closed; in the place of old_bytes at old when it has that size (NULL = anywhere). The
   program's limit on address space is left alone. */
struct ms_arena_header *ms_arena_map_fd(int fd, void *old, uint64_t old_bytes, uint64_t *bytes);

/* For a process with MS_FLAG_FOLLOW whose pid is not the arena's: asks the collector of parent for an arena of its own.
   Waits one second at most. False: none was given. */
bool ms_arena_ask(struct ms_arena_header *parent, struct ms_arena_place *place);

/* Is the file at the place (by path) still that inode? 1 yes, 0 no, -1 cannot be told (no /proc). */
int ms_arena_still_there(const struct ms_arena_place *place);

#endif
