/*
 * ground.c - see ground.h.
 */
#include "ground.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "guard_bytes.h"
#include "record/preload/raw.h"

/* Newer than the headers that this may be built with. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#define PROCESS_SELF (-10001L)          /* PIDFD_SELF_THREAD_GROUP, Linux 6.14 */
#define USER_MODE_ONLY 1                /* UFFD_USER_MODE_ONLY */
#define FEATURE_SIGBUS (UINT64_C(1) << 7)
#define FEATURE_MOVE (UINT64_C(1) << 16)
struct move_pages {
	uint64_t to, from, bytes, mode;
	int64_t moved;
};
#define MOVE_PAGES _IOWR(UFFDIO, 0x05, struct move_pages)

#define HIGH_DESCRIPTOR 900             /* out of the way of a program that counts on the lowest free number */
#define VECTOR 256                      /* ranges per call of process_madvise */

static enum ground_kind best_kind;
static bool has_vectors;                /* process_madvise of ourselves takes guard markers */
static _Atomic int64_t mappings_left;
static _Atomic bool shut_in;            /* other system calls than an allocator's may be forbidden */

/* The descriptor + 1; in memory that a forked child finds wiped: there the descriptor would move its parent's pages. 0 = lost. */
static _Atomic uint32_t *moved;

/* ---- what the kernel can do ------------------------------------------------------------------------------------- */

static int64_t read_number(const char *path)
{
	char text[32];
	long fd = ms_raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	int64_t number = 0;
	long bytes;

	if (ms_raw_failed(fd))
		return -1;
	bytes = ms_raw(SYS_read, fd, (long)text, sizeof(text), 0, 0, 0);
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	for (long i = 0; i < bytes && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (text[i] - '0');
	return bytes > 0 ? number : -1;
}

static int64_t count_lines(const char *path)
{
	char text[4096];
	long fd = ms_raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	int64_t lines = 0;
	long bytes;

	if (ms_raw_failed(fd))
		return 0;
	while ((bytes = ms_raw(SYS_read, fd, (long)text, sizeof(text), 0, 0, 0)) > 0)
		for (long i = 0; i < bytes; i++)
			lines += text[i] == '\n';
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return lines;
}

/* A quarter of what the kernel allows stays for the program. */
static void count_mappings(void)
{
	int64_t most = read_number("/proc/sys/vm/max_map_count");

	if (most < 0)
		most = 65530; /* the kernel's default */
	atomic_store(&mappings_left, most - most / 4 - count_lines("/proc/self/maps"));
}

static bool markers_work(void)
{
	char *page = ms_raw_memory(GROUND_PAGE);
	struct iovec vector = {page, GROUND_PAGE};
	bool works;

	if (page == NULL)
		return false;
	works = ms_raw_madvise(page, GROUND_PAGE, MADV_GUARD_INSTALL) == 0;
	has_vectors = works && ms_raw(SYS_process_madvise, PROCESS_SELF, (long)&vector, 1, MADV_GUARD_INSTALL, 0, 0) ==
				       (long)GROUND_PAGE;
	ms_raw_munmap(page, GROUND_PAGE);
	return works;
}

static bool open_moved(void)
{
	struct uffdio_api api = {.api = UFFD_API, .features = FEATURE_SIGBUS | FEATURE_MOVE};
	struct rlimit limit = {0, 0};
	long fd, high;
	char *word;

	if (moved != NULL && atomic_load(moved) != 0)
		return true;
	fd = ms_raw(SYS_userfaultfd, O_CLOEXEC | USER_MODE_ONLY, 0, 0, 0, 0, 0);
	if (ms_raw_failed(fd))
		return false;
	ms_raw(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0);
	high = ms_raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC,
		      limit.rlim_cur > HIGH_DESCRIPTOR + 64 ? HIGH_DESCRIPTOR : (long)(limit.rlim_cur / 2), 0, 0, 0);
	if (!ms_raw_failed(high)) {
		ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
		fd = high;
	}
	word = moved != NULL ? (char *)moved : ms_raw_memory(GROUND_PAGE);
	if (word == NULL || ms_raw_failed(ms_raw_madvise(word, GROUND_PAGE, MADV_WIPEONFORK)) ||
	    ms_raw_failed(ms_raw(SYS_ioctl, fd, (long)UFFDIO_API, (long)&api, 0, 0, 0))) {
		ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
		return false;
	}
	moved = (_Atomic uint32_t *)(void *)word;
	atomic_store(moved, (uint32_t)fd + 1);
	return true;
}

