/*
 * hooks_heap.c - the malloc family.
 */
#include <errno.h>

#include "births.h"
#include "hooks.h"

/* The call returned NULL. size: as asked, UINT64_MAX when the product overflowed. */
void *ms_hook_failed(uint8_t kind, uint64_t size, const struct ms_caller *caller)
{
	ms_emit_birth(MS_EV_ALLOC_FAILED, 0, size, caller, 1, kind, 0);
	return NULL;
}

/*
 * An allocation while an operator new is pending on this thread (hooks_cxx.c). It is the operator's own when the size is
 * right and the call comes from just below the operator's hook; after a failure only the same call again counts: the
 * operator's retry, not what runs while an exception is thrown.
 */
static bool is_of_operator(const struct ms_pending *pending, size_t size, const struct ms_caller *caller)
{
	uint64_t sp = ms_caller_sp(caller);
	uint64_t align = pending->log2_align != 0 ? UINT64_C(1) << pending->log2_align : 1;
	uint64_t least = pending->size == 0 ? 1 : pending->size;

	if (pending->failed)
		return sp == pending->inner_sp && size >= least && size - least < align;
	return size >= least && size - least < align && sp < pending->sp && pending->sp - sp <= MS_OPERATOR_STACK_BYTES;
}

static __attribute__((noinline)) void *record_pending(uint8_t kind, unsigned args, uint64_t arg, void *block,
						      size_t size, const struct ms_caller *caller)
{
	struct ms_pending *pending = &ms_tls.pending;

	if (!is_of_operator(pending, size, caller)) {
		if (block == NULL)
			return ms_hook_failed(kind, size, caller);
		pending->inner = block;
		if (args == 0)
			ms_emit_birth(kind, (uintptr_t)block, size, caller, 0, 0, 0);
		else
			ms_emit_birth(kind, (uintptr_t)block, size, caller, 1, arg, 0);
		return block;
	}
	kind = pending->kind;
	if (block == NULL) {
		pending->failed = 1;
		pending->inner_sp = ms_caller_sp(caller);
		return ms_hook_failed(kind, pending->size, pending->caller);
	}
	ms_pending_done();
	if (kind == MS_EV_NEW_ALIGNED || kind == MS_EV_NEW_ARRAY_ALIGNED)
		ms_emit_birth(kind, (uintptr_t)block, pending->size, pending->caller, 1, pending->log2_align, 0);
	else
		ms_emit_birth(kind, (uintptr_t)block, pending->size, pending->caller, 0, 0, 0);
	return block;
}

void *ms_hook_malloc(const struct ms_real *real, size_t size, const struct ms_caller *caller)
{
	void *block = real->malloc(size);

	if (MS_UNLIKELY(ms_tls.pending.kind != 0))
		return record_pending(MS_EV_MALLOC, 0, 0, block, size, caller);
	if (MS_UNLIKELY(block == NULL))
		return ms_hook_failed(MS_EV_MALLOC, size, caller);
	ms_emit_birth(MS_EV_MALLOC, (uintptr_t)block, size, caller, 0, 0, 0);
	return block;
}

void *ms_hook_calloc(const struct ms_real *real, size_t count, size_t size, const struct ms_caller *caller)
{
	void *block = real->calloc(count, size);

	if (MS_UNLIKELY(block == NULL))
		return ms_hook_failed(MS_EV_CALLOC, ms_product(count, size), caller);
	ms_emit_birth(MS_EV_CALLOC, (uintptr_t)block, count * size, caller, 0, 0, 0);
	return block;
}

void *ms_hook_realloc(const struct ms_real *real, void *block, size_t size, const struct ms_caller *caller)
{
	void *moved;
	bool freed;

	ms_tls.caller = caller;
	if (block == NULL) {
		moved = real->realloc(NULL, size);
		if (MS_UNLIKELY(moved == NULL))
			return ms_hook_failed(MS_EV_REALLOC_NEW, size, caller);
		ms_emit_birth(MS_EV_REALLOC_NEW, (uintptr_t)moved, size, caller, 0, 0, 0);
		return moved;
	}
	if (size == 0) {
		ms_emit_end(MS_EV_REALLOC_ZERO, (uintptr_t)block, caller, 0, 0, 0);
		moved = real->realloc(block, 0);
		if (moved != NULL)
			ms_emit_birth(MS_EV_MALLOC, (uintptr_t)moved, 0, caller, 0, 0, 0);
		return moved;
	}
	freed = ms_emit_end(MS_EV_REALLOC_FREE, (uintptr_t)block, caller, 0, 0, 0);
	moved = real->realloc(block, size);
	ms_emit_realloc(freed, block, moved, size, caller);
	return moved;
}

