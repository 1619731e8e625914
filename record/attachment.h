/*
 * attachment.h - libmemscope-attach.so in a running process: there, begun, ended.
 *
 *   attachment_load   stops a thread at a place where libraries may be loaded, loads ours (or finds it where an earlier recording left it), and
 *                     lets the process make the memory of the arena: the thread stays stopped
 *   attachment_begin  the hooks are in place; the thread runs on
 *   attachment_end    the process calls its own functions again. Works from another process, too (the keeper)
 *
 * Between load and begin the caller has some milliseconds of the program's time. attachment_cancel lets the thread go without a recording.
 *
 * Errors: a code and a sentence for the user in *err (attach_target.h, inject.h). Thread-safety: one thread at a time, load to begin the same one.
 * Not signal-safe.
 */
#ifndef MS_RECORD_ATTACHMENT_H
#define MS_RECORD_ATTACHMENT_H

#include "attach_target.h"
#include "inject.h"

struct attachment {
	struct attach_target target;
	struct inject inject;
	uint64_t enter, leave, stack;    /* of the library, in the process; 0 = not known yet */
	int arena_fd;                    /* ours, onto the memory of the arena; -1 = none yet */
	int64_t arena_number;            /* its descriptor there */
	bool loaded;                     /* by us: it was not there before */
};

/* target is open already. library: its path. */
int attachment_load(struct attachment *a, const char *library, struct ms_error *err);
/* *slots: how many calls of the process lead to the hooks now. */
int attachment_begin(struct attachment *a, int64_t *slots, struct ms_error *err);
void attachment_cancel(struct attachment *a);
/* MS_E_NOT_FOUND: the process is gone, or has become another program, and there is nothing to end. */
int attachment_end(struct attachment *a, struct ms_error *err);

#endif
