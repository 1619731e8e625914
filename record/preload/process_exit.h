/*
 * process_exit.h - the last moment of the process that is still ours: the guard's last check, then the heap graph.
 *
 * It comes once: after the handlers of atexit and all destructors (our own exit handler is registered before libc registers
 * the loader's, so it runs behind it), after those of at_quick_exit, or in _exit. Not in a child of fork that is not recorded,
 * nor in that of vfork. A thread that exits while another one is at it waits for it, some seconds at most.
 *
 * No graph for a program that shuts itself in: a filter of system calls that it has installed may kill it for what a graph needs.
 * What tells is its prctl for that, or the one that has to come before (no new privileges). A filter that was there before the
 * program, like a container's, is no such sign.
 *
 * ms_process_watch_exit: from the constructor. ms_process_exits: async-signal-safe (_exit is), keeps errno.
 */
#ifndef MS_PRELOAD_PROCESS_EXIT_H
#define MS_PRELOAD_PROCESS_EXIT_H

void ms_process_watch_exit(void);
void ms_process_exits(void);

struct ms_real;
void ms_hook_exit(const struct ms_real *real, int status) __attribute__((noreturn));
/* A recorder inside the program writes first what it has. */
void ms_hook_abort(const struct ms_real *real) __attribute__((noreturn));
int ms_hook_prctl(const struct ms_real *real, int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

#endif
