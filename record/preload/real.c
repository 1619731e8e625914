/*
 * real.c - finds the functions behind the hooks.
 */
#include "real.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "elf_lookup.h"
#include "process.h"
#include "raw.h"

#define PAGE_BYTES ((size_t)4096)

/* ---- what the table holds before it is filled ------------------------------------------------------------------- */

/* libc's allocator under the names that nobody interposes. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void *early_malloc(size_t size)
{
	return ms_real_resolve() ? ms_real.malloc(size) : __libc_malloc(size);
}

static void *early_calloc(size_t count, size_t size)
{
	return ms_real_resolve() ? ms_real.calloc(count, size) : __libc_calloc(count, size);
}

static void *early_realloc(void *block, size_t size)
{
	return ms_real_resolve() ? ms_real.realloc(block, size) : __libc_realloc(block, size);
}

static void early_free(void *block)
{
	if (ms_real_resolve())
		ms_real.free(block);
	else
		__libc_free(block);
}

static void *early_memalign(size_t alignment, size_t size)
{
	return ms_real_resolve() ? ms_real.memalign(alignment, size) : __libc_memalign(alignment, size);
}

static void *early_aligned_alloc(size_t alignment, size_t size)
{
	return ms_real_resolve() ? ms_real.aligned_alloc(alignment, size) : __libc_memalign(alignment, size);
}

static int early_posix_memalign(void **out, size_t alignment, size_t size)
{
	void *block;

	if (ms_real_resolve())
		return ms_real.posix_memalign(out, alignment, size);
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	block = __libc_memalign(alignment, size);
	if (block == NULL)
		return ENOMEM;
	*out = block;
	return 0;
}

static void *early_valloc(size_t size)
{
	return ms_real_resolve() ? ms_real.valloc(size) : __libc_memalign(PAGE_BYTES, size);
}

static void *early_pvalloc(size_t size)
{
	return ms_real_resolve() ? ms_real.pvalloc(size) : __libc_memalign(PAGE_BYTES, (size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1));
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
	.mmap = early_mmap,
	.munmap = early_munmap,
};

const void *ms_real_allocator;

/* ---- filling it ------------------------------------------------------------------------------------------------- */

/* Every member's symbol, and where the member stands. A member is a function pointer: one word. */
static const struct {
	const char *symbol;
	size_t offset;
} members[] = {
#define X(result, name, parameters) {#name, offsetof(struct ms_real, name)},
	MS_REAL_FUNCTIONS(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind) {#symbol, offsetof(struct ms_real, field)},
	MS_REAL_NEW(X) MS_REAL_DELETE(X)
#undef X
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))
_Static_assert(sizeof(struct ms_real) == MEMBERS * sizeof(void *), "a row for each member");

enum { UNRESOLVED, RESOLVING, RESOLVED };
static _Atomic int resolve_state; /* whoever moves it from UNRESOLVED fills the table; RESOLVED is a release */

bool ms_real_resolve(void)
{
	struct ms_lookup wanted[MEMBERS];
	int expected = UNRESOLVED;

	if (atomic_load_explicit(&resolve_state, memory_order_acquire) == RESOLVED)
		return true;
	if (!atomic_compare_exchange_strong(&resolve_state, &expected, RESOLVING))
		return expected == RESOLVED;
	for (size_t i = 0; i < MEMBERS; i++)
		wanted[i] = (struct ms_lookup){members[i].symbol, NULL};
	ms_lookup(wanted, MEMBERS, ms_is_late());
	/* What nobody defines keeps what it has: an early function or NULL. */
	for (size_t i = 0; i < MEMBERS; i++)
		if (wanted[i].address != NULL)
			*(void **)((char *)&ms_real + members[i].offset) = wanted[i].address;
	ms_real_allocator = (const void *)(uintptr_t)ms_real.malloc;
	atomic_store_explicit(&resolve_state, RESOLVED, memory_order_release);
	return true;
}

void *ms_real_operator(void *field, const char *symbol)
{
	struct ms_lookup wanted = {symbol, NULL};

	ms_lookup(&wanted, 1, true);
	if (wanted.address != NULL)
		__atomic_store_n((void **)field, wanted.address, __ATOMIC_RELAXED);
	return wanted.address;
}
