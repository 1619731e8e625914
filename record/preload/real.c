/*
 * real.c - finds the functions behind the hooks, and serves allocations that come before they are found.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "raw.h"

/* ---- the bootstrap arena ---------------------------------------------------------------------------------------- */

/* Only dlsym's own allocations land here, while ms_real_resolve runs: a bump pointer that never goes back. */
_Alignas(4096) unsigned char ms_boot_memory[MS_BOOT_BYTES];
static _Atomic size_t boot_used; /* bytes handed out; fetch_add, relaxed */

#define BOOT_HEADER 16u /* in front of each block: its size */

void *ms_boot_alloc(size_t bytes, size_t alignment)
{
	size_t room, start, at;

	if (alignment < BOOT_HEADER)
		alignment = BOOT_HEADER;
	if (alignment > 4096 || bytes > MS_BOOT_BYTES)
		return NULL;
	room = (bytes + BOOT_HEADER + alignment + 15) & ~(size_t)15;
	start = atomic_fetch_add_explicit(&boot_used, room, memory_order_relaxed);
	if (start > MS_BOOT_BYTES - 16 || room > MS_BOOT_BYTES - start) {
		atomic_fetch_sub_explicit(&boot_used, room, memory_order_relaxed);
		return NULL;
	}
	at = (start + BOOT_HEADER + alignment - 1) & ~(alignment - 1);
	memcpy(ms_boot_memory + at - BOOT_HEADER, &bytes, sizeof(bytes));
	return ms_boot_memory + at;
}

size_t ms_boot_size(const void *block)
{
	size_t bytes;

	memcpy(&bytes, (const unsigned char *)block - BOOT_HEADER, sizeof(bytes));
	return bytes;
}

/* ---- what the table holds before it is resolved ----------------------------------------------------------------- */

static void *early(void *block)
{
	if (block == NULL)
		errno = ENOMEM;
	return block;
}

static void *early_malloc(size_t size)
{
	return ms_real_resolve() ? ms_real.malloc(size) : early(ms_boot_alloc(size, 16));
}

static void *early_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (ms_real_resolve())
		return ms_real.calloc(count, size);
	return early(__builtin_mul_overflow(count, size, &bytes) ? NULL : ms_boot_alloc(bytes, 16));
}

/* Only for NULL and for blocks that are not the bootstrap arena's: the hook has taken those already. */
static void *early_realloc(void *block, size_t size)
{
	if (ms_real_resolve())
		return ms_real.realloc(block, size);
	return early(block == NULL ? ms_boot_alloc(size, 16) : NULL);
}

static void early_free(void *block)
{
	if (ms_real_resolve())
		ms_real.free(block);
}

static void *early_memalign(size_t alignment, size_t size)
{
	return ms_real_resolve() ? ms_real.memalign(alignment, size) : early(ms_boot_alloc(size, alignment));
}

static void *early_aligned_alloc(size_t alignment, size_t size)
{
	return ms_real_resolve() ? ms_real.aligned_alloc(alignment, size) : early(ms_boot_alloc(size, alignment));
}

static int early_posix_memalign(void **out, size_t alignment, size_t size)
{
	void *block;

	if (ms_real_resolve())
		return ms_real.posix_memalign(out, alignment, size);
	block = ms_boot_alloc(size, alignment);
	if (block == NULL)
		return ENOMEM;
	*out = block;
	return 0;
}

static void *early_valloc(size_t size)
{
	return ms_real_resolve() ? ms_real.valloc(size) : early(ms_boot_alloc(size, 4096));
}

static void *early_pvalloc(size_t size)
{
	return ms_real_resolve() ? ms_real.pvalloc(size) : early(ms_boot_alloc((size + 4095) & ~(size_t)4095, 4096));
}

static size_t early_malloc_usable_size(void *block)
{
	return ms_real_resolve() ? ms_real.malloc_usable_size(block) : 0;
}

static void *early_mmap(void *address, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	long at = ms_raw_mmap(address, bytes, prot, flags, fd, offset);

	if (!ms_raw_failed(at))
		return (void *)at;
	errno = (int)-at;
	return MAP_FAILED;
}

