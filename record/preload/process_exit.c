/* process_exit.c - see process_exit.h. */
#include "process_exit.h"

#include <linux/futex.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "inside_gate.h"
#include "graph.h"
#include "process.h"
#include "raw.h"
#include "real.h"

#define NAP_NS 100000000L
#define NAPS_MAX 300 /* half a minute */

/* guard/guard.h; weak: libmemscope-preload.so is built without it. */
extern void guard_exit(void) __attribute__((weak));
extern void guard_before_shut_in(void) __attribute__((weak));
/* libc's: handlers that belong to no module. */
extern int __cxa_at_quick_exit(void (*handler)(void *), void *module);

static _Atomic uint32_t begun; /* pid whose last moment it is or was */
static _Atomic uint32_t done;  /* the same, when it is over; futex word */

static _Atomic uint32_t shut_in;

static bool is_recorded_process(uint32_t pid)
{
	return !ms_process_forked() && (uint32_t)ms_process.pid == pid;
}

static void wait_for_the_other(uint32_t pid)
{
	for (int naps = 0; naps < NAPS_MAX; naps++) {
		struct timespec nap = {0, NAP_NS};
		uint32_t seen = atomic_load_explicit(&done, memory_order_acquire);

		if (seen == pid)
			return;
		ms_raw(SYS_futex, (long)&done, FUTEX_WAIT_PRIVATE, seen, (long)&nap, 0, 0);
	}
}

void ms_process_exits(void)
{
	uint32_t pid, before = atomic_load_explicit(&begun, memory_order_relaxed);
	static _Atomic uint32_t at_it; /* tid */
	const struct ms_arena_header *header = ms_process.header;
	bool guard, graph;

	if (header == NULL || atomic_load_explicit(&ms_process.phase, memory_order_acquire) != MS_PHASE_RECORDING)
		return;
	guard = header->guard.mode != MS_GUARD_OFF && guard_exit != NULL;
	graph = header->graph_at_exit != 0 && atomic_load_explicit(&shut_in, memory_order_relaxed) == 0;
	if (!guard && !graph)
		return;
	pid = (uint32_t)ms_raw_getpid();
	if (!is_recorded_process(pid))
		return;
	do {
		if (before == pid) {
			if (atomic_load_explicit(&at_it, memory_order_relaxed) != (uint32_t)ms_raw_gettid())
				wait_for_the_other(pid);
			return;
		}
	} while (!atomic_compare_exchange_weak(&begun, &before, pid));
	atomic_store_explicit(&at_it, (uint32_t)ms_raw_gettid(), memory_order_relaxed);
	if (guard)
		guard_exit();
	if (graph)
		ms_graph_take(MS_GRAPH_EXIT);
	atomic_store_explicit(&done, pid, memory_order_release);
	ms_raw(SYS_futex, (long)&done, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
}

static void at_exit(int status, void *argument)
{
	(void)argument;
	ms_process_exits();
	ms_gate_exits(true, status);
}

/* Its handlers are not told the status. */
static void at_quick_end(void *argument)
{
	(void)argument;
	ms_process_exits();
	ms_gate_exits(false, 0);
}

void ms_process_watch_exit(void)
{
	if (atomic_load_explicit(&ms_process.phase, memory_order_acquire) != MS_PHASE_RECORDING)
		return;
	on_exit(at_exit, NULL); /* like __cxa_atexit, and says the status */
	__cxa_at_quick_exit(at_quick_end, NULL);
}

void ms_hook_exit(const struct ms_real *real, int status)
{
	ms_process_exits();
	ms_gate_exits(true, status);
	if (real->_exit != NULL)
		real->_exit(status);
	for (;;)
		ms_raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

void ms_hook_abort(const struct ms_real *real)
{
	ms_gate_aborts();
	if (real->abort != NULL)
		real->abort();
	__builtin_trap();
}

int ms_hook_prctl(const struct ms_real *real, int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	bool shuts_in = option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS, ours;
	int result;

	/* A child of vfork is not what its memory says. Before the call: after it getpid may be forbidden. */
	ours = shuts_in && (pid_t)ms_raw_getpid() == ms_process.pid;
	if (shuts_in && guard_before_shut_in != NULL)
		guard_before_shut_in();
	if (ours)
		ms_gate_shuts_in();
	result = real->prctl(option, a, b, c, d);
	if (result == 0 && ours)
		atomic_store_explicit(&shut_in, 1, memory_order_relaxed);
	return result;
}
