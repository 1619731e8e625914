/*
 * count_preload.so - counts the calls of the malloc family, independently of memscope, as the tests' referee.
 *
 * The counters stand in the file COUNT_FILE, mapped shared, so they are exact however the process ends. Counted is the process
 * whose executable has the base name COUNT_EXE (so the recorder, which inherits LD_PRELOAD, is not), the first one that
 * claims the file; its forks are not counted, what it execs is counted on if the name still fits. Loaded after
 * libmemscope-preload.so it sees what passed through memscope in the same run.
 *
 * Counting rules are those of a report: realloc(NULL, n) is an allocation, realloc(p, 0) that gives NULL a free, any other
 * successful realloc a reallocation; a call that fails, and free(NULL), count nowhere.
 *
 * The file: 8-byte little-endian numbers, in the order of enum counter.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum counter {
	OWNER_PID,
	ALLOCATIONS,
	FREES,
	REALLOCATIONS,
	ALLOCATED_BYTES,
	EXE_ALLOCATIONS, /* called from the executable itself, not from a library */
	EXE_FREES,
	EXE_REALLOCATIONS,
	FAILED,
	COUNTERS,
};

static _Atomic uint64_t unused_counters[COUNTERS];
static _Atomic uint64_t *counters = unused_counters;
static uintptr_t exe_start, exe_end;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void *(*real_memalign)(size_t, size_t);
static void *(*real_valloc)(size_t);
static void *(*real_pvalloc)(size_t);

/* For calls made while the real functions are being looked up. */
static _Alignas(16) char early[65536];
static size_t early_used;
static int looking_up;

static void in_child(void)
{
	counters = unused_counters;
}

static int first_object(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	exe_start = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type != PT_LOAD)
			continue;
		if (info->dlpi_addr + p->p_vaddr < exe_start)
			exe_start = info->dlpi_addr + p->p_vaddr;
		if (info->dlpi_addr + p->p_vaddr + p->p_memsz > exe_end)
			exe_end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
	}
	return 1;
}

static void attach(void)
{
	const char *file = getenv("COUNT_FILE"), *exe = getenv("COUNT_EXE");
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (!file || !exe || n < 0)
		return;
	path[n] = 0;
	const char *base = strrchr(path, '/');
	if (strcmp(base ? base + 1 : path, exe))
		return;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (ftruncate(fd, sizeof unused_counters) == 0) {
		void *m = mmap(NULL, sizeof unused_counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (m != MAP_FAILED) {
			_Atomic uint64_t *shared = m;
			uint64_t nobody = 0, me = (uint64_t)getpid();
			if (atomic_compare_exchange_strong(&shared[OWNER_PID], &nobody, me) || nobody == me) {
				counters = shared;
				pthread_atfork(NULL, NULL, in_child);
			}
		}
	}
	close(fd);
}

static void look_up(void)
{
	looking_up = 1;
	real_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	real_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	real_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	real_posix_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
	real_aligned_alloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
	real_memalign = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "memalign");
	real_valloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "valloc");
	real_pvalloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "pvalloc");
	real_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	dl_iterate_phdr(first_object, NULL);
	attach();
	looking_up = 0;
}

/* Calls from .preinit_array come before getenv works: they are added as soon as it does. */
__attribute__((constructor)) static void adopt(void)
{
	if (!real_free)
		look_up();
	if (counters != unused_counters)
		return;
	attach();
	for (int i = ALLOCATIONS; counters != unused_counters && i < COUNTERS; i++)
		atomic_fetch_add(&counters[i], unused_counters[i]);
}

static void *early_alloc(size_t n)
{
	size_t start = (early_used + 31) & ~(size_t)15; /* the size stands before the block */
	if (n > sizeof early || start + n > sizeof early)
		return NULL;
	early_used = start + n;
	memcpy(early + start - sizeof n, &n, sizeof n);
	return early + start;
}

static int is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early < sizeof early;
}

static void add(enum counter all, uintptr_t caller)
{
	atomic_fetch_add_explicit(&counters[all], 1, memory_order_relaxed);
	if (caller - exe_start < exe_end - exe_start)
		atomic_fetch_add_explicit(&counters[all - ALLOCATIONS + EXE_ALLOCATIONS], 1, memory_order_relaxed);
}

static void *allocated(void *p, size_t n, uintptr_t caller)
{
	if (p) {
		add(ALLOCATIONS, caller);
		atomic_fetch_add_explicit(&counters[ALLOCATED_BYTES], n, memory_order_relaxed);
	} else {
		atomic_fetch_add_explicit(&counters[FAILED], 1, memory_order_relaxed);
	}
	return p;
}

#define CALLER ((uintptr_t)__builtin_return_address(0))
#define READY()                    \
	do {                       \
		if (!real_free && !looking_up) \
			look_up(); \
	} while (0)

void *malloc(size_t n)
{
	READY();
	return looking_up ? early_alloc(n) : allocated(real_malloc(n), n, CALLER);
}

void *calloc(size_t k, size_t n)
{
	READY();
	return looking_up ? early_alloc(k * n) : allocated(real_calloc(k, n), k * n, CALLER);
}

void free(void *p)
{
	int saved = errno;
	READY();
	if (p && !is_early(p)) {
		add(FREES, CALLER);
		real_free(p);
	}
	errno = saved;
}

void *realloc(void *p, size_t n)
{
	READY();
	if (looking_up || is_early(p)) {
		void *q = looking_up ? early_alloc(n) : real_malloc(n);
		size_t old = 0;
		if (p)
			memcpy(&old, (char *)p - sizeof old, sizeof old);
		return q && p ? memcpy(q, p, old < n ? old : n) : q;
	}
	void *q = real_realloc(p, n);
	if (!p)
		return allocated(q, n, CALLER);
	if (q) {
		add(REALLOCATIONS, CALLER);
		atomic_fetch_add_explicit(&counters[ALLOCATED_BYTES], n, memory_order_relaxed);
	} else if (n == 0) {
		add(FREES, CALLER);
	} else {
		atomic_fetch_add_explicit(&counters[FAILED], 1, memory_order_relaxed);
	}
	return q;
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	READY();
	int rc = real_posix_memalign(p, alignment, n);
	allocated(rc ? NULL : *p, n, CALLER);
	return rc;
}

void *aligned_alloc(size_t alignment, size_t n)
{
	READY();
	return allocated(real_aligned_alloc(alignment, n), n, CALLER);
}

void *memalign(size_t alignment, size_t n)
{
	READY();
	return allocated(real_memalign(alignment, n), n, CALLER);
}

void *valloc(size_t n)
{
	READY();
	return allocated(real_valloc(n), n, CALLER);
}

void *pvalloc(size_t n)
{
	READY();
	return allocated(real_pvalloc(n), n, CALLER);
}
