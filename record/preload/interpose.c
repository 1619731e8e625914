/*
 * interpose.c - the exported symbols, and nothing else. Every one is a line that calls its hook with the table of real
 * functions and the frame that it was called from. exports.map and tests/golden/preload-exports.txt list the same names.
 *
 * CALLER is what stands at the frame pointer: each function here has a frame of its own (-fno-omit-frame-pointer), which the
 * empty asm after the call keeps: without it the compiler would jump to the hook and leave no frame.
 */
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

#include "hooks.h"
#include "hooks_exec.h"
#include "address_limit.h"
#include "annotate.h"
#include "births.h"
#include "graph.h"
#include "marks.h"
#include "modules.h"
#include "process.h"
#include "process_exit.h"
#include "threads.h"

#define EXPORT __attribute__((visibility("default")))
#define CALLER ((const struct ms_caller *)__builtin_frame_address(0))

/* PREFIX(type) name(parameters): a function that returns what its hook returns. */
#define HOOK_BODY(type, name, parameters, call)                                                                       \
	type name parameters                                                                                          \
	{                                                                                                             \
		type hook_result = call;                                                                              \
		__asm__ volatile("" : "+r"(hook_result));                                                             \
		return hook_result;                                                                                   \
	}
#define HOOK_BODY_VOID(name, parameters, call)                                                                        \
	void name parameters                                                                                          \
	{                                                                                                             \
		call;                                                                                                 \
		__asm__ volatile("");                                                                                 \
	}
#define HOOK(type, name, parameters, call)                                                                            \
	EXPORT type name parameters;                                                                                  \
	EXPORT HOOK_BODY(type, name, parameters, call)
#define HOOK_VOID(name, parameters, call)                                                                             \
	EXPORT void name parameters;                                                                                  \
	EXPORT HOOK_BODY_VOID(name, parameters, call)

/* Some functions come before anything has resolved the table. */
static inline const struct ms_real *resolved(void)
{
	ms_real_resolve();
	return &ms_real;
}

/* ---- the malloc family ---- */
/*
 * What a sample leaves out goes straight to the real function, without the registers that a hook needs. The rest goes on in a function
 * that is jumped to, so that its frame is the one of the exported function: compiled without frame pointer, and as the last thing done.
 */
