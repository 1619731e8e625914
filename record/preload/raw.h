/*
 * raw.h - system calls without libc: no errno, no cancellation point, no interposition.
 *
 * Every function returns what the kernel returns: a value, or -errno in [-4095, -1]. All are async-signal-safe. The
 * library inside the app makes its own system calls through these only, so that it neither disturbs errno nor meets
 * its own hooks.
 */
#ifndef MS_PRELOAD_RAW_H
#define MS_PRELOAD_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long ms_raw(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline bool ms_raw_failed(long result)
{
	return (unsigned long)result >= (unsigned long)-4095L;
}

static inline long ms_raw_mmap(void *address, size_t bytes, int prot, int flags, int fd, long offset)
{
	return ms_raw(SYS_mmap, (long)address, (long)bytes, prot, flags, fd, offset);
}

/* own_memory.h: the list of memory that is ours. */
void ms_own_add(uint64_t start, uint64_t bytes);
void ms_own_remove(uint64_t start, uint64_t bytes);

static inline long ms_raw_munmap(void *address, size_t bytes)
{
	ms_own_remove((uint64_t)(uintptr_t)address, bytes);
	return ms_raw(SYS_munmap, (long)address, (long)bytes, 0, 0, 0, 0);
}

static inline long ms_raw_madvise(void *address, size_t bytes, int advice)
{
	return ms_raw(SYS_madvise, (long)address, (long)bytes, advice, 0, 0, 0);
}

static inline long ms_raw_getpid(void)
{
	return ms_raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline long ms_raw_gettid(void)
{
	return ms_raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

/* Memory of our own: private, zeroed, committed when touched; no root of the heap graph. NULL when the kernel refuses. */
static inline void *ms_raw_memory(size_t bytes)
{
	long at = ms_raw_mmap(NULL, bytes, 3 /* read, write */, 0x4022 /* private, anonymous, noreserve */, -1, 0);

	if (ms_raw_failed(at))
		return NULL;
	ms_own_add((uint64_t)at, bytes);
	return (void *)at;
}

#endif
