/*
 * attach_safe.h - is a stopped thread at a place where it may be made to load a library?
 *
 * Loading takes locks of the allocator, of the dynamic linker and of the list of threads. A thread that holds one would wait for itself; other
 * threads run on and give theirs back. So its stack is unwound (libdwfl, as a debugger does), and no frame may lie in the dynamic linker, in a
 * library that is an allocator, or in a function that allocates, forks, loads, exits, makes threads or ends them. The C library's functions for
 * itself have no names where its symbol table was stripped: one that joins a thread gives its stack back with the lock of all stacks held. So
 * below the program's frames, code of it without a name counts as such, unless the thread waits in the kernel for something from outside.
 *
 * Ownership: safe_close frees. Errors: NULL when the modules of the process cannot be read. One thread, the tracer. Not signal-safe.
 */
#ifndef MS_RECORD_ATTACH_SAFE_H
#define MS_RECORD_ATTACH_SAFE_H

#include <stdbool.h>
#include <sys/types.h>

struct safe;

struct safe *safe_open(pid_t pid);
void safe_close(struct safe *s);

enum safe_answer {
	SAFE_YES,
	SAFE_BROKEN,                     /* nothing speaks against it, but the stack could not be followed to its end */
	SAFE_NO,
};
/* The thread is stopped and traced by this one. waits: inside of a system call that waits for something from outside. */
enum safe_answer safe_place(struct safe *s, pid_t tid, bool waits);

#endif