#define QUICK __attribute__((optimize("omit-frame-pointer")))
#define HOOK_QUICK(name, kind, parameters, arguments, bytes, real, call)                                                    \
	static __attribute__((noinline)) HOOK_BODY(void *, hooked_##name, parameters, call)                           \
	static __attribute__((noinline, cold)) HOOK_BODY(void *, failed_##name, parameters, (ms_birth_unskip(bytes), ms_hook_failed(kind, bytes, CALLER))) \
	EXPORT void *name parameters;                                                                                 \
	EXPORT QUICK void *name parameters                                                                            \
	{                                                                                                             \
		__typeof__(&name) function = real;                                                                    \
		void *block;                                                                                          \
                                                                                                                      \
		if (ms_birth_pending())                                                                               \
			return pending_##name arguments;                                                              \
		if (!ms_birth_skip(bytes))                                                                            \
			return hooked_##name arguments;                                                               \
		block = function arguments;                                                                           \
		return MS_LIKELY(block != NULL) ? block : failed_##name arguments;                                    \
	}
/* What an operator new asks malloc for: the operator's hook is told that the block is left out. One that fails is asked for again by the hook. */
static void *hooked_malloc(size_t size);
static __attribute__((noinline)) QUICK void *pending_malloc(size_t size)
{
	__typeof__(&malloc) function = MS_QUICK_FUNCTION(malloc);

	if (ms_pending_is_own(size, (uintptr_t)__builtin_dwarf_cfa()) && ms_birth_skip(size)) {
		void *block = function(size);

		if (MS_LIKELY(block != NULL)) {
			ms_pending_done();
			return block;
		}
		ms_birth_unskip(size);
	}
	return hooked_malloc(size);
}
#define pending_calloc hooked_calloc
HOOK_QUICK(malloc, MS_EV_MALLOC, (size_t size), (size), size, MS_QUICK_FUNCTION(malloc), ms_hook_malloc(&ms_real, size, CALLER))
HOOK_QUICK(calloc, MS_EV_CALLOC, (size_t count, size_t size), (count, size), ms_product(count, size), ms_real.calloc, ms_hook_calloc(&ms_real, count, size, CALLER))
static __attribute__((noinline)) HOOK_BODY_VOID(hooked_free, (void *block), ms_hook_free(&ms_real, block, CALLER))
EXPORT QUICK void free(void *block)
{
	__typeof__(&free) function = MS_QUICK_FUNCTION(free);

	if (ms_end_skip(block))
		function(block);
	else
		hooked_free(block);
}
static __attribute__((noinline)) HOOK_BODY(void *, hooked_realloc, (void *block, size_t size), ms_hook_realloc(&ms_real, block, size, CALLER))
EXPORT QUICK void *realloc(void *block, size_t size)
{
	void *moved;

	if (block == NULL || ms_birth_pending() || !ms_end_skip(block) || !ms_birth_skip(size))
		return hooked_realloc(block, size);
	moved = ms_real.realloc(block, size);
	if (MS_UNLIKELY(moved == NULL))
		ms_birth_unskip(size);
	return moved;
}
HOOK(void *, reallocarray, (void *block, size_t count, size_t size), ms_hook_reallocarray(&ms_real, block, count, size, CALLER))
HOOK_VOID(cfree, (void *block), ms_hook_free(&ms_real, block, CALLER))
HOOK_VOID(free_sized, (void *block, size_t size), ms_hook_free_sized(&ms_real, block, size, CALLER))
HOOK_VOID(free_aligned_sized, (void *block, size_t align, size_t size), ms_hook_free_aligned_sized(&ms_real, block, align, size, CALLER))
HOOK(void *, aligned_alloc, (size_t align, size_t size), ms_hook_aligned_alloc(&ms_real, align, size, CALLER))
HOOK(void *, memalign, (size_t align, size_t size), ms_hook_memalign(&ms_real, align, size, CALLER))
HOOK(int, posix_memalign, (void **out, size_t align, size_t size), ms_hook_posix_memalign(&ms_real, out, align, size, CALLER))
HOOK(void *, valloc, (size_t size), ms_hook_valloc(&ms_real, size, CALLER))
HOOK(void *, pvalloc, (size_t size), ms_hook_pvalloc(&ms_real, size, CALLER))

/* ---- C++ ---- */
#define ARGUMENTS(...) __VA_ARGS__
#define X(field, symbol, parameters, arguments, all, kind) HOOK(void *, symbol, parameters, ms_hook_##field(&ms_real, CALLER, ARGUMENTS all))
MS_REAL_NEW(X)
#undef X
/* A real operator delete of a block that is not in the sample may call free, which finds the same. */
#define X(field, symbol, parameters, arguments, all, kind)                                                            \
	static __attribute__((noinline)) HOOK_BODY_VOID(hooked_##symbol, parameters, ms_hook_##field(&ms_real, CALLER, ARGUMENTS all)) \
	EXPORT void symbol parameters;                                                                                \
	EXPORT QUICK void symbol parameters                                                                           \
	{                                                                                                             \
		void (*function) parameters = __atomic_load_n(&ms_real.field, __ATOMIC_RELAXED);                      \
                                                                                                                      \
		if (ms_end_skip(block) && MS_LIKELY(function != NULL))                                                \
			function arguments;                                                                           \
		else                                                                                                  \
			hooked_##symbol arguments;                                                                    \
	}
MS_REAL_DELETE(X)
#undef X

/* ---- address space ---- */
HOOK(void *, mmap, (void *address, size_t bytes, int prot, int flags, int fd, off_t offset), ms_hook_mmap(resolved(), address, bytes, prot, flags, fd, offset, CALLER))
HOOK(void *, mmap64, (void *address, size_t bytes, int prot, int flags, int fd, off_t offset), ms_hook_mmap(resolved(), address, bytes, prot, flags, fd, offset, CALLER))
HOOK(int, munmap, (void *address, size_t bytes), ms_hook_munmap(resolved(), address, bytes, CALLER))
HOOK(int, brk, (void *address), ms_hook_brk(resolved(), address, CALLER))
HOOK(void *, sbrk, (intptr_t increment), ms_hook_sbrk(resolved(), increment, CALLER))
EXPORT void *mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...);
EXPORT void *mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...)
{
	va_list rest;
	void *mapped;

	va_start(rest, flags); /* the kernel looks at the argument only when the flags say that it is there */
	mapped = ms_hook_mremap(resolved(), address, old_bytes, new_bytes, flags, va_arg(rest, void *), CALLER);
	va_end(rest);
	return mapped;
}

/* ---- limits ---- */
HOOK(int, getrlimit, (__rlimit_resource_t resource, struct rlimit *limit), ms_hook_getrlimit(resolved(), resource, limit))
HOOK(int, setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit), ms_hook_setrlimit(resolved(), resource, limit))
HOOK(int, prlimit, (pid_t pid, enum __rlimit_resource resource, const struct rlimit *new_limit, struct rlimit *old_limit), ms_hook_prlimit(resolved(), pid, resource, new_limit, old_limit))
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one layout");
EXPORT int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit) __attribute__((alias("getrlimit")));
EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit) __attribute__((alias("setrlimit")));
EXPORT int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *new_limit, struct rlimit64 *old_limit) __attribute__((alias("prlimit")));

