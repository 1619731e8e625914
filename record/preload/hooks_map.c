/*
 * hooks_map.c - address space: mmap, munmap, mremap, brk, sbrk. What the allocator does inside libc does not pass here.
 *
 * A failed call leaves no event. munmap is stamped before the real call, so that another thread that gets the same place
 * comes later; should the kernel refuse after all (too many mappings), the region is recorded as mapped again.
 */
#include <errno.h>
#include <sys/mman.h>

#include "hooks.h"
#include "raw.h"

#define PAGE_MASK_4K UINT64_C(4095)

void *ms_hook_mmap(const struct ms_real *real, void *address, size_t bytes, int prot, int flags, int fd, off_t offset,
		   const struct ms_caller *caller)
{
	void *mapped = real->mmap(address, bytes, prot, flags, fd, offset);

	if (mapped != MAP_FAILED)
		ms_emit_alloc(MS_EV_MMAP, (uintptr_t)mapped, bytes, caller, 2, (uint32_t)prot, (uint32_t)flags);
	return mapped;
}

int ms_hook_munmap(const struct ms_real *real, void *address, size_t bytes, const struct ms_caller *caller)
{
	bool plausible = ((uintptr_t)address & PAGE_MASK_4K) == 0 && bytes != 0;
	int result;

	if (plausible)
		ms_emit_alloc(MS_EV_MUNMAP, (uintptr_t)address, bytes, caller, 0, 0, 0);
	result = real->munmap(address, bytes);
	if (result != 0 && plausible)
		ms_emit_alloc(MS_EV_MMAP, (uintptr_t)address, bytes, caller, 2, 0, 0);
	return result;
}

void *ms_hook_mremap(const struct ms_real *real, void *address, size_t old_bytes, size_t new_bytes, int flags,
		     void *new_address, const struct ms_caller *caller)
{
	void *mapped = real->mremap(address, old_bytes, new_bytes, flags, new_address);

	if (mapped != MAP_FAILED)
		ms_emit_alloc(MS_EV_MREMAP, (uintptr_t)mapped, new_bytes, caller, 2, (uintptr_t)address, old_bytes);
	return mapped;
}

int ms_hook_brk(const struct ms_real *real, void *address, const struct ms_caller *caller)
{
	int result = real->brk(address);

	if (result == 0)
		ms_emit_alloc(MS_EV_BRK, (uintptr_t)address, 0, caller, 0, 0, 0);
	return result;
}

void *ms_hook_sbrk(const struct ms_real *real, intptr_t increment, const struct ms_caller *caller)
{
	void *old = real->sbrk(increment);

	if (old != (void *)-1 && increment != 0)
		ms_emit_alloc(MS_EV_SBRK, (uintptr_t)old, 0, caller, 1,
			      ((uint64_t)increment << 1) ^ (uint64_t)(increment >> 63), 0);
	return old;
}