void ground_start(enum ground_kind best)
{
	count_mappings();
	best_kind = GROUND_PROTECT;
	if (best == GROUND_PROTECT || !markers_work())
		return;
	best_kind = GROUND_MARKERS; /* also what follows when moving is lost */
	if (best == GROUND_MOVED && open_moved())
		best_kind = GROUND_MOVED;
}

enum ground_kind ground_kind_for(uint64_t pages)
{
	if (best_kind != GROUND_MOVED)
		return best_kind;
	return pages == 1 && !ground_moved_lost() ? GROUND_MOVED : GROUND_MARKERS;
}

bool ground_moved_lost(void)
{
	return moved == NULL || atomic_load_explicit(moved, memory_order_relaxed) == 0;
}

void ground_forked(void)
{
	if (moved != NULL)
		atomic_store(moved, 0);
}

/* Is the descriptor still ours? The program may have closed it, and the number may be that of a file of its own. */
static bool is_userfault(long fd)
{
	static const char wanted[] = "anon_inode:[userfaultfd]";
	char path[32] = "/proc/self/fd/", digits[12], target[sizeof(wanted)];
	char *at = path + 14, *digit = digits;
	long bytes;

	for (long rest = fd; digit == digits || rest != 0; rest /= 10)
		*digit++ = (char)('0' + rest % 10);
	while (digit > digits)
		*at++ = *--digit;
	*at = '\0';
	bytes = ms_raw(SYS_readlinkat, AT_FDCWD, (long)path, (long)target, sizeof(target), 0, 0);
	if (bytes != (long)sizeof(wanted) - 1)
		return false;
	for (unsigned i = 0; i < sizeof(wanted) - 1; i++)
		if (target[i] != wanted[i])
			return false;
	return true;
}

/* Without the descriptor the kernel forgets what was registered with it: what is closed reads as zeros until it is closed anew. */
void ground_shut_in(void)
{
	uint32_t word = moved != NULL ? atomic_exchange(moved, 0) : 0;

	atomic_store(&shut_in, true);
	if (word != 0 && is_userfault((long)word - 1))
		ms_raw(SYS_close, (long)word - 1, 0, 0, 0, 0, 0);
}

/* A request of userfaultfd. -EBADF when the descriptor is lost or no longer ours. */
static long moved_request(unsigned long request, void *argument)
{
	uint32_t word = moved == NULL ? 0 : atomic_load_explicit(moved, memory_order_relaxed);
	long result;

	if (word == 0)
		return -EBADF;
	result = ms_raw(SYS_ioctl, (long)word - 1, (long)request, (long)argument, 0, 0, 0);
	if (result == -EBADF || result == -ENOTTY || result == -EINVAL || result == -ESRCH) {
		atomic_store(moved, 0);
		return -EBADF;
	}
	return result;
}

/* ---- mappings --------------------------------------------------------------------------------------------------- */

bool ground_take_mappings(int64_t count)
{
	if (atomic_fetch_sub_explicit(&mappings_left, count, memory_order_relaxed) >= count)
		return true;
	atomic_fetch_add_explicit(&mappings_left, count, memory_order_relaxed);
	return false;
}

void ground_limit_mappings(int64_t count)
{
	atomic_store(&mappings_left, count);
}

/* ---- stretches -------------------------------------------------------------------------------------------------- */

static bool install(struct iovec *vector, unsigned count)
{
	unsigned done = 0;

	if (has_vectors && !atomic_load_explicit(&shut_in, memory_order_relaxed)) {
		long bytes = ms_raw(SYS_process_madvise, PROCESS_SELF, (long)vector, count, MADV_GUARD_INSTALL, 0, 0);

		if (!ms_raw_failed(bytes))
			done = (unsigned)((uint64_t)bytes / GROUND_PAGE); /* each range is one page */
	}
	for (; done < count; done++)
		if (ms_raw_madvise(vector[done].iov_base, vector[done].iov_len, MADV_GUARD_INSTALL) != 0)
			return false;
	return true;
}

static bool prepare_markers(uint64_t start, uint64_t bytes, uint64_t open_pages)
{
	struct iovec vector[VECTOR];
	unsigned count = 0;

	for (uint64_t at = start; at < start + bytes; at += (open_pages + 1) * GROUND_PAGE) {
		vector[count++] = (struct iovec){(void *)(uintptr_t)at, GROUND_PAGE};
		if (count == VECTOR) {
			if (!install(vector, count))
				return false;
			count = 0;
		}
	}
	return count == 0 || install(vector, count);
}