/* ---- threads, modules ---- */
HOOK(int, pthread_setname_np, (pthread_t thread, const char *name), ms_hook_pthread_setname_np(resolved(), thread, name))
HOOK(int, dlclose, (void *handle), ms_hook_dlclose(resolved(), handle))

/* ---- processes ---- */
HOOK(pid_t, fork, (void), ms_hook_fork(resolved()->fork))
HOOK(pid_t, _Fork, (void), ms_hook_fork(resolved()->_Fork))
HOOK(int, posix_spawn, (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]), ms_hook_spawn(resolved()->posix_spawn, pid, path, actions, attributes, argv, envp))
HOOK(int, posix_spawnp, (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]), ms_hook_spawn(resolved()->posix_spawnp, pid, path, actions, attributes, argv, envp))
HOOK(int, execve, (const char *path, char *const argv[], char *const envp[]), ms_hook_execve(resolved(), path, argv, envp))
HOOK(int, execv, (const char *path, char *const argv[]), ms_hook_execve(resolved(), path, argv, environ))
HOOK(int, execvp, (const char *file, char *const argv[]), ms_hook_execvpe(resolved(), file, argv, environ))
HOOK(int, execvpe, (const char *file, char *const argv[], char *const envp[]), ms_hook_execvpe(resolved(), file, argv, envp))
HOOK(int, fexecve, (int fd, char *const argv[], char *const envp[]), ms_hook_fexecve(resolved(), fd, argv, envp))
HOOK(int, execveat, (int fd, const char *path, char *const argv[], char *const envp[], int flags), ms_hook_execveat(resolved(), fd, path, argv, envp, flags))

/* ---- the end, and what a program may ask for ---- */
EXPORT void _exit(int status)
{
	ms_hook_exit(resolved(), status);
}
EXPORT void abort(void)
{
	ms_hook_abort(resolved());
}
EXPORT void _Exit(int status) __attribute__((alias("_exit"), noreturn));
EXPORT int prctl(int option, ...);
EXPORT int prctl(int option, ...)
{
	unsigned long a, b, c, d;
	va_list rest;

	va_start(rest, option); /* the kernel looks at as many as the option has */
	a = va_arg(rest, unsigned long);
	b = va_arg(rest, unsigned long);
	c = va_arg(rest, unsigned long);
	d = va_arg(rest, unsigned long);
	va_end(rest);
	return ms_hook_prctl(resolved(), option, a, b, c, d);
}
/* record/include/memscope.h */
HOOK(int, memscope_graph_request, (void), ms_graph_take(MS_GRAPH_API))
HOOK_VOID(memscope_mark_request, (const char *text), ms_mark(text))
HOOK(uint64_t, memscope_request, (unsigned what, uint64_t a, uint64_t b, uint64_t c), ms_annotate(what, a, b, c, CALLER))

/* The list forms: arguments up to a NULL, into a vector on the stack; for execle the environment follows. */
#define EXEC_LIST(name, hook, environment)                                                                            \
	EXPORT int name(const char *path, const char *argument, ...)                                                  \
	{                                                                                                             \
		size_t count = 1;                                                                                     \
		va_list rest;                                                                                         \
                                                                                                                      \
		va_start(rest, argument);                                                                             \
		while (va_arg(rest, const char *) != NULL)                                                            \
			count++;                                                                                      \
		va_end(rest);                                                                                         \
		char **argv = __builtin_alloca((count + 1) * sizeof(char *));                                         \
		va_start(rest, argument);                                                                             \
		argv[0] = (char *)(uintptr_t)argument;                                                                \
		for (size_t i = 1; i <= count; i++)                                                                   \
			argv[i] = va_arg(rest, char *);                                                               \
		char **envp = environment;                                                                            \
		va_end(rest);                                                                                         \
		return hook(resolved(), path, argv, envp);                                                            \
	}
EXEC_LIST(execl, ms_hook_execve, environ)
EXEC_LIST(execlp, ms_hook_execvpe, environ)
EXEC_LIST(execle, ms_hook_execve, va_arg(rest, char **))

/*
 * vfork: the child runs on this very stack and returns from here first, so there must be no frame of ours to return
 * to twice: the return address waits in a register that the kernel keeps. The parent comes back after the child
 * has left, when the stack is its own again.
 */
__asm__(".text\n"
	".globl vfork\n"
	".type vfork, @function\n"
	"vfork:\n"
	"	.cfi_startproc\n"
	"	endbr64\n"
	"	pop %rdi\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	.cfi_register %rip, %rdi\n"
	"	mov $58, %eax\n" /* SYS_vfork */
	"	syscall\n"
	"	push %rdi\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_rel_offset %rip, 0\n"
	"	test %rax, %rax\n"
	"	jz 1f\n"
	"	sub $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	mov %rax, %rdi\n"
	"	call ms_vfork_parent\n"
	"	add $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"1:	ret\n"
	"	.cfi_endproc\n"
	".size vfork, . - vfork\n");
