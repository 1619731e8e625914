/*
 * nop_preload - the baseline between "plain" and a recorder: a preloaded library that takes every call of the malloc
 * family and passes it on, nothing else. What it costs is what interposition costs.
 *
 * Built with -DCOUNT it is the independent referee: it counts, with no knowledge of any recorder, and at exit appends
 * one line to the file named by BENCH_COUNT:
 *
 *   allocations frees reallocations events
 *
 * by the rules of the reports: realloc(NULL, n) is an allocation, realloc(p, 0) a free, any other successful realloc
 * one reallocation (two events: the end of the old block and the begin of the new one), free(NULL) and failed calls
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);
extern void *__libc_memalign(size_t alignment, size_t size);

#ifdef COUNT
static _Atomic uint64_t allocations, frees, reallocations;
#define ADD(counter) atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed)

__attribute__((destructor)) static void report(void)
{
	char line[128];
	const char *path = getenv("BENCH_COUNT");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return;
	int n = snprintf(line, sizeof line, "%llu %llu %llu %llu\n", (unsigned long long)allocations,
	                 (unsigned long long)frees, (unsigned long long)reallocations,
	                 (unsigned long long)(allocations + frees + 2 * reallocations));
	if (write(fd, line, (size_t)n) != n)
		_exit(125);
	close(fd);
}
#else
#define ADD(counter) ((void)0)
#endif

static void *allocated(void *p)
{
	if (p)
		ADD(allocations);
	return p;
}

void *malloc(size_t size) { return allocated(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return allocated(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return allocated(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return allocated(__libc_memalign(alignment, size)); }

void free(void *p)
{
	if (p)
		ADD(frees);
	__libc_free(p);
}

void *realloc(void *p, size_t size)
{
	void *q = __libc_realloc(p, size);
	if (!p)
		allocated(q);
	else if (q)
		ADD(reallocations);
	else if (size == 0)
		ADD(frees);
	return q;
}

void *reallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	void *p = allocated(__libc_memalign(alignment, size));
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}
