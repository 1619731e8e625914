/*
 * real.h - the functions behind the hooks: the next definition after ours, found once (elf_lookup.h).
 *
 * Hooks take the table as an argument, so that tests can give them another one. The allocation functions of ms_real
 * start as functions that fill the table and then forward; a hook therefore never checks whether the table is ready, and
 * a call can come at any time, even before libc is initialised. Nothing allocates while the table is filled, so there is
 * no arena for early calls; should a call come nevertheless (a program that replaces dl_iterate_phdr), libc's own
 * allocator serves it under its internal name.
 *
 * Thread-safety: ms_real is written by one thread (ms_real_resolve) and constant afterwards, but for the C++ operators,
 * which are looked for again when they are first needed (relaxed atomic stores of the same value).
 */
#ifndef MS_PRELOAD_REAL_H
#define MS_PRELOAD_REAL_H

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* X(result, name, parameters): C functions, by their own name. */
#define MS_REAL_FUNCTIONS(X)                                                                                   \
	X(void *, malloc, (size_t))                                                                            \
	X(void *, calloc, (size_t, size_t))                                                                    \
	X(void *, realloc, (void *, size_t))                                                                   \
	X(void, free, (void *))                                                                                \
	X(void *, aligned_alloc, (size_t, size_t))                                                             \
	X(int, posix_memalign, (void **, size_t, size_t))                                                      \
	X(void *, memalign, (size_t, size_t))                                                                  \
	X(void *, valloc, (size_t))                                                                            \
	X(void *, pvalloc, (size_t))                                                                           \
	X(void, free_sized, (void *, size_t))                                                                  \
	X(void, free_aligned_sized, (void *, size_t, size_t))                                                  \
	X(void *, mmap, (void *, size_t, int, int, int, off_t))                                                \
	X(int, munmap, (void *, size_t))                                                                       \
	X(void *, mremap, (void *, size_t, size_t, int, ...))                                                  \
	X(int, brk, (void *))                                                                                  \
	X(void *, sbrk, (intptr_t))                                                                            \
	X(int, pthread_setname_np, (pthread_t, const char *))                                                  \
	X(void, abort, (void))                                                                                 \
	X(void, _exit, (int))                                                                                  \
	X(int, prctl, (int, ...))                                                                              \
	X(int, dlclose, (void *))                                                                              \
	X(pid_t, fork, (void))                                                                                 \
	X(pid_t, _Fork, (void))                                                                                \
	X(int, posix_spawn, (pid_t *, const char *, const posix_spawn_file_actions_t *,                        \
			     const posix_spawnattr_t *, char *const[], char *const[]))                         \
	X(int, posix_spawnp, (pid_t *, const char *, const posix_spawn_file_actions_t *,                       \
			      const posix_spawnattr_t *, char *const[], char *const[]))                        \
	X(int, execve, (const char *, char *const[], char *const[]))                                           \
	X(int, execvpe, (const char *, char *const[], char *const[]))                                          \
	X(int, fexecve, (int, char *const[], char *const[]))                                                   \
	X(int, execveat, (int, const char *, char *const[], char *const[], int))                               \
	X(int, getrlimit, (__rlimit_resource_t, struct rlimit *))                                              \
	X(int, setrlimit, (__rlimit_resource_t, const struct rlimit *))                                        \
	X(int, prlimit, (pid_t, enum __rlimit_resource, const struct rlimit *, struct rlimit *))

/*
 * The C++ operators: X(field, mangled name, parameters, arguments, what the hook gets, event kind). In a field's name m = size,
 * a = alignment, t = std::nothrow_t, p = pointer. A hook of a new gets (size, alignment, tag), of a delete (block, size,
 * alignment); what the operator does not have is 0.
 */
