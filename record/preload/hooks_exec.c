/*
 * hooks_exec.c - a process replaces its image, or starts another program.
 *
 * The arena goes on in the environment when the recorded process itself execs, and to children with --follow. Otherwise
 * neither our LD_PRELOAD entry nor MEMSCOPE_ARENA is passed on.
 */
#include "hooks_exec.h"

#include "address_limit.h"

#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "environment.h"
#include "inside_gate.h"
#include "process.h"
#include "raw.h"

#define ON_STACK_BYTES 4096u /* the caller may stand on a small signal stack */
#define ARENA_TEXT_BYTES 256u

/* Memory of an exec that did not return: a vfork child's, found by its parent. Any thread; exchanged, never shared. */
static _Atomic(void *) left_memory;
static _Atomic size_t left_bytes;

/* guard/signal_actions.h; weak: libmemscope-preload.so is built without it. */
extern void signal_before_exec(void) __attribute__((weak));
extern void signal_after_failed_exec(void) __attribute__((weak));

void ms_exec_release(void)
{
	void *memory = atomic_exchange_explicit(&left_memory, NULL, memory_order_acquire);

	if (memory != NULL)
		ms_raw_munmap(memory, atomic_load_explicit(&left_bytes, memory_order_relaxed));
}

/* How an exec ends when it fails, and what it was. */
struct exec_call {
	int (*call)(const struct exec_call *, char *const environment[]);
	const struct ms_real *real;
	const char *path;
	char *const *argv;
	int fd, flags;
};

static bool recording(void)
{
	return atomic_load_explicit(&ms_process.phase, memory_order_acquire) == MS_PHASE_RECORDING &&
	       !ms_process_forked();
}

/* In a vfork child the phase is the parent's; its pid is not. */
static bool replaces_recorded_process(void)
{
	return recording() && (pid_t)ms_raw_getpid() == ms_process.pid;
}

static bool passes_arena_on(bool replaces)
{
	if (ms_is_late())
		return false; /* the next image knows nothing of a library that was loaded into this one */
	return replaces || (recording() && (ms_process.flags & MS_FLAG_FOLLOW) != 0);
}

/* The path as the caller gave it; for a descriptor, where it leads. */
static void emit_exec(const struct exec_call *exec)
{
	char target[512];
	char name[32] = "/proc/self/fd/";
	char digits[12];
	char *at = digits + sizeof(digits) - 1;
	unsigned number = (unsigned)exec->fd;
	long length;

	if (exec->path != NULL && exec->path[0] != '\0') {
		ms_emit_text(MS_EV_EXEC, exec->path, strlen(exec->path));
		return;
	}
	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	memcpy(name + strlen(name), at, strlen(at) + 1);
	length = ms_raw(SYS_readlinkat, AT_FDCWD, (long)name, (long)target, sizeof(target), 0, 0);
	if (ms_raw_failed(length))
		ms_emit_text(MS_EV_EXEC, name, strlen(name));
	else
		ms_emit_text(MS_EV_EXEC, target, (size_t)length);
}

static int run_exec(const struct exec_call *exec, char *const environment[])
{
	char arena[ARENA_TEXT_BYTES];
	struct ms_env_plan plan;
	void *memory = NULL;
	bool replaces = replaces_recorded_process();
	bool mapped;
	int result;

	if (replaces)
		emit_exec(exec);
	if (passes_arena_on(replaces)) {
		if (!ms_gate_alone())
			ms_arena_format(&ms_process.place, arena, sizeof(arena));
		ms_env_plan(&plan, environment, ms_gate_alone() ? ms_gate_environment() : arena);
	} else {
		ms_env_plan(&plan, environment, NULL);
	}
	mapped = !plan.as_is && plan.bytes > ON_STACK_BYTES;
	if (mapped)
		memory = ms_raw_memory(plan.bytes);
	else if (!plan.as_is)
		memory = alloca(plan.bytes);
	if (mapped && memory != NULL) {
		atomic_store_explicit(&left_bytes, plan.bytes, memory_order_relaxed);
		atomic_store_explicit(&left_memory, memory, memory_order_release);
	}
	if (replaces && guard_before_exec != NULL)
		guard_before_exec();
	if (signal_before_exec != NULL)
		signal_before_exec();
	ms_limits_before_exec();
	if (replaces)
		ms_gate_before_exec();
	result = exec->call(exec, memory == NULL ? environment : ms_env_build(&plan, memory));
	int exec_errno = errno;
	if (replaces)
		ms_gate_exec_failed();
	ms_limits_exec_failed();
	if (signal_after_failed_exec != NULL)
		signal_after_failed_exec();
	if (mapped)
		ms_exec_release();
	if (replaces)
		ms_emit_args(MS_EV_EXEC_FAILED, 1, (uint64_t)exec_errno);
	errno = exec_errno;
	return result;
}

static int call_execve(const struct exec_call *exec, char *const environment[])
{
	return exec->real->execve(exec->path, exec->argv, environment);
}

static int call_execvpe(const struct exec_call *exec, char *const environment[])
{
	return exec->real->execvpe(exec->path, exec->argv, environment);
}

static int call_fexecve(const struct exec_call *exec, char *const environment[])
{
	return exec->real->fexecve(exec->fd, exec->argv, environment);
}

static int call_execveat(const struct exec_call *exec, char *const environment[])
{
	return exec->real->execveat(exec->fd, exec->path, exec->argv, environment, exec->flags);
}

int ms_hook_execve(const struct ms_real *real, const char *path, char *const argv[], char *const environment[])
{
	struct exec_call exec = {.call = call_execve, .real = real, .path = path, .argv = argv};

	return run_exec(&exec, environment);
}

int ms_hook_execvpe(const struct ms_real *real, const char *file, char *const argv[], char *const environment[])
{
	struct exec_call exec = {.call = call_execvpe, .real = real, .path = file, .argv = argv};

	return run_exec(&exec, environment);
}

int ms_hook_fexecve(const struct ms_real *real, int fd, char *const argv[], char *const environment[])
{
	struct exec_call exec = {.call = call_fexecve, .real = real, .fd = fd, .argv = argv};

	return run_exec(&exec, environment);
}

int ms_hook_execveat(const struct ms_real *real, int fd, const char *path, char *const argv[],
		     char *const environment[], int flags)
{
	struct exec_call exec = {.call = call_execveat, .real = real, .fd = fd, .path = path, .argv = argv,
				 .flags = flags};

	return run_exec(&exec, environment);
}

int ms_hook_spawn(ms_spawn_function *spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		  const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
	char arena[ARENA_TEXT_BYTES];
	struct ms_env_plan plan;
	void *memory = NULL;
	bool mapped;
	int result;
	pid_t child = 0;

	if (passes_arena_on(false)) {
		ms_arena_format(&ms_process.place, arena, sizeof(arena));
		ms_env_plan(&plan, environment, arena);
	} else {
		ms_env_plan(&plan, environment, NULL);
	}
	mapped = !plan.as_is && plan.bytes > ON_STACK_BYTES;
	if (mapped)
		memory = ms_raw_memory(plan.bytes);
	else if (!plan.as_is)
		memory = alloca(plan.bytes);
	result = spawn(&child, path, actions, attributes, argv, memory == NULL ? environment : ms_env_build(&plan, memory));
	if (mapped && memory != NULL)
		ms_raw_munmap(memory, plan.bytes);
	if (result != 0)
		return result;
	if (pid != NULL)
		*pid = child;
	ms_emit_args(MS_EV_FORK, 1, (uint64_t)child);
	return 0;
}
