/*
 * address_limit.c - hides the arena's address space from a program that looks at or sets RLIMIT_AS.
 */
#include "address_limit.h"

#include <errno.h>
#include <stdatomic.h>

#include "process.h"
#include "raw.h"
#include "real.h"

/* How much of the kernel's limit is ours; 0 when the limit is none or is the program's own. Sizes are whole pages: the lowest
   bit says that the hard limit was raised as well as the soft one. Any thread. */
#define HARD_TOO UINT64_C(1)
static _Atomic uint64_t shift;
static uint64_t arena_bytes;                  /* what a limit that the program sets is raised by; a guard's are in it */
static uint64_t guard_bytes;                  /* of these, what a guard has and keeps in forked children */
static uint64_t guard_raise;                  /* between ms_limits_guard_begins and _took: the limit is raised by so much */
static struct ms_arena_header *shared_header; /* where shift stands for the image after an exec */
static struct rlimit before;                  /* for ms_limits_restore */

static long kernel_limit(pid_t pid, const struct rlimit *new_limit, struct rlimit *old_limit)
{
	return ms_raw(SYS_prlimit64, pid, RLIMIT_AS, (long)new_limit, (long)old_limit, 0, 0);
}

static rlim_t raised(rlim_t value, uint64_t by)
{
	return value == RLIM_INFINITY || value + by < value ? RLIM_INFINITY : value + by;
}

static rlim_t lowered(rlim_t value, uint64_t by)
{
	return value == RLIM_INFINITY || value < by ? value : value - by;
}

static void hide_ours(struct rlimit *limit)
{
	uint64_t ours = atomic_load_explicit(&shift, memory_order_relaxed);

	limit->rlim_cur = lowered(limit->rlim_cur, ours & ~HARD_TOO);
	if ((ours & HARD_TOO) != 0)
		limit->rlim_max = lowered(limit->rlim_max, ours & ~HARD_TOO);
}

static void set_shift(uint64_t bytes)
{
	atomic_store_explicit(&shift, bytes, memory_order_relaxed);
	if (shared_header != NULL)
		atomic_store_explicit(&shared_header->limit_shift, bytes, memory_order_relaxed);
}

bool ms_limits_make_room(const struct ms_arena_header *header)
{
	uint64_t bytes = header->arena_bytes + guard_bytes, ours;
	struct rlimit limit;

	arena_bytes = bytes;
	/* A parent's, in a forked child; or that of the image before this one. */
	if (atomic_load_explicit(&shift, memory_order_relaxed) == 0)
		atomic_store_explicit(&shift, atomic_load_explicit(&header->limit_shift, memory_order_relaxed),
				      memory_order_relaxed);
	before.rlim_cur = RLIM_INFINITY;
	if (ms_raw_failed(kernel_limit(0, NULL, &limit)) || limit.rlim_cur == RLIM_INFINITY)
		return true;
	/* The image before this one may have had more: a guard's. */
	ours = atomic_load_explicit(&shift, memory_order_relaxed) & ~HARD_TOO;
	if (ours == bytes || (header->guard.mode != MS_GUARD_OFF && ours > bytes))
		return true;
	before = limit;
	/* Without privileges the hard limit stays where it is; often there is room below it. */
	for (int hard_too = 1; hard_too >= 0; hard_too--) {
		struct rlimit more = {raised(limit.rlim_cur, bytes),
				      hard_too ? raised(limit.rlim_max, bytes) : limit.rlim_max};

		if (more.rlim_cur <= more.rlim_max && !ms_raw_failed(kernel_limit(0, &more, NULL))) {
			atomic_store_explicit(&shift, bytes | (hard_too ? HARD_TOO : 0), memory_order_relaxed);
			return true;
		}
	}
	/* An arena that is small beside the limit is worth having all the same. */
	before.rlim_cur = RLIM_INFINITY;
	return bytes <= limit.rlim_cur / 4;
}

void ms_limits_restore(void)
{
	if (before.rlim_cur != RLIM_INFINITY)
		kernel_limit(0, &before, NULL);
	atomic_store_explicit(&shift, 0, memory_order_relaxed);
	arena_bytes = 0;
}

void ms_limits_attached(struct ms_arena_header *header)
{
	shared_header = header;
	set_shift(atomic_load_explicit(&shift, memory_order_relaxed));
}

/* The limit, raised by `ours` now, is to be raised by bytes. */
static bool raise_to(uint64_t ours, uint64_t bytes)
{
	struct rlimit limit;

	if (ms_raw_failed(kernel_limit(0, NULL, &limit)))
		return false;
	limit.rlim_cur = raised(lowered(limit.rlim_cur, ours & ~HARD_TOO), bytes);
	if ((ours & HARD_TOO) != 0)
		limit.rlim_max = raised(lowered(limit.rlim_max, ours & ~HARD_TOO), bytes);
	if (limit.rlim_cur > limit.rlim_max || ms_raw_failed(kernel_limit(0, &limit, NULL)))
		return false;
	set_shift(bytes | (ours & HARD_TOO));
	return true;
}

#define LEAST_RAISE (UINT64_C(1) << 30)