#define MS_REAL_NEW(X)                                                                                         \
	X(new_m, _Znwm, (size_t size), (size), (size, 0, NULL), NEW)                                           \
	X(new_array_m, _Znam, (size_t size), (size), (size, 0, NULL), NEW_ARRAY)                               \
	X(new_mt, _ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), (size, 0, tag), NEW)       \
	X(new_array_mt, _ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), (size, 0, tag),      \
	  NEW_ARRAY)                                                                                           \
	X(new_ma, _ZnwmSt11align_val_t, (size_t size, size_t align), (size, align), (size, align, NULL),       \
	  NEW_ALIGNED)                                                                                         \
	X(new_array_ma, _ZnamSt11align_val_t, (size_t size, size_t align), (size, align), (size, align, NULL), \
	  NEW_ARRAY_ALIGNED)                                                                                   \
	X(new_mat, _ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t align, const void *tag),           \
	  (size, align, tag), (size, align, tag), NEW_ALIGNED)                                                 \
	X(new_array_mat, _ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t align, const void *tag),     \
	  (size, align, tag), (size, align, tag), NEW_ARRAY_ALIGNED)
#define MS_REAL_DELETE(X)                                                                                      \
	X(delete_p, _ZdlPv, (void *block), (block), (block, 0, 0, NULL), DELETE)                               \
	X(delete_array_p, _ZdaPv, (void *block), (block), (block, 0, 0, NULL), DELETE_ARRAY)                   \
	X(delete_pt, _ZdlPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag), (block, 0, 0, tag),   \
	  DELETE)                                                                                              \
	X(delete_array_pt, _ZdaPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag),                 \
	  (block, 0, 0, tag), DELETE_ARRAY)                                                                    \
	X(delete_pm, _ZdlPvm, (void *block, size_t size), (block, size), (block, size, 0, NULL), DELETE_SIZED) \
	X(delete_array_pm, _ZdaPvm, (void *block, size_t size), (block, size), (block, size, 0, NULL),         \
	  DELETE_ARRAY_SIZED)                                                                                  \
	X(delete_pa, _ZdlPvSt11align_val_t, (void *block, size_t align), (block, align),                       \
	  (block, 0, align, NULL), DELETE_ALIGNED)                                                             \
	X(delete_array_pa, _ZdaPvSt11align_val_t, (void *block, size_t align), (block, align),                 \
	  (block, 0, align, NULL), DELETE_ARRAY_ALIGNED)                                                       \
	X(delete_pat, _ZdlPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t align, const void *tag),       \
	  (block, align, tag), (block, 0, align, tag), DELETE_ALIGNED)                                         \
	X(delete_array_pat, _ZdaPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t align, const void *tag), \
	  (block, align, tag), (block, 0, align, tag), DELETE_ARRAY_ALIGNED)                                   \
	X(delete_pma, _ZdlPvmSt11align_val_t, (void *block, size_t size, size_t align), (block, size, align),  \
	  (block, size, align, NULL), DELETE_SIZED_ALIGNED)                                                    \
	X(delete_array_pma, _ZdaPvmSt11align_val_t, (void *block, size_t size, size_t align),                  \
	  (block, size, align), (block, size, align, NULL), DELETE_ARRAY_SIZED_ALIGNED)

struct ms_real {
#define X(result, name, parameters) result(*name) parameters;
	MS_REAL_FUNCTIONS(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind) void *(*field) parameters;
	MS_REAL_NEW(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind) void (*field) parameters;
	MS_REAL_DELETE(X)
#undef X
};

/* The table of this process. */
extern struct ms_real ms_real;
/* The malloc of the process, whatever a guard puts into the table; NULL until it is resolved. Says where the allocator's code and data lie. */
extern const void *ms_real_allocator;

/* Fills ms_real. True when it is filled (now or before); false while it is being filled: by this thread, further out on
   its stack, or by another one. No errno. */
bool ms_real_resolve(void);

/*
 * Looks for a C++ operator again when it is first needed: the C++ library may have come with dlopen. field = the member of a
 * struct ms_real to fill. NULL when no module defines the operator. No errno.
 */
void *ms_real_operator(void *field, const char *symbol);

#endif