/* A program that locks all its memory locks this, too: the kernel would fill every page of it and close none. */
static void unlock(uint64_t start, uint64_t bytes)
{
	if (!atomic_load_explicit(&shut_in, memory_order_relaxed))
		ms_raw(SYS_munlock, (long)start, (long)bytes, 0, 0, 0, 0);
}

bool ground_prepare(enum ground_kind kind, uint64_t start, uint64_t bytes, uint64_t open_pages)
{
	if (kind == GROUND_PROTECT)
		return true;
	if (!ground_take_mappings(2))
		return false;
	unlock(start, bytes);
	if (ms_raw_failed(ms_raw(SYS_mprotect, (long)start, (long)bytes, PROT_READ | PROT_WRITE, 0, 0, 0)))
		return false;
	/* A large page would give memory to a thousand slots at once. */
	ms_raw_madvise((void *)(uintptr_t)start, bytes, MADV_NOHUGEPAGE);
	if (kind == GROUND_MARKERS) {
		if (prepare_markers(start, bytes, open_pages))
			return true;
	} else {
		struct uffdio_register range = {.range = {start, bytes}, .mode = UFFDIO_REGISTER_MODE_MISSING};

		if (moved_request(UFFDIO_REGISTER, &range) == 0)
			return true;
	}
	ground_forget(start, bytes);
	return false;
}

void ground_forget(uint64_t start, uint64_t bytes)
{
	ms_raw_mmap((void *)(uintptr_t)start, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* ---- pages ------------------------------------------------------------------------------------------------------ */

static const char zero[GROUND_PAGE] __attribute__((aligned(4096)));

bool ground_fill(uint64_t page)
{
	struct uffdio_copy copy = {.dst = page, .src = (uintptr_t)zero, .len = GROUND_PAGE};

	return moved_request(UFFDIO_COPY, &copy) == 0;
}

bool ground_open(enum ground_kind kind, uint64_t start, uint64_t bytes, const void *page_template)
{
	switch (kind) {
	case GROUND_PROTECT:
		if (!ground_take_mappings(2))
			return false;
		if (!ms_raw_failed(ms_raw(SYS_mprotect, (long)start, (long)bytes, PROT_READ | PROT_WRITE, 0, 0, 0)))
			return true;
		ground_take_mappings(-2);
		return false;
	case GROUND_MARKERS:
		return ms_raw_madvise((void *)(uintptr_t)start, bytes, MADV_GUARD_REMOVE) == 0;
	case GROUND_MOVED:
		break;
	}
	for (uint64_t at = start; at < start + bytes; at += GROUND_PAGE) {
		struct uffdio_copy copy = {.dst = at, .src = (uintptr_t)(page_template != NULL ? page_template : zero),
					   .len = GROUND_PAGE};
		long result = moved_request(UFFDIO_COPY, &copy);

		if (ms_raw_failed(result) && result != -EEXIST)
			return false;
		/* Open already: filled when all memory was locked, or, where contents do not matter, by another thread's fault. */
		if (result == -EEXIST && page_template != NULL)
			guard_copy((void *)(uintptr_t)at, page_template, GROUND_PAGE);
	}
	return true;
}

/* What closes pages of these kinds. */
static bool close_by(int advice, uint64_t start, uint64_t bytes)
{
	if (ms_raw_madvise((void *)(uintptr_t)start, bytes, advice) == 0)
		return true;
	unlock(start, bytes);
	return ms_raw_madvise((void *)(uintptr_t)start, bytes, advice) == 0;
}

bool ground_close(enum ground_kind kind, uint64_t start, uint64_t bytes)
{
	switch (kind) {
	case GROUND_PROTECT:
		if (ms_raw_failed(ms_raw_mmap((void *)(uintptr_t)start, bytes, PROT_NONE,
					      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)))
			return false;
		ground_take_mappings(-2);
		return true;
	case GROUND_MARKERS:
		return close_by(MADV_GUARD_INSTALL, start, bytes);
	case GROUND_MOVED:
		break;
	}
	return close_by(MADV_DONTNEED, start, bytes);
}

bool ground_move(uint64_t from, uint64_t to)
{
	struct move_pages move = {.to = to, .from = from, .bytes = GROUND_PAGE};

	return moved_request(MOVE_PAGES, &move) == 0;
}
