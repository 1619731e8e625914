/*
 * hooks.h - what every interposed function does, as functions that take the real ones as an argument.
 *
 * real: the functions behind the hooks. caller: what stands at the frame pointer of the exported function
 * (__builtin_frame_address(0) there); borrowed for the call. Everything else is the signature and the contract of the
 * function that is interposed: result, errno and effects are the real function's, exactly.
 *
 * Order of stamps: an allocation is stamped after the real call has returned, a free is stamped and published before
 * the real call, so that a crash inside free leaves its evidence.
 *
 * Thread- and signal-safety: as the real function. Never allocates, never locks.
 */
#ifndef MS_PRELOAD_HOOKS_H
#define MS_PRELOAD_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "real.h"
#include "ring.h"

/* The malloc family: hooks_heap.c */
/* UINT64_MAX when it is more than that. */
static inline uint64_t ms_product(size_t count, size_t size)
{
	uint64_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? UINT64_MAX : bytes;
}
/* An allocation of an ALLOC kind that returned NULL: records that, returns NULL. */
void *ms_hook_failed(uint8_t kind, uint64_t size, const struct ms_caller *caller) __attribute__((noinline, cold));
void *ms_hook_malloc(const struct ms_real *real, size_t size, const struct ms_caller *caller);
void *ms_hook_calloc(const struct ms_real *real, size_t count, size_t size, const struct ms_caller *caller);
void *ms_hook_realloc(const struct ms_real *real, void *block, size_t size, const struct ms_caller *caller);
void *ms_hook_reallocarray(const struct ms_real *real, void *block, size_t count, size_t size,
			   const struct ms_caller *caller);
void ms_hook_free(const struct ms_real *real, void *block, const struct ms_caller *caller);
void *ms_hook_aligned_alloc(const struct ms_real *real, size_t alignment, size_t size, const struct ms_caller *caller);
void *ms_hook_memalign(const struct ms_real *real, size_t alignment, size_t size, const struct ms_caller *caller);
int ms_hook_posix_memalign(const struct ms_real *real, void **out, size_t alignment, size_t size,
			   const struct ms_caller *caller);
void *ms_hook_valloc(const struct ms_real *real, size_t size, const struct ms_caller *caller);
void *ms_hook_pvalloc(const struct ms_real *real, size_t size, const struct ms_caller *caller);
void ms_hook_free_sized(const struct ms_real *real, void *block, size_t size, const struct ms_caller *caller);
void ms_hook_free_aligned_sized(const struct ms_real *real, void *block, size_t alignment, size_t size,
				const struct ms_caller *caller);

/*
 * The C++ operators: hooks_cxx.c, one function per row of MS_REAL_NEW and MS_REAL_DELETE. An operator's hook and the malloc
 * or free that the real operator calls record one event between them. A new may throw through its hook.
 */
#define X(field, symbol, parameters, arguments, all, kind)                                                     \
	void *ms_hook_##field(struct ms_real *real, const struct ms_caller *caller, size_t size, size_t align, \
			      const void *tag);
MS_REAL_NEW(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind)                                                     \
	void ms_hook_##field(struct ms_real *real, const struct ms_caller *caller, void *block, size_t size,   \
			     size_t align, const void *tag);
MS_REAL_DELETE(X)
#undef X

/* The same for other functions that throw when there is no memory: real->malloc is the function, the event is a malloc. */
void *ms_hook_throwing(const struct ms_real *real, size_t size, const struct ms_caller *caller);

/* How far below an operator's hook its own call of malloc may come from, in bytes of stack. A signal frame is larger. */
#define MS_OPERATOR_STACK_BYTES 1024u

/* Is malloc(size), called with stack pointer sp, the first attempt of the plain operator new that is pending? */
static inline bool ms_pending_is_own(uint64_t size, uint64_t sp)
{
	const struct ms_pending *pending = &ms_tls.pending;

	return !pending->failed && pending->log2_align == 0 && size == (pending->size == 0 ? 1 : pending->size) && sp < pending->sp &&
	       pending->sp - sp <= MS_OPERATOR_STACK_BYTES;
}

/* The operator's hook need not record the block: it has been recorded as the operator's, or is left out of a sample. */
static inline void ms_pending_done(void)
{
	ms_tls.pending.kind = 0;
	ms_tls.pending.used = 1;
}

/* Address space: hooks_map.c */
void *ms_hook_mmap(const struct ms_real *real, void *address, size_t bytes, int prot, int flags, int fd, off_t offset,
		   const struct ms_caller *caller);
int ms_hook_munmap(const struct ms_real *real, void *address, size_t bytes, const struct ms_caller *caller);
void *ms_hook_mremap(const struct ms_real *real, void *address, size_t old_bytes, size_t new_bytes, int flags,
		     void *new_address, const struct ms_caller *caller);
int ms_hook_brk(const struct ms_real *real, void *address, const struct ms_caller *caller);
void *ms_hook_sbrk(const struct ms_real *real, intptr_t increment, const struct ms_caller *caller);

/* The alignment as a trace stores it: log2, rounded up. */
static inline uint64_t ms_log2(uint64_t alignment)
{
	return alignment <= 1 ? 0 : 64u - (uint64_t)__builtin_clzll(alignment - 1);
}

#endif
