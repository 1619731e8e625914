/*
 * libsafemalloc.so - an allocator that a signal handler may call at any moment: a bump pointer moved by one atomic
 * instruction. free keeps the memory. With it, malloc in a handler that interrupts malloc is a legal program, so a test can
 * ask that the hooks above it are as safe. Also stands for every allocator that is not libc's.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(4096) char pool[(size_t)1 << 30]; /* committed when touched */
static atomic_size_t used;

static void *take(size_t alignment, size_t n)
{
	if (n > sizeof pool / 2)
		goto none;
	size_t at = atomic_fetch_add(&used, n + alignment + 32);
	if (at + n + alignment + 32 > sizeof pool)
		goto none;
	char *p = (char *)(((uintptr_t)(pool + at) + 16 + alignment - 1) / alignment * alignment);
	memcpy(p - sizeof n, &n, sizeof n);
	return p;
none:
	errno = ENOMEM;
	return NULL;
}

void *malloc(size_t n) { return take(16, n); }
void *calloc(size_t k, size_t n) { return n && k > SIZE_MAX / n ? NULL : take(16, k * n); }
void free(void *p) { (void)p; }
void *memalign(size_t a, size_t n);
void *memalign(size_t a, size_t n) { return take(a < 16 ? 16 : a, n); }
void *aligned_alloc(size_t a, size_t n) { return take(a < 16 ? 16 : a, n); }
int posix_memalign(void **p, size_t a, size_t n)
{
	void *q = take(a < 16 ? 16 : a, n);
	if (!q)
		return ENOMEM;
	*p = q;
	return 0;
}
size_t malloc_usable_size(void *p);
size_t malloc_usable_size(void *p)
{
	size_t n = 0;
	if (p)
		memcpy(&n, (char *)p - sizeof n, sizeof n);
	return n;
}
void *realloc(void *p, size_t n)
{
	if (p && n == 0)
		return NULL;
	void *q = take(16, n);
	size_t old = malloc_usable_size(p);
	return q && p ? memcpy(q, p, old < n ? old : n) : q;
}