uint64_t ms_limits_guard_begins(uint64_t most_bytes)
{
	uint64_t ours = atomic_load_explicit(&shift, memory_order_relaxed);
	struct rlimit limit;

	guard_raise = 0;
	if (ms_raw_failed(kernel_limit(0, NULL, &limit)) || limit.rlim_cur == RLIM_INFINITY)
		return most_bytes;
	if ((ours & ~HARD_TOO) != 0) {
		for (uint64_t bytes = most_bytes; bytes >= LEAST_RAISE; bytes /= 2) {
			if (!raise_to(ours, arena_bytes + bytes))
				continue;
			guard_raise = bytes;
			return bytes;
		}
	}
	return (limit.rlim_cur - (ours & ~HARD_TOO)) / 8;
}

void ms_limits_guard_took(uint64_t bytes)
{
	uint64_t ours = atomic_load_explicit(&shift, memory_order_relaxed);

	if ((ours & ~HARD_TOO) != 0 && guard_raise == 0)
		return; /* the program's own share */
	if (guard_raise != 0)
		raise_to(ours, arena_bytes + bytes);
	guard_bytes = bytes;
	arena_bytes += bytes;
}

void ms_limits_arena_unmapped(void)
{
	uint64_t ours = atomic_load_explicit(&shift, memory_order_relaxed);

	arena_bytes = guard_bytes;
	if (ours == 0)
		return;
	raise_to(ours, guard_bytes);
	if (guard_bytes == 0)
		atomic_store_explicit(&shift, 0, memory_order_relaxed);
}

/* shift stays: a child of vfork shares it with its parent. */
static void move_limit(bool down)
{
	uint64_t ours = atomic_load_explicit(&shift, memory_order_relaxed), bytes = ours & ~HARD_TOO;
	struct rlimit limit;

	if (shared_header != NULL || bytes == 0 || ms_raw_failed(kernel_limit(0, NULL, &limit)))
		return;
	limit.rlim_cur = down ? lowered(limit.rlim_cur, bytes) : raised(limit.rlim_cur, bytes);
	if ((ours & HARD_TOO) != 0)
		limit.rlim_max = down ? lowered(limit.rlim_max, bytes) : raised(limit.rlim_max, bytes);
	kernel_limit(0, &limit, NULL);
}

void ms_limits_before_exec(void)
{
	move_limit(true);
}

void ms_limits_exec_failed(void)
{
	move_limit(false);
}

void ms_limits_detached(void)
{
	shared_header = NULL;
}

static int result_of(long result)
{
	if (!ms_raw_failed(result))
		return 0;
	errno = (int)-result;
	return -1;
}

/* What the program may ask for and what it may not, the kernel says about its own numbers; what it grants is then raised. A
   hard limit that is lowered to less than the soft one needs goes without: the program asked for less than we have. */
static long set_limits(const struct rlimit *wanted, const struct rlimit *old)
{
	struct rlimit more = {raised(wanted->rlim_cur, arena_bytes), raised(wanted->rlim_max, arena_bytes)};
	struct rlimit soft = {more.rlim_cur, wanted->rlim_max};
	long result;

	if (wanted->rlim_cur > wanted->rlim_max)
		return -EINVAL;
	if (wanted->rlim_max <= old->rlim_max && !ms_raw_failed(kernel_limit(0, &more, NULL))) {
		set_shift(arena_bytes | HARD_TOO);
		return 0;
	}
	if (soft.rlim_cur <= soft.rlim_max && !ms_raw_failed(kernel_limit(0, &soft, NULL))) {
		set_shift(arena_bytes);
		return 0;
	}
	result = kernel_limit(0, wanted, NULL);
	if (!ms_raw_failed(result))
		set_shift(0);
	return result;
}

int ms_hook_prlimit(const struct ms_real *real, pid_t pid, enum __rlimit_resource resource,
		    const struct rlimit *new_limit, struct rlimit *old_limit)
{
	struct rlimit old;
	long result;

	if (resource != RLIMIT_AS || (pid != 0 && pid != ms_raw_getpid()) || arena_bytes == 0)
		return real->prlimit(pid, resource, new_limit, old_limit);
	result = kernel_limit(0, NULL, &old);
	if (ms_raw_failed(result))
		return result_of(result);
	hide_ours(&old);
	if (new_limit != NULL) {
		result = set_limits(new_limit, &old);
		if (ms_raw_failed(result))
			return result_of(result);
	}
	if (old_limit != NULL)
		*old_limit = old;
	return 0;
}

int ms_hook_getrlimit(const struct ms_real *real, __rlimit_resource_t resource, struct rlimit *limit)
{
	int result = real->getrlimit(resource, limit);

	if (result == 0 && resource == RLIMIT_AS)
		hide_ours(limit);
	return result;
}

int ms_hook_setrlimit(const struct ms_real *real, __rlimit_resource_t resource, const struct rlimit *limit)
{
	if (resource != RLIMIT_AS || arena_bytes == 0)
		return real->setrlimit(resource, limit);
	return ms_hook_prlimit(real, 0, RLIMIT_AS, limit, NULL);
}
