/*
 * attach_target.h - what has to be known about a running process before a library can be loaded into it, and what speaks against it.
 *
 * Facts come from /proc/PID and from the files that the process has mapped, seen through its own root (/proc/PID/root), so that a process
 * in a container is seen as it sees itself.
 *
 * Ownership: attach_target_close frees. Errors: a negative code and a sentence for the user in *err: MS_E_NOT_FOUND = there is no such
 * process, MS_E_UNSUPPORTED = it cannot be recorded so. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_ATTACH_TARGET_H
#define MS_RECORD_ATTACH_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/errors.h"

struct target_library {
	char path[PATH_MAX];             /* as the process has it mapped; "" = it has none */
	uint64_t bias;                   /* added to an address of the file */
	uint64_t code_start, code_end;   /* its executable mapping */
	uint64_t code_offset;            /* of it in the file */
};

struct attach_target {
	pid_t pid;
	int memory;                      /* /proc/PID/mem, for reading and writing */
	char executable[PATH_MAX], directory[PATH_MAX], name[64];
	char command_line[16384];
	const char *command[512];        /* into command_line */
	size_t command_count;
	pid_t parent;
	uint64_t image;                  /* changes when the process executes another program */
	bool address_space_limited;
	struct target_library libc;      /* what defines dlopen */
	struct target_library ours;      /* from an earlier recording */
	uint64_t dlopen, dlsym, dlerror, errno_location; /* addresses; dlerror and errno_location may be 0 */
	bool private_dlopen;             /* dlopen is glibc's internal one, which wants a bit more in its mode */
	uint64_t gadget;                 /* a syscall instruction */
};

/* library: path of libmemscope-attach.so. */
int attach_target_open(struct attach_target *t, pid_t pid, const char *library, struct ms_error *err);
void attach_target_close(struct attach_target *t);

/* The number that tells two images of a process apart; 0 = it is gone, or about to: its memory is. */
uint64_t attach_target_image(pid_t pid);
/* Address of a symbol of a library of the process; 0 = it defines none. */
uint64_t attach_target_symbol(pid_t pid, const struct target_library *library, const char *name);

/* Number i of the threads, in no order, without those that sleep uninterruptibly; 0 = no more. */
size_t attach_target_threads(pid_t pid, pid_t *threads, size_t most);

#endif