/* glibc's reallocarray calls realloc through the PLT; going there directly names the right caller. */
void *ms_hook_reallocarray(const struct ms_real *real, void *block, size_t count, size_t size,
			   const struct ms_caller *caller)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		if (block != NULL) {
			ms_emit_realloc(ms_emit_end(MS_EV_REALLOC_FREE, (uintptr_t)block, caller, 0, 0, 0), block, NULL, bytes, caller);
			return NULL;
		}
		return ms_hook_failed(MS_EV_REALLOC_NEW, UINT64_MAX, caller);
	}
	return ms_hook_realloc(real, block, bytes, caller);
}

void ms_hook_free(const struct ms_real *real, void *block, const struct ms_caller *caller)
{
	if (MS_LIKELY(block != NULL)) {
		if (MS_UNLIKELY(block == ms_tls.freeing))
			ms_tls.freeing = NULL; /* the delete that called us has recorded it */
		else
			ms_emit_end(MS_EV_FREE, (uintptr_t)block, caller, 0, 0, 0);
	}
	ms_tls.caller = caller;
	real->free(block);
}

/* A real free_sized may call free through the PLT. */
void ms_hook_free_sized(const struct ms_real *real, void *block, size_t size, const struct ms_caller *caller)
{
	if (block != NULL)
		ms_emit_end(MS_EV_FREE_SIZED, (uintptr_t)block, caller, 1, size, 0);
	ms_tls.freeing = block;
	ms_tls.caller = caller;
	if (real->free_sized != NULL)
		real->free_sized(block, size);
	else
		real->free(block);
	ms_tls.freeing = NULL;
}

void ms_hook_free_aligned_sized(const struct ms_real *real, void *block, size_t alignment, size_t size,
				const struct ms_caller *caller)
{
	if (block != NULL)
		ms_emit_end(MS_EV_FREE_ALIGNED_SIZED, (uintptr_t)block, caller, 2, size, ms_log2(alignment));
	ms_tls.freeing = block;
	ms_tls.caller = caller;
	if (real->free_aligned_sized != NULL)
		real->free_aligned_sized(block, alignment, size);
	else
		real->free(block);
	ms_tls.freeing = NULL;
}

/* The aligned calls: one argument more, and the way that an aligned operator new goes. */
static inline void *record_aligned(uint8_t kind, size_t alignment, size_t size, void *block,
				   const struct ms_caller *caller)
{
	if (MS_UNLIKELY(ms_tls.pending.kind != 0))
		return record_pending(kind, 1, ms_log2(alignment), block, size, caller);
	if (MS_UNLIKELY(block == NULL))
		return ms_hook_failed(kind, size, caller);
	ms_emit_birth(kind, (uintptr_t)block, size, caller, 1, ms_log2(alignment), 0);
	return block;
}

void *ms_hook_aligned_alloc(const struct ms_real *real, size_t alignment, size_t size, const struct ms_caller *caller)
{
	return record_aligned(MS_EV_ALIGNED_ALLOC, alignment, size, real->aligned_alloc(alignment, size), caller);
}

void *ms_hook_memalign(const struct ms_real *real, size_t alignment, size_t size, const struct ms_caller *caller)
{
	return record_aligned(MS_EV_MEMALIGN, alignment, size, real->memalign(alignment, size), caller);
}

int ms_hook_posix_memalign(const struct ms_real *real, void **out, size_t alignment, size_t size,
			   const struct ms_caller *caller)
{
	int result = real->posix_memalign(out, alignment, size);

	record_aligned(MS_EV_POSIX_MEMALIGN, alignment, size, result == 0 ? *out : NULL, caller);
	return result;
}

void *ms_hook_valloc(const struct ms_real *real, size_t size, const struct ms_caller *caller)
{
	void *block = real->valloc(size);

	if (MS_UNLIKELY(block == NULL))
		return ms_hook_failed(MS_EV_VALLOC, size, caller);
	ms_emit_birth(MS_EV_VALLOC, (uintptr_t)block, size, caller, 0, 0, 0);
	return block;
}

void *ms_hook_pvalloc(const struct ms_real *real, size_t size, const struct ms_caller *caller)
{
	void *block = real->pvalloc(size);

	if (MS_UNLIKELY(block == NULL))
		return ms_hook_failed(MS_EV_PVALLOC, size, caller);
	ms_emit_birth(MS_EV_PVALLOC, (uintptr_t)block, size, caller, 0, 0, 0);
	return block;
}