static int early_munmap(void *address, size_t bytes)
{
	long result = ms_raw_munmap(address, bytes);

	if (result == 0)
		return 0;
	errno = (int)-result;
	return -1;
}

struct ms_real ms_real = {
	.malloc = early_malloc,
	.calloc = early_calloc,
	.realloc = early_realloc,
	.free = early_free,
	.memalign = early_memalign,
	.aligned_alloc = early_aligned_alloc,
	.posix_memalign = early_posix_memalign,
	.valloc = early_valloc,
	.pvalloc = early_pvalloc,
	.malloc_usable_size = early_malloc_usable_size,
	.mmap = early_mmap,
	.munmap = early_munmap,
};

/* ---- resolving -------------------------------------------------------------------------------------------------- */

enum { UNRESOLVED, RESOLVING, RESOLVED };
static _Atomic int resolve_state; /* whoever moves it from UNRESOLVED fills the table; RESOLVED is a release */

/* Object pointers and function pointers have one representation here (POSIX dlsym). A member keeps what it holds when
   the symbol is missing, so that an early function is never replaced by NULL. */
static void find_next(void *slot, const char *symbol)
{
	void *address = dlsym(RTLD_NEXT, symbol);

	if (address != NULL)
		memcpy(slot, &address, sizeof(address));
}

bool ms_real_resolve(void)
{
	int expected = UNRESOLVED;
	int saved_errno;

	if (atomic_load_explicit(&resolve_state, memory_order_acquire) == RESOLVED)
		return true;
	if (!atomic_compare_exchange_strong(&resolve_state, &expected, RESOLVING))
		return expected == RESOLVED;
	saved_errno = errno;
	/* The table is filled in a copy: calls that come back to us meanwhile go on to the bootstrap arena. */
	struct ms_real found = ms_real;
#define X(result, name, parameters) find_next(&found.name, #name);
	MS_REAL_FUNCTIONS(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind) find_next(&found.field, #symbol);
	MS_REAL_NEW(X)
	MS_REAL_DELETE(X)
#undef X
	ms_real = found;
	atomic_store_explicit(&resolve_state, RESOLVED, memory_order_release);
	errno = saved_errno;
	return true;
}

/* Copies the name of module number `left` (counted down) and stops there. */
struct name_search {
	unsigned left;
	char name[4096];
};

static int copy_name(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct name_search *search = context;
	size_t length;

	(void)bytes;
	if (search->left-- > 0)
		return 0;
	length = info->dlpi_name != NULL ? strlen(info->dlpi_name) : 0;
	if (length >= sizeof(search->name))
		length = 0;
	memcpy(search->name, info->dlpi_name, length);
	search->name[length] = '\0';
	return 1;
}

/* dlsym on the program's own handle may answer with our hook. */
static void *not_ours(void *address)
{
	struct dl_find_object there, here;

	if (address == NULL || _dl_find_object(address, &there) != 0 || _dl_find_object(ms_boot_memory, &here) != 0)
		return address;
	return there.dlfo_map_start == here.dlfo_map_start ? NULL : address;
}

void *ms_real_operator(void *slot, const char *symbol, uint64_t pc)
{
	int saved_errno = errno;
	struct dl_find_object module;
	struct name_search search;
	void *address = NULL;

	if (_dl_find_object((void *)(uintptr_t)pc, &module) == 0 && module.dlfo_link_map != NULL)
		address = not_ours(dlsym(module.dlfo_link_map, symbol));
	/* One module at a time, by number: dlopen inside dl_iterate_phdr would take the loader's two locks in the wrong
	   order. RTLD_NOLOAD only gives a handle for what is there. */
	for (unsigned i = 0; address == NULL; i++) {
		void *handle;

		search.left = i;
		if (dl_iterate_phdr(copy_name, &search) == 0)
			break;
		handle = search.name[0] == '/' ? dlopen(search.name, RTLD_LAZY | RTLD_NOLOAD) : NULL;
		if (handle == NULL)
			continue;
		address = not_ours(dlsym(handle, symbol));
		ms_real.dlclose(handle);
	}
	if (address != NULL)
		__atomic_store_n((void **)slot, address, __ATOMIC_RELAXED);
	errno = saved_errno;
	return address;
}
